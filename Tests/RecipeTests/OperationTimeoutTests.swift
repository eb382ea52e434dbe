import Simulation
import Testing

@testable import Recipes

@Suite("operation-timeout")
struct OperationTimeoutTests {
  private struct Busy: Error {}

  @Test("An attempt sees the end of its share, of the earlier deadline")
  func shares() async throws {
    let ends = ["2.0 seconds", "3.5 seconds", "6.0 seconds"]
    let later = ["8.0 seconds", "9.5 seconds", "12.0 seconds"]
    let last = ["throws out of time, attempts: 3, last error: Busy()"]
    let most = ["throws out of time, attempts: 10"]
    let seen = ends + last + later + last + most
    try await everySchedule(sees: seen) { clock, _, see in
      for (outer, inner) in [(6, 99), (99, 6)] {
        await see {
          try await withDeadline(in: .seconds(outer), clock: clock) {
            try await withAttempts(3, in: .seconds(inner), clock: clock) {
              see(Task.activeDeadline(for: clock))
              try await clock.sleep(for: .seconds($0 == 0 ? 1 : 9))
              throw Busy()
            }
          }
        }
      }
      await see {
        try await withAttempts(.max, in: .seconds(9), clock: clock) { _ in
          try await clock.sleep(for: .seconds(9))
        }
      }
    }
  }

  @Test("A deadline inside ends its attempt, a cancellation inside the call")
  func inside() async throws {
    let times = ["0.0 seconds", "2.0 seconds"]
    let last = "throws deadline expired after 1.0 seconds"
    let rest = ["3.0 seconds", "throws CancellationError()"]
    try await everySchedule(sees: times + [last] + rest) { clock, _, see in
      for isCancelled in [false, true] {
        await see {
          try await withAttempts(
            2,
            in: .seconds(9),
            pause: { .seconds($0) },
            clock: clock
          ) { _ in
            see(clock.now)
            if isCancelled { throw CancellationError() }
            try await withDeadline(in: .seconds(1), clock: clock) {
              try await clock.sleep(for: .seconds(2))
            }
          }
        }
      }
    }
  }
}
