import Cookbook
import Foundation

/// The program `recipe`.
@main
enum Command {
  /// The words that are commands and so can name no recipe.
  static let names = [
    "list", "help", "find", "show", "copy", "explore", "compare", "wrong",
    "claims", "measure", "bench", "cover", "pages", "go", "new",
  ]

  static func main() async {
    // Ending as by the signal is what a pipeline expects of a program whose
    // reader has left; some parents start their children with it ignored.
    signal(SIGPIPE, SIG_DFL)
    // A closed descriptor would be given to the next file that is opened,
    // and what is printed would end up in it.
    if fcntl(STDOUT_FILENO, F_GETFD) == -1 {
      Terminal.complain("cannot write to standard output: it is closed")
      exit(ExitCode.output.rawValue)
    }
    exit(await run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }

  // Off the main actor: an example that hops between it and the pool pays for
  // every hop.
  @concurrent
  static func run(_ arguments: [String]) async -> ExitCode {
    do {
      try await dispatch(arguments)
      return .success
    } catch let error as UsageError {
      Terminal.complain(error.message)
      if let hint = error.hint { Terminal.complain(hint) }
      return .usage
    } catch let code as ExitCode {
      return code
    } catch {
      Terminal.complain("\(error)")
      return .failure
    }
  }

  @concurrent
  private static func dispatch(_ arguments: [String]) async throws {
    let rest = arguments.dropFirst()
    switch arguments.first {
    case nil: try ListCommand.run([])
    case "list": try ListCommand.run(rest)
    case "help", "-h", "--help": try HelpCommand.run(rest)
    case "find": try FindCommand.run(rest)
    case "pages": try await PagesCommand.run(rest)
    case "show":
      let (recipe, rest) = try takeRecipe(
        rest,
        of: "show",
        switches: Set(ShowCommand.flags)
      )
      try ShowCommand.run(recipe, arguments: rest)
    case "copy":
      let (recipe, rest) = try takeRecipe(
        rest,
        of: "copy",
        switches: Set(CopyCommand.flags)
      )
      try CopyCommand.run(recipe, arguments: rest)
    case "explore":
      let (recipe, rest) = try takeRecipe(
        rest,
        of: "explore",
        switches: ["json", "cancel"]
      )
      try await ExploreCommand.run(recipe, arguments: rest)
    case "wrong":
      let (recipe, rest) = try takeRecipe(rest, of: "wrong", switches: [])
      try await WrongCommand.run(recipe, arguments: rest)
    case "compare":
      let (recipe, rest) = try takeRecipe(
        rest,
        of: "compare",
        switches: ["json"]
      )
      try await CompareCommand.run(recipe, arguments: rest)
    case "cover": try await CoverCommand.run(rest)
    case "bench": try await BenchCommand.run(rest)
    case "claims":
      let (recipe, rest) = try takeRecipe(
        rest,
        of: "claims",
        switches: Set(ClaimsCommand.switches)
      )
      try await ClaimsCommand.run(recipe, arguments: rest)
    case "measure": try await MeasureCommand.run(rest)
    case "go": try await GoCommand.run(rest)
    case "new": try NewCommand.run(rest)
    case let flag? where flag.hasPrefix("-"):
      throw UsageError(
        "unknown flag '\(flag)'",
        hint: "a recipe's flags stand after its name; see 'recipe help'"
      )
    case let name?:
      let recipe = try recipe(named: name, or: names)
      try await ExampleCommand.run(recipe, arguments: rest)
    }
  }

  /// Takes the recipe's name from the arguments of a command.
  private static func takeRecipe(
    _ arguments: some Sequence<String>,
    of command: String,
    switches: Set<String>
  ) throws -> (Recipe, Arguments) {
    var arguments = try Arguments(
      arguments,
      switches: switches.union(["help"])
    )
    if try arguments.take(switch: "help") {
      try HelpCommand.run([command])
      throw ExitCode.success
    }
    guard !arguments.operands.isEmpty else {
      throw UsageError(
        "'recipe \(command)' needs the name of a recipe",
        hint: "'recipe list' names them all"
      )
    }
    let name = arguments.operands.removeFirst()
    return (try recipe(named: name), arguments)
  }
}
