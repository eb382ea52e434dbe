import Simulation
import Testing

@testable import Recipes

@Suite("context-cancellation")
struct ContextCancellationTests {
  private struct Broken: Error {}

  @Test("A deadline's error can be read, and tells which deadline came first")
  func errors() async throws {
    let expired = "throws deadline expired after 3.0 seconds"
    let seen = [expired, expired, "throws deadline expired"]
    try await everySchedule(sees: seen) { clock, _, see in
      let work = { try await clock.sleep(for: .seconds(9)) }
      for (outer, inner) in [(3, 6), (6, 3)] {
        await see {
          try await withDeadline(in: .seconds(outer), clock: clock) {
            try await withDeadline(in: .seconds(inner), clock: clock) {
              try await work()
            }
          }
        }
      }
      await see {
        try await withDeadline(clock.now, clock: clock) { try await work() }
      }
    }
  }

  @Test("A passed deadline cancels the first line; what comes of it counts")
  func passed() async throws {
    let seen = ["deadlineExpired", "late", "throws Broken()", "unspecified"]
    try await everySchedule(sees: seen) { clock, _, see in
      await see {
        await withDeadline(in: .seconds(Int64.min), clock: clock) {
          see(Task.cancellationReason)
          return "late"
        }
      }
      await see {
        try await withDeadline(in: .zero, clock: clock) { throw Broken() }
      }
      // The caller has been cancelled before.
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          await withDeadline(in: .zero, clock: clock) {
            see(Task.cancellationReason)
          }
        }
      }
    }
  }

  @Test("A clock that fails is no deadline: its body is waited for")
  func failingClock() async throws {
    try await everySchedule(sees: ["waited for"]) { clock, _, see in
      await see {
        try await withDeadline(in: .seconds(1), clock: OddClock(clock: clock)) {
          try await clock.sleep(for: .seconds(2))
          return "waited for"
        }
      }
    }
  }

  @Test("No deadline is too far away, and a cancelled task has its reason")
  func farAway() async {
    await #expect(withDeadline(in: .seconds(Int64.max)) { 1 } == 1)
    var reasons: [CancellationError.Reason?: Int] = [:]
    for round in 1...2_000 {
      await withDeadline(in: .microseconds(round % 50)) {
        while !Task.isCancelled { await Task.yield() }
        reasons[Task.cancellationReason, default: 0] += 1
      }
    }
    #expect(reasons == [.deadlineExpired: 2_000])
  }

  @Test("The first reason stays, also when an outer deadline expires later")
  func firstReason() async throws {
    let seen = ["nil", "unspecified", "throws CancellationError()", "true"]
    try await everySchedule(sees: seen) { clock, executor, see in
      await withDeadline(in: .seconds(3), clock: clock) {
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            await see {
              try await withDeadline(in: .seconds(9), clock: clock) {
                see(Task.cancellationReason)
                await deaf(executor) {
                  try await clock.sleep(for: .seconds(4))
                }
                see(Task.cancellationReason)
                try Task.checkCancellation()
              }
            }
          }
          try? await clock.sleep(for: .seconds(1))
          group.cancelAll()
        }
      }
      // Also of two at one instant.
      let call = Task(executorPreference: executor) {
        await withDeadline(in: .seconds(1), clock: clock) {
          try? await clock.sleep(for: .seconds(9))
          let first = Task.cancellationReason
          await deaf(executor) { try await clock.sleep(for: .seconds(1)) }
          see(Task.cancellationReason == first)
        }
      }
      try await clock.sleep(for: .seconds(1))
      call.cancel()
      await call.value
    }
  }

  @Test("A deadline is seen by its own clock, also where it cancels nothing")
  func activeDeadline() async throws {
    let seen = ["1.0 seconds", "true", "nil", "nil"]
    let rest = ["throws CancellationError()", "true", "nil"]
    let over = ["nil", "unspecified"]
    try await everySchedule(sees: seen + rest + over) { clock, executor, see in
      let task = await withDeadline(in: .seconds(1), clock: clock) {
        await withDeadline(in: .seconds(1 << 33)) {
          let task = Task(executorPreference: executor) {
            see(Task.activeDeadline(for: clock))
            see((Task.activeDeadline(for: .continuous) ?? .now) > .now)
            see(Task.activeDeadline(for: .suspending))
            try? await clock.sleep(for: .seconds(2))
            see(Task.cancellationReason)
            // It is not this error that the deadline explains.
            await see {
              try await withDeadline(in: .seconds(1 << 33)) {
                throw CancellationError()
              }
            }
            try? await clock.sleep(for: .seconds(9))
            see(Task.activeDeadline(for: clock))
            see(Task.cancellationReason)
          }
          await deaf(executor) { try await clock.sleep(for: .seconds(3)) }
          see(Task.isCancelled)
          return task
        }
      }
      see(Task.activeDeadline(for: clock))
      task.cancel()
      await task.value
    }
  }

  @Test("A call that has returned is forgotten, even if each starts the next")
  func ended() async throws {
    try await everySchedule(sees: ["true"]) { clock, executor, see in
      let alive = Alive()
      @Sendable func poll(_ left: Int) async {
        let clock = OddClock(clock: clock, held: alive.make())
        await withDeadline(in: .seconds(1), clock: clock) {
          guard left > 0 else { return }
          Task(executorPreference: executor) { await poll(left - 1) }
        }
      }
      await poll(100)
      try await clock.sleep(for: .seconds(1))
      see(alive.now == 0 && alive.most < 50)
    }
  }

  @Test("An abandoned body is not waited for, and goes on")
  func abandoned() async throws {
    let seen = ["throws deadline expired after 1.0 seconds", "1.0 seconds"]
    let rest = ["3.0 seconds", "deadlineExpired", "throws Broken()"]
    try await everySchedule(sees: seen + rest) { clock, executor, see in
      await see {
        try await withDeadline(in: .seconds(1), clock: clock) {
          try await abandonOnCancellation(executor: executor) {
            await deaf(executor) { try await clock.sleep(for: .seconds(3)) }
            see(clock.now)
            see(Task.cancellationReason)
          }
        }
      }
      see(clock.now)
      try await clock.sleep(for: .seconds(3))
      await see {
        try await abandonOnCancellation(executor: executor) { throw Broken() }
      }
    }
  }

  @Test("No abandoned body answers its cancellation", arguments: [true, false])
  func abandonedAnswersNothing(isLate: Bool) async {
    let call = Task(executorPreference: InlineExecutor()) {
      if !isLate { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      try await abandonOnCancellation(executor: InlineExecutor()) {
        #expect(isLate, "begins in a cancelled task")
        try? await Task.sleep(for: .seconds(3_600))
      }
    }
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
  }
}
