package import Cookbook
internal import Simulation

/// What the recipe shows; see README.md.
package enum LeakTestsExamples {
  package static let recipe = Recipe(
    name: "leak-tests",
    chapter: .lifetimes,
    question: "Write tests that detect leaks automatically.",
    goConstructs: [
      "synctest", "testing/synctest", "synctest.Test", "runtime.NumGoroutine",
      "goroutine profile", "goroutineleak", "pprof.Lookup",
    ],
    swiftConstructs: ["Swift Testing", "TestScoping", "TaskExecutor"],
    problems: [
      "goroutine leak test", "detect leaks automatically",
      "goleak for Swift", "test that no task is left running",
      "test under many schedules", "fail a test on a deadlock",
      "test cancellation at every step", "flaky concurrent test",
    ],
    examples: [
      Example(
        "search",
        laws: [noneWorksOn, firstSuccess],
        wrong: [leaky, late, deaf, firstReply],
        exhausted: [
          (Asks(times: [3, 1, 2]), 24),
          (Asks(times: [2, 1], cancelAfter: 1), 168),
        ]
      ) { try await search(Replicas.first, $0, $1) }
    ]
  )

  struct Asks: ExampleInput {
    var times = [30, 10, 20]
    var failing: [Int] = []
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.times,
          least: 1,
          random: 1...5,
          ties: .noneOfSums { _ in true },
          "the milliseconds after which each replica answers"
        ),
        .indices(\.failing, of: \.times, "the replicas that fail"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }
  }

  private static func search(
    _ search: ([Replicas.Ask]) async throws -> String?,
    _ input: Asks,
    _ stage: Stage
  ) async throws {
    let asks = input.times.enumerated().map { n, time -> Replicas.Ask in
      {
        let fails = input.failing.contains(n)
        try await stage.work("ask \(n)", time, fails: fails)
        return "ask \(n)"
      }
    }
    stage.print(try await search(asks))
  }

  // MARK: Laws

  private static let noneWorksOn = Law<Asks>(
    "the first answer or a cancellation ends all work at once"
  ) { _, trace in
    let end = trace.events.first { ["end", "cancel"].contains($0.name) }?.at
    return trace.events.first { $0.at > end ?? .max }
      .map { "\($0.lane): \($0.name) at \($0.at) µs" }
  }

  private static let firstSuccess = Law<Asks>(
    "a replica that fails ends the search only if all fail"
  ) { input, trace in
    let fails = trace.events.count { $0.name == "fail" }
    let isOver = trace.events.contains { ["end", "cancel"].contains($0.name) }
    return isOver || fails == input.times.count ? nil : "\(fails) failed"
  }

  // MARK: Wrong versions

  private static let leaky = Wrong(
    "leaky",
    breaks: .leak,
    input: Asks(times: [2, 1])
  ) { input, stage in
    try await search(
      { try await Replicas.leaky($0, on: Simulation.current?.executor) },
      input,
      stage
    )
  }

  private static let late = Wrong(
    "late",
    breaks: .leak,
    input: Asks(times: [0, 1])
  ) { input, stage in
    try await search(
      { try await Replicas.late($0, on: Simulation.current?.executor) },
      input,
      stage
    )
  }

  private static let firstReply = Wrong(
    "first-reply",
    breaks: firstSuccess,
    input: Asks(times: [2, 1], failing: [1])
  ) { input, stage in
    try await search(
      { asks in
        try await withThrowingTaskGroup(of: String.self) { group in
          for ask in asks { group.addTask { try await ask() } }
          defer { group.cancelAll() }
          return try await group.next()
        }
      },
      input,
      stage
    )
  }

  private static let deaf = Wrong(
    "deaf",
    breaks: noneWorksOn,
    input: Asks(times: [3, 2], cancelAfter: 1)
  ) { input, stage in
    try await search(
      { try await Replicas.deaf($0, on: Simulation.current?.executor) },
      input,
      stage
    )
  }
}
