import Synchronization

/// One run of asynchronous work, for all callers that want its value.
///
/// ```swift
/// let config = Once { try await loadConfig() }
/// // In any task, as often as you like:
/// let timeout = try await config.value().timeout
/// ```
///
/// - The first caller's own task does the work; callers that come meanwhile
///   wait. At most one run succeeds. Its value is kept for good, and the work
///   is released.
/// - An error is not kept, nor is a cancellation. Only the caller whose task
///   ran the work gets it; the caller that has waited longest runs the work
///   anew, in its own task.
///
/// Waiting suspends a task and blocks no thread. It does not raise the
/// priority of the task that runs.
nonisolated final class Once<Value: Sendable>: Sendable {
  /// What makes the value.
  typealias Work = @concurrent @Sendable () async throws -> Value

  private let state: Mutex<State>

  /// Creates a value that is made by the first call for it.
  ///
  /// - Parameter work: Runs off every actor, with the priority and the
  ///   task-local values of the task that runs it. If it asks for its own
  ///   value it waits until it is cancelled.
  init(_ work: @escaping Work) {
    state = Mutex(State(work: work))
  }

  /// Returns the value; before there is one, runs the work or waits for it.
  ///
  /// **Cancellation** ends a wait at once, and nothing is left of it. It ends
  /// nothing else: a caller that need not wait gets the value, and one whose
  /// turn it is runs the work, which then notices for itself.
  ///
  /// **Complexity**: O(1), without suspension once there is a value. A run
  /// that succeeds takes O(*n* log *n*) for *n* waiters.
  ///
  /// - Throws: What the work throws in this caller's task;
  ///   `CancellationError` if the task is cancelled while it waits. What
  ///   happens to other callers is not an error.
  nonisolated(nonsending) func value() async throws -> Value {
    if case .done(let value) = state.withLock({ $0.phase }) { return value }
    if let value = try await waitForTurn() { return value }
    let work = state.withLock { $0.work }
    do {
      let value = try await work()
      // Not under the lock: a task that is woken may want it at once.
      for waiter in state.withLock({ $0.succeed(value) }) {
        waiter.resume(returning: value)
      }
      return value
    } catch {
      state.withLock { $0.fail() }?.resume(returning: nil)
      throw error
    }
  }

  /// Waits for the value, or for `nil`: this caller's turn to make it.
  nonisolated(nonsending) private func waitForTurn() async throws -> Value? {
    let place = state.withLock { $0.takePlace() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        // Asked under the lock: a later cancellation finds the waiter there.
        let turn = state.withLock {
          $0.wait(place, continuation, isCancelled: Task.isCancelled)
        }
        if let turn { continuation.resume(with: turn) }
      }
    } onCancel: {
      // It may have been woken before.
      let waiter = state.withLock { $0.waiters.removeValue(forKey: place) }
      waiter?.resume(throwing: CancellationError())
    }
  }
}

extension Once {
  /// Who runs, who waits, and the value; each function is one event.
  nonisolated private struct State {
    typealias Waiter = CheckedContinuation<Value?, any Error>

    /// Idle, nobody waits; running, one caller runs or has been told to.
    enum Phase { case idle, running, done(Value) }

    private(set) var phase = Phase.idle
    private(set) var work: Work
    /// By place, the lowest of which has waited longest; none below `first`.
    var waiters: [Int: Waiter] = [:]
    private var (first, places) = (0, 0)

    init(work: @escaping Work) { self.work = work }

    mutating func takePlace() -> Int {
      places += 1
      return places
    }

    /// A caller comes; without an answer, it waits.
    mutating func wait(
      _ place: Int,
      _ waiter: Waiter,
      isCancelled: Bool
    ) -> Result<Value?, any Error>? {
      switch phase {
      case .done(let value): return .success(value)
      case .idle: phase = .running
      case .running where isCancelled: return .failure(CancellationError())
      case .running:
        waiters[place] = waiter
        first = min(first, place)
        return nil
      }
      return .success(nil)
    }

    /// A run succeeds; returns the waiters in order: all get the value.
    mutating func succeed(_ value: Value) -> [Waiter] {
      phase = .done(value)
      work = { value }  // and nothing that the work has captured
      defer { waiters = [:] }
      return waiters.sorted { $0.key < $1.key }.map(\.value)
    }

    /// A run fails; returns the waiter whose turn it is, if there is one.
    mutating func fail() -> Waiter? {
      while !waiters.isEmpty {
        defer { first += 1 }
        // The phase stays: callers that come now wait for the next run.
        if let next = waiters.removeValue(forKey: first) { return next }
      }
      phase = .idle
      return nil
    }
  }
}
