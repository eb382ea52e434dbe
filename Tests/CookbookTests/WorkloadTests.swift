import Cookbook
import Synchronization
import Testing

@Suite("Workloads")
struct WorkloadTests {
  @Test("A workload is timed from its beginning to its end")
  func whole() async throws {
    let clock = HandSetClock()
    let workload = Workload("", promise: "", operations: 3) { count in
      clock.advance(by: .seconds(count))
      return count
    }
    let (result, elapsed) = try await workload.measure(3, clock: clock)
    #expect(result == 3)
    #expect(elapsed == .seconds(3))
  }

  @Test(
    "A workload is timed from where it last restarts the stopwatch",
    arguments: [(0, 7), (1, 6), (2, 4), (3, 0)]
  )
  func restarted(restarts: Int, seconds: Int) async throws {
    let clock = HandSetClock()
    let workload = Workload("", promise: "", operations: 1) {
      count,
      stopwatch in
      for step in 0..<3 {
        clock.advance(by: .seconds(1 << step))
        if step < restarts { stopwatch.restart() }
      }
      return count
    }
    let (result, elapsed) = try await workload.measure(1, clock: clock)
    #expect(result == 1)
    #expect(elapsed == .seconds(seconds))
  }
}

/// A clock that stands still until it is told.
private final class HandSetClock: Clock {
  struct Instant: InstantProtocol {
    var offset = Duration.zero

    func advanced(by duration: Duration) -> Instant {
      Instant(offset: offset + duration)
    }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool {
      left.offset < right.offset
    }
  }

  private let time = Mutex(Instant())

  var now: Instant { time.withLock { $0 } }
  var minimumResolution: Duration { .zero }

  func advance(by duration: Duration) {
    time.withLock { $0 = $0.advanced(by: duration) }
  }

  /// Nobody sleeps by this clock.
  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    throw CancellationError()
  }
}
