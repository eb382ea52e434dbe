import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("The command line", .inScratchFolder)
struct CommandTests {
  @Test("The menu names every recipe once, as text and as JSON")
  func menu() async throws {
    let result = try await Program.run("list")
    result.expect(0)
    for recipe in everyRecipe {
      let line = "  \(recipe.name) "
      #expect(result.lines.count { $0.hasPrefix(line) } == 1, "\(line)")
    }
    #expect(try await Program.run().output == result.output)
    struct Entry: Decodable {
      var name: String
      var goConstructs: [String]
    }
    let json = try await Program.run("list --json")
    let entries = try JSONDecoder()
      .decode([Entry].self, from: Data(json.output.utf8))
    #expect(entries.map(\.name) == everyRecipe.map(\.name))
    #expect(entries.map(\.goConstructs) == everyRecipe.map(\.goConstructs))
  }

  @Test("A run is drawn below what Go did, and written for Perfetto")
  func drawings() async throws {
    let run = "bounded-pool map --svg a.svg --trace a.json"
    try await Program.run(run).expect(0)
    let svg = try read("a.svg", in: scratch)
    // A lane for each of six jobs and the caller, in each language.
    #expect(svg.components(separatedBy: "class=\"lane\"").count == 15)
    for language in ["Go", "Swift"] { #expect(svg.contains(">\(language)<")) }
    struct File: Decodable {
      struct Entry: Decodable { var ph: String }
      var traceEvents: [Entry]
    }
    let trace = try read("a.json", in: scratch)
    let phases = try JSONDecoder().decode(File.self, from: Data(trace.utf8))
      .traceEvents.map(\.ph)
    #expect(phases.count { $0 == "M" } == 7)
    #expect(phases.count { $0 == "b" } == 6)
    #expect(phases.count { $0 == "e" } == 6)
    // With an input of which Go has no record it is Swift's alone; a link
    // stays, and so does what is no regular file.
    let written = try await Program.shell(
      ": >b.svg; ln -s b.svg link; mkfifo pipe; exec 3<>pipe; for file in link pipe; do "
        + "\"$recipe\" bounded-pool map --workers 1 --svg $file; done; "
        + "test -L link && test -p pipe && head -c 4 <&3"
    )
    #expect(written.output.hasSuffix("<svg"))
    #expect(try !read("b.svg", in: scratch).contains(">Go<"))
    try await Program.run("bounded-pool map --svg .")
      .expect(74, errors: "cannot write .: is a directory")
  }

  @Test("There is a folder for each recipe and a recipe for each folder")
  func folders() throws {
    let rooms = try FileManager.default
      .subpathsOfDirectory(atPath: checkout.appending(path: "Recipes").path)
      .filter { $0.wholeMatch(of: /[^\/]+\/[^\/]+\/README\.md/) != nil }
    #expect(
      rooms.sorted()
        == everyRecipe.map { "\($0.chapter.rawValue)/\($0.name)/README.md" }
        .sorted()
    )
  }

  @Test("Every way to ask for help answers on standard output")
  func help() async throws {
    for line in [
      "help", "--help", "-h", "help bounded-pool", "bounded-pool --help",
      "bounded-pool -h", "list --help", "explore --help", "compare -h",
    ] {
      let result = try await Program.run(line)
      result.expect(0, "usage:")
      #expect(result.errors.isEmpty)
    }
    for name in Command.names where name != "measure" {
      let result = try await Program.run("help \(name)")
      #expect(result.lines.count < 12, "\(result.output)")
      #expect(result.lines.first == "usage:", "\(name)")
    }
  }

  @Test("No recipe, example or field is named like a command or a flag")
  func namesDoNotCollide() {
    for recipe in everyRecipe {
      #expect(!Command.names.contains(recipe.name))
      for example in recipe.examples {
        let flags = InputField.all(of: example.input).map(\.flag)
        #expect(Set(flags).isDisjoint(with: ExampleCommand.flags))
      }
    }
  }

  @Test("Every command refuses a flag that it does not have")
  func unknownFlags() async throws {
    for name in Command.names where !["go", "measure"].contains(name) {
      let place = name == "copy" ? "/tmp" : ""
      try await Program.run("\(name) bounded-pool \(place) --no-such-flag")
        .expect(64, errors: "unknown flag '--no-such-flag'")
    }
  }

