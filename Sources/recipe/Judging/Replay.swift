import Cookbook

/// The program's output, for pages: the same in every process.
enum Replay {
  /// What a command prints where there is no terminal: a recipe with its
  /// flags, a seed among them, or `find` or `list`.
  static func output(of command: String) async throws -> [String] {
    var arguments = words(of: command)
    guard !arguments.isEmpty else { throw UsageError("there is no command") }
    let name = arguments.removeFirst()
    switch name {
    case "list": return ListCommand.text(of: everyRecipe).lines
    case "find":
      return FindCommand.text(for: arguments.joined(separator: " ")).lines
    default:
      return try await ExampleCommand.replay(try recipe(named: name), arguments)
    }
  }

  /// The words of a command line, which quotation marks may hold together.
  static func words(of command: String) -> [String] {
    command.matches(of: /(?:'[^']*'|"[^"]*"|[^ '"])+/).map { word in
      word.output.replacing(/'([^']*)'|"([^"]*)"/) {
        $0.output.1 ?? $0.output.2 ?? ""
      }
    }.map(String.init)
  }
}
