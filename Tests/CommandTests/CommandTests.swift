import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("The command line")
struct CommandTests {
  @Test("The menu names every recipe once, by chapter")
  func menuByChapter() async throws {
    let result = try await Program.run("list")
    #expect(result.status == 0)
    for demo in menu {
      let line = "  \(demo.recipe.name) "
      #expect(result.lines.filter { $0.hasPrefix(line) }.count == 1)
    }
    let bare = try await Program.run()
    #expect(bare.output == result.output)
  }

  @Test("The menu as JSON holds what each recipe declares")
  func menuAsJSON() async throws {
    struct Entry: Decodable {
      var name: String
      var goConstructs: [String]
    }
    let result = try await Program.run("list", "--json")
    let entries = try JSONDecoder()
      .decode([Entry].self, from: Data(result.output.utf8))
    #expect(entries.map(\.name) == everyRecipe.map(\.name))
    #expect(entries.allSatisfy { !$0.goConstructs.isEmpty })
  }

  @Test(
    "Every way to ask for help answers on standard output",
    arguments: [
      ["help"], ["--help"], ["-h"], ["help", "bounded-pool"],
      ["bounded-pool", "--help"], ["bounded-pool", "-h"],
      ["list", "--help"], ["help", "list"], ["explore", "--help"],
      ["compare", "-h"],
    ]
  )
  func help(arguments: [String]) async throws {
    let result = try await Program.run(arguments)
    #expect(result.status == 0)
    #expect(result.errors.isEmpty)
    #expect(result.output.contains("usage:"))
  }

  @Test("Help describes every field of every input")
  func helpIsComplete() {
    for demo in menu {
      #expect(undescribedFields(of: demo).isEmpty, "\(demo)")
    }
    func undescribedFields<D: Cookbook.Demo>(of demo: D.Type) -> [String] {
      let fields = InputField.all(of: D.Input()).map(\.name)
      let described = D.Input.help.map(\.key)
      return Set(fields).symmetricDifference(described).sorted()
    }
  }

  @Test("No recipe and no field is named like a command or a flag")
  func namesDoNotCollide() {
    for demo in menu {
      #expect(!Command.names.contains(demo.recipe.name))
      #expect(flags(of: demo).allSatisfy { !RunCommand.flags.contains($0) })
    }
    func flags<D: Cookbook.Demo>(of demo: D.Type) -> [String] {
      InputField.all(of: D.Input()).map(\.flag)
    }
  }

