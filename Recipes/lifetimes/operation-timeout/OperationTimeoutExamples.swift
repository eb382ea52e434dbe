package import Cookbook

/// What the recipe shows; see README.md.
package enum OperationTimeoutExamples {
  package static let recipe = Recipe(
    name: "operation-timeout",
    chapter: .lifetimes,
    question: "Implement a complete operation timeout with select.",
    goConstructs: [
      "operation timeout", "select with timeout", "select with ctx.Done()",
      "time.After(limit)",
    ],
    swiftConstructs: [
      "withAttempts", "withDeadline", "abandonOnCancellation",
      "AsyncThrowingStream",
    ],
    problems: [
      "timeout for an operation that ignores cancellation",
      "call with a timeout", "late result", "close a late connection",
      "return on time", "retry within a deadline", "timeout for each attempt",
    ],
    copies: ["OperationTimeout.swift"],
    ingredients: ["context-cancellation"],
    examples: [
      Example(
        "call",
        laws: [onTime, .allEndedOnReturn],
        wrong: wrongCalls,
        exhausted: [(Call(takes: [2], limit: 3, cancelAfter: 1), 32)]
      ) { input, stage in
        let load = input.load(stage)
        stage.print(try await call(input, stage) { try await load(0) })
      },
      Example(
        "select",
        laws: [onTime],
        wrong: wrongSelects,
        exhausted: [(Call(takes: [2], limit: 3, cancelAfter: 1), 560)]
      ) { input, stage in
        try await select(input, stage) {
          try await abandonOnCancellation(executor: stage.executor, body: $0)
        }
      },
      Example(
        "late",
        laws: [onTime, usedOrClosed],
        wrong: wrongLates,
        exhausted: [(Call(takes: [2], limit: 2), 660)],
        body: late
      ),
      Example(
        "retry",
        input: Call(takes: [15, 50, 10], failing: [0]),
        laws: [firstSuccess, noneIsLate, .allEndedOnReturn],
        wrong: wrongRetries,
        exhausted: [
          (Call(takes: [1, 2], failing: [0], limit: 2, cancelAfter: 1), 96)
        ]
      ) { $1.print(try await retry($0, $1)) },
      Example(
        "attempts",
        input: Call(takes: [90, 8, 15], failing: [1], limit: 90, pause: 10),
        laws: [equalShares, again, thrown, .allEndedOnReturn],
        wrong: wrongAttempts,
        exhausted: [
          (Call(takes: [1], limit: 0), 1),
          (Call(takes: [50], failing: [0], permanent: [0], deaf: [0]), 3),
          (Call(takes: [2, 1], limit: 4, pause: 1, cancelAfter: 2), 432),
        ],
        body: attempts
      ),
    ]
  )

  // MARK: The use

  typealias Load = @Sendable () async throws -> Int

  static func call(
    _ input: Call,
    _ stage: Stage,
    _ load: @escaping Load
  ) async throws -> Int? {
    let (limit, clock) = (input.time, stage.clock)
    // #region call
    let page = try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask { try await load() }
      group.addTask {
        try await clock.sleep(for: limit)
        throw TooSlow()
      }
      defer { group.cancelAll() }  // or it waits for the timer
      return try await group.next()
    }
    // #endregion
    return page
  }

  static func select(
    _ input: Call,
    _ stage: Stage,
    abandonOnCancellation: @escaping (@escaping Load) async throws -> Int
  ) async throws {
    let (limit, clock) = (input.time, stage.clock)
    try await input.call(stage) { load in
      // #region select
      try await withDeadline(in: limit, clock: clock) {
        try await abandonOnCancellation { try await load() }
      }
      // #endregion
    }
  }

  private static func late(_ input: Call, _ stage: Stage) async throws {
    let (limit, clock) = (input.time, stage.clock)
    let close: @Sendable (Int) -> Void = {
      stage.say("load 0", "closes \($0)")
    }
    @discardableResult func Task<Value: Sendable>(
      _ body: @escaping @Sendable () async throws -> Value
    ) -> _Concurrency.Task<Value, any Error> { stage.task(body) }
    try await input.call(stage) { connect in
      // #region late
      let (answers, answer) = AsyncThrowingStream.makeStream(of: Int.self)
      let call = Task { try await connect() }
      Task {
        let result = await call.result
        if case .terminated = answer.yield(with: result) {
          close(try result.get())  // nobody takes it
        }
      }
      let timer = Task {
        try await clock.sleep(for: limit)
        answer.finish(throwing: TooSlow())
      }
      defer { timer.cancel() }
      for try await connection in answers { return connection }
      throw CancellationError()  // a cancelled task's stream ends
      // #endregion
    }
  }

  static func retry(_ input: Call, _ stage: Stage) async throws -> Int {
    let (load, last) = (input.load(stage), input.attempts - 1)
    let (limit, clock) = (input.time, stage.clock)
    return try await orTooSlow {
      // #region retry
      try await withDeadline(in: limit, clock: clock) {
        for attempt in 0..<last {
          do {
            return try await load(attempt)
          } catch {
            try Task.checkCancellation()
          }
        }
        return try await load(last)
      }
      // #endregion
    }
  }

  private static func attempts(_ input: Call, _ stage: Stage) async throws {
    let (load, attempts) = (input.load(stage, deaf: input.deaf), input.attempts)
    let (limit, clock) = (input.time, stage.clock)
    let pause = Duration.milliseconds(input.pause)
    let isTransient = input.isTransient
    // #region attempts
    let page = try await withAttempts(
      attempts,
      in: limit,
      pause: { _ in pause },
      clock: clock,
      again: isTransient
    ) { try await load($0) }
    // #endregion
    stage.print(page)
  }

  // MARK: Input

  /// As Go's twin says it.
  static func orTooSlow(_ body: () async throws -> Int) async throws -> Int {
    do { return try await body() } catch is DeadlineExpired { throw TooSlow() }
  }

  struct Call: ExampleInput {
    var takes = [60]
    var failing: [Int] = []
    var permanent: [Int] = []
    var deaf: [Int] = []
    var limit: Int? = 40
    var more = 0
    var pause = 0
    var most = 0
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.takes,
          least: 1,
          random: 1...4,
          ties: .noneOfSums { _ in true },
          "the milliseconds that each attempt takes"
        ),
        .indices(\.failing, of: \.takes, oneIn: 2, "the attempts that fail"),
        .indices(\.permanent, of: \.takes, "those that would fail again"),
        .indices(\.deaf, of: \.takes, "those that never look"),
        .limit(\.limit, "the milliseconds after which it is too late"),
        // Then no share of it ends where an attempt does.
        .count(\.more, in: 0...1, random: 1...1, "microseconds on top of it"),
        .duration(\.pause, repeats: 3, "the milliseconds between attempts"),
        .count(\.most, in: 0...1 << 40, random: 0...20, "attempts at least"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    var attempts: Int { max(takes.count, most, 1) }
    var time: Duration {
      .milliseconds(limit ?? 86_400_000_000) + .microseconds(more)
    }

    func time(of attempt: Int) -> Int { takes.dropFirst(attempt).first ?? 1 }

    var isTransient: @Sendable (any Error) -> Bool {
      { error in !permanent.contains { "\(error)" == "load \($0) failed" } }
    }

    /// How a call ends, and when, unless it is cancelled before.
    func endings(attempts: Int) -> [(at: Int, ending: String)] {
      let last = attempts - 1
      let made = (0...last).first { !failing.contains($0) } ?? last
      let at = (0...made).reduce(0) { $0 + time(of: $1) }
      let isFailing = failing.contains(made)
      let answer = isFailing ? "throws load \(made) failed" : "\(made), returns"
      return [(at * 1_000, answer), (time.microseconds, "throws too slow")]
    }

    typealias Attempt = @Sendable (Int) async throws -> Int

    /// An operation of which some attempts never look for cancellation.
    func load(_ stage: Stage, deaf: [Int] = []) -> Attempt {
      { attempt in
        let (time, fails) = (time(of: attempt), failing.contains(attempt))
        let work = { @Sendable in
          try await stage.work("load \(attempt)", time, fails: fails)
          return attempt
        }
        return deaf.contains(attempt)
          ? try await stage.task(work).value : try await work()
      }
    }

    /// Performs a call in a lane of its own, which loads what never looks, and
    /// waits for what it has left.
    func call(
      _ stage: Stage,
      _ body: (@escaping Load) async throws -> Int
    ) async throws {
      let load = load(stage, deaf: [0])
      let rest = stage.task { try await stage.sleep(time(of: 0) + 2) }
      await stage.attempt("call") {
        let value = try await orTooSlow { try await body { try await load(0) } }
        stage.say("call", value)
      }
      try await rest.value
    }
  }
}
