import Cookbook

extension OperationTimeoutExamples {
  static let wrongSelects = [
    // A group waits for a child that never looks.
    Wrong(
      "waits",
      breaks: onTime,
      input: Call(takes: [3], limit: 1),
      body: race
    ),
    Wrong("no-cancel-all", breaks: onTime, input: Call(takes: [1], limit: 3)) {
      input,
      stage in
      let load = input.load(stage)
      try await input.call(stage) {
        try await withThrowingTaskGroup(of: Int.self) { group in
          group.addTask { try await load() }
          group.addTask {
            try await stage.clock.sleep(for: input.time)
            throw TooSlow()
          }
          return try await group.next() ?? -1
        }
      }
    },
  ]

  static let wrongLates = [
    Wrong(
      "dropped",
      breaks: usedOrClosed,
      input: Call(takes: [1], limit: 1),
      body: race
    )
  ]

  private static func race(_ input: Call, _ stage: Stage) async throws {
    let (connect, limit) = (input.load(stage, isDeaf: true), input.time)
    let sleep: @Sendable (Duration) async throws -> Void = { limit in
      try await stage.clock.sleep(for: limit)
      stage.note("timer", "wakes")
    }
    try await input.call(stage) {
      // #region dropped
      let connection = try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask(name: "load") { try await connect() }
        group.addTask(name: "timer") {
          try await sleep(limit)
          throw TooSlow()
        }
        defer { group.cancelAll() }
        return try await group.next()
      }
      // #endregion
      return connection ?? -1
    }
  }

  static let wrongLetGos = [
    // A deadline alone waits for its body.
    Wrong("deadline-alone", breaks: onTime, input: Call(takes: [3], limit: 1)) {
      try await letGo($0, $1) { try await $0() }
    }
  ]

  static let wrongRetries = [
    attempts(
      "whole-timeout-each",
      breaks: firstSuccess,
      Call(takes: [5, 5], failing: [0], limit: 7)
    ) { input, fetch, stage in
      for attempt in 0..<input.attempts - 1 {
        do {
          // #region whole-timeout-each
          return try await withDeadline(in: input.time, clock: stage.clock) {
            try await fetch(attempt)
          }
          // #endregion
        } catch  where !Task.isCancelled {
          continue
        }
      }
      return try await withDeadline(in: input.time, clock: stage.clock) {
        try await fetch(input.attempts - 1)
      }
    },
    attempts(
      "tries-when-cancelled",
      breaks: noneIsLate,
      Call(takes: [5, 5], limit: 3)
    ) { input, fetch, stage in
      try await withDeadline(in: input.time, clock: stage.clock) {
        for attempt in 0..<input.attempts - 1 {
          if let page = try? await fetch(attempt) { return page }
        }
        return try await fetch(input.attempts - 1)
      }
    },
  ]

  static let wrongAttempts = [
    // The first one may use up all the time.
    attempts("no-share", breaks: equalShares, Call(takes: [9, 1], limit: 6)) {
      input,
      _,
      stage in
      do {
        return try await retry(input, stage)
      } catch is DeadlineExpired {
        throw OutOfTime(attempts: 1)
      }
    },
    attempts(
      "sleeps-in-vain",
      breaks: noneInVain,
      Call(takes: [1, 1], failing: [0], limit: 6, pause: 8)
    ) { input, fetch, stage in
      do {
        return try await fetch(0)
      } catch {
        try await stage.sleep(input.pause)
        throw OutOfTime(attempts: 1, lastError: error)
      }
    },
    attempts(
      "whatever-the-error",
      breaks: again,
      Call(takes: [1, 1], failing: [0], permanent: [0], limit: 9)
    ) { input, fetch, stage in
      try await withAttempts(input.attempts, in: input.time, clock: stage.clock)
      {
        try await fetch($0)
      }
    },
    attempts(
      "reason-lost",
      breaks: thrown,
      Call(takes: [1, 9], failing: [0], limit: 5)
    ) { input, fetch, stage in
      do {
        return try await withAttempts(2, in: input.time, clock: stage.clock) {
          try await fetch($0)
        }
      } catch is OutOfTime {
        throw TooSlow()
      }
    },
    Wrong(
      "left-behind",
      breaks: .allEndedOnReturn,
      input: Call(takes: [9], limit: 3)
    ) { input, stage in
      let fetch = input.fetch(stage)
      let attempt = stage.task { try await fetch(0) }
      try await stage.clock.sleep(for: input.time)
      throw OutOfTime(attempts: 1)
    },
  ]

  private static func attempts(
    _ name: String,
    breaks law: Law<Call>,
    _ input: Call,
    body: @escaping @Sendable (Call, Call.Work, Stage) async throws -> Int
  ) -> Wrong<Call> {
    Wrong(name, breaks: law, input: input) { input, stage in
      let fetch = input.fetch(stage)
      stage.print(
        try await orTooSlow { try await body(input, fetch, stage) }
      )
    }
  }
}
