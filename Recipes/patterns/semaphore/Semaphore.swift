import Synchronization

/// Permits that tasks hold, and wait for in turn.
///
///     let permits = Semaphore(permits: 3)
///     // In any task, as often as you like:
///     let page = try await permits.withPermit { try await download(url) }
///
/// - Never more than ``permits`` are held at once.
/// - Waiters are served in the order in which they came. A large request is
///   not overtaken by small ones that would fit, or it could wait for ever.
/// - A waiter that is cancelled leaves at once and holds nothing. Those behind
///   it that fit now are served at once.
///
/// Waiting suspends a task and blocks no thread. It does not raise the
/// priority of the tasks that hold permits.
nonisolated final class Semaphore: Sendable {
  /// The number of permits in all.
  let permits: Int

  private let line: Mutex<Line>

  /// Creates a semaphore whose permits are all free.
  ///
  /// - Parameter permits: At least 1.
  init(permits: Int) {
    precondition(permits > 0, "a semaphore needs at least one permit")
    self.permits = permits
    line = Mutex(Line(free: permits))
  }

  /// Holds one permit while `body` runs, and releases it however it ends.
  ///
  /// - Parameter body: Runs where the caller runs. It must not wait for the
  ///   same semaphore: if all who hold permits do, none can go on.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws. `CancellationError`, without a call of
  ///   `body`, if the task is cancelled before it has the permit.
  nonisolated(nonsending) func withPermit<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await withPermits(1, body)
  }

  /// Does the same as ``withPermit(_:)`` with `count` permits, from 1 to
  /// ``permits``.
  nonisolated(nonsending) func withPermits<Result>(
    _ count: Int,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire(count)
    defer { release(count) }
    return try await body()
  }

  /// Takes permits once they are free and all who came before are served.
  ///
  /// Each call that returns needs a ``release(_:)`` of as many, in any task.
  ///
  /// **Cancellation** ends the wait at once, and the semaphore is as if the
  /// call had not been made. A task that is cancelled before takes nothing,
  /// even if permits are free.
  ///
  /// **Complexity**: O(1) amortised. Does not suspend where nobody waits and
  /// enough is free.
  ///
  /// - Parameter count: From 1 to ``permits``; more ends the program.
  /// - Throws: `CancellationError`, and nothing else.
  nonisolated(nonsending) func acquire(_ count: Int = 1) async throws {
    check(count)
    try Task.checkCancellation()
    guard let place = line.withLock({ $0.come(for: count) }) else { return }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        // Asked under the lock: a later cancellation finds the waiter there.
        let woken = line.withLock {
          $0.wait(at: place, waiter, isCancelled: Task.isCancelled)
        }
        resume(woken)
      }
    } onCancel: {
      resume(line.withLock { $0.leave(place) })
    }
    if Task.isCancelled {
      // Served, and cancelled before it ran. To throw without giving the
      // permits back would lose them for good.
      release(count)
      throw CancellationError()
    }
  }

  /// Takes permits if they are free and nobody waits; never suspends.
  ///
  /// - Parameter count: From 1 to ``permits``; more ends the program.
  /// - Returns: Whether it took them. A try overtakes nobody, not even a
  ///   request that is too large for what is free.
  /// - Complexity: O(1).
  func tryAcquire(_ count: Int = 1) -> Bool {
    check(count)
    return line.withLock { $0.take(count) }
  }

  /// Gives permits back, and wakes the first waiters as far as they fit.
  ///
  /// - Parameter count: At most what is held; more ends the program.
  /// - Complexity: O(1) amortised, and O(*k*) if it wakes *k* waiters.
  func release(_ count: Int = 1) {
    check(count)
    let woken = line.withLock { line in
      precondition(
        line.free + count <= permits,
        "more permits are released than were acquired"
      )
      return line.giveBack(count)
    }
    resume(woken)
  }

  /// Not under the lock: a task that is woken may want it at once.
  private func resume(_ woken: [Line.Woken]) {
    for (waiter, result) in woken { waiter.resume(with: result) }
  }

  private func check(_ count: Int) {
    precondition(
      count > 0 && count <= permits,
      "a semaphore of \(permits) permits cannot hand out \(count)"
    )
  }
}

extension Semaphore {
  /// Who waits, and what is free; each function is one event, and returns
  /// whom to wake.
  nonisolated private struct Line {
    typealias Waiter = CheckedContinuation<Void, any Error>
    typealias Woken = (Waiter, Result<Void, any Error>)

    private(set) var free: Int
    /// By place, without a waiter for a task that has yet to suspend.
    private var waiting: [Int: (count: Int, waiter: Waiter?)] = [:]
    /// Nobody waits before `first`; the next task comes to `end`.
    private var (first, end) = (0, 0)

    init(free: Int) { self.free = free }

    mutating func take(_ count: Int) -> Bool {
      guard waiting.isEmpty && count <= free else { return false }
      free -= count
      return true
    }

    /// A task comes; returns its place, or `nil` if it need not wait.
    mutating func come(for count: Int) -> Int? {
      if take(count) { return nil }
      defer { end += 1 }
      waiting[end] = (count, nil)
      return end
    }

    /// A task suspends, unless it has been served on its way here.
    mutating func wait(
      at place: Int,
      _ waiter: Waiter,
      isCancelled: Bool
    ) -> [Woken] {
      guard let count = waiting[place]?.count else {
        return [(waiter, .success(()))]
      }
      waiting[place] = (count, waiter)
      return isCancelled ? leave(place) : []
    }

    /// A task is cancelled; one that does not wait sees it for itself.
    mutating func leave(_ place: Int) -> [Woken] {
      guard let waiter = waiting[place]?.waiter else { return [] }
      waiting[place] = nil
      // It may have been the one that held up those behind it.
      return [(waiter, .failure(CancellationError()))] + serve()
    }

    mutating func giveBack(_ count: Int) -> [Woken] {
      free += count
      return serve()
    }

    /// Serves from the front, up to the first that does not fit.
    private mutating func serve() -> [Woken] {
      var woken: [Woken] = []
      while first < end {
        if let (count, waiter) = waiting[first] {
          guard count <= free else { break }
          free -= count
          waiting[first] = nil
          if let waiter { woken.append((waiter, .success(()))) }
        }
        first += 1
      }
      return woken
    }
  }
}
