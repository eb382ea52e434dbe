import Synchronization

/// Performs work, and cancels it when it takes too long.
///
///     let page = try await withDeadline(in: .seconds(2)) {
///       try await download(url)
///     }
///
/// - Parameters:
///   - timeout: How long the work may take. If it is zero or negative, the
///     work runs cancelled from its first line.
///   - clock: What measures the time. If it fails, by a sleep that throws though
///     nobody has cancelled it, there is no deadline.
///   - body: The work, which stays on the caller's actor.
/// - Returns: What the body returns, even when it is late.
/// - Throws: What the body throws, but ``DeadlineExpired`` in the place of a
///   `CancellationError` that is due to a deadline, this one or one around it.
///   That the deadline has passed is not an error by itself.
///
/// **Cancellation**: cancelling the calling task cancels the body. The body
/// is waited for, also if it never looks; see
/// ``abandonOnCancellation(executor:body:)``.
///
/// **Complexity**: two child tasks, which have ended on return.
nonisolated(nonsending)
  func withDeadline<Return, Failure: Error, C: Clock>(
    in timeout: Duration,
    clock: C = ContinuousClock(),
    body: nonisolated(nonsending) () async throws(Failure) -> Return
  ) async throws(Failure) -> Return where C.Duration == Duration
{
  // `ContinuousClock` traps where the instant is out of its range.
  let timeout = min(max(timeout, .zero), .seconds(1 << 40))
  let expiration = clock.now.advanced(by: timeout)
  return try await DeadlineScope(expiration, clock, timeout: timeout)
    .perform(body, isolation: #isolation)
}

/// Performs work, and cancels it at an instant, which calls can share.
///
/// - Parameters:
///   - expiration: The deadline; it may have passed.
///   - clock: What measures the time.
///   - body: The work, which stays on the caller's actor.
/// - Returns: What the body returns, even when it is late.
/// - Throws: As ``withDeadline(in:clock:body:)`` does.
///
/// **Cancellation** and **Complexity**: those of the call with a timeout.
nonisolated(nonsending)
  func withDeadline<Return, Failure: Error, C: Clock>(
    _ expiration: C.Instant,
    clock: C = ContinuousClock(),
    body: nonisolated(nonsending) () async throws(Failure) -> Return
  ) async throws(Failure) -> Return where C.Duration == Duration
{
  try await DeadlineScope(expiration, clock)
    .perform(body, isolation: #isolation)
}

/// A deadline has expired, and the work was not done.
nonisolated struct DeadlineExpired: Error, CustomStringConvertible {
  /// How long the work could have taken; `nil` if an instant was given.
  let timeout: Duration?

  /// What a person wants to read: `deadline expired after 2.0 seconds`.
  var description: String {
    "deadline expired" + (timeout.map { " after \($0)" } ?? "")
  }
}

nonisolated extension CancellationError {
  /// Why a task was cancelled.
  enum Reason: Sendable {
    /// Somebody cancelled it.
    case unspecified
    /// A deadline expired.
    case deadlineExpired
  }
}

nonisolated extension Task where Success == Never, Failure == Never {
  /// Why the current task is cancelled; `nil` while it is not.
  ///
  /// A task sees the reason of the innermost call with a deadline around it,
  /// where the first reason stays. Where a group inside has cancelled only its
  /// tasks, that call has none yet: they see `.unspecified` until it has one.
  static var cancellationReason: CancellationError.Reason? {
    guard isCancelled else { return nil }
    return DeadlineScope.current?.cause is DeadlineExpired
      ? .deadlineExpired : .unspecified
  }

  /// When the current task is cancelled at the latest, if a clock decides.
  ///
  /// `Task {}` inherits the deadline, which does not cancel it, and the reason,
  /// until the innermost call around it has returned.
  ///
  /// - Parameter clock: Deadlines of clocks of other types are not looked at:
  ///   their instants cannot be compared.
  /// - Returns: The earliest deadline, or `nil`.
  ///
  /// **Complexity**: O(*n*) in the number of deadlines around the task.
  static func activeDeadline<C: Clock>(for clock: C) -> C.Instant? {
    DeadlineScope.current?.states.compactMap { $0.expiration as? C.Instant }
      .min()
  }
}

/// Performs work, and stops waiting for it when the current task is cancelled.
///
/// For work that never looks for cancellation. This does not stop it: it runs
/// on, with all that it holds, and its result is dropped.
///
/// - Parameters:
///   - executor: Where the work runs; `nil` is the default executor.
///   - body: The work.
/// - Returns: What the body returns.
/// - Throws: What the body throws, or `CancellationError` as soon as the
///   current task is cancelled.
///
/// **Cancellation**: the call throws at once; then the body is cancelled. If
/// the current task was cancelled before, the body does not begin.
///
/// **Complexity**: one unstructured task.
nonisolated(nonsending)
  func abandonOnCancellation<Return: Sendable>(
    executor: (any TaskExecutor)? = nil,
    body: @escaping @Sendable () async throws -> Return
  ) async throws -> Return
{
  try Task.checkCancellation()
  let (results, result) = AsyncStream<Result<Return, any Error>>.makeStream()
  // The body may go on, and ask for the reason, when calls around this one
  // have returned.
  let scope = DeadlineScope()
  // Unstructured, because a child task is always waited for.
  let task = Task(executorPreference: executor) {
    await DeadlineScope.$current.withValue(scope) {
      do {
        result.yield(.success(try await body()))
      } catch {
        result.yield(.failure(error))
      }
    }
    scope.end()
  }
  // After the stream has ended, or the body's answer to its own cancellation
  // could be taken for a result.
  defer {
    scope.noteCancellation()
    task.cancel()
  }
  // The stream ends when the current task is cancelled.
  for await result in results { return try result.get() }
  throw CancellationError()
}

/// What tasks inside of a deadline's call know of it.
nonisolated private final class DeadlineScope: Sendable {
  /// The innermost one around the current task.
  @TaskLocal static var current: DeadlineScope?

  struct State {
    let expiration: (any InstantProtocol)?
    let parent = DeadlineScope.current
    var cause: (any Error)?
  }

  /// `nil` when the call has returned: a `Task {}` that it has started may live
  /// on, and start the next one from a call of its own.
  private let state: Mutex<State?>
  private let hasPassed: Bool
  private let sleep: @Sendable () async throws -> Void
  private let expired: DeadlineExpired

  init<C: Clock>(_ expiration: C.Instant, _ clock: C, timeout: Duration? = nil)
  {
    state = Mutex(State(expiration: expiration))
    hasPassed = expiration <= clock.now
    // A cancelled sleep of the continuous clock itself is kept until its time.
    let now =
      clock is ContinuousClock ? expiration as? ContinuousClock.Instant : nil
    sleep = {
      if let now { return try await Task.sleep(until: now, clock: .timers) }
      try await clock.sleep(until: expiration, tolerance: nil)
    }
    expired = DeadlineExpired(timeout: timeout)
  }

  /// That of a body without a deadline of its own.
  init() {
    state = Mutex(State(expiration: nil))
    (hasPassed, sleep, expired) = (false, {}, DeadlineExpired(timeout: nil))
  }

  /// What it held is released outside the lock.
  func end() { _ = state.withLock { $0.take() } }

  /// This call and those around it, from the inside.
  var states: some Sequence<State> {
    sequence(state: self) { (scope: inout DeadlineScope?) in
      let state = scope?.state.withLock { $0 }
      scope = state?.parent
      return state
    }
  }

  /// What cancelled the body first: ``DeadlineExpired``, of this deadline or
  /// of one around it, or `CancellationError`.
  var cause: (any Error)? {
    states.lazy.compactMap(\.cause).first { _ in true }
  }

  private func note(_ cause: any Error) {
    state.withLock { if $0?.cause == nil { $0?.cause = cause } }
  }

  /// Notes a cancellation from outside, which brings no reason.
  ///
  /// A scope further out may have one; those in between learn it after this.
  func noteCancellation() { note(cause ?? CancellationError()) }

  /// Performs the body in a child task on the caller's actor; cancelling the
  /// current task would cancel the caller too.
  func perform<Return, Failure: Error>(
    _ body: nonisolated(nonsending) () async throws(Failure) -> Return,
    isolation: isolated (any Actor)?
  ) async throws(Failure) -> Return {
    defer { end() }
    let result = await withoutActuallyEscaping(body) { body in
      _ = isolation  // or the closure, and the body with it, left the actor
      let body = Transfer(value: body)
      return await Self.$current.withValue(self) {
        await race {
          await withTaskCancellationHandler {
            await self.result(of: body, isolation: isolation)
          } onCancel: {
            self.noteCancellation()
          }
        }
      }
    }
    return try result.value.get()
  }

  /// Waits for the body, and cancels it when the sleep ends first.
  ///
  /// Not on the caller's actor: a body that computes there, and looks for
  /// cancellation, would keep it from being cancelled.
  @concurrent private func race<Value: Sendable>(
    _ body: @escaping @Sendable () async -> Value
  ) async -> Value {
    await withTaskGroup(of: Value?.self) { group in
      if hasPassed, !Task.isCancelled {
        note(expired)
        group.cancelAll()
      }
      group.addTask { await body() }
      group.addTask {
        // Not `try?`: a sleep that was cut short is no expired deadline.
        do { try await self.sleep() } catch { return nil }
        self.note(self.expired)
        return nil
      }
      while true {
        let value = await group.next() ?? nil
        // Cancels the body when time is up, not when its clock has failed, and
        // the timer when the body has ended: the group would wait for it.
        if value != nil || state.withLock({ $0?.cause != nil }) {
          group.cancelAll()
        }
        if let value { return value }
      }
    }
  }

  /// Calls the body itself, for a closure would call it elsewhere.
  private func result<Return, Failure: Error>(
    of body: Transfer<
      nonisolated(nonsending) () async throws(Failure) -> Return
    >,
    isolation: isolated (any Actor)?
  ) async -> Transfer<Result<Return, Failure>> {
    // Swift 6.3.1 leaves out the hop to an actor that nothing here uses
    // (swiftlang/swift#88687).
    isolation?.preconditionIsolated()
    do throws(Failure) {
      return Transfer(value: .success(try await body.value()))
    } catch {
      // No cast succeeds where the body throws errors of one type only.
      guard error is CancellationError, Task.isCancelled,
        let expired = cause as? DeadlineExpired as? Failure
      else { return Transfer(value: .failure(error)) }
      return Transfer(value: .failure(expired))
    }
  }
}

/// What one task lends to another while it waits for that one's end.
nonisolated private struct Transfer<Value>: @unchecked Sendable {
  let value: Value
}
