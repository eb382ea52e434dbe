import Cookbook
import Synchronization

extension TokenBucketExamples {
  static let wrongLimits = [
    wrong("window-borders", breaks: tokensSuffice, [8, 1, 1, 1]) { limit in
      let start = limit.state.withLock { state in
        let window = Int(limit.now / limit.period)
        if window > state.window { (state.window, state.used) = (window, 0) }
        if state.used == limit.burst {
          (state.window, state.used) = (state.window + 1, 0)
        }
        state.used += 1
        return limit.period * state.window
      }
      try await limit.sleep(until: start)
    },
    wrong("lost-token", breaks: noIdleToken, cancelSecond: 2) { limit in
      try await limit.sleep(until: limit.reserve())
    },
    wrong("swallowed-cancellation", breaks: tokensSuffice, cancelSecond: 2) {
      limit in
      try? await limit.sleep(until: limit.reserve())
    },
    wrong("deaf-wait", breaks: .cancelledEndsAtOnce, cancelAfter: 5) { limit in
      let start = limit.reserve()
      try await limit.stage.task { try await limit.sleep(until: start) }.value
      try Task.checkCancellation()
    },
    wrong("all-wake-up", breaks: .firstComeFirstServed) { limit in
      // #region all-wake-up
      while let due = limit.take() { try await limit.sleep(until: due) }
      // #endregion
    },
    Wrong(
      "not-awaited",
      breaks: .allEndedOnReturn,
      input: Requests(pauses: [1])
    ) { input, stage in
      let Task = stage.startTask
      for try await request in stage.source("requests", input.pauses) {
        Task { try await stage.work("task \(request)", 1) }
      }
    },
  ]

  static let wrongTries = [
    Wrong(
      "whole-intervals",
      breaks: noNeedlessRefusal,
      input: Requests(burst: 1, every: 5, pauses: [1, 6], calls: [1])
    ) { input, stage in
      // Tokens come in when the clock strikes, not an interval after use.
      let limit = Limit(input, stage)
      try await input.perform(stage) { request, call in
        let isThere = limit.state.withLock { state in
          let window = Int(limit.now / limit.period) + 1
          defer { state.window = max(state.window, window + 1) }
          return window > state.window
        }
        if !isThere { return stage.say("refused", request) }
        try await call(request)
      }
    }
  ]

  private static func wrong(
    _ name: String,
    breaks law: Law<Requests>,
    _ pauses: [Int] = [1, 1, 1],
    cancelSecond: Int? = nil,
    cancelAfter: Int? = nil,
    take: @escaping @Sendable (Limit) async throws -> Void
  ) -> Wrong<Requests> {
    let input = Requests(
      burst: pauses.count / 2,
      every: 5,
      pauses: pauses,
      calls: [1],
      cancelSecond: cancelSecond,
      cancelAfter: cancelAfter
    )
    return Wrong(name, breaks: law, input: input) { input, stage in
      let limit = Limit(input, stage)
      try await input.perform(stage) { request, call in
        try await take(limit)
        try await call(request)
      }
    }
  }

  /// What wrong limits are made of.
  private final class Limit: Sendable {
    let (burst, every): (Int, Duration)
    let stage: Stage
    let state = Mutex((full: Duration.zero, window: 0, used: 0))
    private let watch: Stopwatch

    init(_ input: Requests, _ stage: Stage) {
      (burst, every) = (input.burst, .milliseconds(input.every))
      self.stage = stage
      watch = Stopwatch(clock: stage.clock)
    }

    var now: Duration { watch.elapsed }

    var period: Duration { every * burst }

    func sleep(until time: Duration) async throws {
      try await stage.clock.sleep(for: time - now)
    }

    /// Takes a token that is there or will be; returns when.
    func reserve() -> Duration {
      state.withLock { state in
        state.full = max(state.full, now) + every
        return state.full - period
      }
    }

    /// Takes a token unless there is none; returns when to try again.
    func take() -> Duration? {
      let due = state.withLock { $0.full } - period + every
      if due <= now { _ = reserve() }
      return due <= now ? nil : due
    }
  }
}
