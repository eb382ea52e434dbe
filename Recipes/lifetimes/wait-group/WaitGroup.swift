import Synchronization

/// Counts tasks that somebody else starts, and lets others wait for all.
///
/// ```swift
/// jobs.add()  // Before the task starts, not inside it.
/// Task { defer { jobs.done() }; await handle(job) }
/// try await jobs.wait()  // In any task, and in several.
/// ```
///
/// - A wait ends when the count comes to 0, for all who wait, even if the
///   count rises again before they run.
/// - A waiter that is cancelled leaves at once. Neither the count nor the
///   others that wait notice.
/// - The group can be used again at any time, also while waiters of an
///   earlier round have yet to run.
///
/// Use a task group where the same code starts the tasks and waits for them.
/// Waiting suspends a task and blocks no thread. It does not raise the
/// priority of the tasks that are waited for.
nonisolated final class WaitGroup: Sendable {
  private let state = Mutex(State())

  /// Creates a group with a count of 0.
  init() {}

  /// Counts tasks that are about to start.
  ///
  /// Each needs one call of ``done()``, in any task. Never suspends.
  ///
  /// - Parameter count: How many; fewer than 0 ends the program.
  /// - Complexity: O(1).
  func add(_ count: Int = 1) {
    precondition(count >= 0, "a wait group cannot add \(count) tasks")
    state.withLock { $0.count += count }
  }

  /// Counts one task less, and ends the waits if it was the last.
  ///
  /// Call it in a `defer`: then a task that throws or is cancelled counts
  /// too. More calls than tasks were added end the program. Never suspends.
  ///
  /// - Complexity: O(1), and O(*n* log *n*) if it wakes *n* waiters.
  func done() {
    let waiters = state.withLock { state in
      precondition(state.count > 0, "more tasks are done than were added")
      return state.done()
    }
    // Not under the lock: a task that is woken may want it at once.
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until the count is 0.
  ///
  /// **Cancellation** ends the wait at once, and nothing is left of it. It
  /// does not cancel the tasks that are waited for. If the count is 0 there
  /// is nothing to wait for, and a cancelled task returns like any other.
  ///
  /// **Complexity**: O(1); does not suspend if the count is 0.
  ///
  /// - Throws: `CancellationError` if the task is cancelled while the count
  ///   is above 0. What happens in the tasks themselves is not an error.
  nonisolated(nonsending) func wait() async throws {
    guard let place = state.withLock({ $0.takePlace() }) else { return }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        // Asked under the lock: a later cancellation finds the waiter there.
        let answer = state.withLock {
          $0.wait(place, waiter, isCancelled: Task.isCancelled)
        }
        if let answer { waiter.resume(with: answer) }
      }
    } onCancel: {
      // It may have been woken before.
      let waiter = state.withLock { $0.waiters.removeValue(forKey: place) }
      waiter?.resume(throwing: CancellationError())
    }
  }
}

extension WaitGroup {
  /// How many tasks are not done, and who waits for them; each function is
  /// one event.
  nonisolated private struct State {
    typealias Waiter = CheckedContinuation<Void, any Error>

    var count = 0
    /// By place, the lowest of which has waited longest; empty at a count of 0.
    var waiters: [Int: Waiter] = [:]
    private var places = 0
    /// Up to this place, the count has been 0 since the task came.
    private var served = 0

    /// A task comes to wait; `nil` if it need not.
    mutating func takePlace() -> Int? {
      if count == 0 { return nil }
      places += 1
      return places
    }

    /// A task suspends, unless there is an answer.
    mutating func wait(
      _ place: Int,
      _ waiter: Waiter,
      isCancelled: Bool
    ) -> Result<Void, any Error>? {
      if place <= served { return .success(()) }
      if isCancelled { return .failure(CancellationError()) }
      waiters[place] = waiter
      return nil
    }

    /// A task is done; returns whom that wakes, in order.
    mutating func done() -> [Waiter] {
      count -= 1
      if count > 0 { return [] }
      served = places
      defer { waiters = [:] }
      return waiters.sorted { $0.key < $1.key }.map(\.value)
    }
  }
}
