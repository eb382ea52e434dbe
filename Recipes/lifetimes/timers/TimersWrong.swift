import Cookbook
import Synchronization

extension TimersExamples {
  static let wrongLimits = [
    Wrong(
      "limit-for-each",
      breaks: untilTheLimit,
      input: Keys(pauses: [1, 1, 1], wait: 2)
    ) { input, stage in
      let (messages, limit) = (input.messages(stage), input.time)
      let clock = stage.clock
      let print: @Sendable (Int) -> Void = { stage.print($0) }
      var next = messages
      // #region limit-for-each
      while true {
        let (message, rest) = try await withThrowingTaskGroup { [next] group in
          group.addTask {
            var rest = next
            return (try await rest.next(), rest)
          }
          group.addTask {
            try await clock.sleep(for: limit)  // a new limit each time
            return (nil, next)
          }
          defer { group.cancelAll() }
          return try await group.next() ?? (nil, next)
        }
        guard let message else { break }
        print(message)
        next = rest
      }
      // #endregion
    },
    Wrong(
      "not-cancelled",
      breaks: untilTheLimit,
      input: Keys(pauses: [1, 3], wait: 2)
    ) { input, stage in
      let messages = input.messages(stage)
      try await withThrowingTaskGroup { group in
        group.addTask {
          for try await message in messages { stage.print(message) }
        }
        group.addTask { try await stage.sleep(input.wait) }
        try await group.next()
      }
    },
  ]

  static let wrongTicks = [
    Wrong(
      "drifts",
      breaks: onTheBeat,
      input: Beats(period: 4, work: [1, 1])
    ) { input, stage in
      let (period, reports, clock) = (
        input.time, input.work.indices, stage.clock
      )
      let report: (Int) async throws -> Void = {
        try await input.report(stage, $0)
      }
      // #region drifts
      for n in reports {
        try await clock.sleep(for: period)
        try await report(n)
      }
      // #endregion
    }
  ]

  static let wrongTickers = [
    // Each tick that was missed comes at once, one after the other.
    ticks("catches-up") { period, last, _ in last + period },
    // The tick that came while the loop worked is missed.
    ticks("keeps-none") { period, last, now in
      let passed = (now - last).attoseconds / period.attoseconds
      return last + period * (passed + 1)
    },
  ]

  private static func ticks(
    _ name: String,
    next: @escaping @Sendable (Duration, Duration, Duration) -> Duration
  ) -> Wrong<Beats> {
    Wrong(
      name,
      breaks: oneTickIsKept,
      input: Beats(period: 4, work: [9, 1, 1])
    ) {
      input,
      stage in
      let stopwatch = Stopwatch(clock: stage.clock)
      var tick = Duration.zero
      for n in input.work.indices {
        tick = next(input.time, tick, max(tick, stopwatch.elapsed))
        try await stage.clock.sleep(for: tick - stopwatch.elapsed)
        stage.say("report \(n)", tick.microseconds / 1_000)
        try await input.report(stage, n)
      }
    }
  }

  static let wrongSaves = [
    save("swallowed") { quiet, clock, keys, save, Task in
      // #region swallowed
      var pending: Task<Void, any Error>?
      for try await key in keys {
        pending?.cancel()
        pending = Task {
          try? await clock.sleep(for: quiet)
          save(key)
        }
      }
      // #endregion
      return pending
    },
    save("not-cancelled") { quiet, clock, keys, save, Task in
      var pending: Task<Void, any Error>?
      for try await key in keys {
        pending = Task {
          try await clock.sleep(for: quiet)
          save(key)
        }
      }
      return pending
    },
  ]

  private typealias Start =
    (@escaping @Sendable () async throws -> Void) -> Task<Void, any Error>

  private static func save(
    _ name: String,
    _ debounce:
      @escaping @Sendable (
        Duration, any Clock<Duration>, Source,
        @escaping @Sendable (Int) -> Void,
        Start
      ) async throws -> Task<Void, any Error>?
  ) -> Wrong<Keys> {
    Wrong(name, breaks: saved, input: Keys(pauses: [1, 5], wait: 3)) {
      input,
      stage in
      let save = { @Sendable (key: Int) in stage.say("file", key) }
      let keys = input.keys(stage)
      let pending = try await debounce(
        input.time,
        stage.clock,
        keys,
        save,
        stage.task
      )
      try await stage.sleep(input.rest)
      pending?.cancel()
      _ = await pending?.result
    }
  }

  static let wrongResets = [
    Wrong("new-timer", breaks: saved, input: Keys(pauses: [1, 5], wait: 3)) {
      input,
      stage in
      let (keys, quiet) = (input.keys(stage), input.time)
      try await withTimers(stage) { timers in
        var started: [Timers.Timer] = []
        defer { for timer in started { timer.stop() } }
        for try await key in keys {
          started.append(timers.after(quiet) { stage.say("file", key) })
        }
        try await stage.sleep(input.rest)
      }
    }
  ]

  static let wrongSleeps = [
    Wrong(
      "first-sleeper-only",
      breaks: onTime,
      input: Visits(arrivals: [0, 1], holds: [4, 2], patience: [])
    ) { input, stage in
      let sleeper = FirstSleeperOnly(stage)
      await input.come(stage) { await sleeper.sleep(for: input.time(of: $0)) }
    },
    Wrong(
      "no-handler",
      breaks: .cancelledLeave,
      input: Visits(arrivals: [0], holds: [4], patience: [2])
    ) { input, stage in
      try await withTimers(stage) { timers in
        await input.come(stage) { task in
          await withCheckedContinuation { waiter in
            timers.after(input.time(of: task)) { waiter.resume() }
          }
          try Task.checkCancellation()
        }
      }
    },
  ]

  /// Sleeps until the deadline that was there first, even if an earlier one
  /// comes.
  private final class FirstSleeperOnly: Sendable {
    typealias Waiter = CheckedContinuation<Void, Never>

    private let stage: Stage
    private let clock: StageClock
    private let state = Mutex((waiting: [Duration: Waiter](), sleeps: false))

    init(_ stage: Stage) {
      (self.stage, clock) = (stage, StageClock(stage))
    }

    func sleep(for delay: Duration) async {
      let due = clock.now.advanced(by: delay).offset
      await withCheckedContinuation { waiter in
        let isFirst = state.withLock { state in
          defer { state.sleeps = true }
          state.waiting[due] = waiter
          return !state.sleeps
        }
        if isFirst { stage.startTask { await self.serve(due) } }
      }
    }

    private func serve(_ first: Duration) async {
      var next: Duration? = first
      while let due = next {
        try? await clock.sleep(until: .init(offset: due), tolerance: nil)
        let waiters: [Waiter]
        (next, waiters) = state.withLock { state in
          let ready = state.waiting.filter { $0.key <= clock.now.offset }
          for due in ready.keys { state.waiting[due] = nil }
          let next = state.waiting.keys.min()
          state.sleeps = next != nil
          return (next, Array(ready.values))
        }
        for waiter in waiters { waiter.resume() }
      }
    }
  }
}
