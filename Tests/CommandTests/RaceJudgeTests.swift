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

  private static let one = #"caller: "a", "b", returns"#
  private static let other = #"caller: "b", "a", returns"#
  private static let both: Set = [one, other]

  private static func judge(_ example: Example) -> RaceJudge {
    RaceJudge(recipe: planted(examples: [example]), example: example)
  }

  @Test("What is not declared, not reached or too much to try is a failure")
  func problems() async throws {
    let (one, other) = (Self.one, Self.other)
    let never = "caller: returns"
    for (declared, limit, problem) in [
      ([one, other], nil, nil),
      ([one], nil, "Swift comes to '\(other)', which is forbidden"),
      ([one, other, never], nil, "no schedule of Swift comes to '\(never)'"),
      ([one, other], 1, "there are more than 1 schedules"),
    ] as [(Set, Int?, String?)] {
      let verdict = try await Self.judge(Self.example(declared))
        .judge(go: nil, limit: limit ?? 1_000)
      #expect(verdict.isComplete == (limit == nil))
      #expect(verdict.problems.first == problem)
      guard limit == nil else { continue }
      #expect(verdict.problems.count == (problem == nil ? 0 : 1))
      #expect(Set(verdict.swift.keys) == Self.both)
      #expect(!verdict.description.contains("Go,"))
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