  /// What is typed, and a part of the answer.
  private static let refusals = [
    ("bonded-pool", "bonded-pool'\nrecipe: did you mean 'bounded-pool'?"),
    ("qwertyuiop", "unknown recipe 'qwertyuiop'\nrecipe: 'recipe list' names"),
    ("''", "unknown recipe ''\nrecipe: 'recipe list' names"),
    ("lst", "did you mean 'list'?"),
    ("SHOW once", "did you mean 'show'?"),
    ("--workers 3", "unknown flag '--workers'"),
    ("list --jsn", "did you mean '--json'?"),
    ("list bounded-pool", "unexpected argument 'bounded-pool'"),
    ("explore", "'recipe explore' needs the name of a recipe"),
    ("explore bounded-pool --seeds 0", "--seeds must be a whole number from 1"),
    ("compare bounded-pool --inputs x", "--inputs must be a whole number"),
    ("find", "needs words"),
    ("find \(String(repeating: "x", count: 1_001))", "takes 1,000 characters"),
    ("pages --check --write", "exclude each other"),
    ("new", "needs a name"),
    ("measure a-million-tasks waiting tasks 0", "usage: recipe measure NAME"),
    ("new rate-limit", "--chapter must be one of"),
    ("new rate-limit --chapter cooking", "not 'cooking'"),
    ("new RateLimit --chapter patterns", "kebab-case, not 'RateLimit'"),
    ("new semaphore --chapter patterns", "'semaphore' is taken"),
    ("new explore --chapter patterns", "'explore' is taken"),
    ("copy bounded-pool", "needs a directory or a file name"),
    ("copy bounded-pool ''", "is no name"),
    ("copy bounded-pool /tmp x", "unexpected argument 'x'"),
    ("copy bounded-pool My.txt", "neither a directory nor the name of a Swift"),
    ("copy bounded-pool /tmp --force --update", "exclude each other"),
    ("bounded-pool --cancel-at-step 1", "needs --seed or --schedule"),
    ("bounded-pool --schedule 1,x", "--schedule must be numbers"),
    ("bounded-pool --schedule - --seed 1", "exclude each other"),
    ("bounded-pool map --seed 1 --cancel-at-step 14", "the last one is 13"),
    ("bounded-pool map --schedule 0,0,0,0,0,0,0", "only 6 of these 7 choices"),
    ("bounded-pool --seed -1", "--seed must be a whole number from 0"),
    ("bounded-pool mpa", "did you mean 'map'?"),
    ("bounded-pool MAP", "did you mean 'map'?"),
    ("closed-and-nil --seed 1", "with flags needs an EXAMPLE"),
    ("loop-capture tasks --events", "not one run, which --events"),
    ("once linearizable --seed 1 --events", "not one run, which --events"),
    ("word-count ''", "'' is no name of a file"),
    ("word-count a.txt --paths b.txt", "--paths and 'a.txt' exclude"),
    ("word-count plain a.txt --reads 3", "files exclude --reads and --texts"),
    ("bounded-pool something-else", "it has: plain, map, for-each, as-they"),
  ]

