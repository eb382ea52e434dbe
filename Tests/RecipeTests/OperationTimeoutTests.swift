import Simulation
import Testing

@testable import Recipes

@Suite("operation-timeout")
struct OperationTimeoutTests {
  private struct Busy: Error {}
  private struct Gone: Error {}

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
    // That of another clock only cancels.
    let error = await #expect(throws: DeadlineExpired.self) {
      try await withDeadline(in: .milliseconds(1), clock: SuspendingClock()) {
        try await withAttempts(2, in: .seconds(7_200)) { _ in
          try await Task.sleep(for: .seconds(3_600))
        }
      }
    }
    #expect(error?.timeout == .milliseconds(1))
  }

  @Test("A deadline inside of an attempt ends that attempt only")
  func inside() async throws {
    let seen = ["0.0 seconds", "2.0 seconds"]
    let last = "throws deadline expired after 1.0 seconds"
    try await everySchedule(sees: seen + [last]) { clock, _, see in
      await see {
        try await withAttempts(
          2,
          in: .seconds(9),
          pause: { .seconds($0) },
          clock: clock,
          again: { _ in false }
        ) { _ in
          see(clock.now)
          try await withDeadline(in: .seconds(1), clock: clock) {
            try await clock.sleep(for: .seconds(2))
          }
        }
      }
    }
  }

  @Test("A cancellation that comes from inside is not tried again")
  func cancelledInside() async throws {
    try await everySchedule(
      sees: ["0", "throws CancellationError()"]
    ) { clock, _, see in
      await see {
        try await withAttempts(2, in: .seconds(9), clock: clock) { attempt in
          see(attempt)
          throw CancellationError()
        }
      }
    }
  }

  @Test("Nothing is tried when time is up, or the caller is cancelled before")
  func noTime() async throws {
    let seen = ["throws out of time, attempts: 0"]
    let cancelled = "throws CancellationError()"
    try await everySchedule(sees: seen + seen + [cancelled]) { clock, _, see in
      for timeout in [Duration.zero, .seconds(Int64.min)] {
        await see {
          try await withAttempts(3, in: timeout, clock: clock) { see($0) }
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
    // No timeout is too long.
    await #expect(throws: Never.self) {
      try await withAttempts(3, in: .seconds(Int64.max)) { _ in }
    }
  }

  @Test("What is late counts, and what fails late is tried no more")
  func late() async throws {
    let seen = ["late", "throws out of time, attempts: 1, last error: Busy()"]
    try await everySchedule(
      sees: seen + ["throws Gone()"]
    ) { clock, executor, see in
      for error: (any Error)? in [nil, Busy(), Gone()] {
        await see {
          try await withAttempts(
            2,
            in: .seconds(1),
            clock: clock,
            again: { $0 is Busy }
          ) { _ in
            try await Task(executorPreference: executor) {
              try await clock.sleep(for: .seconds(2))
            }.value
            if let error { throw error }
            return "late"
          }
        }
      }
    }
  }

  @Test("An attempt that never looks can be let go, and the next one starts")
  func letGo() async throws {
    try await everySchedule(
      sees: ["1.0 seconds", "1"]
    ) { clock, executor, see in
      await see {
        try await withAttempts(2, in: .seconds(2), clock: clock) { attempt in
          if attempt == 1 { see(clock.now) }
          return try await abandonOnCancellation(executor: executor) {
            if attempt == 0 {
              try await Task(executorPreference: executor) {
                try await clock.sleep(for: .seconds(9))
              }.value
            }
            return attempt
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
        in: .seconds(3_600),
        pause: { _ in .microseconds(Int.random(in: 0...50)) }
      ) { attempt in
        assertIsolated()
        attempts.append(attempt)
        if attempt < 2 { throw Busy() }
        return attempts
      }
    }
  }

  @Test("Attempts stay on the caller's actor")
  func actors() async throws {
    #expect(try await Cache().load() == [0, 1, 2])
  }
}
