/// Something that happened in a run, as both languages write it.
package struct Event: Codable, Hashable, Sendable {
  /// Microseconds since the run began.
  package var at: Int
  /// Who it happened to: a job, a file, the caller.
  package var lane: String
  /// What happened: `start`, `end`, `cancelled`.
  package var name: String
  /// What it happened with, or the empty string.
  package var item: String

  package init(at: Int, lane: String, name: String, item: String = "") {
    self.at = at
    self.lane = lane
    self.name = name
    self.item = item
  }

  /// The event as one line of JSON, its keys in the order of the fields.
  ///
  /// `JSONEncoder` promises no order, and the Go twin writes this one.
  package var json: String {
    "{\"at\":\(at),\"lane\":\(lane.quotedForJSON),"
      + "\"name\":\(name.quotedForJSON),\"item\":\(item.quotedForJSON)}"
  }
}

extension String {
  /// The string as a JSON string literal, quotation marks included.
  package var quotedForJSON: String {
    var quoted = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count)
        quoted += digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
