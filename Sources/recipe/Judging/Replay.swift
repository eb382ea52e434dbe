import Cookbook

/// The program's output, for pages: the same in every process.
enum Replay {
  /// What a command prints where there is no terminal.
  ///
  /// - Parameter command: A recipe with its flags, a seed among them, or
  ///   `find` or `list`.
  /// - Returns: The lines.
  /// - Throws: ``UsageError``, or whatever keeps the run from its end.
  static func output(of command: String) async throws -> [String] {
    var arguments = words(of: command)
    guard !arguments.isEmpty else { throw UsageError("there is no command") }
    let name = arguments.removeFirst()
    switch name {
    case "list": return ListCommand.text(of: everyRecipe).lines
    case "find":
      return FindCommand.text(for: arguments.joined(separator: " ")).lines
    default:
      let recipe = try recipe(named: name)
      guard recipe.examples.isEmpty else {
        return try await ExampleCommand.replay(recipe, arguments)
      }
      return try await RunCommand.replay(try demo(named: name), arguments)
    }
  }

  /// The words of a command line, which quotation marks may hold together.
  static func words(of command: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in command {
      if character == quote {
        quote = nil
      } else if quote == nil, character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if quote == nil, character == " " {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + [word].compactMap { $0 }
  }
}
