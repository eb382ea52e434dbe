package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum LeaksExamples {
  package static let recipe = Recipe(
    name: "leaks",
    chapter: .lifetimes,
    question:
      "What causes goroutine leaks, and how do you prevent and detect them?",
    goConstructs: [
      "goroutine leak", "goroutineleak", "runtime.NumGoroutine",
      "pprof.Lookup", "synctest.Test",
    ],
    swiftConstructs: [
      "AsyncStream.Continuation.finish", "weak self", "try? await Task.sleep",
      "CONTINUATION MISUSE", "leaked its continuation",
    ],
    problems: [
      "find goroutine leaks", "task leak", "why is deinit never called",
      "goroutine count grows", "task that never ends",
      "goroutine blocked for ever",
    ],
    examples: [receive, range, context, ticker, lock].map { $0.example }
      + detectors
  )

  /// A client that makes calls, or polls until it stops.
  struct Client: ExampleInput {
    var takes = 10
    var broken = 0
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .duration(
          \.takes,
          least: 2,
          repeats: 5,
          "the milliseconds of call 1; call 2 takes twice as long"
        ),
        .count(\.broken, in: 0...2, random: 0...2, "the call that fails"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }
  }

  /// One run of an example, or of its leak.
  struct Run: Sendable {
    let client: Client
    let stage: Stage
    let leaks: Bool
    /// Whether detectors look on: then nothing is cut off or kept.
    var isMeasured = false

    func call(_ n: Int) async throws {
      let fails = n == client.broken
      try await stage.work("call \(n)", n * client.takes, fails: fails)
    }

    /// Uses something until the caller stops.
    func use() async throws {
      try await stage.sleep(5 * client.takes)
      stage.leave(Event.caller)
    }

    func pause() async throws { try await stage.sleep(2 * client.takes) }
  }

  /// An example whose wrong version is its leak, and both for detectors.
  private static func pair(
    _ name: String,
    _ law: Law<Client>,
    breaks breach: Breach? = nil,
    schedules: Int,
    body: @escaping @Sendable (Run) async throws -> Void
  ) -> (example: Example, twins: LeakingTwins) {
    let input = Client(takes: 2, broken: 1)
    let example = Example(
      name,
      laws: [law],
      wrong: [
        Wrong("\(name)-leak", breaks: breach ?? .law(law.name), input: input) {
          try await body(Run(client: $0, stage: $1, leaks: true))
        }
      ],
      exhausted: [(Client(takes: 2, cancelAfter: 3), schedules)]
    ) { try await body(Run(client: $0, stage: $1, leaks: false)) }
    let twins = LeakingTwins(example) {
      let run = Run(client: input, stage: $0, leaks: true, isMeasured: true)
      _ = await result { try await body(run) }
    }
    return (example, twins)
  }

  private static func result(
    of body: () async throws -> Void
  ) async -> Result<Void, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }

  // MARK: An answer that does not come

  private static let kept = Mutex<[CheckedContinuation<Void, any Error>]>([])

  private static let receive = pair(
    "receive",
    .allEndedOnReturn,
    breaks: .deadlock,
    schedules: 3
  ) { run in
    // As a library answers that knows callbacks alone.
    try await withCheckedThrowingContinuation { reply in
      run.stage.startTask {
        let answer = await result { try await run.call(1) }
        if case .failure = answer, run.leaks {
          // Kept, or the runtime would warn of it in each schedule.
          if !run.isMeasured { kept.withLock { $0.append(reply) } }
        } else {
          reply.resume(with: answer)
        }
      }
    }
  }

  // MARK: A close that is missing

  private static let range = pair(
    "range",
    .allEndedOnReturn,
    schedules: 6
  ) { run in
    let (call, stage) = (run.call, run.stage)
    let print: Example.Print = { stage.say("reader", $0) }
    if run.leaks {
      let (results, feed) = AsyncStream.makeStream(of: Int.self)
      stage.startTask { for await n in results { print(n) } }
      try await call(1)
      return feed.finish()
    }
    // #region range
    let (results, feed) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup { group in
      group.addTask { for await n in results { print(n) } }
      defer { feed.finish() }
      for n in 1...2 {
        try await call(n)
        feed.yield(n)
      }
    }
    // #endregion
  }

  // MARK: A task that nobody cancels

  private static let untilStop = Law<Client>(
    "after the stop comes at most what was due"
  ) { _, trace in
    guard let stop = trace.stop else { return nil }
    let late = trace.events.drop { !$0.isStop }.filter { $0.name == "say" }
    return late.count > 1 || late.contains { $0.at > stop.at }
      ? "\(late.count) come after \(stop.at) µs" : nil
  }

  private actor Session {
    typealias Poll = @Sendable () async throws -> Void
    typealias Job = Task<Void, any Error>
    private let poll: Poll
    private var polling: Job?

    init(_ poll: @escaping Poll) { self.poll = poll }

    func start(_ Task: (@escaping Poll) -> Job, leaks: Bool) -> Job? {
      if leaks {
        // #region context-leak
        polling = Task { while true { try await self.poll() } }
        // #endregion
      } else {
        // #region context
        polling = Task { [poll] in while true { try await poll() } }
        // #endregion
      }
      return polling
    }

    // #region deinit
    deinit { polling?.cancel() }
    // #endregion
  }

  private static let context = pair(
    "context",
    untilStop,
    breaks: .leak,
    schedules: 10
  ) { run in
    let stage = run.stage
    var session: Session? = Session {
      try await run.pause()
      stage.say("session", "poll")
    }
    let polling = await session?.start({ stage.task($0) }, leaks: run.leaks)
    let used = await result { try await run.use() }
    session = nil
    // A simulation reports what has not ended when the caller returns.
    if !run.leaks { _ = await polling?.result }
    try used.get()
  }

  // MARK: A loop without an exit

  private static let ticker = pair("ticker", untilStop, schedules: 6) { run in
    try await withThrowingTaskGroup { group in
      group.addTask {
        // Cut off, so that the runs of the leak end.
        for _ in 0..<(run.isMeasured ? Int.max : 20) {
          do { try await run.pause() } catch {
            // The leak does as `try?` does.
            if !run.leaks { throw error }
          }
          if !run.isMeasured { run.stage.say("ticker", "refresh") }
        }
      }
      try await run.use()
      group.cancelAll()
    }
  }

  // MARK: A lock that stays locked

  private static let lock = pair(
    "lock",
    .allEndedOnReturn,
    breaks: .deadlock,
    schedules: 8
  ) { run in
    let permit = Semaphore(permits: 1)
    await withTaskGroup { group in
      for n in 1...2 {
        group.addTask {
          await run.stage.attempt("task \(n)") {
            let call = await result { try await run.call(n) }
            if run.leaks {
              try await permit.acquire()
              try call.get()
              permit.release()
            } else {
              try await permit.withPermit { try call.get() }
            }
          }
        }
      }
    }
  }

  // MARK: What sees them

  private static let detectors = [
    Example.detectors(
      "detectors-in-go",
      ["synctest", "synctest hangs", "goroutineleak", "NumGoroutine"],
      see: [
        "send": ["synctest", "goroutineleak", "NumGoroutine"],
        "receive": ["synctest", "goroutineleak", "NumGoroutine"],
        "range": ["synctest", "goroutineleak", "NumGoroutine"],
        "context": ["synctest", "NumGoroutine"],
        "ticker": ["synctest", "NumGoroutine"],
        "stopped": ["synctest", "goroutineleak", "NumGoroutine"],
        "lock": ["synctest hangs", "goroutineleak", "NumGoroutine"],
        "global": ["synctest", "NumGoroutine"],
        "read": ["synctest hangs", "NumGoroutine"],
      ]
    ),
    Example.detectors(
      "detectors-in-swift",
      ["deadlock", "outlived", "stepLimit", "warning", "object"],
      see: [
        "receive": ["deadlock", "warning", "object"],
        "kept": ["deadlock", "object"], "range": ["outlived", "object"],
        "context": ["outlived", "object"], "ticker": ["stepLimit", "object"],
        "lock": ["deadlock", "object"], "task": ["outlived", "object"],
        "detached": ["object"],
      ],
      [
        "receive": receive.twins, "kept": LeakingTwins(receive.example),
        "range": range.twins, "context": context.twins,
        "ticker": ticker.twins, "lock": lock.twins,
        "task": LeakingTwins(context.example) { stage in
          Task { while true { try await idle(stage) } }
        },
        "detached": LeakingTwins(context.example) { stage in
          Task.detached { while true { try await idle(stage) } }
        },
      ]
    ),
  ]

  private static func idle(_ stage: Stage) async throws {
    try await Task.sleep(for: .seconds(60))
    stage.note(Event.caller, "awake")
  }
}
