import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("context-cancellation")
struct ContextCancellationTests {
  private struct Broken: Error {}

  // MARK: Deadlines

  @Test("A deadline cancels on time, and its error can be read by a person")
  func deadline() async throws {
    let seen = [
      "throws deadline expired after 3.0 seconds", "3.0 seconds",
      "throws deadline expired", "5.0 seconds", "false",
    ]
    try await always(seen) { simulation, see in
      let clock = simulation.clock
      await see {
        try await withDeadline(in: .seconds(3), clock: clock) {
          try await clock.sleep(for: .seconds(9))
        }
      }
      see(clock.now)
      await see {
        try await withDeadline(
          clock.now.advanced(by: .seconds(2)),
          clock: clock
        ) {
          try await clock.sleep(for: .seconds(9))
        }
      }
      see(clock.now)
      see(Task.isCancelled)
    }
  }

  @Test(
    "A deadline that has passed cancels the body from its first line",
    arguments: [Duration.zero, .seconds(-5)]
  )
  func passed(timeout: Duration) async throws {
    let seen = [
      "deadlineExpired", "throws deadline expired after 0.0 seconds",
      "0.0 seconds", "7",
    ]
    try await always(seen) { simulation, see in
      let clock = simulation.clock
      await see {
        try await withDeadline(in: timeout, clock: clock) {
          see(Task.cancellationReason)
          try await clock.sleep(for: .seconds(9))
        }
      }
      see(clock.now)
      await see { await withDeadline(in: timeout, clock: clock) { 7 } }
    }
  }

  @Test("A cancelled caller is cancelled, even where a deadline has passed")
  func cancelledBeforehand() async throws {
    try await always(["unspecified", "throws CancellationError()"]) {
      simulation,
      see in
      await withTaskGroup { group in
        group.cancelAll()
        group.addTask {
          await see {
            try await withDeadline(in: .zero, clock: simulation.clock) {
              see(Task.cancellationReason)
              try Task.checkCancellation()
            }
          }
        }
      }
    }
  }

  @Test("What comes after the deadline is a result and an error like others")
  func late() async throws {
    let seen = ["late", "2.0 seconds", "throws Broken()", "4.0 seconds"]
    try await always(seen) { simulation, see in
      let clock = simulation.clock
      for fails in [false, true] {
        await see {
          try await withDeadline(in: .seconds(1), clock: clock) {
            await deafSleep(.seconds(2), simulation)
            if fails { throw Broken() }
            return "late"
          }
        }
        see(clock.now)
      }
    }
  }

  @Test("What ends at the instant of the deadline counts as it was ordered")
  func tie() async throws {
    let seen = try await every { simulation in
      let clock = simulation.clock
      return await text {
        try await withDeadline(in: .seconds(3), clock: clock) {
          try await clock.sleep(for: .seconds(3))
          try Task.checkCancellation()
          return "value"
        }
      }
    }
    #expect(seen == ["value", "throws deadline expired after 3.0 seconds"])
  }

