import Synchronization

/// Why a scope was cancelled; what Go's `ctx.Err()` tells.
nonisolated public enum CancellationReason: Sendable {
  /// Somebody cancelled the scope, or the task that it is part of.
  case cancelled
  /// The deadline of the scope, or of one around it, has passed.
  case deadlineExceeded
}

/// The deadline of a call of ``withDeadline(_:clock:_:)`` passed before its
/// body ended.
///
/// A call throws this for its own deadline only. When the deadline of an
/// outer call passes, the inner one is cancelled, like any other work inside,
/// and throws what its body throws.
nonisolated public struct DeadlineExceeded: Error {
  /// The deadline that passed, an instant of the clock of that call.
  public let deadline: any InstantProtocol
  /// What the body threw when it was cancelled: most often a
  /// `CancellationError`.
  public let underlying: any Error
}

// #region withDeadline
/// Performs work, and cancels it when a deadline passes.
///
/// The work runs in a child task of its own, or cancelling it would cancel
/// the caller too. When the deadline has passed already, the work runs
/// cancelled from its first line.
///
/// - Parameters:
///   - deadline: An instant of `clock`. A later one than that of a scope
///     around this one is allowed; the earlier one comes first.
///   - clock: What measures the time.
///   - body: The work. What it returns is returned, even when it is late:
///     the deadline does not undo what has been done.
/// - Returns: What the body returns.
/// - Throws: ``DeadlineExceeded`` if the body throws after this deadline has
///   cancelled it; otherwise the error of the body. A deadline that passes
///   after somebody else has cancelled the work is not an error.
///
/// **Cancellation**: cancelling the calling task cancels the body, which is
/// waited for. So is a body that ignores its cancellation, however long it
/// takes; see ``abandonedOnCancellation(executor:_:)``.
///
/// **Complexity**: two child tasks, one of which sleeps. Both have ended when
/// the call returns.
nonisolated(nonsending)
  public func withDeadline<C: Clock, Value: Sendable>(
    _ deadline: C.Instant,
    clock: C,
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value where C.Duration == Duration
{
  let scope = CancellationScope(deadline: deadline, clock: clock)
  do {
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask { try await scope.perform(body) }
      group.addTask {
        // Not `try?`: a sleep that was cancelled must not fire.
        do { try await clock.sleep(until: deadline, tolerance: nil) } catch {
          return nil
        }
        scope.cancel(because: .deadlineExceeded)
        return nil
      }
      var value: Value?
      while value == nil, let next = try await group.next() { value = next }
      // What `defer cancel()` is for: without this line a body that has
      // ended in time would wait for the timer.
      group.cancelAll()
      guard let value else { throw CancellationError() }
      return value
    }
  } catch {
    guard scope.hasExceededItsDeadline else { throw error }
    throw DeadlineExceeded(deadline: deadline, underlying: error)
  }
}
// #endregion

/// Performs work, and cancels it when it takes too long.
///
/// - Parameters:
///   - timeout: How long the work may take. If it is zero or negative, the
///     work runs cancelled from its first line; `now` plus the timeout must
///     be an instant that the clock can sleep until.
///   - clock: What measures the time.
///   - body: The work.
/// - Returns: What the body returns, even when it is late.
/// - Throws: As ``withDeadline(_:clock:_:)`` does.
///
/// **Cancellation**: that of ``withDeadline(_:clock:_:)``.
///
/// **Complexity**: that of ``withDeadline(_:clock:_:)``.
nonisolated(nonsending)
  public func withTimeout<C: Clock, Value: Sendable>(
    _ timeout: Duration,
    clock: C = ContinuousClock(),
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value where C.Duration == Duration
{
  let deadline = clock.now.advanced(by: timeout)
  return try await withDeadline(deadline, clock: clock, body)
}

// #region withCancellation
/// Performs work that can be cancelled without cancelling the caller.
///
/// - Parameter body: The work. It is given its scope, whose
///   ``CancellationScope/cancel()`` it may hand to anyone.
/// - Returns: What the body returns, even when it was cancelled.
/// - Throws: What the body throws.
///
/// **Cancellation**: cancelling the calling task cancels the body, which is
/// waited for.
///
/// **Complexity**: one child task.
nonisolated(nonsending)
  public func withCancellation<Value: Sendable>(
    _ body: @escaping @Sendable (CancellationScope) async throws -> Value
  ) async throws -> Value
{
  let scope = CancellationScope()
  return try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await scope.perform { try await body(scope) } }
    guard let value = try await group.next() else { throw CancellationError() }
    return value
  }
}
// #endregion

