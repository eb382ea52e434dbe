import Synchronization

/// Collects the events of one run, stamped with the time of its clock.
///
/// A demo's closures record; a pattern never knows that it is watched.
package final class TraceRecorder: Sendable {
  /// The run's clock: continuous for a real run, virtual for a simulated one.
  package let clock: any Clock<Duration>
  private let elapsed: @Sendable () -> Duration
  private let position: @Sendable () -> Position?
  private let recorded = Mutex<(events: [Event], positions: [Position?])>(
    ([], [])
  )

  /// Which task was in which step of a schedule when an event happened.
  package struct Position: Equatable, Sendable {
    package var step: Int
    package var task: String
    /// Whether the schedule took the task out of turn.
    package var isSwitch: Bool
    /// Whether the run is over: what waits for ever is cancelled in the end,
    /// to clear up, and that is no part of it.
    package var isOver: Bool

    package init(step: Int, task: String, isSwitch: Bool, isOver: Bool) {
      self.step = step
      self.task = task
      self.isSwitch = isSwitch
      self.isOver = isOver
    }
  }

  /// Begins a run now, on `clock`.
  ///
  /// - Parameters:
  ///   - clock: What says when an event happens.
  ///   - position: Where in a schedule the caller is, where there is one to
  ///     know.
  package init<C: Clock>(
    clock: C,
    position: @escaping @Sendable () -> Position? = { nil }
  ) where C.Duration == Duration {
    let start = clock.now
    self.clock = clock
    self.position = position
    self.elapsed = { start.duration(to: clock.now) }
  }

  /// Appends an event that happens now.
  ///
  /// - Complexity: O(1), amortised.
  package func record(_ name: String, lane: String, item: String = "") {
    // Stamped under the lock: stamps must not decrease along the trace.
    let position = position()
    if position?.isOver == true { return }
    recorded.withLock { recorded in
      let at = elapsed().microseconds
      recorded.positions.append(position)
      recorded.events.append(Event(at: at, lane: lane, name: name, item: item))
    }
  }

  /// What has been recorded so far.
  package var events: [Event] { recorded.withLock { $0.events } }

  /// Where each event happened.
  package var positions: [Position?] { recorded.withLock { $0.positions } }

  /// The number of events recorded so far, and the last of them.
  package var progress: (count: Int, last: Event?) {
    recorded.withLock { ($0.events.count, $0.events.last) }
  }

  /// Suspends for a whole number of milliseconds of the run's clock.
  ///
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  package func sleep(milliseconds: Int) async throws {
    try await clock.sleep(for: .milliseconds(milliseconds))
  }
}

extension Duration {
  /// The duration in whole microseconds, rounded towards zero.
  package var microseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
  }
}
