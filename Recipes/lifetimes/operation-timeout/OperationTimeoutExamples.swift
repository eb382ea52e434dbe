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
      "return on time", "late result", "close a late connection",
      "retry within a deadline", "timeout for each attempt",
      "retry until the deadline",
    ],
    copies: ["OperationTimeout.swift"],
    ingredients: ["context-cancellation"],
    examples: [
      Example(
        "select",
        laws: [onTime],
        wrong: wrongSelects,
        exhausted: [(Call(takes: [2], limit: 1, cancelAfter: 1), 2_940)],
        body: select
      ),
      Example(
        "late",
        laws: [onTime, usedOrClosed],
        wrong: wrongLates,
        exhausted: [
          (Call(takes: [2], limit: 2), 660),
          (Call(takes: [1], limit: 3, cancelAfter: 1), 19_320),
        ],
        body: late
      ),
      Example(
        "let-go",
        laws: [onTime],
        wrong: wrongLetGos,
        exhausted: [(Call(takes: [2], limit: 3, cancelAfter: 1), 560)]
      ) { input, stage in
        try await letGo(input, stage) {
          try await abandonOnCancellation(executor: stage.executor, body: $0)
        }
      },
      Example(
        "retry",
        input: Call(takes: [15, 50, 10], failing: [0]),
        laws: [firstSuccess, noneIsLate, .allEndedOnReturn],
        wrong: wrongRetries,
        exhausted: [
          (Call(takes: [1, 2], failing: [0], limit: 2, cancelAfter: 1), 96)
        ]
      ) { input, stage in
        stage.print(try await orTooSlow { try await retry(input, stage) })
      },
      Example(
        "attempts",
        input: Call(takes: [90, 8, 15], failing: [1], limit: 90, pause: 10),
        laws: [equalShares, noneInVain, again, thrown, .allEndedOnReturn],
        wrong: wrongAttempts,
        exhausted: [
          (Call(takes: [1, 1], failing: [0], limit: 2), 8),
          (
            Call(
              takes: [1, 3, 1],
              failing: [0, 1],
              deaf: [1],
              limit: 5,
              pause: 1,
              cancelAfter: 2
            ), 752
          ),
          (Call(takes: [2, 1], limit: 4, pause: 1, cancelAfter: 2), 432),
        ],
        body: attempts
      ),
    ]
  )

  // MARK: The use

  private static func select(_ input: Call, _ stage: Stage) async throws {
    let (load, limit, clock) = (
      input.load(stage, isDeaf: true), input.time, stage.clock
    )
    @discardableResult func Task<Value: Sendable>(
      _ body: @escaping @Sendable () async throws -> Value
    ) -> _Concurrency.Task<Value, any Error> { stage.task(body) }
    try await input.call(stage) {
      // #region select
      let (answers, answer) = AsyncThrowingStream.makeStream(of: Int.self)
      let call = Task { try await load() }
      Task { answer.yield(with: await call.result) }
      let timer = Task {
        try await clock.sleep(for: limit)
        answer.finish(throwing: TooSlow())
      }
      defer {
        call.cancel()
        timer.cancel()
      }
      for try await page in answers { return page }
      throw CancellationError()  // a cancelled task's stream ends
      // #endregion
    }
  }

  private static func late(_ input: Call, _ stage: Stage) async throws {
    let (connect, close) = (input.load(stage, isDeaf: true), closing(stage))
    @discardableResult func Task<Value: Sendable>(
      _ body: @escaping @Sendable () async throws -> Value
    ) -> _Concurrency.Task<Value, any Error> { stage.task(body) }
    try await input.call(stage) {
      let (answers, answer) = AsyncThrowingStream.makeStream(of: Int.self)
      let call = Task { try await connect() }
      // #region late
      Task {
        let result = await call.result
        if case .terminated = answer.yield(with: result) {
          close(try result.get())  // nobody takes it
        }
      }
      // #endregion
      let timer = Task {
        try await stage.clock.sleep(for: input.time)
        answer.finish(throwing: TooSlow())
      }
      defer { timer.cancel() }
      for try await connection in answers { return connection }
      throw CancellationError()
    }
  }

  static func closing(_ stage: Stage) -> @Sendable (Int) -> Void {
    { stage.say("load", "closes \($0)") }
  }

  typealias Load = @Sendable () async throws -> Int

  static func letGo(
    _ input: Call,
    _ stage: Stage,
    abandonOnCancellation: @escaping (@escaping Load) async throws -> Int
  ) async throws {
    let (limit, clock) = (input.time, stage.clock)
    let load = input.load(stage, isDeaf: true)
    try await input.call(stage) {
      try await orTooSlow {
        // #region let-go
        try await withDeadline(in: limit, clock: clock) {
          try await abandonOnCancellation { try await load() }
        }
        // #endregion
      }
    }
  }

  static func retry(_ input: Call, _ stage: Stage) async throws -> Int {
    let (fetch, last) = (input.fetch(stage), input.attempts - 1)
    let (limit, clock) = (input.time, stage.clock)
    // #region retry
    return try await withDeadline(in: limit, clock: clock) {
      for attempt in 0..<last {
        do {
          return try await fetch(attempt)
        } catch  where !Task.isCancelled {
          continue
        }
      }
      return try await fetch(last)
    }
    // #endregion
  }

  private static func attempts(_ input: Call, _ stage: Stage) async throws {
    let attempts = input.attempts
    let fetch = input.fetch(stage, deaf: input.deaf)
    let (limit, clock) = (input.time, stage.clock)
    let pause = Duration.milliseconds(input.pause)
    let isTransient = input.isTransient
    let print: (Int) -> Void = stage.print
    // #region attempts
    let page = try await withAttempts(
      attempts,
      in: limit,
      pause: { _ in pause },
      clock: clock,
      again: isTransient
    ) { attempt in
      try await fetch(attempt)
    }
    print(page)
    // #endregion
  }

  // MARK: Input

  struct TooSlow: Error, CustomStringConvertible {
    var description: String { "too slow" }
  }

  /// As Go's twin says it.
  static func orTooSlow<Value>(
    _ body: () async throws -> Value
  ) async throws -> Value {
    do { return try await body() } catch is DeadlineExpired { throw TooSlow() }
  }

  struct Call: ExampleInput {
    var takes = [60]
    var failing: [Int] = []
    var permanent: [Int] = []
    var deaf: [Int] = []
    var limit: Int? = 40
    var pause = 0
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
        .duration(\.pause, repeats: 3, "the milliseconds between attempts"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    typealias Judge = @Sendable (any Error) -> Bool

    var attempts: Int { max(takes.count, 1) }
    var time: Duration { .milliseconds(limit ?? 86_400_000_000) }

    var isTransient: Judge {
      { [permanent] error in
        !permanent.contains { "\(error)" == "attempt \($0) failed" }
      }
    }

    /// Whether an operation fails that is tried once.
    var fails: Bool { !failing.isEmpty }

    typealias Work = @Sendable (_ attempt: Int) async throws -> Int

    func fetch(_ stage: Stage, deaf: [Int] = []) -> Work {
      { attempt in
        let time = takes.dropFirst(attempt).first ?? 1
        let fails = failing.contains(attempt)
        let (lane, isDeaf) = ("attempt \(attempt)", deaf.contains(attempt))
        try await work(lane, time, fails, isDeaf, stage)
        return attempt
      }
    }

    func load(_ stage: Stage, isDeaf: Bool = false) -> Load {
      {
        try await work("load", takes.first ?? 1, fails, isDeaf, stage)
        return 0
      }
    }

    private func work(
      _ lane: String,
      _ time: Int,
      _ fails: Bool,
      _ isDeaf: Bool,
      _ stage: Stage
    ) async throws {
      try await stage.keep(lane) {
        let sleep = { @Sendable in try await stage.sleep(time) }
        isDeaf ? try await stage.task(sleep).value : try await sleep()
        if fails { throw WorkFailure(lane: lane) }
      }
    }

    /// Performs a call in a lane of its own, and waits for what it has left.
    func call(
      _ stage: Stage,
      _ body: () async throws -> Int
    ) async throws {
      let rest = stage.task { try await stage.sleep((takes.first ?? 1) + 2) }
      await stage.attempt("call") { stage.say("call", try await body()) }
      try await rest.value
    }
  }
}
