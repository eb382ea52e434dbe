/// A command line taken apart: flags, their values, and operands.
struct Arguments {
  var flags: [(name: String, value: String?)] = []
  var operands: [String] = []

  /// Takes `arguments` apart.
  ///
  /// `--name value`, `--name=value`; what follows `--` is an operand.
  ///
  /// - Parameters:
  ///   - arguments: What stands on the command line.
  ///   - switches: The flags that take no value.
  /// - Throws: ``UsageError`` for a flag of one dash, or one that is given
  ///   twice.
  init(
    _ arguments: some Sequence<String>,
    switches: Set<String>
  ) throws(UsageError) {
    var remaining = Array(arguments)[...]
    while let argument = remaining.popFirst() {
      if argument == "--" {
        operands += remaining
        return
      }
      if argument == "-h" {
        flags.append(("help", nil))
        continue
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        operands.append(argument)
        continue
      }
      guard argument.hasPrefix("--") else {
        throw UsageError("unknown flag '\(argument)'")
      }
      let parts = argument.dropFirst(2).split(
        separator: "=",
        maxSplits: 1,
        omittingEmptySubsequences: false
      )
      let name = String(parts[0])
      guard !flags.contains(where: { $0.name == name }) else {
        throw UsageError("--\(name) is given twice")
      }
      if parts.count == 2 {
        flags.append((name, String(parts[1])))
      } else if switches.contains(name) || remaining.isEmpty {
        flags.append((name, nil))
      } else {
        flags.append((name, remaining.removeFirst()))
      }
    }
  }

  /// Whether a switch was given; takes it out.
  ///
  /// - Throws: ``UsageError`` if it was given a value.
  mutating func take(switch name: String) throws(UsageError) -> Bool {
    guard let index = flags.firstIndex(where: { $0.name == name }) else {
      return false
    }
    if let value = flags.remove(at: index).value {
      throw UsageError("--\(name) takes no value, not '\(value)'")
    }
    return true
  }

  /// The value of a flag; takes it out.
  ///
  /// - Throws: ``UsageError`` if it was given without a value.
  mutating func take(_ name: String) throws(UsageError) -> String? {
    guard let index = flags.firstIndex(where: { $0.name == name }) else {
      return nil
    }
    guard let value = flags.remove(at: index).value else {
      throw UsageError("--\(name) needs a value")
    }
    return value
  }

  /// The value of a flag as a whole number; takes it out.
  ///
  /// - Throws: ``UsageError`` if it is none, or out of `bounds`.
  mutating func take(
    _ name: String,
    in bounds: ClosedRange<Int>
  ) throws(UsageError) -> Int? {
    guard let text = try take(name) else { return nil }
    guard let value = Int(text), bounds.contains(value) else {
      throw UsageError(
        "--\(name) must be a whole number from \(bounds.lowerBound) "
          + "to \(bounds.upperBound), not '\(text)'"
      )
    }
    return value
  }

  /// Refuses whatever has not been taken.
  ///
  /// - Throws: ``UsageError`` that offers the nearest of `known`.
  func requireEmpty(known: [String] = []) throws(UsageError) {
    if let flag = flags.first {
      throw UsageError(
        "unknown flag '--\(flag.name)'",
        hint: nearest(to: flag.name, in: known).map {
          "did you mean '--\($0)'?"
        }
      )
    }
    if let operand = operands.first {
      throw UsageError("unexpected argument '\(operand)'")
    }
  }
}
