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
    Wrong(
      "timer-goes-on",
      breaks: .leak,
      input: Call(takes: [1], limit: 9)
    ) { input, stage in
      let load = input.load(stage, isDeaf: true)
      try await input.call(stage) {
        let (answers, answer) = AsyncThrowingStream.makeStream(of: Int.self)
        stage.startTask { answer.yield(try await load()) }
        stage.startTask {
          try await stage.clock.sleep(for: input.time)
          answer.finish(throwing: TooSlow())
        }
        for try await page in answers { return page }
        throw CancellationError()
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

  static let wrongContexts = [
    Wrong(
      "no-cancel-all",
      breaks: onTime,
      input: Call(takes: [1], limit: 3)
    ) { input, stage in
      let (load, limit) = (input.load(stage), input.time)
      let page = try await withThrowingTaskGroup(of: Int?.self) { group in
        group.addTask { try await load() }
        group.addTask {
          try await stage.clock.sleep(for: limit)
          return nil
        }
        return try await group.next()
      }
      stage.print(page ?? -1)
    },
    Wrong(
      "left-behind",
      breaks: .allEndedOnReturn,
      input: Call(takes: [3], limit: 1)
    ) { input, stage in
      let load = input.load(stage)
      let (answers, answer) = AsyncThrowingStream.makeStream(of: Int.self)
      stage.startTask { answer.yield(try await load()) }
      let timer = stage.task {
        try await stage.clock.sleep(for: input.time)
        answer.finish(throwing: TooSlow())
      }
      defer { timer.cancel() }
      for try await page in answers { return stage.print(page) }
    },
  ]

  static let wrongLetGos = [
    Wrong(
      "waited-for",
      breaks: onTime,
      input: Call(takes: [3], limit: 1)
    ) { input, stage in
      let load = input.load(stage, isDeaf: true)
      try await input.call(stage) {
        try await orTooSlow {
          try await withDeadline(in: input.time, clock: stage.clock) {
            try await load()
          }
        }
      }
    }
  ]

  static let wrongRetries = [
    attempts(
      "whole-timeout-each",
      breaks: firstSuccess,
      Call(takes: [5, 5], failing: [0], limit: 7)
    ) { input, fetch, clock in
      for attempt in 0..<input.attempts - 1 {
        do {
          return try await withDeadline(in: input.time, clock: clock) {
            try await fetch(attempt)
          }
        } catch  where !Task.isCancelled {
          continue
        }
      }
      return try await withDeadline(in: input.time, clock: clock) {
        try await fetch(input.attempts - 1)
      }
    },
    attempts(
      "tries-when-cancelled",
      breaks: noneIsLate,
      Call(takes: [5, 5], limit: 3)
    ) { input, fetch, clock in
      try await withDeadline(in: input.time, clock: clock) {
        for attempt in 0..<input.attempts - 1 {
          if let page = try? await fetch(attempt) { return page }
        }
        return try await fetch(input.attempts - 1)
      }
    },
  ]

  static let wrongAttempts = [
    // The first one may use up all the time.
    attempts(
      "no-share",
      breaks: equalShares,
      Call(takes: [9, 1], limit: 6)
    ) { input, fetch, clock in
      var outcome = OutOfTime()
      do {
        return try await withDeadline(in: input.time, clock: clock) {
          for attempt in 0..<input.attempts {
            outcome.attempts += 1
            do {
              return try await fetch(attempt)
            } catch  where !Task.isCancelled {
              outcome.lastError = error
            }
          }
          throw outcome
        }
      } catch is DeadlineExpired {
        throw outcome
      }
    },
    attempts(
      "sleeps-in-vain",
      breaks: noneInVain,
      Call(takes: [1, 1], failing: [0], limit: 6, pause: 8)
    ) { input, fetch, clock in
      do {
        return try await withAttempts(1, in: input.time, clock: clock) {
          try await fetch($0)
        }
      } catch {
        var outcome = OutOfTime(attempts: 1, lastError: error)
        try await clock.sleep(for: .milliseconds(input.pause))
        let left = input.time - .milliseconds(input.takes[0] + input.pause)
        if left <= .zero { throw outcome }
        outcome.attempts += 1
        return try await withAttempts(1, in: left, clock: clock) { _ in
          try await fetch(1)
        }
      }
    },
    attempts(
      "whatever-the-error",
      breaks: again,
      Call(takes: [1, 1], failing: [0], permanent: [0], limit: 9)
    ) { input, fetch, clock in
      try await withAttempts(input.attempts, in: input.time, clock: clock) {
        try await fetch($0)
      }
    },
    attempts(
      "reason-lost",
      breaks: thrown,
      Call(takes: [1, 9], failing: [0], limit: 5)
    ) { input, fetch, clock in
      do {
        return try await withAttempts(
          input.attempts,
          in: input.time,
          clock: clock,
          again: input.isTransient
        ) { try await fetch($0) }
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

  private typealias Fetch = @Sendable (Int) async throws -> Int

  private static func attempts(
    _ name: String,
    breaks law: Law<Call>,
    _ input: Call,
    body:
      @escaping @Sendable (Call, Fetch, any Clock<Duration>) async throws -> Int
  ) -> Wrong<Call> {
    Wrong(name, breaks: law, input: input) { input, stage in
      let fetch = input.fetch(stage)
      stage.print(
        try await orTooSlow { try await body(input, fetch, stage.clock) }
      )
    }
  }
}
