import Synchronization

/// A number of permits that tasks hold, and wait for in turn.
///
/// - Never more than ``permits`` are held at once.
/// - Waiters are served first-in first-out. A large request at the head is
///   not overtaken by small ones behind it that would fit, or it could wait
///   forever.
/// - A waiter that is cancelled leaves without a permit, and whoever fits
///   behind it moves up at once.
///
/// Waiting suspends the task and blocks no thread. A semaphore has no owner:
/// any task may release what another has acquired.
///
/// The order of service is that of `golang.org/x/sync/semaphore.Weighted`.
nonisolated public final class Semaphore: Sendable {
  /// The number of permits in all.
  public let permits: Int

  /// The permits that may be taken without the lock, or `closed`.
  private let free: Atomic<Int>
  private let line = Mutex(Line())

  /// Says that somebody waits: permits then change hands in `line` alone.
  private static var closed: Int { -1 }

  /// Creates a semaphore with all of its permits free.
  ///
  /// - Parameter permits: At least 1.
  public init(permits: Int) {
    precondition(permits > 0, "a semaphore needs at least one permit")
    self.permits = permits
    free = Atomic(permits)
  }

  // #region withPermit
  /// Holds one permit while `body` runs, and releases it however it ends.
  ///
  /// - Parameter body: Runs where the caller runs, and not at all without
  ///   the permit.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws, or `CancellationError` if the task was
  ///   cancelled while it waited.
  nonisolated(nonsending) public func withPermit<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await withPermits(1, body)
  }

  /// Holds `count` permits while `body` runs, and releases them however it
  /// ends.
  ///
  /// - Parameters:
  ///   - count: From 1 to ``permits``.
  ///   - body: Runs where the caller runs, and not at all without the
  ///     permits. It must not acquire from the same semaphore again: two
  ///     such tasks can each wait for what the other holds.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws, or `CancellationError` if the task was
  ///   cancelled while it waited.
  nonisolated(nonsending) public func withPermits<Result>(
    _ count: Int,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire(count)
    defer { release(count) }
    return try await body()
  }
  // #endregion

  // #region acquire
  /// Takes permits, once they are free and all who came before are served.
  ///
  /// Each call that returns needs one ``release(_:)`` of the same count,
  /// which ``withPermit(_:)`` does for you.
  ///
  /// **Cancellation**: ends the wait at once, and the semaphore is as if the
  /// call had not been made. A task that need not wait takes its permits
  /// even if it is cancelled: it is then the caller's work that notices.
  ///
  /// **Complexity**: O(1) amortised. Does not suspend if nobody waits and
  /// enough is free.
  ///
  /// - Parameter count: From 1 to ``permits``: more could never be granted.
  /// - Throws: `CancellationError` if the task is cancelled while it waits.
  @inline(__always)  // an async call would cost more than the permit
  nonisolated(nonsending) public func acquire(
    _ count: Int = 1
  ) async throws(CancellationError) {
    check(count)
    if takeFree(count) { return }
    try await wait(for: count)
  }

  nonisolated(nonsending) private func wait(
    for count: Int
  ) async throws(CancellationError) {
    guard let ticket = withLine({ $0.acquire(count) }) else { return }
    let isGranted = await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { continuation in
        let waiter = unsafe Line.Continuation(base: continuation)
        resume(
          withLine { line in
            // Asked under the lock: a cancellation that comes later than
            // this finds the waiter in its place.
            line.suspend(ticket, waiter, isCancelled: Task.isCancelled)
          }
        )
      }
    } onCancel: {
      resume(withLine { $0.cancel(ticket) })
    }
    guard isGranted else { throw CancellationError() }
    if Task.isCancelled {
      // Cancelled between being woken and running. To throw now without
      // giving the permits back would lose them for good.
      release(count)
      throw CancellationError()
    }
  }
  // #endregion

  // #region tryAcquire
  /// Takes permits if they are free and nobody waits.
  ///
  /// **Complexity**: O(1). Never suspends.
  ///
  /// - Parameter count: From 1 to ``permits``.
  /// - Returns: Whether it took them. `false` also if enough is free, but
  ///   a larger request waits for more: a try may not overtake it.
  public func tryAcquire(_ count: Int = 1) -> Bool {
    check(count)
    return takeFree(count) || withLine { $0.tryAcquire(count) }
  }
  // #endregion

  // #region release
  /// Gives permits back, and wakes the waiters in front that now fit.
  ///
  /// **Complexity**: O(1) amortised, and O(*k*) if it wakes *k* waiters.
  ///
  /// - Parameter count: At most what is held: to release more is a
  ///   programming error and ends the program.
  public func release(_ count: Int = 1) {
    check(count)
    var seen = free.load(ordering: .relaxed)
    while seen != Self.closed {
      checkReleased(seen + count)
      let (isDone, current) = free.weakCompareExchange(
        expected: seen,
        desired: seen + count,
        ordering: .releasing
      )
      if isDone { return }
      seen = current
    }
    resume(
      withLine { line in
        checkReleased(line.available + count)
        return line.release(count)
      }
    )
  }
  // #endregion

  private func takeFree(_ count: Int) -> Bool {
    var seen = free.load(ordering: .relaxed)
    while seen >= count {
      let (isDone, current) = free.weakCompareExchange(
        expected: seen,
        desired: seen - count,
        ordering: .acquiring
      )
      if isDone { return true }
      seen = current
    }
    return false
  }

  /// Tells the line of one event, with every free permit at its disposal.
  private func withLine<Result: Sendable>(
    _ event: (inout Line) -> Result
  ) -> Result {
    line.withLock { line in
      let taken = free.exchange(Self.closed, ordering: .acquiring)
      if taken != Self.closed { line.available = taken }
      let result = event(&line)
      if line.isEmpty { free.store(line.available, ordering: .releasing) }
      return result
    }
  }

  /// Resumes only after the lock has been left: what a continuation wakes
  /// may come back for it at once.
  private func resume(_ wakeUps: [Line.WakeUp]) {
    for wakeUp in wakeUps {
      wakeUp.continuation.resume(returning: wakeUp.isGranted)
    }
  }

  private func check(_ count: Int) {
    precondition(
      count > 0 && count <= permits,
      "a semaphore of \(permits) permits cannot hand out \(count)"
    )
  }

  private func checkReleased(_ available: Int) {
    precondition(available <= permits, "released more than was acquired")
  }
}

