import Cookbook
import Foundation
import Recipes
import Simulation
import Synchronization
import Testing

@testable import recipe

/// The recipes that the suites here look at: the whole menu, or what
/// `COOKBOOK_ONLY=channel,select` names.
private let recipes: [Recipe] = {
  let menu = Recipes.recipes
  let only = ProcessInfo.processInfo.environment["COOKBOOK_ONLY"]
  guard let names = only?.split(separator: ",") else { return menu }
  return names.map { name in
    guard let recipe = menu.first(where: { $0.name == name }) else {
      fatalError("COOKBOOK_ONLY: there is no recipe '\(name)'")
    }
    return recipe
  }
}()

/// An example of the menu.
struct MenuExample: CustomTestStringConvertible {
  var recipe: Recipe
  var example: Example

  var testDescription: String { "\(recipe.name) \(example.name)" }

  static let all = recipes.flatMap { recipe in
    recipe.examples.map { MenuExample(recipe: recipe, example: $0) }
  }
  static let run = all.filter { $0.example.isRun }
  static let withInput = run.filter { !$0.example.isInstant }
  static let recorded = all.filter { $0.example.histories != nil }
  static let compared = all.filter { $0.example.isComparable }
}

/// `swift test` looks at a part of what `COOKBOOK_LONG=1` looks at.
private let isLong =
  ProcessInfo.processInfo.environment["COOKBOOK_LONG"] == "1"
private let scale = isLong ? 3 : 1

@Suite("Every example")
struct ExampleTests {
  @Test("Keeps its laws under many schedules", arguments: MenuExample.run)
  func explore(_ menu: MenuExample) async throws {
    try await ExampleJudge.explore(
      menu.example,
      menu.example.input,
      seeds: 0..<UInt64(250 * scale)
    )
  }

  @Test(
    "Keeps its laws on random inputs, cancelled at any step or not at all",
    arguments: MenuExample.withInput
  )
  func randomInputs(_ menu: MenuExample) async throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<10 * scale {
      let input = menu.example.randomInput(using: &generator)
      try await ExampleJudge.explore(menu.example, input, seeds: 0..<20)
      _ = try await ExampleJudge.cancelEverywhere(
        menu.example,
        input,
        seeds: 0..<2
      )
    }
  }

  @Test(
    "Leaves nothing behind when it is cancelled at any step",
    arguments: MenuExample.run
  )
  func cancelEverywhere(_ menu: MenuExample) async throws {
    let runs = try await ExampleJudge.cancelEverywhere(
      menu.example,
      menu.example.input,
      seeds: 0..<5
    )
    #expect(runs > 0)
  }

  @Test(
    "Keeps its laws under every schedule of a small input",
    arguments: MenuExample.run.filter { !$0.example.exhausted.isEmpty }
  )
  func exhaust(_ menu: MenuExample) async throws {
    for (input, schedules) in menu.example.exhausted
    where schedules < 3_000 || isLong {
      let all = try await ExampleJudge.exhaust(
        menu.example,
        input,
        limit: schedules + 1
      )
      #expect(all.isComplete && all.schedules == schedules, "\(all.schedules)")
    }
  }

  @Test(
    "Keeps what is not about instants on real threads",
    arguments: MenuExample.withInput
  )
  func threads(_ menu: MenuExample) async {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    var events = 0
    for _ in 0..<100 * scale {
      let input = menu.example.randomInput(using: &generator)
      let stage = Stage(clock: HastyClock())
      await menu.example.run(input, on: stage)
      let trace = stage.trace
      events += trace.events.count
      for law in menu.example.laws where !law.isTimed {
        let problem = law.problem(input, trace)
        #expect(problem == nil, "\(law.name), \(json(input)), seed \(seed)")
      }
    }
    print(
      "\(menu.testDescription) on real threads: seed \(seed), "
        + "\(100 * scale) inputs, \(events) events"
    )
  }

  @Test(
    "Has wrong versions, each of which breaks one thing and keeps the rest",
    arguments: MenuExample.all.filter { !$0.example.wrong.isEmpty }
  )
  func wrong(_ menu: MenuExample) async {
    for wrong in menu.example.wrong {
      let verdict = await ExampleJudge.judge(
        wrong,
        of: menu.example,
        seeds: 100 * scale
      )
      #expect(verdict.kills > 0, "\(verdict)")
      #expect(verdict.others.isEmpty, "\(verdict)")
      // The right one keeps on that input what the wrong one breaks.
      let seeds: Range<UInt64> = 0..<100
      await #expect(throws: Never.self) {
        try await ExampleJudge.explore(menu.example, wrong.input, seeds: seeds)
      }
    }
  }

  @Test(
    "Has linearizable histories, of which most overlap on real threads",
    arguments: MenuExample.recorded
  )
  func histories(_ menu: MenuExample) async throws {
    let histories = try #require(menu.example.histories)
    let report = await HistoryJudge.report(
      histories,
      count: isLong ? 10_000 : 1_000
    )
    #expect(report.holds, "\(report.text)")
    let cancelled = try await HistoryJudge.cancelEverywhere(
      histories.judge,
      seeds: 0..<UInt64(25 * scale)
    )
    print(
      "\(menu.testDescription): \(report.text)\n\(cancelled) cancelled runs"
    )
  }

  @Test(
    "Has wrong versions whose histories are rejected",
    arguments: MenuExample.recorded
  )
  func wrongHistories(_ menu: MenuExample) async throws {
    let wrong = try #require(menu.example.histories).wrong
    #expect(!wrong.isEmpty)
    // On threads it takes as long as the machine is busy with other things.
    for wrong in wrong where wrong.side == .simulation || isLong {
      let verdict = await HistoryJudge.judge(wrong)
      #expect(verdict.rejected > 0, "\(wrong.name): \(verdict.summary)")
    }
  }

  @Test("Has no law that no wrong version breaks", arguments: recipes)
  func laws(of recipe: Recipe) {
    #expect(recipe.lawsThatNothingBreaks == [])
  }

  @Test("Declares each field of its input", arguments: MenuExample.withInput)
  func fields(_ menu: MenuExample) {
    #expect(menu.example.undeclaredFields == [])
  }
}

