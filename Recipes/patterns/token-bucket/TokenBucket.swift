import Synchronization

/// A limit on how often something happens.
///
///     let quota = TokenBucket(burst: 10, every: .milliseconds(100))
///     try await quota.take()
///     try await call()
///
/// Each call takes a token. The bucket holds up to `burst` of them and is full
/// at first; while it is not, a token comes in after each interval. So in no
/// stretch of time *t* are there more than `burst` + *t* / `interval` calls,
/// and no token lies idle while a task waits. Its memory is constant.
///
/// Share one bucket between all tasks that the limit is for. They are served
/// first come, first served.
nonisolated final class TokenBucket<C: Clock>: Sendable
where C.Duration == Duration {
  private let clock: C
  private let start: C.Instant
  private let state: Mutex<State>

  /// Creates a full bucket.
  ///
  /// - Parameters:
  ///   - burst: How many tokens it holds, at least 1. With 1, calls are at
  ///     least an interval apart.
  ///   - interval: How long it takes until a token comes in, more than zero.
  ///   - clock: What measures the interval.
  init(burst: Int, every interval: Duration, clock: C = ContinuousClock()) {
    precondition(burst > 0 && interval > .zero, "no token would ever come")
    self.clock = clock
    start = clock.now
    // `ContinuousClock` traps where an instant is out of its range.
    let interval = min(interval, .seconds(1 << 40))
    state = Mutex(State(burst: burst, interval: interval))
  }

  /// Takes a token; waits until there is one and it is this task's turn.
  ///
  /// **Cancellation**: a task that is cancelled before it has a token takes
  /// none, even if one is there. The tasks behind it move up at once.
  ///
  /// **Complexity**: O(1), amortised. It does not suspend if there is a token
  /// and nobody waits.
  ///
  /// - Throws: `CancellationError` if the task is cancelled first.
  nonisolated(nonsending) func take() async throws {
    try Task.checkCancellation()
    if tryTake() { return }
    try await becomeFirst()
    defer { state.withLock { $0.leave() }?.resume() }
    try Task.checkCancellation()
    if let due = state.withLock({ $0.take(at: now) }) {
      try await clock.sleep(until: start.advanced(by: due), tolerance: nil)
      // Nobody else takes a token as long as this task is the first in line.
      _ = state.withLock { $0.take(at: max(now, due)) }
    }
  }

  /// Takes a token if there is one and nobody waits.
  ///
  /// - Returns: Whether it took one.
  func tryTake() -> Bool {
    state.withLock { !$0.isTaken && $0.take(at: now) == nil }
  }

  /// The time since the start.
  private var now: Duration { start.duration(to: clock.now) }

  nonisolated(nonsending) private func becomeFirst() async throws {
    guard let ticket = state.withLock({ $0.come() }) else { return }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        // Asked under the lock: a later cancellation finds the waiter there.
        let turn = state.withLock {
          $0.wait(waiter, ticket, isCancelled: Task.isCancelled)
        }
        if let turn { waiter.resume(with: turn) }
      }
    } onCancel: {
      // It may have become the first before.
      let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
      waiter?.resume(throwing: CancellationError())
    }
  }
}

nonisolated extension TokenBucket {
  /// The tokens, and the line of those that wait; each function is one event.
  private struct State {
    typealias Waiter = CheckedContinuation<Void, any Error>

    private let (interval, untilFull): (Duration, Duration)
    /// When the bucket will be full, since the start.
    private var full = Duration.zero
    /// Whether a task is the first in line: it sleeps until there is a token.
    private(set) var isTaken = false
    // Those behind it, by ticket, and none below `first`.
    var waiters: [Int: Waiter] = [:]
    private var (first, last) = (0, 0)

    init(burst: Int, interval: Duration) {
      self.interval = interval
      // Of what is more, nothing would be noticed before the clock's end.
      let most = Int(min(.seconds(1 << 40) / interval, 1e18))
      untilFull = interval * min(burst - 1, most)
    }

    /// Takes a token, or returns when there will be one.
    mutating func take(at now: Duration) -> Duration? {
      let due = full - untilFull
      if now < due { return due }
      full = max(full, now) + interval
      return nil
    }

    /// A task comes; with a ticket it is to wait.
    mutating func come() -> Int? {
      last += 1
      defer { isTaken = true }
      return isTaken ? last : nil
    }

    /// A task takes its place in line, unless nobody is there any more.
    mutating func wait(
      _ waiter: Waiter,
      _ ticket: Int,
      isCancelled: Bool
    ) -> Result<Void, any Error>? {
      if isCancelled { return .failure(CancellationError()) }
      if !isTaken {
        isTaken = true
        return .success(())
      }
      waiters[ticket] = waiter
      if ticket < first { first = ticket }
      return nil
    }

    /// The first leaves; returns the next one.
    mutating func leave() -> Waiter? {
      while !waiters.isEmpty {
        defer { first += 1 }
        if let next = waiters.removeValue(forKey: first) { return next }
      }
      isTaken = false
      return nil
    }
  }
}
