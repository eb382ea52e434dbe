import Synchronization

/// Sends a request again if it is slow or fails, and takes the first answer.
///
/// ```swift
/// let hedge = HedgedRequest(after: .milliseconds(50))
/// // In any task, as often as you like:
/// let page = try await hedge.send { try await fetch(replicas[$0]) }
/// ```
///
/// - The next attempt starts when none has started for the delay, and at once
///   when one fails.
/// - The first attempt that succeeds wins. The others are cancelled at that
///   instant, and have ended on return.
/// - All calls share one budget of further attempts. A call for which it has
///   no room goes on with the attempts that it has.
///
/// Only for requests that may be carried out more than once.
nonisolated final class HedgedRequest<C: Clock>: Sendable
where C.Duration == Duration {
  private let attempts: Int
  private let sleep: @Sendable () async throws -> Void
  /// How many further attempts may start now.
  private let room: Mutex<Int>

  /// Creates a way to send requests.
  ///
  /// - Parameters:
  ///   - delay: How long an attempt may take before the next one starts; best
  ///     the 95th percentile of what they take.
  ///   - attempts: How many one call has, at least 1.
  ///   - budget: How many further attempts of all calls run at once.
  ///   - clock: What measures the delay. If it fails, by a sleep that throws,
  ///     the next attempt starts only when one fails.
  init(
    after delay: Duration,
    attempts: Int = 2,
    budget: Int = .max,
    clock: C = ContinuousClock()
  ) {
    precondition(attempts > 0, "a request needs at least one attempt")
    self.attempts = attempts
    room = Mutex(budget)
    // `ContinuousClock` traps where the instant is out of its range.
    let delay = min(max(delay, .zero), .seconds(1 << 40))
    sleep = {
      // A cancelled sleep of the continuous clock itself is kept until its time.
      if clock is ContinuousClock {
        try await Task.sleep(for: delay, clock: .timers)
      } else {
        try await clock.sleep(for: delay)
      }
    }
  }

  /// Sends a request, and returns the first answer.
  ///
  /// **Cancellation** cancels all attempts, and starts none. An attempt that
  /// never looks is waited for, as is a loser that never looks.
  ///
  /// **Complexity**: two child tasks for each attempt but the last.
  ///
  /// - Parameter request: One attempt; they are numbered from 0.
  /// - Returns: What the first attempt that succeeds returns.
  /// - Throws: If all fail, the first error; if the task is cancelled, that of
  ///   the attempt that ends last, or `CancellationError` if none started. One
  ///   that fails before another one succeeds is not an error.
  nonisolated(nonsending) func send<Value: Sendable>(
    _ request:
      @escaping @concurrent @Sendable (_ attempt: Int) async throws ->
      Value
  ) async throws -> Value {
    let answer = await withTaskGroup(of: Event<Value>.self) { group in
      var (started, running) = (0, 0)
      var problem: any Error = CancellationError()
      func start() {
        let attempt = started
        guard attempt < attempts, !Task.isCancelled,
          attempt == 0 || takeRoom()
        else { return }
        (started, running) = (started + 1, running + 1)
        group.addTask {
          defer { if attempt > 0 { self.room.withLock { $0 += 1 } } }
          do {
            return .answered(try await request(attempt))
          } catch {
            return .failed(error)
          }
        }
        if started == attempts { return }
        group.addTask {
          // Not `try?`: after a sleep that was cut short none is due.
          do { try await self.sleep() } catch { return .cutShort }
          return .due(started: attempt + 1)
        }
      }
      start()
      // What is due later than the next attempt is not due any more.
      while running > 0, let event = await group.next() {
        switch event {
        case .answered(let value):
          group.cancelAll()
          return Result<Value, any Error>.success(value)
        case .failed(let error):
          if running == started || Task.isCancelled { problem = error }
          running -= 1
          start()
        case .due(started):
          start()
        case .due, .cutShort: break
        }
      }
      group.cancelAll()
      return .failure(problem)
    }
    return try answer.get()
  }

  private func takeRoom() -> Bool {
    room.withLock { room in
      guard room > 0 else { return false }
      room -= 1
      return true
    }
  }

  private enum Event<Value: Sendable>: Sendable {
    case answered(Value), failed(any Error)
    /// The delay is over since so many attempts had started.
    case due(started: Int)
    /// The delay was cancelled, or its clock has failed.
    case cutShort
  }
}
