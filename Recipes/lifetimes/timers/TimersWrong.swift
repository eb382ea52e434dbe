import Cookbook
import Synchronization

extension TimersExamples {
  static let wrongLimits = [
    Wrong(
      "limit-for-each",
      breaks: untilTheLimit,
      input: Times(times: [1, 1, 1], period: 2)
    ) { input, stage in
      let (limit, clock) = (input.time, stage.clock)
      var messages = input.messages(stage)
      do {
        while let message = try await withDeadline(
          in: limit,
          clock: clock,
          body: { try await messages.next() }
        ) { stage.print(message) }
      } catch is DeadlineExpired {}
    },
    Wrong(
      "not-cancelled",
      breaks: untilTheLimit,
      input: Times(times: [1, 3], period: 2)
    ) { input, stage in
      let messages = input.messages(stage)
      try await withThrowingTaskGroup { group in
        group.addTask {
          for try await message in messages { stage.print(message) }
        }
        group.addTask { try await stage.sleep(input.period) }
        try await group.next()
      }
    },
  ]

  static let wrongTicks = [
    Wrong(
      "drifts",
      breaks: oneTickIsKept,
      input: Times(times: [1, 1], period: 4)
    ) { input, stage in
      for n in input.times.indices {
        try await stage.sleep(input.period)
        try await input.report(stage)(n)
      }
    }
  ]

  private static let slow = Times(times: [9, 1, 1], period: 4)

  static let wrongTickers = [
    Wrong("catches-up", breaks: oneTickIsKept, input: slow, body: ticks),
    Wrong("keeps-none", breaks: oneTickIsKept, input: slow) { input, stage in
      for n in input.times.indices {
        let passed = stage.clock.now.offset.microseconds / 1_000
        try await stage.sleep(input.period - passed % input.period)
        try await input.report(stage)(n)
      }
    },
  ]

  private static let late = Times(times: [0, 1, 5], period: 3)

  static let wrongSaves = [
    Wrong("swallowed", breaks: saved, input: late) { input, stage in
      let save = input.save(stage)
      try await input.type(stage) { keys, quiet, clock, Task in
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
      }
    },
    Wrong("not-cancelled", breaks: saved, input: late) { input, stage in
      let save = input.save(stage)
      try await input.type(stage) { keys, quiet, clock, Task in
        for try await key in keys {
          _ = Task {
            try await clock.sleep(for: quiet)
            save(key)
          }
        }
      }
    },
  ]

  static let startsAtOnce = Wrong(
    "starts-at-once",
    breaks: saved,
    input: Times(times: [5, 1], period: 3)
  ) { input, stage in
    let (keys, save) = (input.keys(stage), input.save(stage))
    try await withTimers(stage) { timers in
      let last = Mutex(0)
      let timer = timers.after(input.time) { save(last.withLock { $0 }) }
      defer { timer.stop() }
      for try await key in keys {
        last.withLock { $0 = key }
        timer.reset(after: input.time)
      }
    }
  }

  static let wrongSleeps = [
    Wrong(
      "polls",
      breaks: onTime,
      input: Visits(arrivals: [0], holds: [4], patience: [])
    ) { input, stage in
      await input.come(stage) { task in
        let due = stage.clock.now.advanced(by: input.time(of: task))
        while stage.clock.now < due { try await stage.sleep(3) }
      }
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
}