  static let refusals: [(arguments: [String], message: String)] = [
    (["bonded-pool"], "unknown recipe 'bonded-pool'"),
    (["bonded-pool"], "did you mean 'bounded-pool'?"),
    (["qwertyuiop"], "'recipe list' names them all"),
    (["lst"], "did you mean 'list'?"),
    (["--workers", "3"], "unknown flag '--workers'"),
    (["list", "--jsn"], "did you mean '--json'?"),
    (["list", "bounded-pool"], "unexpected argument 'bounded-pool'"),
    (["bounded-pool", "map", "--worker", "3"], "did you mean '--workers'?"),
    (["bounded-pool", "map", "-w", "3"], "unknown flag '-w'"),
    (
      ["bounded-pool", "map", "--workers", "0"],
      "--workers must be from 1 to 1024, not 0"
    ),
    (
      ["bounded-pool", "map", "--workers", "-1"],
      "--workers must be from 1 to 1024, not -1"
    ),
    (
      ["bounded-pool", "map", "--workers", "x"],
      "--workers must be a whole number, not 'x'"
    ),
    (
      ["bounded-pool", "map", "--workers=x"],
      "--workers must be a whole number, not 'x'"
    ),
    (
      ["bounded-pool", "map", "--workers", "9999999999999999999"],
      "--workers must be a whole number"
    ),
    (["bounded-pool", "map", "--workers"], "--workers needs a value"),
    (
      ["bounded-pool", "map", "--events=3"], "--events takes no value, not '3'"
    ),
    (
      ["bounded-pool", "map", "--jobs", "1,,2"],
      "--jobs must be whole numbers with commas"
    ),
    (["bounded-pool", "map", "--jobs", "[1,"], "--jobs must be whole numbers"),
    (["bounded-pool", "map", "--jobs", "-5"], "--jobs must be from 0"),
    (
      ["bounded-pool", "map", "--failing", "99"],
      "--failing must be from 0 to 7, not 99"
    ),
    (["bounded-pool", "mpa"], "did you mean 'map'?"),
    (
      ["bounded-pool", "something-else"],
      "it has: plain, map, for-each, as-they-come"
    ),
    (["bounded-pool", "--cancel-at-step", "1"], "needs --seed or --schedule"),
    (["bounded-pool", "--schedule", "1,x"], "--schedule must be numbers"),
    (["bounded-pool", "--schedule", "-", "--seed", "1"], "exclude each other"),
    (["bounded-pool", "map", "--seed", "x"], "--seed must be a whole number"),
    (
      ["bounded-pool", "map", "--seed", "-1"],
      "--seed must be a whole number from 0"
    ),
    (["bounded-pool", "map", "file"], "unexpected argument 'file'"),
    (["bounded-pool", "map", "--input", "{"], "malformed JSON in --input"),
    (["bounded-pool", "map", "--input", "[]"], "must be an object"),
    (
      ["bounded-pool", "map", "--input", "{\"worker\":3}"],
      "did you mean 'workers'?"
    ),
    (
      ["bounded-pool", "map", "--input", "{\"workers\":\"3\"}"],
      "'workers' must be a whole number"
    ),
    (
      ["bounded-pool", "map", "--input", "{\"workers\":1.5}"],
      "'workers' in --input must be a whole number, not 1.5"
    ),
    (
      ["bounded-pool", "map", "--input", "{\"workers\":1e40}"],
      "must be a whole number, not 1e+40"
    ),
    (
      ["bounded-pool", "map", "--input", "{\"jobs\":[1,\"x\"]}"],
      "'jobs[1]' must be a whole number"
    ),
    (
      ["bounded-pool", "map", "--input", "{\"jobs\":7}"],
      "'jobs' must be an array"
    ),
    (
      ["bounded-pool", "map", "--input", "{\"workers\":null}"],
      "'workers' is missing"
    ),
    (
      ["bounded-pool", "map", "--input", "@/no/such/file"],
      "cannot read --input '/no/such/file': no such file or directory"
    ),
    (
      ["word-count", "--workers", "0"],
      "--workers must be from 1 to 1024, not 0"
    ),
    (["explore"], "'recipe explore' needs the name of a recipe"),
    (["explore", "nothing-like-it"], "unknown recipe 'nothing-like-it'"),
    (
      ["explore", "bounded-pool", "--seeds", "0"],
      "--seeds must be a whole number from 1"
    ),
    (
      ["compare", "bounded-pool", "--inputs", "x"],
      "--inputs must be a whole number"
    ),
    (["compare", "bounded-pool", "--input", "{}"], "did you mean '--inputs'?"),
    (["compare", "semaphore", "--mutant", "nonesuch"], "nonesuch"),
  ]

  @Test(
    "A command line that cannot be carried out is refused by name",
    arguments: refusals
  )
  func refusal(arguments: [String], message: String) async throws {
    if arguments.contains("--mutant"), !GoToolchain.canCompile { return }
    let result = try await Program.run(arguments)
    #expect(result.status == 64)
    #expect(result.output.isEmpty)
    #expect(result.errors.hasPrefix("recipe: "))
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  @Test("A refused run does nothing, whatever else is on its command line")
  func refusedBeforeTheRun() async throws {
    let result = try await Program.run(
      "bounded-pool",
      "--events",
      "--wrokers",
      "3"
    )
    #expect(result.status == 64)
    #expect(result.output.isEmpty)
  }

  @Test("A run shows its timeline, its key and what it came to")
  func timeline() async throws {
    let result = try await Program.run("bounded-pool", "map", "--failing=")
    #expect(result.status == 0)
    #expect(
      result.output.contains("caller: [0,1,4,9,16,25,36,49], returns\n")
    )
    #expect(result.lines.allSatisfy { $0.count <= 80 })
    #expect(!result.output.contains("\u{1B}"))
  }

  @Test("The same seed replays the same run, line for line")
  func replay() async throws {
    let arguments = ["bounded-pool", "as-they-come", "--seed", "7"]
    let first = try await Program.run(arguments)
    let second = try await Program.run(arguments)
    #expect(first.status == 0)
    #expect(first.output == second.output)
  }

  @Test("A schedule is replayed with its cancellation")
  func replaySchedule() async throws {
    let seeded = try await Program.run(
      "bounded-pool",
      "map",
      "--seed=3",
      "--cancel-at-step=4"
    )
    #expect(seeded.output.contains("caller: throws cancelled"))
    let arguments = ["bounded-pool", "map", "--schedule", "0,1,0"]
    let first = try await Program.run(arguments)
    #expect(first.status == 0)
    #expect(try await Program.run(arguments).output == first.output)
    let cancelled = try await Program.run(
      arguments + ["--cancel-at-step", "2"]
    )
    #expect(cancelled.output.contains("throws cancelled"))
  }

