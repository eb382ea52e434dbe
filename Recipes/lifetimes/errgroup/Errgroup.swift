import Synchronization

/// Runs tasks that may fail, and throws the first error when all have ended.
///
///     try await withErrorGroup(limit: 10) { group in
///       for url in urls {
///         await group.add { try await fetch(url) }
///       }
///     }
///
/// The promises are those of Go's `errgroup`: every task that is added runs,
/// and the error that came first in time is the one thrown, even if others
/// follow at once.
///
/// **Cancellation**: cancelling the calling task cancels every task of the
/// group at once, whatever the policy. The call still waits for all of them,
/// and throws what they throw; if all that started finish well, it returns.
///
/// **Complexity**: O(*t*) memory for *t* tasks that have not ended. Of those
/// that have, only the errors to be thrown are kept.
///
/// - Parameters:
///   - limit: How many tasks run at once, at least 1; `nil` sets no limit.
///   - policy: What an error does; by default it cancels the other tasks.
///   - isolation: Where `body` runs: by default on the caller's actor.
///   - body: Adds the tasks. An error that it throws counts as that of a task.
/// - Returns: What `body` returns, if there was no error.
/// - Throws: The first error in time; with ``ErrorGroup/Policy/collectAll``
///   an ``ErrorGroup/Errors`` with all of them.
func withErrorGroup<Result>(
  limit: Int? = nil,
  policy: ErrorGroup.Policy = .cancelOthers,
  isolation: isolated (any Actor)? = #isolation,
  _ body: nonisolated(nonsending) (inout ErrorGroup) async throws -> Result
) async throws -> Result {
  precondition(limit ?? 1 > 0, "a limit of \(limit ?? 0) lets nothing run")
  let ledger = ErrorGroup.Ledger(.init(limit: limit ?? .max, policy: policy))
  // A discarding group cancels the rest as soon as a task throws. A throwing
  // task group would do so only when its body asks for that task's result.
  let result = try? await withThrowingDiscardingTaskGroup { tasks -> Result? in
    _ = isolation  // or this closure, and the body with it, left the actor
    var group = ErrorGroup(tasks: tasks, ledger: ledger)
    do {
      return try await body(&group)
    } catch {
      ledger.state.withLock { $0.note(error) }
      if policy == .cancelOthers { throw error }
      return nil
    }
  }
  // Of errors that come close together the ledger knows the first.
  let errors = ledger.state.withLock { $0.errors }
  if let result, errors.isEmpty { return result }
  throw policy == .collectAll ? ErrorGroup.Errors(inOrder: errors) : errors[0]
}

/// A group of tasks that ``withErrorGroup(limit:policy:_:)`` waits for.
nonisolated struct ErrorGroup {
  /// What the error of one task does to the others.
  enum Policy: Sendable {
    /// Cancels them, as in a group of Go's `errgroup.WithContext`.
    case cancelOthers
    /// Nothing, and only the first error is thrown, as in Go's zero `Group`.
    case keepFirst
    /// Nothing, and every error is thrown.
    case collectAll
  }

  /// Every error of a group.
  struct Errors: Error {
    /// In the order of time; never empty.
    let inOrder: [any Error]
  }

  fileprivate var tasks: ThrowingDiscardingTaskGroup<any Error>
  fileprivate let ledger: Ledger

  /// Whether the tasks of this group are cancelled, by an error or from
  /// outside.
  var isCancelled: Bool { tasks.isCancelled }

  /// Starts a task as soon as fewer than the limit run.
  ///
  /// Suspends while the group is full. The task starts even if the group is
  /// cancelled by then, as with Go's `Go`; it is cancelled from the start.
  ///
  /// **Cancellation**: does not end the wait, which ends when a task does.
  ///
  /// - Parameter operation: The task. Its error is the group's.
  nonisolated(nonsending) mutating func add(
    _ operation: @escaping @Sendable () async throws -> Void
  ) async {
    await withCheckedContinuation { continuation in
      let hasRoom = ledger.state.withLock { $0.enter(orWait: continuation) }
      if hasRoom { continuation.resume() }
    }
    start(operation)
  }

  /// Starts a task only if fewer than the limit run.
  ///
  /// - Parameter operation: The task. Its error is the group's.
  /// - Returns: Whether it was started; always `true` without a limit.
  mutating func tryAdd(
    _ operation: @escaping @Sendable () async throws -> Void
  ) -> Bool {
    guard ledger.state.withLock({ $0.enter() }) else { return false }
    start(operation)
    return true
  }

  private mutating func start(
    _ operation: @escaping @Sendable () async throws -> Void
  ) {
    // A task that has failed makes room before the runtime sees its error.
    if ledger.state.withLock({ $0.cancels }) { tasks.cancelAll() }
    tasks.addTask { [ledger] in
      do {
        try await operation()
        ledger.end(with: nil)
      } catch {
        ledger.end(with: error)
        if ledger.state.withLock({ $0.cancels }) { throw error }
      }
    }
  }

  /// What the body of a group and its tasks share.
  fileprivate final class Ledger: Sendable {
    let state: Mutex<State>

    init(_ state: State) { self.state = Mutex(state) }

    func end(with error: (any Error)?) {
      // Not resumed under the lock: the body may want it at once.
      state.withLock { $0.end(with: error) }?.resume()
    }
  }

  /// How many tasks run, whether the body waits for room, and what has gone
  /// wrong; each function is one event.
  fileprivate struct State {
    let limit: Int
    let policy: Policy
    var running = 0
    /// At most one waits: only the body adds tasks.
    var waiter: CheckedContinuation<Void, Never>?
    var errors: [any Error] = []

    var cancels: Bool { policy == .cancelOthers && !errors.isEmpty }

    /// Takes room for a task; if there is none, the waiter gets the next.
    mutating func enter(
      orWait waiter: CheckedContinuation<Void, Never>? = nil
    ) -> Bool {
      guard running < limit else {
        self.waiter = waiter
        return false
      }
      running += 1
      return true
    }

    mutating func note(_ error: any Error) {
      if policy == .collectAll || errors.isEmpty { errors.append(error) }
    }

    /// A task ends, and the body gets its room if it waits for it.
    ///
    /// Its error is noted in the same event, or the task that takes its room
    /// could be the first to fail.
    mutating func end(
      with error: (any Error)?
    ) -> CheckedContinuation<Void, Never>? {
      if let error { note(error) }
      defer { waiter = nil }
      if waiter == nil { running -= 1 }
      return waiter
    }
  }
}
