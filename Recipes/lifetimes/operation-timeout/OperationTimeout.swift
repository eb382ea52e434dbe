/// Performs an operation until it succeeds, within one deadline.
///
///     let page = try await withAttempts(3, in: .seconds(2)) { attempt in
///       try await fetch(replicas[attempt])
///     }
///
/// - Each attempt may take an equal share of what is left of the time: here
///   the first takes up to 2/3 of a second. One whose share is over is
///   cancelled, and the next one starts. What an attempt does not use, the
///   others have.
/// - No share is below a tenth of the time, unless less is left. So `.max`
///   attempts are as many as there is time for.
/// - An earlier deadline around the call, by ``withDeadline(in:clock:body:)``
///   with a clock of the same type, counts instead. A `Task {}` inherits it
///   until that call has returned, a `Task.detached {}` does not.
/// - No attempt starts when time is up, and no pause is begun that would not
///   end before: the call throws at once.
///
/// Only for operations that may be carried out more than once: one that was
/// cancelled may have been carried out.
///
/// - Parameters:
///   - attempts: How many there are at most, at least 1.
///   - timeout: How long all of them may take.
///   - pause: How long to wait after so many have failed; by default not.
///   - clock: What measures the time.
///   - isTransient: Whether to try again after an error. It is not asked about
///     `CancellationError`, nor about ``DeadlineExpired``, which is tried again.
///     Some operations answer a cancellation by an error of their own, as
///     `URLSession` does by `URLError.cancelled`: try that again too.
///   - body: One attempt, which stays on the caller's actor; they are numbered
///     from 0. `Task.activeDeadline(for: clock)` is the end of its share.
/// - Returns: What the first attempt that succeeds returns, even if it is late.
/// - Throws: ``OutOfTime`` if the deadline passes, or would pass in a pause;
///   what the last attempt throws if it is not to be tried again. That an
///   attempt has failed before another one succeeds is not an error.
///
/// **Cancellation**: cancelling the calling task cancels the attempt or the
/// pause, and no attempt starts. An attempt that never looks is waited for,
/// also beyond its share, unless ``abandonOnCancellation(executor:body:)``
/// lets go of it.
///
/// **Complexity**: two child tasks for each attempt.
nonisolated(nonsending)
  func withAttempts<Return, C: Clock>(
    _ attempts: Int,
    in timeout: Duration,
    pause: (_ failed: Int) -> Duration = { _ in .zero },
    clock: C = ContinuousClock(),
    again isTransient: (any Error) -> Bool = { _ in true },
    body: nonisolated(nonsending) (_ attempt: Int) async throws -> Return
  ) async throws -> Return where C.Duration == Duration
{
  precondition(attempts > 0, "an operation needs at least one attempt")
  // `ContinuousClock` traps where the instant is out of its range.
  let timeout = min(max(timeout, .zero), .seconds(1 << 40))
  let own = clock.now.advanced(by: timeout)
  let end = min(Task.activeDeadline(for: clock) ?? own, own)
  let least = clock.now.duration(to: end) / 10
  var outcome = OutOfTime()
  while true {
    try Task.checkCancellation()
    let left = clock.now.duration(to: end)
    guard left > .zero else { throw outcome }
    let attempt = outcome.attempts
    do {
      let share = min(left, max(left / (attempts - attempt), least))
      return try await withDeadline(in: share, clock: clock) {
        try await body(attempt)
      }
    } catch {
      outcome.attempts += 1
      if error is CancellationError { throw error }
      if !(error is DeadlineExpired) {
        guard isTransient(error) else { throw error }
        outcome.lastError = error
      }
      if clock.now >= end { throw outcome }
      if outcome.attempts == attempts { throw error }
    }
    let pause = min(pause(outcome.attempts), .seconds(1 << 40))
    guard pause > .zero else { continue }
    if clock.now.advanced(by: pause) >= end { throw outcome }
    try await clock.sleep(for: pause)
  }
}

/// A deadline has passed before an attempt of
/// ``withAttempts(_:in:pause:clock:again:body:)`` succeeded.
nonisolated struct OutOfTime: Error, CustomStringConvertible {
  /// How many attempts were made.
  var attempts = 0
  /// The last error of an attempt that failed by itself; `nil` where each used
  /// up its share.
  var lastError: (any Error)?

  /// What a person wants to read: `out of time, attempts: 2, last error: busy`.
  var description: String {
    "out of time, attempts: \(attempts)"
      + (lastError.map { ", last error: \($0)" } ?? "")
  }
}
