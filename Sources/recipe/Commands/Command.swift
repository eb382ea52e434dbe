import Cookbook
import Foundation

/// A command that takes its arguments apart as all do.
protocol Subcommand: SendableMetatype {
  /// The flags that take no value.
  static var switches: [String] { get }

  static func run(_ arguments: inout Arguments) async throws
}

extension Subcommand {
  static var switches: [String] { [] }
}

/// The program `recipe`.
@main
enum Command {
  private static let commands: KeyValuePairs<String, any Subcommand.Type> = [
    "list": ListCommand.self, "find": FindCommand.self,
    "show": ShowCommand.self, "copy": CopyCommand.self,
    "explore": ExploreCommand.self, "compare": CompareCommand.self,
    "wrong": WrongCommand.self, "cover": CoverCommand.self,
    "bench": BenchCommand.self, "claims": ClaimsCommand.self,
    "measure": MeasureCommand.self, "pages": PagesCommand.self,
    "new": NewCommand.self,
  ]

  /// The words that are commands and so can name no recipe.
  static let names = commands.map(\.key) + ["help", "go"]

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

  private static func dispatch(_ words: [String]) async throws {
    let name = words.first ?? "list"
    let rest = words.dropFirst()
    if let command = commands.first(where: { $0.key == name })?.value {
      var arguments = try Arguments(
        of: name,
        rest,
        switches: command.switches + ["help"]
      )
      if try arguments.take(switch: "help") {
        return try HelpCommand.run([name])
      }
      return try await command.run(&arguments)
    }
    switch name {
    case "help", "-h", "--help": try HelpCommand.run(rest)
    case "go":
      let status = try await onThread { try GoToolchain.run(Array(rest)) }
      if status != 0 { throw ExitCode.failure }
    case _ where name.hasPrefix("-"):
      throw UsageError(
        "unknown flag '\(name)'",
        hint: "a recipe's flags stand after its name; see 'recipe help'"
      )
    default:
      try await ExampleCommand.run(try recipe(named: name, or: names), rest)
    }
  }
}
