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
        input: Times(times: [10, 15, 20, 9], period: 40),
        laws: [untilTheLimit],
        wrong: wrongLimits,
        exhausted: [
          (Times(times: [1, 3], period: 2), 2),
          (Times(times: [1, 3], period: 2, cancelAfter: 2), 168),
        ],
        body: limit
      ),
      Example(
        "ticks",
        input: Times(times: [6, 3, 8, 5]),
        laws: [oneTickIsKept],
        wrong: wrongTicks,
        exhausted: [(Times(times: [1, 1], period: 4, cancelAfter: 5), 6)],
        // A slow one is what `ticker` is about.
        body: { try await ticks($0.quick, $1) }
      ),
      Example(
        "ticker",
        laws: [oneTickIsKept],
        wrong: wrongTickers,
        exhausted: [(Times(times: [9, 1], period: 4, cancelAfter: 11), 2)],
        body: ticker
      ),
      Example(
        "debounce",
        input: keys,
        laws: [saved],
        wrong: wrongSaves,
        exhausted: [(Times(times: [0, 1, 3], period: 2, cancelAfter: 3), 32)],
        body: debounce
      ),
      Example(
        "reset",
        input: keys,
        laws: [saved],
        wrong: [startsAtOnce],
        exhausted: [(Times(times: [0, 1, 3], period: 2, cancelAfter: 3), 16)],
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

  private static let keys = Times(times: [40, 10, 15, 50, 20, 60], period: 30)

  // MARK: The use

  private static func limit(_ input: Times, _ stage: Stage) async throws {
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

  static func ticks(_ input: Times, _ stage: Stage) async throws {
    let (clock, period, reports) = (
      stage.clock, input.time, input.times.indices
    )
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

  private static func ticker(_ input: Times, _ stage: Stage) async throws {
    let (clock, period, count) = (stage.clock, input.time, input.times.count)
    let report = input.report(stage)
    // #region ticker
    var n = 0
    for await _ in Ticker(every: period, clock: clock).prefix(count) {
      try await report(n)
      n += 1
    }
    // #endregion
    try Task.checkCancellation()
  }

  private static func debounce(_ input: Times, _ stage: Stage) async throws {
    let save = input.save(stage)
    try await input.type(stage) { keys, quiet, clock, Task in
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
  }

  private static func reset(_ input: Times, _ stage: Stage) async throws {
    let (keys, save, quiet) = (input.keys(stage), input.save(stage), input.time)
    try await withTimers(stage) { timers in
      // #region reset
      var timer: Timers.Timer?
      defer { timer?.stop() }
      for try await key in keys {
        timer?.stop()
        timer = timers.after(quiet) { save(key) }
      }
      // #endregion
    }
  }

  private static func sleeps(_ input: Visits, _ stage: Stage) async throws {
    try await withTimers(stage) { clock in
      await input.come(stage) { task in
        let lane = "task \(task)"
        try await stage.keep(lane) {
          try await clock.sleep(for: input.time(of: task))
          if input.failing.contains(task) { throw WorkFailure(lane: lane) }
        }
      }
    }
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
    let timers = Timers(stage.clock, executor: stage.executor)
    try await perform {
      try await body(timers)
    } atTheEnd: {
      await timers.endSleepers()
    }
  }

  /// Performs `body` and then `end`, whatever comes of it.
  private static func perform(
    _ body: () async throws -> Void,
    atTheEnd end: () async -> Void
  ) async throws {
    do { try await body() } catch {
      await end()
      throw error
    }
    await end()
  }

  // MARK: Input

  /// Pauses between keys or messages, or work that is due at the ticks of a
  /// clock.
  struct Times: ExampleInput {
    var times = [4, 35, 3, 7, 2]
    var period = 10
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.times,
          random: 1...6,
          ties: .noneOfSums { _ in true },
          "the milliseconds between keys or messages, or of each report"
        ),
        // No sum of the times is a multiple of it.
        Field(\.period, "the milliseconds to wait, or between ticks, above 0") {
          $1 > 0 ? nil : "must be above 0, not \($1)"
        } random: {
          $1.int(in: 1...3) << 24
        },
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    var time: Duration { .milliseconds(period) }

    /// The same, each shorter than the period.
    var quick: Times {
      Times(times: times.map { $0 % period }, period: period)
    }

    func messages(_ stage: Stage) -> Source { stage.source("message", times) }

    func keys(_ stage: Stage) -> Source { stage.source("key", times) }

    func save(_ stage: Stage) -> @Sendable (Int) -> Void {
      { stage.say("file", $0) }
    }

    func report(_ stage: Stage) -> @Sendable (Int) async throws -> Void {
      { n in try await stage.work("report \(n)", times[n]) }
    }

    typealias Start =
      (@escaping @Sendable () async throws -> Void) -> Task<Void, any Error>

    /// Performs `body` on keys that are typed, and waits for what it starts.
    func type(
      _ stage: Stage,
      _ body: (Source, Duration, StageClock, Start)
        async throws -> Void
    ) async throws {
      var tasks: [Task<Void, any Error>] = []
      try await perform {
        try await body(keys(stage), time, stage.clock) {
          tasks.append(stage.task($0))
          return tasks[tasks.count - 1]
        }
      } atTheEnd: {
        for task in tasks { _ = await task.result }
      }
    }
  }

  // MARK: Laws

  static let untilTheLimit = Law<Times>(
    "what comes before the limit is printed, and nothing waits longer"
  ) { input, trace in
    let ends = input.times.indices.map { input.times[...$0].reduce(0, +) }
    let said = trace.events.filter {
      $0.lane == Event.caller && $0.name == "say"
    }
    let end = min(min(input.period, ends.last ?? 0) * 1_000, trace.cancellation)
    let ended = trace.end.map { trace.events[$0].at }
    return trace.mismatch(said, ends.filter { $0 <= input.period })
      ?? (ended == end ? nil : "does not end at \(end) µs")
  }

  static let oneTickIsKept = Law<Times>(
    "a slow report delays the next one, and no other: one tick is kept"
  ) { input, trace in
    let starts = trace.events.filter(\.isOpening)
    let due = zip(starts, trace.events.filter(\.isClosing)).map { start, end in
      // What is due while the loop works is kept, and no other is.
      let next = start.at / 1_000 / input.period + 1
      return max(next * input.period, end.at / 1_000)
    }
    return trace.mismatch(
      starts,
      Array(([input.period] + due).prefix(input.times.count))
    )
  }

  static let saved = Law<Times>(
    "the last key is saved when it has been quiet for so long, and no other"
  ) { input, trace in
    var (at, wanted) = (input.times.first ?? 0, [Int]())
    for pause in input.times.dropFirst() {
      if input.period < pause { wanted.append(at + input.period) }
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
  func time(of task: Int) -> Duration { .milliseconds(hold(of: task)) }
}
