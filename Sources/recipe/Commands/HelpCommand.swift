import Cookbook

/// `recipe help`: what can be said to the program.
enum HelpCommand {
  static func run(_ words: some Sequence<String>) throws {
    var arguments = try Arguments(of: "help", words, switches: ["help"])
    _ = try arguments.take(switch: "help")
    let name = arguments.operands.first
    arguments.operands = Array(arguments.operands.dropFirst())
    try arguments.requireEmpty()
    guard let name else { return try Terminal.print(overview) }
    try Terminal.print(
      usage(of: name) ?? ExampleCommand.help(try recipe(named: name))
    )
  }

  /// What the overview says of a command.
  private static func usage(of command: String) -> String? {
    let lines = overview.lines
    let begin = lines.firstIndex { line in
      line.hasPrefix("  recipe \(command)")
        || line.hasPrefix("  recipe [\(command)")
    }
    guard let begin else { return nil }
    let rest = lines[(begin + 1)...].prefix { $0.hasPrefix("   ") }
    return (["usage:", lines[begin]] + rest).joined(separator: "\n")
  }

  static let overview = """
    recipe: Go's concurrency patterns in Swift, proven to behave the same

    usage:
      recipe [list] [--json]         the menu, by chapter
      recipe NAME [EXAMPLE] [--FIELD VALUE …] [FILE …]
                                     runs an example and draws its timeline
      recipe find WORDS [--json]     recipes by Go construct, Swift name or
                                     problem, the best first
      recipe show NAME [--page]      Go and Swift beside each other, or the
                                     whole page; through $PAGER
      recipe copy NAME DIRECTORY     the pattern and its ingredients as files
                                     of your project; FILE.swift instead of a
                                     directory names the pattern's file
        --diff, --dry-run            what would change; writes nothing
        --create                     creates the directory
        --update                     brings copies up to date and merges with
                                     your edits
        --force                      overwrites what is in the way
      recipe explore NAME [--seeds N] [--json] [--FIELD VALUE …]
                                     the laws over many schedules in virtual
                                     time; --exhaust N: over all schedules,
                                     N at the most; --cancel: with a
                                     cancellation at every step
      recipe compare NAME [--inputs N] [--seed S] [--json]
                                     Swift and Go on the same random inputs,
                                     in virtual time; a race N times in Go,
                                     under every schedule in Swift; needs Go
                                     1.25; --wrong NAME: with a wrong version
                                     in Go
      recipe wrong NAME [EXAMPLE]    the wrong versions: how often each breaks
                                     its law, with the shortest schedule
      recipe cover [NAME …]          whether all code that pages show is executed
                                     when the languages are compared; builds
                                     into .build-coverage, and needs Go 1.25
      recipe bench [NAME …] [--rounds N] [--growth] [--json]
                                     Swift and Go timed in alternating rounds;
                                     needs a release build and Go 1.25
      recipe claims NAME [EXAMPLE] [--full | --count N] [--rounds N]
                                     measured facts, each in a process of its
                                     own, at a tenth of the size by default
        --loaded                     keeps the other cores busy meanwhile
        --record                     keeps the figures for the page
      recipe pages [--check|--write]
                                     whether pages are as their sources say,
                                     or makes them so
      recipe new NAME --chapter CHAPTER [--copy]
                                     writes an empty room, with --copy one
                                     that has a file to copy
      recipe go ARGUMENTS …          runs go in the folder Recipes, with the
                                     modules that it needs
      recipe help [NAME]             this text, or a recipe's flags

    flags of every run:
      --seed N                       runs schedule N in virtual time
      --schedule S, --cancel-at-step K
                                     replay what explore or a test reported
      --events                       prints the events as lines of JSON, the
                                     outcome last, and nothing else
      --svg FILE                     draws it, below what Go did, if that is
                                     recorded; in virtual time
      --trace FILE                   writes what ui.perfetto.dev opens
      --input JSON, --input @FILE    the whole input; flags override it

    exit codes:
      0    it went well
      1    what was run or checked does not hold: so too nothing found,
           files that differ, conflicts
      64   the command line cannot be carried out
      74   standard output or a file cannot be written
      130  interrupted
    """
}