  /// What is typed after `bounded-pool map`, and a part of the answer.
  private static let refusedInputs = [
    ("file", "unexpected argument 'file'"),
    ("--worker 3", "did you mean '--workers'?"),
    ("-w 3", "unknown flag '-w'"),
    ("--workers", "--workers needs a value"),
    ("--workers -1", "--workers must be from 1 to 1024, not -1"),
    ("--workers=x", "--workers must be a whole number, not 'x'"),
    ("--workers 9999999999999999999", "9999999999999999999 is out of range"),
    ("--workers 1 --workers 2", "--workers is given twice"),
    ("--events=3", "--events takes no value, not '3'"),
    ("--jobs 1,2", "--failing must be from 0 to 1"),
    ("--jobs 1,2", "its default does not fit: give --failing too"),
    ("--jobs ''", "--failing must be empty where jobs is"),
    ("--jobs 1,,2", "--jobs must be whole numbers with commas, not ''"),
    ("--svg ''", "--svg needs the name of a file, not ''"),
    ("--trace -", "--trace needs the name of a file, not '-'"),
    ("--svg a --trace ./b/../a", "--svg and --trace write to one file"),
    ("--input {", "malformed JSON in --input"),
    ("--input []", "must be an object"),
    (#"--input '{"worker":3}'"#, "did you mean 'workers'?"),
    (#"--input '{"workers":"3"}'"#, "'workers' must be a whole number"),
    (#"--input '{"workers":1e40}'"#, "must be a whole number, not 1e+40"),
    (#"--input '{"workers":null}'"#, "'workers' must be a whole number"),
    (#"--input '{"jobs":[1,"x"]}'"#, "'jobs[1]' must be a whole number"),
    (#"--input '{"jobs":7}'"#, "'jobs' must be an array"),
    ("--input @/", "cannot read --input '/': is a directory"),
    ("--input @/no/such/file", "'/no/such/file': no such file or directory"),
  ]

  @Test("A command line that cannot be carried out is refused by name")
  func refusal() async throws {
    let inputs = Self.refusedInputs.map { ("bounded-pool map \($0)", $1) }
    for (line, message) in Self.refusals + inputs {
      let result = try await Program.run(line)
      result.expect(64, errors: message)
      #expect(result.output.isEmpty, "\(line)")
      #expect(result.errors.hasPrefix("recipe: "), "\(line)")
    }
  }

  @Test("A run shows its timeline, its key and what it came to")
  func timeline() async throws {
    let result = try await Program.run("bounded-pool map --failing=")
    result.expect(0, "caller: [0,1,4,9,16,25,36,49], returns\n")
    #expect(result.lines.allSatisfy { $0.count <= 80 })
    #expect(!result.output.contains("\u{1B}"))
  }

  @Test("A seed, or a schedule, replays the same run with its cancellation")
  func replay() async throws {
    for line in ["as-they-come --seed 7", "map --schedule 0,1,0"] {
      let first = try await Program.run("bounded-pool \(line)")
      first.expect(0)
      let second = try await Program.run("bounded-pool \(line)")
      #expect(first.output == second.output)
    }
    for line in [
      "--seed=3 --cancel-at-step=4", "--schedule 0,1,0 --cancel-at-step 2",
    ] {
      let result = try await Program.run("bounded-pool map \(line)")
      #expect(result.output.contains("caller: throws cancelled"))
    }
  }

  @Test("Waiting for ever is no failure where it is the answer")
  func waitingIsTheAnswer() async throws {
    try await Program.run("closed-and-nil send-on-full")
      .expect(0, "waits for ever")
  }

  @Test("The events are lines of JSON, the end of the caller last")
  func events() async throws {
    let result = try await Program.run(
      "bounded-pool map --events --jobs 2,1 --workers=2 --failing 0"
    )
    result.expect(0)
    #expect(result.lines.count == 5)
    for line in result.lines {
      let event = try JSONDecoder()
        .decode(Cookbook.Event.self, from: Data(line.utf8))
      #expect(event.json == line)
    }
    let end = #""lane":"caller","name":"throw","item":"job 0 failed"}"#
    #expect(result.lines.last?.hasSuffix(end) == true)
  }

  @Test("Flags override the input, and an input can come from a file")
  func inputFromFile() async throws {
    let input = #"{"jobs":[1,1],"failing":[],"workers":1}"#
    try write(input, to: "input.json")
    for (flags, end) in [("", 2_000), ("--workers 2", 1_000)] {
      let result = try await Program.run(
        "bounded-pool --seed 1 --events --input @input.json \(flags)"
      )
      #expect(result.lines.last?.hasPrefix("{\"at\":\(end),") == true)
    }
  }

  @Test("A reader that leaves ends the program quietly")
  func readerLeaves() async throws {
    // Far more than a pipe holds.
    let jobs = Array(repeating: "0", count: 20_000).joined(separator: ",")
    try write("{\"jobs\":[\(jobs)]}", to: "input.json")
    let result = try await Program.shell(
      "{ \"$recipe\" bounded-pool --events --input @input.json; "
        + "echo $? >&2; } | head -1"
    )
    #expect(result.lines.count == 1)
    // 141 is the shell's word for an end by SIGPIPE.
    #expect(result.errors == "141\n")
  }

  @Test("An output that cannot be written is an error", .enabled(if: isLinux))
  func outputCannotBeWritten() async throws {
    try await Program.run("list > /dev/full")
      .expect(74, errors: "no space left on device")
    try await Program.run("list >&-").expect(74, errors: "it is closed")
  }

  @Test("Ctrl-C ends a run cleanly and says how far it got")
  func interruption() async throws {
    // A background process of a shell ignores the signal until it has its own
    // answer to it: so it is repeated. The second one just ends the program.
    let result = try await Program.shell(
      "\"$recipe\" bounded-pool map --failing= --jobs 60000,60000 "
        + "--workers 2 & while kill -INT $!; do sleep 0.5; done 2>/dev/null; "
        + "wait $!"
    )
    result.expect(130)
    if !result.output.isEmpty {
      result.expect(130, "throws cancelled", errors: "interrupted after")
    }
  }

  @Test("The laws of a recipe are explored, and the same seeds agree")
  func explore() async throws {
    let line = "explore bounded-pool map --seeds 100 --json"
    let report = try await Program.run(line)
    report.expect(0, #""schedules":100"#)
    report.expect(0, #""keep":true"#)
    report.expect(0, #""digest":""#)
    #expect(try await Program.run(line).output == report.output)
    try await Program.run("explore closed-and-nil close-of-nil --seeds 1")
      .expect(0, ", no law of its own\n")
  }
}