  @Test("An error is explained by a deadline only if this cancelled the body")
  func errorInTime() async throws {
    let seen = try await every { simulation in
      let clock = simulation.clock
      let wasCancelled = Mutex(false)
      let ending = await text {
        try await withDeadline(in: .seconds(3), clock: clock) {
          try await clock.sleep(for: .seconds(3))
          wasCancelled.withLock { $0 = Task.isCancelled }
          throw CancellationError()
        }
      }
      return "\(wasCancelled.withLock { $0 }): \(ending)"
    }
    #expect(
      seen == [
        "false: throws CancellationError()",
        "true: throws deadline expired after 3.0 seconds",
      ]
    )
  }

  @Test("A cancellation during nested timeouts is no deadline, at any step")
  func cancelledDuringTimeout() async throws {
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<100) {
      simulation in
      let clock = simulation.clock
      return await text {
        try await withDeadline(in: .seconds(9), clock: clock) {
          try await withDeadline(in: .seconds(8), clock: clock) {
            try await clock.sleep(for: .seconds(1))
            try await clock.sleep(for: .seconds(1))
            return "done"
          }
        }
      }
    } check: {
      if $0 != "done", $0 != "throws CancellationError()" { throw Broken() }
    }
    #expect(runs > 500)
  }

  @Test("The first reason stays, also in a body that takes long to end")
  func firstReason() async throws {
    let seen = [
      "nil", "unspecified", "throws CancellationError()", "deadlineExpired",
      "throws deadline expired after 1.0 seconds",
    ]
    try await always(seen) { simulation, see in
      let clock = simulation.clock
      // Cancelled, and then an outer deadline expires.
      await withDeadline(in: .seconds(3), clock: clock) {
        await see {
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
              try await withDeadline(in: .seconds(9), clock: clock) {
                see(Task.cancellationReason)
                await deafSleep(.seconds(4), simulation)
                see(Task.cancellationReason)
                try Task.checkCancellation()
              }
            }
            try await clock.sleep(for: .seconds(1))
            group.cancelAll()
            try await group.next()
          }
        }
      }
      // The other way round.
      let task = Task(executorPreference: simulation.executor) {
        await see {
          try await withDeadline(in: .seconds(1), clock: clock) {
            await deafSleep(.seconds(4), simulation)
            see(Task.cancellationReason)
            try Task.checkCancellation()
          }
        }
      }
      try await clock.sleep(for: .seconds(2))
      task.cancel()
      await task.value
    }
  }

  @Test("In nested calls the earliest deadline counts, and is what is told")
  func nested() async throws {
    for (outer, inner) in [(3, 6), (6, 3)] {
      let error = "throws deadline expired after 3.0 seconds"
      try await always(["3.0 seconds", error, error, "3.0 seconds"]) {
        simulation,
        see in
        let clock = simulation.clock
        await see {
          try await withDeadline(in: .seconds(outer), clock: clock) {
            let ending = await text {
              try await withDeadline(in: .seconds(inner), clock: clock) {
                see(Task.activeDeadline(for: clock))
                try await clock.sleep(for: .seconds(9))
              }
            }
            see(ending)
            throw outer < inner
              ? CancellationError()
              : DeadlineExpired(timeout: .seconds(inner))
          }
        }
        see(clock.now)
      }
    }
  }

  @Test("Deadlines of another kind of clock are looked at by themselves")
  func clocks() async throws {
    try await always(["3.0 seconds", "true", "nil", "nil"]) { simulation, see in
      let clock = simulation.clock
      await withDeadline(in: .seconds(3), clock: clock) {
        await withDeadline(in: .seconds(1_000)) {
          see(Task.activeDeadline(for: clock))
          see((Task.activeDeadline(for: .continuous) ?? .now) > .now)
          see(Task.activeDeadline(for: .suspending))
        }
      }
      see(Task.activeDeadline(for: clock))
    }
  }

  @Test("An unstructured task inherits the deadline, but is not cancelled")
  func unstructured() async throws {
    try await always(["1.0 seconds", "nil", "true"]) { simulation, see in
      let clock = simulation.clock
      await withDeadline(in: .seconds(1), clock: clock) {
        await Task(executorPreference: simulation.executor) {
          see(Task.activeDeadline(for: clock))
          try? await clock.sleep(for: .seconds(2))
          see(Task.cancellationReason)
        }.value
        see(Task.isCancelled)
      }
    }
  }

  @Test("A timeout may last for centuries, and nil is a result")
  func extremes() async throws {
    #expect(await withDeadline(in: .seconds(1 << 33)) { Int?.none } == nil)
    let error = await #expect(throws: DeadlineExpired.self) {
      try await withDeadline(in: .milliseconds(1)) {
        try await Task.sleep(for: .seconds(1 << 30))
      }
    }
    #expect(error?.timeout == .milliseconds(1))
  }

  // MARK: Actors and threads

  private actor Cache {
    var pages: [String] = []

    func load() async throws -> [String] {
      try await withDeadline(in: .seconds(3_600)) {
        pages.append("first")
        try await Task.sleep(for: .microseconds(1))
        assertIsolated()
        pages.append("second")
        return pages
      }
    }

    func compute() async -> Int {
      await withDeadline(in: .milliseconds(1)) {
        var rounds = 1
        while !Task.isCancelled { rounds += 1 }
        return rounds
      }
    }
  }

  @Test("The body stays on its actor, and is cancelled while it computes there")
  func actors() async throws {
    let cache = Cache()
    #expect(try await cache.load() == ["first", "second"])
    #expect(await cache.compute() > 0)
  }

  @Test("On real threads a call comes to its value or its deadline, never both")
  func stress() async throws {
    let rounds = 2_000
    var expired = 0
    for round in 0..<rounds {
      let timeout = Duration.microseconds(round % 40)
      do {
        let value = try await withDeadline(in: timeout) {
          for _ in 0..<round % 7 { await Task.yield() }
          try Task.checkCancellation()
          return round
        }
        #expect(value == round)
      } catch is DeadlineExpired {
        expired += 1
      }
    }
    print("context-cancellation: \(expired) of \(rounds) deadlines expired")
    #expect(expired > 0 && !Task.isCancelled)
  }

  // MARK: Bodies that do not listen

  @Test("An abandoned body goes on, cancelled; one that ends is not abandoned")
  func abandoned() async throws {
    let seen = [
      "throws deadline expired after 3.0 seconds", "3.0 seconds",
      "deadlineExpired", "9.0 seconds", "7", "throws Broken()",
    ]
    try await always(seen) { simulation, see in
      let (clock, executor) = (simulation.clock, simulation.executor)
      await see {
        try await withDeadline(in: .seconds(3), clock: clock) {
          try await abandonOnCancellation(executor: executor) {
            await deafSleep(.seconds(9), simulation)
            see(Task.cancellationReason)
            see(clock.now)
          }
        }
      }
      see(clock.now)
      try await clock.sleep(for: .seconds(7))
      await see { try await abandonOnCancellation(executor: executor) { 7 } }
      await see {
        try await abandonOnCancellation(executor: executor) { throw Broken() }
      }
    }
  }

  /// Runs what is ready at once, in the middle of whatever made it ready.
  private final class InlineExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
      unsafe UnownedJob(job).runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  @Test("An abandoned body cannot answer its own cancellation")
  func abandonedAnswersNothing() async {
    let executor = InlineExecutor()
    let call = Task {
      try await abandonOnCancellation(executor: executor) {
        try? await Task.sleep(for: .seconds(3_600))
        return "cut short"
      }
    }
    await Task.yield()
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
  }

  // MARK: What the tests are made of

  /// What a run has seen, as text.
  private final class Log: Sendable {
    private let entries = Mutex<[String]>([])

    var all: [String] { entries.withLock { $0 } }

    func callAsFunction(_ value: (any Sendable)?) {
      entries.withLock { $0.append(value.map { "\($0)" } ?? "nil") }
    }

    /// Sees what a body comes to.
    func callAsFunction(
      _ body: () async throws -> some Sendable
    ) async {
      self(await text(body))
    }
  }

  /// Every one of 50 schedules sees the same.
  private func always(
    _ wanted: [String],
    _ body: @escaping @Sendable (Simulation, Log) async throws -> Void
  ) async throws {
    _ = try await Simulation.explore(seeds: 0..<50) { simulation in
      let log = Log()
      try await body(simulation, log)
      return log.all
    } check: {
      if $0 != wanted { throw Unexpected(seen: $0) }
    }
  }

  private struct Unexpected: Error { var seen: [String] }

  /// All that some schedule comes to.
  private func every(
    _ body: @escaping @Sendable (Simulation) async -> String
  ) async throws -> Set<String> {
    let seen = Mutex<Set<String>>([])
    let all = try await Simulation.exhaust(limit: 10_000, body) { value in
      _ = seen.withLock { $0.insert(value) }
    }
    #expect(all.isComplete)
    return seen.withLock { $0 }
  }
}

/// What a body comes to.
private func text(_ body: () async throws -> some Sendable) async -> String {
  do { return "\(try await body())" } catch { return "throws \(error)" }
}

/// Sleeps through its cancellation.
private func deafSleep(_ time: Duration, _ simulation: Simulation) async {
  // Unstructured, because a cancelled task cannot sleep.
  await Task(executorPreference: simulation.executor) {
    try? await simulation.clock.sleep(for: time)
  }.value
}