// #region line
extension Semaphore {
  /// Who waits, and what is free meanwhile.
  ///
  /// Each function is one event, and
  /// returns the tasks that it wakes.
  nonisolated private struct Line {
    /// A task that is suspended.
    ///
    /// Not checked, which would make a hand-over a third dearer. Safe because
    /// whoever resumes it has taken it out of the line, under the lock.
    @safe struct Continuation: Sendable {
      let base: UnsafeContinuation<Bool, Never>

      func resume(returning isGranted: Bool) {
        unsafe base.resume(returning: isGranted)
      }
    }

    typealias WakeUp = (continuation: Continuation, isGranted: Bool)

    private struct Waiter {
      let count: Int
      /// `nil` between the task's taking its place and its suspending.
      var continuation: Continuation?
    }

    var available = 0
    /// Keyed by ticket; a waiter that is granted or cancelled leaves a gap.
    private var waiters: [Int: Waiter] = [:]
    /// No waiter has a ticket before this one.
    private var firstTicket = 0
    private var nextTicket = 0

    var isEmpty: Bool { waiters.isEmpty }

    mutating func tryAcquire(_ count: Int) -> Bool {
      guard isEmpty && count <= available else { return false }
      available -= count
      return true
    }

    /// Takes the permits or else a place at the end of the line.
    ///
    /// - Returns: The ticket to wait with, or `nil` if it need not wait.
    mutating func acquire(_ count: Int) -> Int? {
      if tryAcquire(count) { return nil }
      defer { nextTicket += 1 }
      waiters[nextTicket] = Waiter(count: count)
      return nextTicket
    }

    mutating func suspend(
      _ ticket: Int,
      _ continuation: Continuation,
      isCancelled: Bool
    ) -> [WakeUp] {
      // No longer in line: granted on the way here.
      guard waiters[ticket] != nil else { return [(continuation, true)] }
      waiters[ticket]?.continuation = continuation
      return isCancelled ? cancel(ticket) : []
    }

    mutating func cancel(_ ticket: Int) -> [WakeUp] {
      // Without a continuation it has been granted, or has yet to suspend
      // and will then see for itself that it is cancelled.
      guard let continuation = waiters[ticket]?.continuation else { return [] }
      waiters[ticket] = nil
      // It may have been the one that held the others up.
      return [(continuation, false)] + grant()
    }

    mutating func release(_ count: Int) -> [WakeUp] {
      available += count
      return grant()
    }

    /// Serves those in front, up to the first that does not fit.
    private mutating func grant() -> [WakeUp] {
      var granted: [WakeUp] = []
      while firstTicket < nextTicket {
        if let waiter = waiters[firstTicket] {
          guard waiter.count <= available else { break }
          available -= waiter.count
          waiters[firstTicket] = nil
          if let continuation = waiter.continuation {
            granted.append((continuation, true))
          }
        }
        firstTicket += 1
      }
      return granted
    }
  }
}
// #endregion