/// The continuous clock, but for sleeps, which only give way: what took its
/// time in virtual time takes none here.
private final class HastyClock: Clock {
  private let reached = Mutex(ContinuousClock.now)

  /// No sleep ends before its deadline.
  var now: ContinuousClock.Instant { reached.withLock { max($0, .now) } }
  var minimumResolution: Duration { ContinuousClock().minimumResolution }

  func sleep(
    until deadline: ContinuousClock.Instant,
    tolerance: Duration?
  ) async throws {
    for _ in 0..<3 {
      await Task.yield()
      try Task.checkCancellation()
    }
    reached.withLock { $0 = max($0, deadline) }
  }
}

/// Whether to run Go: always in CI, where its absence is a failure.
private let isGoUsable =
  ProcessInfo.processInfo.environment["CI"] == "true"
  || GoToolchain.canCompile

/// Whether the Go original has tests of its own.
private func hasGoTests(_ recipe: Recipe) -> Bool {
  let room = try? Checkout.root().appending(path: recipe.folder)
  let files = room.flatMap { FileManager.default.enumerator(atPath: $0.path) }
  return files?.contains { "\($0)".hasSuffix("_test.go") } ?? false
}

/// What Go did, as recorded for machines without it.
private func record(
  of recipe: Recipe
) throws -> [(example: Example, input: any ExampleInput, go: Trace)] {
  try CompareCommand.records(of: recipe).map { record in
    let example = try #require(
      recipe.examples.first { $0.name == record.example }
    )
    func decode<Input: ExampleInput>(_ like: Input) throws -> any ExampleInput {
      try JSONDecoder().decode(Input.self, from: Data(record.input.utf8))
    }
    return (example, try decode(example.input), record.go)
  }
}

@Suite("Every example does in Swift what it did in Go")
struct RecordedExampleTests {
  @Test("On every recorded input", arguments: recipes)
  func recorded(_ recipe: Recipe) async throws {
    let lines = try record(of: recipe)
    for (index, line) in lines.enumerated() {
      let verdict = await ExampleComparison.judge(
        line.example,
        line.input,
        seed: UInt64(index),
        go: .success(line.go)
      )
      #expect(throws: Never.self) { try verdict.get() }
    }
    let names = Set(lines.map(\.example.name))
    for example in recipe.examples where example.isComparable {
      #expect(names.contains(example.name))
    }
  }
}

