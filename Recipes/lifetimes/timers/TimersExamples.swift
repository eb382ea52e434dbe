package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum TimersExamples {
  package static let recipe = Recipe(
    name: "timers",
    chapter: .lifetimes,
    question: "time.After, NewTimer, NewTicker: what are the differences, and "
      + "which of them leak?",
    goConstructs: [
      "time.After", "time.NewTimer", "time.NewTicker", "time.AfterFunc",
      "time.Tick", "timer.Stop()", "timer.Reset()", "asynctimerchan",
    ],
    swiftConstructs: [
      "Task.sleep", "Clock", "AsyncSequence", "TimerQueue", "Ticker",
    ],
    problems: [
      "debounce", "do something every second", "periodic task without drift",
      "timer leak", "memory of timeouts that do not fire", "stale tick",
      "run later unless cancelled", "many timers",
    ],
    copies: ["Timers.swift"],
    examples: [
      Example(
        "limit",
        input: Keys(pauses: [10, 15, 20, 9], wait: 40),
        laws: [untilTheLimit],
        wrong: wrongLimits,
        exhausted: [
          (Keys(pauses: [1, 3], wait: 2), 2),
          (Keys(pauses: [1, 3], wait: 2, cancelAfter: 2), 168),
        ],
        body: limit
      ),
      Example(
        "ticks",
        input: Beats(work: [6, 3, 8, 5]),
        laws: [onTheBeat],
        wrong: wrongTicks,
        exhausted: [(Beats(period: 4, work: [1, 1], cancelAfter: 5), 6)],
        body: { try await ticks($0.quick, $1) }
      ),
      Example(
        "ticker",
        laws: [oneTickIsKept],
        wrong: wrongTickers,
        exhausted: [(Beats(period: 4, work: [9, 1], cancelAfter: 11), 2)],
        body: ticker
      ),
      Example(
        "debounce",
        laws: [saved],
        wrong: wrongSaves,
        exhausted: [
          (Keys(pauses: [1, 3], wait: 2, cancelAfter: 3), 32)
        ],
        body: { try await debounced($0, $1, debounce) }
      ),
      Example(
        "reset",
        laws: [saved],
        exhausted: [(Keys(pauses: [1, 3], wait: 2, cancelAfter: 3), 32)],
        body: reset
      ),
      Example(
        "sleeps",
        input: Visits(
          arrivals: [0, 3, 5, 8],
          holds: [40, 20, 30, 12],
          patience: [0, 0, 9]
        ),
        laws: [onTime, .cancelledLeave],
        wrong: wrongSleeps,
        exhausted: [
          (
            Visits(arrivals: [0, 1, 2], holds: [9, 6, 1], patience: [0, 3]), 60
          ),
          (Visits(arrivals: [0, 0], holds: [2, 2], patience: [0, 2]), 7_998),
        ],
        body: sleeps
      ),
      Example("stop", body: stop),
      memory,
    ],
    workloads: workloads
  )

  // MARK: The use

  private static func limit(_ input: Keys, _ stage: Stage) async throws {
    let (messages, limit) = (input.messages(stage), input.time)
    let clock = stage.clock
    let print: @Sendable (Int) -> Void = { stage.print($0) }
    // #region limit
    try await withThrowingTaskGroup { group in
      group.addTask {
        for try await message in messages { print(message) }
      }
      group.addTask { try await clock.sleep(for: limit) }
      defer { group.cancelAll() }
      try await group.next()
    }
    // #endregion
  }

  static func ticks(_ input: Beats, _ stage: Stage) async throws {
    func run(_ clock: some Clock<Duration>) async throws {
      let (period, reports) = (input.time, input.work.indices)
      let report = input.report(stage)
      // #region ticks
      var tick = clock.now
      for n in reports {
        tick = tick.advanced(by: period)
        try await Task.sleep(until: tick, clock: clock)
        try await report(n)
      }
      // #endregion
    }
    try await run(stage.clock)
  }

  private static func ticker(_ input: Beats, _ stage: Stage) async throws {
    func run(_ clock: some Clock<Duration>) async throws {
      let (period, count, report) = (
        input.time, input.work.count, input.report(stage)
      )
      // #region ticker
      var n = 0
      for await _ in Ticker(every: period, clock: clock).prefix(count) {
        try await report(n)
        n += 1
      }
      // #endregion
      try Task.checkCancellation()
    }
    try await run(stage.clock)
  }

  private static let debounce: Debounce = { keys, quiet, clock, save, Task in
    // #region debounce
    var pending: Task<Void, any Error>?
    defer { pending?.cancel() }
    for try await key in keys {
      pending?.cancel()
      pending = Task {
        try await clock.sleep(for: quiet)
        save(key)
      }
    }
    // #endregion
  }

  typealias Debounce =
    @Sendable (
      _ keys: Source, _ quiet: Duration, any Clock<Duration>,
      _ save: @escaping @Sendable (Int) -> Void, _ Task: Start
    ) async throws -> Void
  typealias Start =
    (@escaping @Sendable () async throws -> Void) -> Task<Void, any Error>

  /// Performs `body` on keys that are typed, the first one at once.
  static func debounced(
    _ input: Keys,
    _ stage: Stage,
    _ body: Debounce
  ) async throws {
    var tasks: [Task<Void, any Error>] = []
    let keys = input.typed(stage)
    let save = { @Sendable (key: Int) in stage.say("file", key) }
    let result: Result<Void, any Error>
    do {
      try await body(keys, input.time, stage.clock, save) {
        tasks.append(stage.task($0))
        return tasks[tasks.count - 1]
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    for task in tasks { _ = await task.result }
    try result.get()
  }

  private static func reset(_ input: Keys, _ stage: Stage) async throws {
    let (keys, quiet) = (input.typed(stage), input.time)
    let save = { @Sendable (key: Int) in stage.say("file", key) }
    try await withTimers(stage) { timers in
      // #region reset
      let last = Mutex(0)
      let timer = timers.after(quiet) { save(last.withLock { $0 }) }
      defer { timer.stop() }
      for try await key in keys {
        last.withLock { $0 = key }
        timer.reset(after: quiet)
      }
      // #endregion
    }
  }

  private static func sleeps(_ input: Visits, _ stage: Stage) async throws {
    try await withTimers(stage) { clock in
      await input.come(stage) { task in
        let delay = input.time(of: task)
        let lane = "task \(task)"
        try await stage.keep(lane) {
          // #region sleeps
          try await clock.sleep(for: delay)
          // #endregion
          if input.failing.contains(task) { throw Failed(lane: lane) }
        }
      }
    }
  }

  private struct Failed: Error, CustomStringConvertible {
    let lane: String
    var description: String { "\(lane) failed" }
  }

  private static func stop(_ stage: Stage) async throws {
    let print: @Sendable (any Encodable) -> Void = { stage.print($0) }
    try await withTimers(stage) { timers in
      // #region stop
      let timer = timers.after(.milliseconds(10)) { print("fires") }
      defer { timer.stop() }
      print(timer.stop())  // true: it was waiting
      print(timer.stop())  // false
      print(timer.reset(after: .milliseconds(10)))  // false
      print(timer.reset(after: .milliseconds(20)))  // true
      try await timers.sleep(for: .milliseconds(30))
      print(timer.stop())  // false: it has fired
      print(timer.reset(after: .milliseconds(10)))  // false, and it fires again
      // #endregion
      try await timers.sleep(for: .milliseconds(20))
    }
  }

  typealias Timers = TimerQueue<StageClock>

  /// Performs `body` with a queue, of which nothing is left at the end.
  static func withTimers(
    _ stage: Stage,
    _ body: (Timers) async throws -> Void
  ) async throws {
    let timers = Timers(StageClock(stage), executor: stage.executor)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(timers))
    } catch {
      result = .failure(error)
    }
    await timers.endSleepers()
    try result.get()
  }

  /// The clock of a stage, by one type for real and for virtual time.
  struct StageClock: Clock {
    struct Instant: InstantProtocol {
      let offset: Duration

      func advanced(by duration: Duration) -> Instant {
        Instant(offset: offset + duration)
      }
      func duration(to other: Instant) -> Duration { other.offset - offset }
      static func < (left: Instant, right: Instant) -> Bool {
        left.offset < right.offset
      }
    }

    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    /// A sleep of a test's clock may end at once: then it is later.
    private let reached = Reached()

    private final class Reached: Sendable {
      let offset = Mutex(Duration.zero)
    }

    init(_ stage: Stage) {
      clock = stage.clock
      stopwatch = Stopwatch(clock: stage.clock)
    }

    var now: Instant {
      Instant(offset: max(stopwatch.elapsed, reached.offset.withLock { $0 }))
    }
    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
      try await clock.sleep(for: deadline.offset - stopwatch.elapsed)
      reached.offset.withLock { $0 = max($0, deadline.offset) }
    }
  }

  // MARK: Input

  /// Keys that are typed, or messages that come, after pauses.
  struct Keys: ExampleInput {
    var pauses = [10, 15, 50, 20, 60]
    var wait = 30
    var cancelAfter: Int?

    init() {}
    init(pauses: [Int], wait: Int, cancelAfter: Int? = nil) {
      (self.pauses, self.wait) = (pauses, wait)
      self.cancelAfter = cancelAfter
    }

    static var fields: [Field<Self>] {
      [
        .durations(
          \.pauses,
          random: 1...6,
          ties: .noneOfSums { _ in true },
          "the milliseconds from each to the next"
        ),
        .duration(\.wait, least: 1, repeats: 1, "how long to wait"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    var time: Duration { .milliseconds(wait) }

    func messages(_ stage: Stage) -> Source { stage.source("message", pauses) }
    func typed(_ stage: Stage) -> Source { stage.source("key", [0] + pauses) }
  }

  /// Reports that are due at the ticks of a clock.
  struct Beats: ExampleInput {
    var period = 10
    var work = [4, 35, 3, 7, 2]
    var cancelAfter: Int?

    init() {}
    init(period: Int = 10, work: [Int], cancelAfter: Int? = nil) {
      (self.period, self.work) = (period, work)
      self.cancelAfter = cancelAfter
    }

    static var fields: [Field<Self>] {
      [
        // No sum of times is a multiple of the period, nor an odd instant.
        Field(\.period, "the milliseconds from tick to tick, above 0") {
          $1 > 0 ? nil : "must be above 0, not \($1)"
        } random: {
          64 * $1.int(in: 1...3)
        },
        Field(\.work, "the milliseconds that each report takes") {
          $1.contains { $0 < 0 } ? "must not be negative" : nil
        } random: { input, source in
          (0..<source.int(in: 1...5)).map { n in
            64 * source.int(in: 0...(source.mayStop ? 12 : 2)) + 2 << n
          }
        },
        Field(\.cancelAfter, "cancel the caller after so many milliseconds") {
          _,
          _ in
          nil
        } random: {
          $1.mayStop ? 2 * $1.int(in: 0...64 * 8) + 1 : nil
        },
      ]
    }

    var time: Duration { .milliseconds(period) }

    func report(_ stage: Stage) -> @Sendable (Int) async throws -> Void {
      { n in try await stage.work("report \(n)", work[n]) }
    }

    /// The same reports, each shorter than the period.
    var quick: Beats {
      Beats(period: period, work: work.map { $0 % period })
    }

    /// When each report starts, in milliseconds.
    var starts: [Int] {
      var (due, free) = (period, 0)
      return work.map { time in
        let at = max(due, free)
        // What is due while the loop works is kept, and no other is.
        (due, free) = ((at / period + 1) * period, at + time)
        return at
      }
    }
  }

  // MARK: Laws

  static let untilTheLimit = Law<Keys>(
    "what comes before the limit is printed, and nothing waits longer"
  ) { input, trace in
    let ends = input.pauses.indices.map { input.pauses[...$0].reduce(0, +) }
    let said = trace.events.filter {
      $0.lane == Event.caller && $0.name == "say"
    }
    let end = min(min(input.wait, ends.last ?? 0) * 1_000, trace.cancellation)
    let ended = trace.end.map { trace.events[$0].at }
    return trace.mismatch(said, ends.filter { $0 <= input.wait })
      ?? (ended == end ? nil : "does not end at \(end) µs")
  }

  static let onTheBeat = beats(
    "reports start at multiples of the period",
    \.quick.starts
  )
  static let oneTickIsKept = beats(
    "a slow report delays the next one, and no other: one tick is kept",
    \.starts
  )

  private static func beats(
    _ name: String,
    _ starts: any KeyPath<Beats, [Int]> & Sendable
  ) -> Law<Beats> {
    Law(name) { input, trace in
      trace.mismatch(trace.events.filter(\.isOpening), input[keyPath: starts])
    }
  }

  static let saved = Law<Keys>(
    "the last key is saved when it has been quiet for so long, and no other"
  ) { input, trace in
    var (at, wanted) = (0, [Int]())
    for pause in input.pauses {
      if input.wait < pause { wanted.append(at + input.wait) }
      at += pause
    }
    return trace.mismatch(trace.events.filter { $0.lane == "file" }, wanted)
  }

  static let onTime = Law<Visits>(
    "each wakes at its own deadline, whichever was there before"
  ) { input, trace in
    trace.events.lazy.filter { $0.name == "return" }.compactMap { event in
      guard let task = event.number else { return nil }
      let due = (input.arrivals[task] + input.hold(of: task)) * 1_000
      return event.at == due ? nil : "\(event.lane) at \(event.at) µs"
    }.first
  }
}

extension Trace {
  /// How events differ from those that were due, in milliseconds; what is due
  /// at the instant of a cancellation may have happened or not.
  fileprivate func mismatch(_ events: [Event], _ due: [Int]) -> String? {
    let found = events.map { $0.at / 1_000 }
    let least = due.count { $0 * 1_000 < cancellation }
    let most = due.count { $0 * 1_000 <= cancellation }
    let isRight = (least...most).contains(found.count)
    return isRight && found == Array(due.prefix(found.count))
      ? nil : "at \(found) ms instead of \(due.prefix(most))"
  }
}

extension Visits {
  fileprivate func hold(of task: Int) -> Int {
    holds.dropFirst(task).first ?? 0
  }

  func time(of task: Int) -> Duration { .milliseconds(hold(of: task)) }
}