/// A node of the tree of cancellation: what is left of Go's `Context` where
/// the task itself carries cancellation.
///
/// Tasks, not scopes, are cancelled; `Task.isCancelled` says whether the
/// current one is. A scope adds what tasks do not know: the reason, and the
/// deadline.
nonisolated public final class CancellationScope: Sendable {
  /// The innermost scope around the current task.
  ///
  /// Child tasks inherit it. So does `Task {}`, which is *not* cancelled with
  /// the scope: it inherits the value only.
  @TaskLocal public static var current: CancellationScope?

  private let parent = CancellationScope.current
  private let deadline: (any InstantProtocol)?
  private let state = Mutex(CancellationState())

  fileprivate init() { deadline = nil }

  fileprivate init<C: Clock>(deadline: C.Instant, clock: C) {
    let inherited = parent?.deadline(on: clock)
    self.deadline = inherited.map { min($0, deadline) } ?? deadline
    if Task.isCancelled {
      inheritReason()
    } else if deadline <= clock.now {
      cancel(because: .deadlineExceeded)
    }
  }

  /// Why the scope was cancelled, or `nil` as long as it is not.
  ///
  /// The first reason stays. A scope has that of the outermost scope that
  /// was cancelled with it.
  public var reason: CancellationReason? { state.withLock { $0.reason } }

  /// When the scope is cancelled at the latest, if `clock` decides.
  ///
  /// - Parameter clock: Deadlines of clocks of other types are not looked at:
  ///   their instants cannot be compared.
  /// - Returns: The earliest deadline of this scope and of those around it.
  ///
  /// **Complexity**: O(*n*) in the number of scopes out to the next one that
  /// has such a deadline.
  public func deadline<C: Clock>(on clock: C) -> C.Instant? {
    deadline as? C.Instant ?? parent?.deadline(on: clock)
  }

  /// Cancels the body of the scope and every task below it, at once.
  ///
  /// When this returns, they are cancelled; they may still be at work. A
  /// second call, and one after the body has ended, changes nothing for them.
  /// The scopes and tasks around this one go on.
  ///
  /// **Complexity**: O(*n*) in the number of tasks below.
  public func cancel() { cancel(because: .cancelled) }

  fileprivate func cancel(because reason: CancellationReason) {
    let task = state.withLock { $0.cancel(because: reason) }
    guard let task else { return }
    // Not under the lock: this runs the cancellation handlers of every task
    // below, and they may ask for the reason, or cancel this scope again.
    task.cancel()
    state.withLock { $0.release() }?.resume()
  }

  fileprivate var hasExceededItsDeadline: Bool {
    state.withLock { $0.isOwn && $0.reason == .deadlineExceeded }
  }

  // #region perform
  /// Performs the body in the current task, which `cancel()` then cancels.
  fileprivate func perform<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let result: Result<Value, any Error> = await unsafe withUnsafeCurrentTask {
      task in
      unsafe begin(task)
      let result: Result<Value, any Error>
      do {
        result = .success(
          try await withTaskCancellationHandler {
            try await Self.$current.withValue(self, operation: body)
          } onCancel: {
            // Whoever has cancelled this task from outside left no reason.
            inheritReason()
          }
        )
      } catch {
        result = .failure(error)
      }
      await end()
      return result
    }
    return try result.get()
  }
  // #endregion

  private func begin(_ task: UnsafeCurrentTask?) {
    guard let task = unsafe task.map({ unsafe ScopeTask($0) }) else { return }
    // Cancelled before it began: by a deadline that had passed already.
    if state.withLock({ $0.begin(task) }) { task.cancel() }
  }

  /// Waits for other threads that are about to cancel the current task: it
  /// must not be gone while they do.
  private func end() async {
    guard state.withLock({ $0.end() }) else { return }
    await withCheckedContinuation { continuation in
      state.withLock { $0.wait(continuation) }?.resume()
    }
  }

  /// Takes the reason of the nearest scope that has one.
  ///
  /// A scope in between may have none yet: the handlers of inner tasks run
  /// before those of outer ones.
  private func inheritReason() {
    var ancestor = parent
    var reason: CancellationReason?
    while let scope = ancestor, reason == nil {
      reason = scope.reason
      ancestor = scope.parent
    }
    state.withLock { $0.inherit(reason ?? .cancelled) }
  }
}

