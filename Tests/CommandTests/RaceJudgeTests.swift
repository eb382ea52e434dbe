import Cookbook
import Simulation
import Testing

@testable import recipe

@Suite("A true race")
struct RaceJudgeTests {
  /// Two tasks that say something; either may be the first.
  private static func example(
    _ outcomes: Set<String>,
    go: Set<String>? = nil
  ) -> Example {
    Example("two-words", .race(outcomes, go: go)) { stage in
      await withTaskGroup { group in
        for word in ["a", "b"] { group.addTask { stage.print(word) } }
      }
    }
  }

  private static let both: Set = [
    #"caller: "a", "b", returns"#, #"caller: "b", "a", returns"#,
  ]

  private static func judge(_ example: Example) -> RaceJudge {
    RaceJudge(recipe: planted(examples: [example]), example: example)
  }

  @Test("It holds where the schedules reach what is declared and nothing else")
  func holds() async throws {
    let verdict = try await Self.judge(Self.example(Self.both)).judge(go: nil)
    #expect(verdict.problems == [])
    #expect(Set(verdict.swift.keys) == Self.both)
    #expect(verdict.isComplete)
    #expect(!verdict.description.contains("Go,"))
  }

  @Test("What is not declared, not reached or too much to try is a failure")
  func problems() async throws {
    let (one, other) = (
      #"caller: "a", "b", returns"#, #"caller: "b", "a", returns"#
    )
    let never = "caller: returns"
    for (declared, limit, problem) in [
      ([one], nil, "Swift comes to '\(other)', which is forbidden"),
      ([one, other, never], nil, "no schedule of Swift comes to '\(never)'"),
      ([one, other], 1, "there are more than 1 schedules"),
    ] as [(Set, Int?, String)] {
      let verdict = try await Self.judge(Self.example(declared))
        .judge(go: nil, limit: limit ?? 1_000)
      #expect(verdict.isComplete == (limit == nil))
      #expect(verdict.problems.first == problem)
      #expect(verdict.problems.count == 1 || limit != nil)
    }
  }

  @Test("A schedule that waits for ever is a failure")
  func deadlock() async {
    let example = Example("waits", .race(["caller: returns"])) { _ in
      for await _ in AsyncStream<Int>.makeStream().stream {}
    }
    await #expect(throws: SimulationFailure.self) {
      try await Self.judge(example).judge(go: nil)
    }
  }

  @Test(
    "Go has a set of its own where it differs, and need not reach all of it"
  )
  func goSet() {
    let example = Self.example(Self.both, go: ["one", "two"])
    let seen = Dictionary(uniqueKeysWithValues: Self.both.map { ($0, 1) })
    func problems(_ go: [String: Int]) -> [String] {
      Self.judge(example).problems(
        of: RaceJudge.Verdict(
          recipe: "planted",
          example: example.name,
          swift: seen,
          isComplete: true,
          go: go
        )
      )
    }
    #expect(problems(["one": 10_000]) == [])
    #expect(
      problems(["one": 9_999, "three": 1])
        == ["Go comes to 'three', which is forbidden"]
    )
  }
}

/// A recipe that is not in the menu.
func planted(
  _ name: String = "planted",
  examples: [Example] = [],
  go: [String] = [],
  swift: [String] = [],
  problems: [String] = []
) -> Recipe {
  Recipe(
    name: name,
    chapter: .channels,
    question: "What about \(name)?",
    goConstructs: go,
    swiftConstructs: swift,
    problems: problems,
    examples: examples
  )
}
