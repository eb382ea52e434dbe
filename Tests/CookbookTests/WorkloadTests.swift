import Cookbook
import Synchronization
import Testing

@Suite("Workloads")
struct WorkloadTests {
  @Test("A workload is timed from where it has been prepared to its end")
  func measured() async throws {
    let clock = HandSetClock()
    let workload = Workload("", promise: "", operations: 3) {
      clock.advance(by: .seconds(60))
    } run: { count in
      clock.advance(by: .seconds(count))
      return count
    }
    let (result, elapsed) = try await workload.measure(3, clock: clock)
    #expect(result == 3)
    #expect(elapsed == .seconds(3))
  }

  @Test(
    "Delays count as long as the longest of a part of them",
    arguments: [(0, 1), (50, 2), (99, 2), (100, 7)]
  )
  func delays(percent: Int, longest: Int) async throws {
    let workload = Workload("", promise: "", operations: 3, percent: percent) {
      count in
      [7, 1, 2].prefix(count).map { .seconds($0) }
    }
    let (result, elapsed) = try await workload.measure(3)
    #expect(result == 3)
    #expect(elapsed == .seconds(3 * longest))
  }
}

/// A clock that stands still until it is told.
private final class HandSetClock: Clock {
  private let time = Mutex(ContinuousClock.now)

  var now: ContinuousClock.Instant { time.withLock { $0 } }
  var minimumResolution: Duration { .zero }

  func advance(by duration: Duration) { time.withLock { $0 += duration } }

  /// Nobody sleeps by this clock.
  func sleep(
    until deadline: ContinuousClock.Instant,
    tolerance: Duration?
  ) async throws {
    throw CancellationError()
  }
}
