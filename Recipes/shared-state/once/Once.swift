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
///   wait. At most one run succeeds, and its value is kept for good.
/// - An error is not kept. All callers that waited for that run get it, and
///   the next call runs the work again.
/// - A runner that is cancelled spoils nothing for others: if its work throws,
///   the caller that has waited longest runs the work anew, in its own task.
///
/// Waiting suspends a task and blocks no thread. It does not raise the
/// priority of the task that runs.
nonisolated final class Once<Value: Sendable>: Sendable {
  private let work: @concurrent @Sendable () async throws -> Value
  private let state = Mutex(State())

  /// Creates a value that is made by the first call for it.
  ///
  /// - Parameter work: Runs off every actor, with the priority and the
  ///   task-local values of the task that runs it. It must not wait for its
  ///   own value: such a call in the same task ends the program, and one in a
  ///   child task waits until it is cancelled.
  init(_ work: @escaping @concurrent @Sendable () async throws -> Value) {
    self.work = work
  }

  /// Returns the value; before there is one, runs the work or waits for it.
  ///
  /// **Cancellation** ends a wait at once, and nothing is left of it. It ends
  /// nothing else: a caller that need not wait gets the value, and one whose
  /// turn it is runs the work, which then notices for itself.
  ///
  /// **Complexity**: O(1), without suspension once there is a value. The end
  /// of a run takes O(*n* log *n*) for *n* waiters.
  ///
  /// - Throws: What the work throws, in each caller that waits for that run;
  ///   `CancellationError` if the task is cancelled while it waits. That
  ///   another caller is cancelled is not an error.
  nonisolated(nonsending) func value() async throws -> Value {
    let (first, place) = state.withLock { $0.come() }
    let turn = if let first { first } else { try await wait(place) }
    switch turn {
    case .value(let value): return value
    case .run: return try await run()
    }
  }

  nonisolated(nonsending) private func wait(_ place: Int) async throws -> Turn {
    precondition(
      state.withLock { $0.runner } != Self.currentTask,
      "the work of a Once waits for its own value"
    )
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

  nonisolated(nonsending) private func run() async throws -> Value {
    state.withLock { $0.runner = Self.currentTask }
    let result: Result<Value, any Error>
    do {
      result = .success(try await work())
    } catch {
      result = .failure(error)
    }
    let woken = state.withLock { $0.end(result, isCancelled: Task.isCancelled) }
    // Not under the lock: a task that is woken may want it at once.
    for (waiter, turn) in woken { waiter.resume(with: turn) }
    return try result.get()
  }

  private static var currentTask: Int? {
    unsafe withUnsafeCurrentTask { unsafe $0?.hashValue }
  }
}

extension Once {
  /// What a caller does when it need not wait, or wait no longer.
  private enum Turn { case value(Value), run }

  /// Who runs, who waits, and the value; each function is one event.
  nonisolated private struct State {
    typealias Waiter = CheckedContinuation<Turn, any Error>

    private enum Phase {
      /// Nobody runs, so nobody waits.
      case idle
      /// One caller runs, or has been told to.
      case running
      case done(Value)
    }

    private var phase = Phase.idle
    /// By place, without the callers that have yet to suspend.
    var waiters: [Int: Waiter] = [:]
    private var places = 0
    /// The task that runs, once it does.
    var runner: Int?

    /// A caller comes; without a turn it is to wait at its place.
    mutating func come() -> (Turn?, place: Int) {
      places += 1
      return (turn(), places)
    }

    private mutating func turn() -> Turn? {
      switch phase {
      case .done(let value): return .value(value)
      case .running: return nil
      case .idle:
        phase = .running
        return .run
      }
    }

    /// A caller suspends, unless the run that it came for has ended since.
    mutating func wait(
      _ place: Int,
      _ waiter: Waiter,
      isCancelled: Bool
    ) -> Result<Turn, any Error>? {
      if let turn = turn() { return .success(turn) }
      if isCancelled { return .failure(CancellationError()) }
      waiters[place] = waiter
      return nil
    }

    /// A run ends; returns the waiters to wake, with what each is to do.
    mutating func end(
      _ result: Result<Value, any Error>,
      isCancelled: Bool
    ) -> [(Waiter, Result<Turn, any Error>)] {
      runner = nil
      if case .success(let value) = result {
        phase = .done(value)
      } else if isCancelled, let place = waiters.keys.min(),
        let heir = waiters.removeValue(forKey: place)
      {
        // The phase stays: callers that come now wait for the heir.
        return [(heir, .success(.run))]
      } else {
        phase = .idle
      }
      defer { waiters = [:] }
      let inOrder = waiters.sorted { $0.key < $1.key }
      return inOrder.map { ($0.value, result.map(Turn.value)) }
    }
  }
}
