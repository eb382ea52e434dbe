import Cookbook
import Simulation
import Testing

@testable import recipe

@Suite("What a comparison finds")
struct ComparisonTests {
  /// What is wrong if Go did this; `nil` where the languages agree.
  private static func problem(
    _ example: Example,
    go events: [Event]
  ) async -> String? {
    let verdict = await ExampleComparison.judge(
      example,
      NoInput(),
      seed: 0,
      go: .success(Trace(events))
    )
    guard case .failure(let finding) = verdict else { return nil }
    return finding.problem
  }

  @Test("Any event that differs in any part, is missing or comes twice")
  func events() async throws {
    let example = Example("speaker") { stage in
      stage.say("one", 1)
      try await stage.sleep(1)
      stage.say("other", 2)
    }
    let same = try await ExampleJudge.trace(example, NoInput(), seed: 0).events
    #expect(await Self.problem(example, go: same) == nil)
    let changes: [(inout Event) -> Void] = [
      { $0.at += 1 }, { $0.lane += "x" }, { $0.name += "x" },
      { $0.item += "x" },
    ]
    for index in same.indices {
      for change in changes {
        var go = same
        change(&go[index])
        #expect(await Self.problem(example, go: go) != nil)
      }
      for count in [0, 2] {
        var go = same
        let copies = Array(repeating: same[index], count: count)
        go.replaceSubrange(index...index, with: copies)
        #expect(await Self.problem(example, go: go) != nil)
      }
    }
  }

  @Test("A law holds under seeds, in every order and at every cancellation")
  func lawsOfRuns() async {
    let example = Example(
      "loud",
      laws: [
        Law<NoInput>("nobody shouts") { _, trace in
          trace.events.contains { $0.name == "shout" } ? "loud" : nil
        }
      ]
    ) { stage in stage.record("shout", lane: "one") }
    for judge in [
      { try await ExampleJudge.explore(example, NoInput(), seeds: 0..<1) },
      {
        try await ExampleJudge.exhaust(example, NoInput(), limit: 9).schedules
      },
      {
        let seeds: Range<UInt64> = 0..<1
        return
          try await ExampleJudge
          .cancelEverywhere(example, NoInput(), seeds: seeds)
      },
    ] as [() async throws -> Int] {
      await #expect {
        _ = try await judge()
      } throws: {
        "\($0)".contains("nobody shouts")
      }
    }
  }

  @Test("A law that either language breaks, where their outcomes agree")
  func laws() async {
    let quiet = Law<NoInput>("nobody shouts") { _, trace in
      trace.events.contains { $0.name == "shout" } ? "loud" : nil
    }
    let loud = ["shout", "return"]
    for (swift, go, language) in [
      (loud, loud, "Swift"), (["return"], loud, "Go"),
      (loud, ["return"], "Swift"), (["return"], ["return"], nil),
    ] as [([String], [String], String?)] {
      let example = Example("speaker", .outcome, laws: [quiet]) { stage in
        for name in swift.dropLast() { stage.record(name, lane: Event.caller) }
      }
      let problem = await Self.problem(
        example,
        go: go.map { Event(at: 0, lane: Event.caller, name: $0) }
      )
      #expect(
        problem == language.map { "\($0): broken law: nobody shouts (loud)" }
      )
    }
  }

  @Test("Waiting for ever where it is not declared, and what else is not")
  func endings() async {
    let waits = "caller: waits for ever"
    for (evidence, ending, problem) in [
      (.moments, "wait", "Swift: waits for ever, which is not declared"),
      (.outcome, "wait", "Swift: waits for ever, which is not declared"),
      (.outcomes(swift: waits, go: waits, because: ""), "wait", nil),
      (.outcomes(swift: waits, go: "caller: dies", because: ""), "die", nil),
      (
        .outcomes(swift: waits, go: waits, because: ""), "die",
        "Go comes to 'caller: dies', not '\(waits)'"
      ),
      (
        .outcomes(swift: "caller: dies", go: waits, because: ""), "wait",
        "Swift comes to '\(waits)', not 'caller: dies'"
      ),
    ] as [(Evidence, String, String?)] {
      let example = Example("stuck", evidence) { _ in
        // Not even a cancellation ends this.
        unsafe await withUnsafeContinuation {
          (_: UnsafeContinuation<Void, Never>) in
        }
      }
      let go = ["cancel", ending].map {
        Event(at: 0, lane: Event.caller, name: $0)
      }
      #expect(await Self.problem(example, go: go) == problem)
    }
  }

  @Test("A wrong version that is not there", .enabled(if: GoToolchain.isHere))
  func unknownWrong() async throws {
    try await Program.run("compare leaks range --wrong lek")
      .expect(64, errors: "version 'lek' in Go\nrecipe: as EXAMPLE/WRONG: con")
  }

  @Test("Inputs repeat for a seed, and differ from those of another")
  func inputs() {
    let example = Example("visits", input: Visits()) { _, _ in }
    func texts(_ seed: UInt64) -> [String] {
      example.inputs(50, seed: seed).map { json($0) }
    }
    #expect(texts(1) == texts(1))
    #expect(Set(texts(1) + texts(2)).count > 75)
  }

  @Test("Too few inputs that fail, are cancelled or are contended")
  func shortfalls() {
    typealias Counts = ExampleComparison.Counts
    let example = Example("visits", input: Visits()) { _, _ in }
    let enough = Counts(inputs: 100, failing: 10, cancelled: 10, contended: 10)
    #expect(enough.shortfalls(of: example) == [])
    for count in [\.failing, \.cancelled, \.contended]
      as [WritableKeyPath<Counts, Int>]
    {
      var counts = enough
      counts[keyPath: count] -= 1
      #expect(counts.shortfalls(of: example).count == 1)
    }
  }
}
