package import Simulation
import Synchronization

/// Collects the events of one run, stamped with the time of its clock.
///
/// A demo's closures record; a pattern never knows that it is watched.
package final class TraceRecorder: Sendable {
  /// The run's clock: continuous for a real run, virtual for a simulated one.
  package let clock: any Clock<Duration>
  private let stopwatch: Stopwatch
  private let position: @Sendable () -> Simulation.Position?
  private let recorded = Mutex<
    (events: [Event], positions: [Simulation.Position?])
  >(([], []))

  /// Begins a run now, on `clock`; `position` tells where in a schedule the
  /// caller is, where there is one to know.
  package init<C: Clock>(
    clock: C,
    position: @escaping @Sendable () -> Simulation.Position? = { nil }
  ) where C.Duration == Duration {
    self.clock = clock
    self.position = position
    stopwatch = Stopwatch(clock: clock)
  }

  /// Appends an event that happens now.
  ///
  /// - Complexity: O(1), amortised.
  package func record(_ name: String, lane: String, item: String = "") {
    let position = position()
    // What waits for ever is cancelled in the end, to clear up, and that is no
    // part of the run.
    if position?.isAfterFailure == true { return }
    // Stamped under the lock: stamps must not decrease along the trace.
    recorded.withLock { recorded in
      let at = stopwatch.elapsed.microseconds
      recorded.positions.append(position)
      recorded.events.append(Event(at: at, lane: lane, name: name, item: item))
    }
  }

  /// What has been recorded so far.
  package var events: [Event] { recorded.withLock { $0.events } }

  /// Where each event happened.
  package var positions: [Simulation.Position?] {
    recorded.withLock { $0.positions }
  }

  /// The number of events recorded so far, and the last of them.
  package var progress: (count: Int, last: Event?) {
    recorded.withLock { ($0.events.count, $0.events.last) }
  }
}

extension Duration {
  /// The duration in whole microseconds, rounded towards zero.
  package var microseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
  }
}
