import Cookbook

extension OperationTimeoutExamples {
  static let wrongCalls = [
    Wrong("no-cancel-all", breaks: onTime, input: Call(takes: [1], limit: 3)) {
      input,
      stage in
      let load = input.load(stage)
      try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await load(0) }
        group.addTask {
          try await stage.clock.sleep(for: input.time)
          throw TooSlow()
        }
        stage.print(try await group.next())
      }
    },
    Wrong(
      "left-behind",
      breaks: .allEndedOnReturn,
      input: Call(takes: [9], limit: 3)
    ) { input, stage in
      stage.startTask { _ = try await input.load(stage)(0) }
      try await stage.clock.sleep(for: input.time)
      throw TooSlow()
    },
  ]

  static let wrongSelects = [
    Wrong("deadline-alone", breaks: onTime, input: Call(takes: [3], limit: 1)) {
      try await select($0, $1) { try await $0() }
    }
  ]

  static let wrongLates = [
    Wrong("dropped", breaks: usedOrClosed, input: Call(takes: [1], limit: 1)) {
      input,
      stage in
      try await input.call(stage) { load in
        try await call(input, stage, load) ?? -1
      }
    }
  ]

  static let wrongRetries = [
    attempts(
      "whole-timeout-each",
      breaks: firstSuccess,
      Call(takes: [5, 5], failing: [0], limit: 7)
    ) { input, load, stage in
      for attempt in 0..<input.attempts {
        let page = try? await withDeadline(in: input.time, clock: stage.clock) {
          try await load(attempt)
        }
        if let page { return page }
      }
      throw TooSlow()
    },
    attempts(
      "tries-when-cancelled",
      breaks: noneIsLate,
      Call(takes: [5, 5], limit: 3)
    ) { input, load, stage in
      try await withDeadline(in: input.time, clock: stage.clock) {
        for attempt in 0..<input.attempts - 1 {
          if let page = try? await load(attempt) { return page }
        }
        return try await load(input.attempts - 1)
      }
    },
  ]

  static let wrongAttempts = [
    attempts("no-share", breaks: equalShares, Call(takes: [9, 1], limit: 6)) {
      do { return try await retry($0, $2) } catch is TooSlow {
        throw OutOfTime(attempts: 1)
      }
    },
    attempts(
      "sleeps-in-vain",
      breaks: thrown,
      Call(takes: [1, 1], failing: [0], limit: 6, pause: 8)
    ) { input, load, stage in
      do {
        return try await load(0)
      } catch {
        try await stage.sleep(input.pause)
        throw OutOfTime(attempts: 1, lastError: error)
      }
    },
    attempts(
      "whatever-the-error",
      breaks: again,
      Call(takes: [1, 1], failing: [0], permanent: [0], limit: 9)
    ) { input, load, stage in
      try await withAttempts(2, in: input.time, clock: stage.clock) {
        try await load($0)
      }
    },
    attempts(
      "reason-lost",
      breaks: thrown,
      Call(takes: [1, 9], failing: [0], limit: 5)
    ) { input, load, stage in
      do {
        return try await withAttempts(2, in: input.time, clock: stage.clock) {
          try await load($0)
        }
      } catch is OutOfTime {
        throw TooSlow()
      }
    },
  ]

  private static func attempts(
    _ name: String,
    breaks law: Law<Call>,
    _ input: Call,
    body:
      @escaping @Sendable (Call, @escaping Call.Attempt, Stage) async throws ->
      Int
  ) -> Wrong<Call> {
    Wrong(name, breaks: law, input: input) { input, stage in
      let load = input.load(stage)
      stage.print(try await orTooSlow { try await body(input, load, stage) })
    }
  }
}
