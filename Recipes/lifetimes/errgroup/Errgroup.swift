import Synchronization

// #region withErrorGroup
/// Runs a group of tasks, and throws the first error of any of them after
/// all of them have ended.
///
/// The promises are those of `golang.org/x/sync/errgroup`. What an error does
/// to the rest of the group is for `policy` to say.
///
/// **Cancellation**: cancelling the calling task cancels every task of the
/// group, at once and whatever the policy. The call still waits for all of
/// them, and throws what they throw: cancellation itself is no error here.
///
/// **Complexity**: O(*t*) memory for *t* tasks that have not ended. Of those
/// that have, only the errors to be thrown are kept.
///
/// - Parameters:
///   - limit: How many tasks run at once, at least 1; `nil` sets no limit.
///   - policy: What an error does, by default cancel the others.
///   - body: Adds the tasks. Runs where the caller runs. An error that it
///     throws counts as the error of a task.
/// - Returns: What `body` returns, if there was no error.
/// - Throws: The first error in time; with ``ErrorGroup/Policy/collectAll``
///   an ``ErrorGroup/Errors`` with all of them.
nonisolated(nonsending) public func withErrorGroup<Result>(
  limit: Int? = nil,
  policy: ErrorGroup.Policy = .cancelOthers,
  _ body: nonisolated(nonsending) (inout ErrorGroup) async throws -> Result
) async throws -> Result {
  precondition(limit ?? 1 > 0, "a limit of \(limit ?? 0) lets nothing run")
  let ledger = ErrorGroup.Ledger(
    limit: limit,
    keepsAll: policy == .collectAll
  )
  let result: Result?
  do {
    // The discarding group cancels the rest as soon as one of its tasks
    // throws. A throwing task group would do so only when its parent comes
    // to ask for that task's result.
    result = try await withThrowingDiscardingTaskGroup { tasks in
      var group = ErrorGroup(tasks: tasks, ledger: ledger, policy: policy)
      do {
        return try await body(&group)
      } catch {
        ledger.note(error)
        if policy == .cancelOthers { throw error }
        return nil
      }
    }
  } catch {
    // Of errors that come close together the ledger knows the first.
    result = nil
  }
  let errors = ledger.errors
  guard let first = errors.first else {
    guard let result else { preconditionFailure("no result and no error") }
    return result
  }
  if policy == .collectAll { throw ErrorGroup.Errors(inOrder: errors) }
  throw first
}
// #endregion

/// A group of tasks that ``withErrorGroup(limit:policy:_:)`` waits for.
nonisolated public struct ErrorGroup {
  /// What the error of one task does to the others.
  public enum Policy: Sendable {
    /// Cancels them: what Go's `errgroup.WithContext` makes.
    case cancelOthers
    /// Nothing, and only the first error is thrown: Go's zero `Group`.
    case keepFirst
    /// Nothing, and every error is thrown.
    case collectAll
  }

  /// Every error of a group.
  public struct Errors: Error {
    /// In the order of time; never empty.
    public let inOrder: [any Error]
  }

  private var tasks: ThrowingDiscardingTaskGroup<any Error>
  fileprivate let ledger: Ledger
  private let policy: Policy

  fileprivate init(
    tasks: ThrowingDiscardingTaskGroup<any Error>,
    ledger: Ledger,
    policy: Policy
  ) {
    self.tasks = tasks
    self.ledger = ledger
    self.policy = policy
  }

  /// Whether the tasks of this group are cancelled, by an error or from
  /// outside.
  public var isCancelled: Bool { tasks.isCancelled }

  // #region add
  /// Starts a task as soon as fewer than the limit run.
  ///
  /// Suspends while the group is full. The task starts even if the group is
  /// cancelled by then, as with Go's: it starts cancelled.
  ///
  /// **Cancellation**: does not end the wait, which ends when a task does.
  ///
  /// - Parameter operation: The task. Its error is the group's.
  nonisolated(nonsending) public mutating func add(
    _ operation: @escaping @Sendable () async throws -> Void
  ) async {
    if !ledger.enter() {
      await unsafe withUnsafeContinuation { continuation in
        unsafe ledger.wait(Waiter(continuation: continuation))?.resume()
      }
    }
    start(operation)
  }

  /// Starts a task only if fewer than the limit run.
  ///
  /// - Parameter operation: The task. Its error is the group's.
  /// - Returns: Whether it was started. Never `false` without a limit.
  public mutating func tryAdd(
    _ operation: @escaping @Sendable () async throws -> Void
  ) -> Bool {
    guard ledger.enter() else { return false }
    start(operation)
    return true
  }
  // #endregion

  // #region start
  private mutating func start(
    _ operation: @escaping @Sendable () async throws -> Void
  ) {
    // A task that has failed leaves room before the runtime has seen its
    // error: whoever takes that room must be cancelled all the same.
    if policy == .cancelOthers && ledger.hasErrors { tasks.cancelAll() }
    tasks.addTask { [ledger, policy] in
      // After the error is noted, or the task that takes this one's room
      // could be the first to fail.
      defer { ledger.leave() }
      do {
        try await operation()
      } catch {
        ledger.note(error)
        if policy == .cancelOthers { throw error }
      }
    }
  }
  // #endregion

  // #region ledger
  /// The body of the group, while it waits for room.
  ///
  /// Not a checked continuation, which costs a tenth of a task. Safe because
  /// whoever resumes it has taken it out of the ledger, under the lock.
  @safe fileprivate struct Waiter: Sendable {
    let continuation: UnsafeContinuation<Void, Never>

    func resume() { unsafe continuation.resume() }
  }

  /// How many tasks run, who waits for room, and what has gone wrong.
  fileprivate final class Ledger: Sendable {
    private struct State {
      var running = 0
      /// At most one: only the body of the group adds tasks.
      var waiter: Waiter?
      var errors: [any Error] = []
    }

    private let limit: Int
    private let keepsAll: Bool
    private let state = Mutex(State())

    init(limit: Int?, keepsAll: Bool) {
      self.limit = limit ?? .max
      self.keepsAll = keepsAll
    }

    var errors: [any Error] { state.withLock { $0.errors } }
    var hasErrors: Bool { state.withLock { !$0.errors.isEmpty } }

    /// Takes room for a task if there is any.
    func enter() -> Bool {
      state.withLock { state in
        guard state.running < limit else { return false }
        state.running += 1
        return true
      }
    }

    /// Takes room, or leaves word of who waits for it.
    ///
    /// - Returns: The waiter, if it need not wait.
    func wait(_ waiter: Waiter) -> Waiter? {
      state.withLock { state in
        guard state.running == limit else {
          state.running += 1
          return waiter
        }
        state.waiter = waiter
        return nil
      }
    }

    /// Hands the room of an ended task to whoever waits for it.
    func leave() {
      let waiter = state.withLock { state in
        defer { state.waiter = nil }
        if state.waiter == nil { state.running -= 1 }
        return state.waiter
      }
      waiter?.resume()
    }

    func note(_ error: any Error) {
      state.withLock { state in
        if keepsAll || state.errors.isEmpty { state.errors.append(error) }
      }
    }
  }
  // #endregion
}

/// Only the body of a group adds tasks to it, as with the standard library's.
@available(*, unavailable)
extension ErrorGroup: Sendable {}