@Suite(
  "Every example does in Swift what it does in Go",
  .enabled(if: isGoUsable, "Go is missing"),
  .serialized
)
struct LiveExampleTests {
  @Test("The record is still true", arguments: recipes)
  func recordIsTrue(_ recipe: Recipe) async throws {
    let go = try await GoTwin.start()
    for line in try record(of: recipe) where line.example.isComparable {
      let trace = try await go.runs(recipe, line.example, [line.input])[0].get()
      switch line.example.evidence {
      case .moments:
        // Go's own scheduler may permute an instant from run to run.
        let difference = Difference.between(
          swift: line.go,
          go: trace,
          evidence: .moments
        )
        #expect(difference == nil, "\(json(line.input))")
      case .race:
        let allowed = line.example.evidence.declared(isGo: true) ?? []
        #expect(allowed.contains(trace.outcome.description))
      default: #expect(line.go.outcome == trace.outcome)
      }
    }
  }

  @Test("On random inputs that are new each time", arguments: recipes)
  func freshInputs(_ recipe: Recipe) async throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    let go = try await GoTwin.start()
    for example in recipe.examples where example.isComparable {
      if case .race = example.evidence {
        let verdict = try await RaceJudge(recipe: recipe, example: example)
          .judge(go: go, runs: 1_000)
        #expect(verdict.problems == [])
        continue
      }
      let comparison = ExampleComparison(
        recipe: recipe,
        example: example,
        go: go
      )
      let (counts, finding) = try await comparison.compare(
        example.inputs(example.isInstant ? 1 : 100 * scale, seed: seed),
        seed: seed
      )
      #expect(finding == nil, "seed \(seed): \(finding?.description ?? "")")
      // Half of what `compare` demands of more inputs: the seed is new.
      if isLong { #expect(counts.shortfalls(of: example, oneIn: 20) == []) }
    }
  }

  @Test("Both languages do the same work in every workload")
  func workloads() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "cookbook-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder,
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    let go = try BenchProcess(
      try await onThread {
        try GoToolchain.build(["build", "./cmd/bench"], named: "bench")
      },
      [],
      folder: folder
    )
    let swift = try BenchProcess(
      URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent()
        .appending(path: "recipe"),
      ["bench", "--serve"],
      folder: folder
    )
    for recipe in recipes {
      for workload in recipe.workloads {
        for part in isLong ? [1_000, 100] : [1_000] {
          let request = BenchRequest(
            recipe: recipe.name,
            workload: workload.name,
            operations: max(workload.operations / part, 1)
          )
          let (left, right) = (
            try await swift.measure(request), try await go.measure(request)
          )
          #expect(left.result == right.result, "\(request)")
        }
      }
    }
  }

  @Test("Go's own tests pass", arguments: recipes.filter(hasGoTests))
  func testsOfGo(_ recipe: Recipe) async throws {
    let tests = "./\(recipe.chapter.rawValue)/\(recipe.name)/go/..."
    let result = try await onThread {
      try GoToolchain.output(
        of: ["test", tests],
        environment: GoToolchain.workspace.get()
      )
    }
    #expect(result.status == 0, "\(result.text)")
  }

  @Test("Go has the same examples", arguments: recipes)
  func sameExamples(_ recipe: Recipe) async throws {
    let catalog = try await GoTwin.start().catalog(of: recipe)
    let compared = recipe.examples.filter(\.isComparable).map(\.name)
    #expect(catalog.examples == compared.sorted())
  }

  @Test(
    "Every wrong version of Go's is found, on a small input",
    arguments: recipes
  )
  func wrongInGo(_ recipe: Recipe) async throws {
    let go = try await GoTwin.start()
    for name in try await go.catalog(of: recipe).wrong {
      let parts = name.split(separator: "/").map(String.init)
      let example = try #require(
        recipe.examples.first { $0.name == parts[0] }
      )
      if case .race = example.evidence {
        let verdict = try await RaceJudge(recipe: recipe, example: example)
          .judge(go: go, runs: 1_000, wrong: parts[1])
        #expect(verdict.problems.contains { $0.hasPrefix("Go comes to") })
        continue
      }
      let comparison = ExampleComparison(
        recipe: recipe,
        example: example,
        go: go
      )
      for seed: UInt64 in isLong ? 1...3 : 1...1 {
        let (_, finding) = try await comparison.compare(
          example.inputs(1_000, seed: seed),
          seed: seed,
          wrong: parts[1]
        )
        let found = try #require(finding, "\(name) is not found, seed \(seed)")
        #expect(!found.problem.hasPrefix("Swift:"), "it is Swift that is wrong")
        let events = try #require(found.swift).events.count
        #expect(events <= 24, "\(name), seed \(seed): \(found)")
      }
    }
  }
}

extension Recipe: CustomTestStringConvertible {
  /// The name of the recipe.
  public var testDescription: String { name }
}