/// What a scope knows; each method is one event.
nonisolated private struct CancellationState {
  private(set) var reason: CancellationReason?
  /// Whether the scope itself was cancelled, and not one around it.
  private(set) var isOwn = false
  /// The task of the body, while it runs.
  private var task: ScopeTask?
  private var hasEnded = false
  /// The calls that are cancelling the task right now.
  private var cancelling = 0
  /// The body's task, which has ended its work and waits for those calls.
  private var ending: CheckedContinuation<Void, Never>?

  /// - Returns: Whether the body is cancelled before it begins.
  mutating func begin(_ task: ScopeTask) -> Bool {
    self.task = task
    return reason != nil
  }

  /// - Returns: The task to cancel; ``release()`` must follow.
  mutating func cancel(because reason: CancellationReason) -> ScopeTask? {
    // A deadline that passes after the body has thrown must not explain
    // that error.
    guard self.reason == nil, !hasEnded else { return nil }
    self.reason = reason
    isOwn = true
    guard let task else { return nil }
    cancelling += 1
    return task
  }

  /// - Returns: Who waits for this.
  mutating func release() -> CheckedContinuation<Void, Never>? {
    cancelling -= 1
    guard cancelling == 0 else { return nil }
    defer { ending = nil }
    return ending
  }

  /// The task has been cancelled already, so that there is none to cancel.
  mutating func inherit(_ reason: CancellationReason) {
    if self.reason == nil { self.reason = reason }
  }

  /// - Returns: Whether the task must wait before it ends.
  mutating func end() -> Bool {
    task = nil
    hasEnded = true
    return cancelling > 0
  }

  /// - Returns: Whom to resume at once.
  mutating func wait(
    _ continuation: CheckedContinuation<Void, Never>
  ) -> CheckedContinuation<Void, Never>? {
    guard cancelling > 0 else { return continuation }
    ending = continuation
    return nil
  }
}

/// A running task that others may cancel.
///
/// Safe because cancelling is what an `UnsafeCurrentTask` allows from other
/// tasks, and ``CancellationState`` keeps the task from ending meanwhile.
@safe nonisolated private struct ScopeTask: @unchecked Sendable {
  private let task: UnsafeCurrentTask

  init(_ task: UnsafeCurrentTask) { unsafe self.task = task }

  func cancel() { unsafe task.cancel() }
}

// #region abandoned
/// Performs work, and stops waiting for it when the current task is cancelled.
///
/// For work that ignores cancellation, where the caller would rather go on
/// without it than wait. It is no way of stopping the work: this runs on in
/// the background, with everything that it holds, and its result is dropped.
///
/// - Parameters:
///   - executor: Where the work runs; `nil` is the default executor. It does
///     not follow the current task's preference.
///   - body: The work. It is cancelled, for what that helps.
/// - Returns: What the body returns.
/// - Throws: What the body throws, or `CancellationError` at the instant at
///   which the current task is cancelled.
///
/// **Cancellation**: the call returns at once and abandons the body.
///
/// **Complexity**: one unstructured task.
nonisolated(nonsending)
  public func abandonedOnCancellation<Value: Sendable>(
    executor: (any TaskExecutor)? = nil,
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value
{
  let first = FirstResult<Value>()
  // Unstructured, because a child task is always waited for.
  let task = Task(executorPreference: executor) {
    do {
      first.settle(.success(try await body()))
    } catch {
      first.settle(.failure(error))
    }
  }
  return try await withTaskCancellationHandler {
    try await withCheckedThrowingContinuation { first.wait($0) }
  } onCancel: {
    // In this order, or the body could answer its cancellation first.
    first.settle(.failure(CancellationError()))
    task.cancel()
  }
}
// #endregion

/// The first of several results, for one waiter.
nonisolated private final class FirstResult<Value: Sendable>: Sendable {
  private typealias Continuation = CheckedContinuation<Value, any Error>

  private enum State {
    case open
    case awaited(CheckedContinuation<Value, any Error>)
    case settled(Result<Value, any Error>)
    case done
  }

  private let state = Mutex(State.open)

  func settle(_ result: Result<Value, any Error>) {
    let waiter = state.withLock { state -> Continuation? in
      switch state {
      case .open:
        state = .settled(result)
        return nil
      case .awaited(let waiter):
        state = .done
        return waiter
      case .settled, .done: return nil
      }
    }
    waiter?.resume(with: result)
  }

  func wait(_ continuation: CheckedContinuation<Value, any Error>) {
    let result = state.withLock { state -> Result<Value, any Error>? in
      guard case .settled(let result) = state else {
        state = .awaited(continuation)
        return nil
      }
      state = .done
      return result
    }
    if let result { continuation.resume(with: result) }
  }
}
