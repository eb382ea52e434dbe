import Cookbook

/// The command line of a command taken apart: flags, their values, operands.
struct Arguments {
  let command: String
  private var flags: [(name: String, value: String?)] = []
  var operands: [String] = []
  /// The flags that the command has asked for.
  private var known: [String] = []

  /// Takes `arguments` apart: `--name value`, `--name=value`, and `--name` for
  /// switches; what follows `--` is an operand.
  init(
    of command: String,
    _ arguments: some Sequence<String>,
    switches: [String]
  ) throws(UsageError) {
    self.command = command
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

  var isEmpty: Bool { flags.isEmpty && operands.isEmpty }

  private mutating func remove(
    _ name: String
  ) -> (name: String, value: String?)? {
    known.append(name)
    return flags.firstIndex { $0.name == name }.map { flags.remove(at: $0) }
  }

  /// Whether a switch was given; takes it out.
  mutating func take(switch name: String) throws(UsageError) -> Bool {
    guard let flag = remove(name) else { return false }
    if let value = flag.value {
      throw UsageError("--\(name) takes no value, not '\(value)'")
    }
    return true
  }

  /// The value of a flag; takes it out.
  mutating func take(_ name: String) throws(UsageError) -> String? {
    guard let flag = remove(name) else { return nil }
    guard let value = flag.value else {
      throw UsageError("--\(name) needs a value")
    }
    return value
  }

  /// The name of a file to write, as the value of a flag; takes it out.
  mutating func take(file name: String) throws(UsageError) -> String? {
    let path = try take(name)
    guard let path, ["", "-"].contains(path) else { return path }
    throw UsageError("--\(name) needs the name of a file, not '\(path)'")
  }

  /// The value of a flag as a whole number; takes it out.
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

  /// The recipe that the next operand names; takes it out.
  mutating func takeRecipe() throws(UsageError) -> Recipe {
    guard !operands.isEmpty else {
      throw UsageError(
        "'recipe \(command)' needs the name of a recipe",
        hint: "'recipe list' names them all"
      )
    }
    return try recipe(named: operands.removeFirst())
  }

  /// The recipes that operands name, all where there are none; takes them out.
  mutating func takeRecipes() throws(UsageError) -> [Recipe] {
    var recipes: [Recipe] = []
    while !operands.isEmpty { recipes.append(try takeRecipe()) }
    return recipes.isEmpty ? everyRecipe : recipes
  }

  /// The example that the next operand names, all where there is none; takes
  /// it out.
  mutating func takeExamples(
    of recipe: Recipe
  ) throws(UsageError) -> [Example] {
    guard !operands.isEmpty else { return recipe.examples }
    return [try recipe.example(named: operands.removeFirst())]
  }

  /// Refuses whatever has not been taken, and offers the nearest flag.
  func requireEmpty() throws(UsageError) {
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
