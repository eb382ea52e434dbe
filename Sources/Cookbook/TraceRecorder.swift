import Synchronization

/// Collects the events of one run, stamped with the time of its clock.
///
/// A demo's closures record; a pattern never knows that it is watched.
package final class TraceRecorder: Sendable {
  /// The run's clock: continuous for a real run, virtual for a simulated one.
  package let clock: any Clock<Duration>
  private let elapsed: @Sendable () -> Duration
  private let isOver: @Sendable () -> Bool
  private let recorded = Mutex<[Event]>([])

  /// Begins a run now, on `clock`.
  ///
  /// - Parameters:
  ///   - clock: The run's clock.
  ///   - isOver: Whether what happens now belongs to the run no more.
  package init<C: Clock>(
    clock: C,
    isOver: @escaping @Sendable () -> Bool = { false }
  ) where C.Duration == Duration {
    let start = clock.now
    self.clock = clock
    self.isOver = isOver
    self.elapsed = { start.duration(to: clock.now) }
  }

  /// Appends an event that happens now.
  ///
  /// - Complexity: O(1), amortised.
  package func record(_ name: String, lane: String, item: String = "") {
    if isOver() { return }
    // Stamped under the lock: stamps must not decrease along the trace.
    recorded.withLock { events in
      let at = elapsed().microseconds
      events.append(Event(at: at, lane: lane, name: name, item: item))
    }
  }

  /// What has been recorded so far.
  package var events: [Event] { recorded.withLock { $0 } }

  /// The number of events recorded so far, and the last of them.
  package var progress: (count: Int, last: Event?) {
    recorded.withLock { ($0.count, $0.last) }
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
