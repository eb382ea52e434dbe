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
    let texts = [lane, name, item].map(Cookbook.json)
    return "{\"at\":\(at),\"lane\":\(texts[0]),"
      + "\"name\":\(texts[1]),\"item\":\(texts[2])}"
  }
}
