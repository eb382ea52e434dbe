import Synchronization

/// An event that happens once, with a value, for all tasks that wait for it.
///
/// ```swift
/// let config = Gate<Config>()
/// config.open(with: loaded)  // once, anywhere
/// let mine = try await config.wait()  // in any task, before it or after
/// ```
///
/// - The opening releases all tasks that wait. A later one does not wait.
/// - An open gate stays open, with the value of the first opening. What the
///   opening task did before it is seen by all who are let through.
/// - A signal is a `Gate<Void>`: call `open()`.
///
/// Waiting suspends a task and blocks no thread. It does not raise the
/// priority of the task that is to open the gate.
nonisolated final class Gate<Value: Sendable>: Sendable {
  private let state = Mutex(State())

  /// Creates a gate that is closed.
  init() {}

  /// The value of the opening; `nil` while the gate is closed.
  var value: Value? { state.withLock { $0.value } }

  /// Opens the gate, if it is closed, and releases all who wait.
  ///
  /// It never suspends, and may be called from code that is not asynchronous.
  ///
  /// **Complexity**: O(*n* log *n*) for *n* waiters, who go on in the order in
  /// which they came, as far as they share a thread.
  ///
  /// - Parameter value: What all get who wait now or later.
  /// - Returns: Whether this was the opening. If not, `value` is dropped.
  @discardableResult
  func open(with value: Value) -> Bool {
    guard let waiters = state.withLock({ $0.open(value) }) else { return false }
    // Not under the lock: a task that goes on may come back at once.
    for waiter in waiters { waiter.resume(returning: value) }
    return true
  }

  /// Returns the value, as soon as the gate is open.
  ///
  /// **Cancellation** ends the wait at once, and nothing is left of it. Others
  /// wait on. A cancelled task gets the value where it need not wait.
  ///
  /// **Complexity**: O(1), without suspension once the gate is open.
  ///
  /// - Returns: The value of the opening.
  /// - Throws: `CancellationError`, and nothing else. A gate that nobody opens
  ///   is not an error: the task waits until it is cancelled.
  nonisolated(nonsending) func wait() async throws -> Value {
    if let value { return value }
    let place = state.withLock { $0.takePlace() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        // Asked under the lock: a later cancellation finds the waiter there.
        let answer = state.withLock {
          $0.wait(at: place, waiter, isCancelled: Task.isCancelled)
        }
        if let answer { waiter.resume(with: answer) }
      }
    } onCancel: {
      let waiter = state.withLock { $0.leave(place) }
      waiter?.resume(throwing: CancellationError())
    }
  }
}

nonisolated extension Gate where Value == Void {
  /// Opens the gate; see ``open(with:)``.
  @discardableResult
  func open() -> Bool { open(with: ()) }
}

extension Gate {
  /// Whether it is open, and who waits; each function is one event.
  nonisolated private struct State {
    typealias Waiter = CheckedContinuation<Value, any Error>

    private(set) var value: Value?
    /// By place, the lowest of which has waited longest.
    private var waiters: [Int: Waiter] = [:]
    private var places = 0

    mutating func takePlace() -> Int {
      places += 1
      return places
    }

    /// A task comes; without an answer, it waits.
    mutating func wait(
      at place: Int,
      _ waiter: Waiter,
      isCancelled: Bool
    ) -> Result<Value, any Error>? {
      if let value { return .success(value) }
      if isCancelled { return .failure(CancellationError()) }
      waiters[place] = waiter
      return nil
    }

    /// A task is cancelled, which may have been released before.
    mutating func leave(_ place: Int) -> Waiter? {
      waiters.removeValue(forKey: place)
    }

    /// Returns the waiters in order, or `nil` if it is open already.
    mutating func open(_ value: Value) -> [Waiter]? {
      if self.value != nil { return nil }
      self.value = value
      defer { waiters = [:] }
      return waiters.sorted { $0.key < $1.key }.map(\.value)
    }
  }
}