  @Test("Waiting for ever is no failure where it is the answer")
  func waitingIsTheAnswer() async throws {
    let result = try await Program.run("closed-and-nil", "send-on-full")
    // Here it is the answer.
    #expect(result.status == 0)
    #expect(result.output.contains("waits for ever"))
  }

  @Test("The events are lines of JSON, the end of the caller last")
  func events() async throws {
    let result = try await Program.run(
      "bounded-pool",
      "map",
      "--events",
      "--jobs",
      "2,1",
      "--workers=2",
      "--failing",
      "0"
    )
    #expect(result.status == 0)
    #expect(result.lines.count == 5)
    for line in result.lines {
      let event = try JSONDecoder().decode(
        Cookbook.Event.self,
        from: Data(line.utf8)
      )
      #expect(event.json == line)
    }
    let end = #""lane":"caller","name":"throw","item":"job 0 failed"}"#
    #expect(result.lines.last?.hasSuffix(end) == true)
  }

  @Test("Flags override the input, and an input can come from a file")
  func inputFromFile() async throws {
    try await withScratchFolder { folder in
      let file = folder.appending(path: "input.json")
      try Data("{\"jobs\":[1,1],\"failing\":[],\"workers\":1}".utf8).write(
        to: file
      )
      let arguments = [
        "bounded-pool", "--seed", "1", "--events", "--input", "@\(file.path)",
      ]
      let one = try await Program.run(arguments)
      #expect(one.lines.last?.hasPrefix("{\"at\":2000,") == true)
      let two = try await Program.run(arguments + ["--workers", "2"])
      #expect(two.lines.last?.hasPrefix("{\"at\":1000,") == true)
    }
  }

  @Test("A reader that leaves ends the program quietly")
  func readerLeaves() async throws {
    let result = try await withScratchFolder { folder in
      let file = folder.appending(path: "input.json")
      // Far more than a pipe holds.
      let jobs = Array(repeating: "0", count: 20_000).joined(separator: ",")
      try Data("{\"jobs\":[\(jobs)]}".utf8).write(to: file)
      return try await Program.shell(
        "{ \"$recipe\" bounded-pool --events --input @\(file.path)"
          + "; echo $? >&2; } | head -1"
      )
    }
    #expect(result.status == 0)
    #expect(result.lines.count == 1)
    // 141 is the shell's word for an end by SIGPIPE.
    #expect(result.errors == "141\n")
  }

  @Test("An output that cannot be written is an error", .enabled(if: isLinux))
  func outputCannotBeWritten() async throws {
    let full = try await Program.shell("\"$recipe\" list > /dev/full")
    #expect(full.status == 74)
    #expect(full.errors.contains("no space left on device"))
    let closed = try await Program.shell("\"$recipe\" list >&-")
    #expect(closed.status == 74)
    #expect(closed.errors.contains("it is closed"))
  }

  @Test("Ctrl-C ends a run cleanly and says how far it got")
  func interruption() async throws {
    let result = try await Program.run(
      "bounded-pool",
      "map",
      "--failing=",
      "--jobs",
      "60000,60000",
      "--workers",
      "2"
    ) { process in
      // Interrupted before its handler is in place a program just ends:
      // so the signal is repeated until there is an answer.
      Thread.detachNewThread {
        while process.isRunning {
          process.interrupt()
          Thread.sleep(forTimeInterval: 0.3)
        }
      }
    }
    #expect(result.wasSignalled || result.status == 130)
    if !result.wasSignalled {
      #expect(result.output.contains("caller: throws cancelled"))
      #expect(result.errors.contains("interrupted after"))
    }
  }

  @Test("The laws of a recipe are explored, and the same seeds agree")
  func explore() async throws {
    struct Report: Decodable {
      var schedules: Int
      var keep: Bool
      var digest: String
    }
    let arguments = [
      "explore", "bounded-pool", "map", "--seeds", "300", "--json",
    ]
    let first = try await Program.run(arguments)
    let second = try await Program.run(arguments)
    let reports = try [first, second].map {
      try JSONDecoder().decode(Report.self, from: Data($0.output.utf8))
    }
    #expect(reports.allSatisfy { $0.keep })
    #expect(reports.allSatisfy { $0.schedules == 300 })
    #expect(reports[0].digest == reports[1].digest)
  }

  #if os(Linux)
    static let isLinux = true
  #else
    static let isLinux = false
  #endif
}
