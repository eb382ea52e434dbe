import Simulation
import Testing

@testable import Recipes

@Suite("operation-timeout")
struct OperationTimeoutTests {
  private struct Busy: Error {}

  @Test("An attempt sees the end of its share, and what is left is shared")
  func shares() async throws {
    let ends = ["2.0 seconds", "3.5 seconds", "6.0 seconds"]
    try await everySchedule(
      sees: ends + ["throws out of time, attempts: 3, last error: Busy()"]
    ) { clock, _, see in
      await see {
        try await withAttempts(3, in: .seconds(6), clock: clock) { attempt in
          see(Task.activeDeadline(for: clock))
          try await clock.sleep(for: .seconds(attempt == 0 ? 1 : 9))
          throw Busy()
        }
      }
    }
  }

  @Test("An earlier deadline around the call counts instead")
  func around() async throws {
    let seen = [
      "1.0 seconds", "2.0 seconds", "throws out of time, attempts: 2",
    ]
    try await everySchedule(sees: seen) { clock, _, see in
      await see {
        try await withDeadline(in: .seconds(2), clock: clock) {
          try await withAttempts(2, in: .seconds(9), clock: clock) { _ in
            see(Task.activeDeadline(for: clock))
            try await clock.sleep(for: .seconds(9))
          }
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

  @Test("Nothing is tried when time is up, or the caller is cancelled before")
  func noTime() async throws {
    let seen = ["throws out of time, attempts: 0"]
    let cancelled = "throws CancellationError()"
    try await everySchedule(sees: seen + [cancelled]) { clock, _, see in
      await see {
        try await withAttempts(3, in: .seconds(Int64.min), clock: clock) {
          see($0)
        }
      }
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          await see {
            try await withAttempts(3, in: .seconds(1), clock: clock) { see($0) }
          }
        }
      }
    }
  }

  @Test("An attempt that never looks can be let go, and the next one starts")
  func letGo() async throws {
    try await everySchedule(sees: ["1.0 seconds"]) { clock, executor, see in
      await see {
        try await withAttempts(2, in: .seconds(2), clock: clock) { attempt in
          if attempt == 1 { return clock.now }
          return try await abandonOnCancellation(executor: executor) {
            try await Task(executorPreference: executor) {
              try await clock.sleep(for: .seconds(9))
              return clock.now
            }.value
          }
        }
      }
      try await clock.sleep(for: .seconds(9))
    }
  }

  private actor Cache {
    var attempts: [Int] = []

    func load() async throws -> [Int] {
      try await withAttempts(
        3,
        in: .seconds(Int64.max),
        pause: { _ in .microseconds(Int.random(in: 0...50)) }
      ) { attempt in
        assertIsolated()
        attempts.append(attempt)
        if attempt < 2 { throw Busy() }
        return attempts
      }
    }
  }

  @Test("Attempts stay on the caller's actor, and no timeout is too long")
  func actors() async throws {
    #expect(try await Cache().load() == [0, 1, 2])
  }
}
