import Simulation
import Testing

/// Three workers that take turns, meet in an actor and sleep.
private func mixture(_ run: Simulation) async throws -> [Int] {
  actor Record {
    var order: [Int] = []
    func append(_ number: Int) { order.append(number) }
  }
  let record = Record()
  try await withThrowingTaskGroup(of: Void.self) { group in
    for index in 0..<3 {
      group.addTask {
        await record.append(index)
        try await run.clock.sleep(for: .milliseconds(index))
        await record.append(index)
      }
    }
    try await group.waitForAll()
  }
  return await record.order
}

private func lostWakeUp(_ run: Simulation) async throws -> Bool {
  try await Fault.all[0].body(run, false)
}

/// Children of a discarding group, which wakes its parent only once, each of
/// several jobs.
private func children(
  _ delays: [[Duration]],
  _ run: Simulation
) async throws -> Bool {
  try await withThrowingDiscardingTaskGroup { group in
    for delays in delays {
      group.addTask {
        for delay in delays { try await run.clock.sleep(for: delay) }
      }
    }
  }
  return true
}

@Suite("Seeds and schedules") struct ScheduleTests {
  @Test("The same seed gives the same run")
  func sameSeed() async throws {
    let digests = Shared<Set<UInt64>>([])
    for _ in 0..<2 {
      // Twice over all, so that the seeds meet different neighbours.
      let exploration = try await Simulation.explore(
        seeds: 0..<2_000,
        mixture
      )
      #expect(exploration.schedules == 2_000)
    }
    for seed in UInt64(0)..<100 {
      let first = try await Simulation.run(seed: seed, mixture)
      let second = try await Simulation.run(seed: seed, mixture)
      #expect(first.digest == second.digest)
      #expect(first.value == second.value)
      #expect(first.schedule == second.schedule)
      digests.update { _ = $0.insert(first.digest) }
    }
    #expect(digests.value.count > 50)
  }

  @Test("A schedule repeats the run that it was taken from")
  func replay() async throws {
    for seed in UInt64(0)..<100 {
      let run = try await Simulation.run(seed: seed, mixture)
      let again = try await Simulation.replay(schedule: run.schedule, mixture)
      #expect(again.digest == run.digest)
      #expect(again.value == run.value)
      #expect(again.elapsed == run.elapsed)
    }
  }

  @Test("A failure repeats from its seed, its schedule and the shortened one")
  func replayOfFailure() async throws {
    let failure = await #expect(throws: SimulationFailure.self) {
      try await Simulation.explore(seeds: 0..<1_000, lostWakeUp)
    }
    let found = try #require(failure)
    let seed = try #require(found.seed)
    let shortened = try #require(found.shortened)
    #expect(shortened.choices.count <= found.schedule.choices.count)
    let again = await #expect(throws: SimulationFailure.self) {
      try await Simulation.run(seed: seed, lostWakeUp)
    }
    #expect(again?.reason.name == found.reason.name)
    #expect(again?.schedule == found.schedule)
    for schedule in [found.schedule, shortened] {
      let again = await #expect(throws: SimulationFailure.self) {
        try await Simulation.replay(schedule: schedule, lostWakeUp)
      }
      #expect(again?.reason.name == found.reason.name)
      #expect(again?.seed == nil)
    }
  }

  @Test("An exploration reports the smallest seed that fails")
  func smallestSeed() async throws {
    let failures = await Simulation.failures(seeds: 0..<200, lostWakeUp)
    let seeds = failures.compactMap(\.seed)
    #expect(seeds == seeds.sorted())
    #expect(Set(seeds).count == failures.count)
    let failure = await #expect(throws: SimulationFailure.self) {
      try await Simulation.explore(seeds: 0..<200, lostWakeUp)
    }
    #expect(failure?.seed == seeds.first)
  }

  @Test(
    "A schedule is written and read",
    arguments: zip([[], [0], [2, 0, 11]], ["-", "0", "2,0,11"])
  )
  func text(_ choices: [Int], _ text: String) {
    let schedule = Simulation.Schedule(choices: choices)
    #expect("\(schedule)" == text)
    #expect(Simulation.Schedule(text) == schedule)
  }

  @Test(
    "What is no schedule is not read",
    arguments: ["", "a", "1,", ",1", "-1", "1 2", "--"]
  )
  func noSchedule(_ text: String) {
    #expect(Simulation.Schedule(text) == nil)
  }

  @Test("A choice beyond the ready jobs wraps around")
  func wrapping() async throws {
    let run = try await Simulation.replay(schedule: "4") { run in
      try await children([[], []], run)
    }
    #expect(run.schedule == "0")
  }

  @Test("An exploration whose task is cancelled stops and says so")
  func cancelledExploration() async throws {
    let isComplete = try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await Simulation.explore(seeds: 0..<UInt64.max) { _ in true }
          .isComplete
      }
      group.cancelAll()
      return try await group.next()
    }
    #expect(isComplete == false)
  }

  @Test("A range without seeds has no runs")
  func noSeeds() async throws {
    let exploration = try await Simulation.explore(seeds: 5..<5) { _ in true }
    #expect(exploration.schedules == 0)
    #expect(exploration.isComplete)
  }
}

@Suite("All schedules") struct ExhaustTests {
  /// (nk)! / (k!)ⁿ interleavings of n children of k jobs each.
  ///
  /// A child that sleeps k − 1 times for no time has k jobs. The parent runs
  /// before them and after them, and has no choice.
  @Test(
    "Children of several jobs interleave in every way once",
    arguments: [
      (1, 1, 1), (2, 1, 2), (3, 1, 6), (4, 1, 24),
      (2, 2, 6), (2, 3, 20), (3, 2, 90),
    ]
  )
  func interleavings(_ n: Int, _ k: Int, _ expected: Int) async throws {
    let delays = Array(
      repeating: Array(repeating: Duration.zero, count: k - 1),
      count: n
    )
    let exhaustion = try await Simulation.exhaust(limit: 1_000) { run in
      try await children(delays, run)
    }
    #expect(exhaustion.schedules == expected)
    #expect(exhaustion.isComplete)
  }

  /// All three start before time moves, in 3! orders.
  ///
  /// With one deadline they
  /// wake in 3! orders, with three deadlines in one.
  @Test("Sleepers branch where they start and where they wake together")
  func sleepers() async throws {
    let equal = try await Simulation.exhaust(limit: 1_000) { run in
      try await children(
        Array(repeating: [.milliseconds(1)], count: 3),
        run
      )
    }
    #expect(equal.schedules == 36)
    let different = try await Simulation.exhaust(limit: 1_000) { run in
      try await children(
        (1...3).map { [.milliseconds($0)] },
        run
      )
    }
    #expect(different.schedules == 6)
  }

  /// 2 · 2: a group wakes its parent when the first child has ended.
  ///
  /// So: which child first (2), then the parent or the other (2);
  /// after that there is one ready job at a time.
  @Test("A parent that is woken by each child is scheduled too")
  func parent() async throws {
    let exhaustion = try await Simulation.exhaust(limit: 1_000) { _ in
      await withTaskGroup(of: Int.self) { group in
        for index in 0..<2 { group.addTask { index } }
        return await group.reduce(0, +)
      }
    }
    #expect(exhaustion.schedules == 4)
  }

  @Test("The limit stops the search, and the result says so")
  func limit() async throws {
    for (limit, isComplete) in [(5, false), (6, true), (7, true)] {
      let exhaustion = try await Simulation.exhaust(limit: limit) { run in
        try await children([[], [], []], run)
      }
      #expect(exhaustion.schedules == min(limit, 6))
      #expect(exhaustion.isComplete == isComplete)
    }
  }

  @Test("A fault is found, and a repaired program is proved for all schedules")
  func faults() async throws {
    let failure = await #expect(throws: SimulationFailure.self) {
      try await Simulation.exhaust(limit: 10_000, lostWakeUp)
    }
    #expect(failure?.reason.name == "deadlock")
    let exhaustion = try await Simulation.exhaust(limit: 10_000) { run in
      try await Fault.all[0].body(run, true)
    }
    #expect(exhaustion.isComplete)
  }
}

@Suite("Cancellation everywhere") struct CancelTests {
  @Test("There is one cancelled run for each step")
  func count() async throws {
    let body: @Sendable (Simulation) async throws -> Bool = { _ in
      for _ in 0..<4 { await Task.yield() }
      return true
    }
    var steps = 0
    for seed in UInt64(0)..<5 {
      steps += try await Simulation.run(seed: seed, body).steps
    }
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<5, body)
    #expect(runs == steps)
  }

  @Test("Every one of the steps is cancelled")
  func places() async throws {
    let seen = Shared<Set<Int>>([])
    _ = try await Simulation.cancelEverywhere(seeds: 0..<1) { run in
      for index in 0..<4 {
        if Task.isCancelled {
          seen.update { _ = $0.insert(index) }
          return true
        }
        try? await run.clock.sleep(for: .zero)
      }
      return true
    }
    #expect(seen.value == [0, 1, 2, 3])
  }

  @Test("A failure tells the step, and that step fails again")
  func failure() async throws {
    let body: @Sendable (Simulation) async throws -> Bool = { run in
      let lock = AsyncLock()
      try await together(
        {
          // Not given back by the error: the fault.
          await lock.lock()
          try await run.clock.sleep(for: .milliseconds(1))
          lock.unlock()
        },
        {
          await lock.lock()
          lock.unlock()
        }
      )
      return true
    }
    _ = try await Simulation.explore(seeds: 0..<100, body)
    let failure = await #expect(throws: SimulationFailure.self) {
      try await Simulation.cancelEverywhere(seeds: 0..<100, body)
    }
    let found = try #require(failure)
    #expect(found.reason.name == "deadlock")
    let step = try #require(found.cancelledAtStep)
    for schedule in [found.schedule, try #require(found.shortened)] {
      let again = await #expect(throws: SimulationFailure.self) {
        try await Simulation.replay(
          schedule: schedule,
          cancelAtStep: step,
          body
        )
      }
      #expect(again?.reason.name == "deadlock")
    }
  }

  @Test("Only an error of cancellation is allowed, and only when cancelled")
  func errors() async throws {
    let other = await #expect(throws: SimulationFailure.self) {
      try await Simulation.cancelEverywhere(seeds: 0..<1) { _ in
        if Task.isCancelled { throw Wrong() }
        return true
      }
    }
    #expect(other?.reason.name == "thrown")
    let early = await #expect(throws: SimulationFailure.self) {
      try await Simulation.cancelEverywhere(seeds: 0..<1) { _ -> Bool in
        throw CancellationError()
      }
    }
    #expect(early?.reason.name == "thrown")
    #expect(early?.cancelledAtStep == nil)
  }

  @Test("A step beyond the end cancels nothing")
  func beyond() async throws {
    let run = try await Simulation.run(seed: 1, cancelAtStep: 100) { _ in
      Task.isCancelled
    }
    #expect(!run.value)
    #expect(!run.wasCancelled)
  }
}

@Suite("Reports") struct ReportTests {
  private func failure(
    _ body: @escaping @Sendable (Simulation) async throws -> Bool
  ) async throws -> SimulationFailure {
    let failure = await #expect(throws: SimulationFailure.self) {
      try await Simulation.run(seed: 3, options: .init(grace: .seconds(120))) {
        try await body($0)
      }
    }
    return try #require(failure)
  }

  @Test("A deadlock lists the tasks, when they last ran, and their notes")
  func deadlock() async throws {
    let found = await #expect(throws: SimulationFailure.self) {
      try await Simulation.run(seed: 3) { run in
        try await together {
          try await run.clock.sleep(for: .milliseconds(5))
          run.note("forgotten")
          run.note("waits for the letter")
          await Waiters().wait()
        }
        return true
      }
    }
    guard case .deadlock(let waiting) = found?.reason else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(
      waiting == [
        "root (last ran in step 0, at 0.0 seconds)",
        "task 1 (last ran in step 2, at 0.005 seconds): waits for the letter",
      ]
    )
    #expect(found?.at.offset == .milliseconds(5))
    #expect(found?.description.contains("seed: 3") == true)
  }

  @Test("An exploration's deadlock lists them as well")
  func exploredDeadlock() async throws {
    let found = await #expect(throws: SimulationFailure.self) {
      try await Simulation.explore(seeds: 0..<10) { run in
        run.note("waits for nobody")
        await Waiters().wait()
        return true
      }
    }
    guard case .deadlock(let waiting) = found?.reason else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(waiting.count == 1)
    #expect(waiting.first?.contains("waits for nobody") == true)
  }

  @Test("An escaped task that waits for ever is found by its task-local value")
  func escaped() async throws {
    let waiters = Waiters()
    let found = try await failure { _ in
      Task { await waiters.wait() }
      return true
    }
    #expect(found.reason.name == "outlived")
    while waiters.count == 0 { await Task.yield() }
    waiters.wakeAll()
  }

  @Test("A ready job that is left is a leak")
  func readyJob() async throws {
    let found = try await failure { run in
      Task(executorPreference: run.executor) {}
      return true
    }
    guard case .outlived(let left) = found.reason else {
      Issue.record("\(found)")
      return
    }
    #expect(left.count == 1)
    #expect(left.first?.hasPrefix("a ready job of task 1") == true)
  }

  @Test("A leak does not hide the error that the body threw")
  func leakAndError() async throws {
    let found = try await failure { run in
      Task(executorPreference: run.executor) {}
      throw Wrong("in the body")
    }
    #expect(found.reason.name == "outlived")
    #expect("\(found)".contains("in the body"))
  }

  @Test("A sleep on the virtual clock by a task outside is reported")
  func foreignSleep() async throws {
    let found = try await failure { run in
      let task = Task { try await run.clock.sleep(for: .seconds(1)) }
      defer { task.cancel() }
      try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
      return true
    }
    #expect(found.reason.name == "foreignThread")
  }

  @Test("A sleeper that a thread outside cancels is reported")
  func foreignCancellation() async throws {
    let found = try await failure { run in
      let sleeper = Task(executorPreference: run.executor) {
        try await run.clock.sleep(for: .seconds(1))
      }
      let waiters = Waiters()
      Task.detached {
        while waiters.count == 0 { await Task.yield() }
        sleeper.cancel()
        waiters.wakeAll()
      }
      await waiters.wait()
      _ = await sleeper.result
      return true
    }
    #expect(found.reason.name == "foreignThread")
  }

  @Test("A failed run is cancelled and drained")
  func drained() async throws {
    let ends = Shared(0)
    _ = try await failure { run in
      defer { ends.update { $0 += 1 } }
      let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
      try await together(
        {
          defer { ends.update { $0 += 1 } }
          for await _ in stream {}
        },
        {
          defer { ends.update { $0 += 1 } }
          try? await Task.sleep(for: .seconds(3600))
        },
        {
          try? await Task.sleep(for: .milliseconds(1))
          continuation.yield(1)
        }
      )
      return true
    }
    #expect(ends.value == 3)
  }

  @Test("An error of the body and one of the check are told apart")
  func errors() async throws {
    let thrown = try await failure { _ in throw Wrong("in the body") }
    #expect(thrown.reason.name == "thrown")
    #expect("\(thrown)".contains("in the body"))
    let rejected = await #expect(throws: SimulationFailure.self) {
      try await Simulation.explore(
        seeds: 0..<1,
        { _ in true },
        check: { _ in throw Wrong("in the check") }
      )
    }
    #expect(rejected?.reason.name == "rejected")
    #expect("\(String(describing: rejected))".contains("in the check"))
  }

  @Test("A single run is judged as well, and a rejected one fails again")
  func rejectedRuns() async throws {
    let check: @Sendable ([Int]) throws -> Void = {
      if $0 != $0.sorted() { throw Wrong("in the check") }
    }
    let found = try #require(
      await #expect(throws: SimulationFailure.self) {
        try await Simulation.explore(seeds: 0..<100, mixture, check: check)
      }
    )
    let seed = try #require(found.seed)
    let runs: [@Sendable () async throws -> Void] = [
      { _ = try await Simulation.run(seed: seed, mixture, check: check) },
      {
        _ = try await Simulation.replay(
          schedule: found.schedule,
          mixture,
          check: check
        )
      },
    ]
    for (run, seed) in zip(runs, [seed, nil]) {
      let again = await #expect(throws: SimulationFailure.self) {
        try await run()
      }
      #expect(again?.reason.name == "rejected")
      #expect("\(String(describing: again))".contains("in the check"))
      #expect(again?.seed == seed)
      #expect(again?.schedule == found.schedule)
      #expect(again?.steps == found.steps)
    }
    _ = try await Simulation.run(seed: seed, mixture)
  }

  @Test("A rejected run that was cancelled tells the step")
  func rejectedAndCancelled() async throws {
    let again = await #expect(throws: SimulationFailure.self) {
      try await Simulation.replay(
        schedule: "-",
        cancelAtStep: 0,
        { _ in Task.isCancelled },
        check: { if $0 { throw Wrong() } }
      )
    }
    #expect(again?.reason.name == "rejected")
    #expect(again?.cancelledAtStep == 0)
  }

  @Test("A value that differs between two runs of a seed is reported")
  func differentValues() async throws {
    let runs = Shared(0)
    let found = await #expect(throws: SimulationFailure.self) {
      try await Simulation.explore(
        seeds: 0..<10,
        options: .init(threads: 1)
      ) { _ in
        runs.update {
          $0 += 1
          return $0
        }
      }
    }
    #expect(found?.reason.name == "nondeterministic")
    #expect(found?.seed == 0)
  }

  @Test("The bound on steps is exact")
  func stepLimit() async throws {
    let body: @Sendable (Simulation) async throws -> Bool = { run in
      for _ in 0..<9 { try await run.clock.sleep(for: .zero) }
      return true
    }
    let run = try await Simulation.run(
      seed: 1,
      options: .init(stepLimit: 10),
      body
    )
    #expect(run.steps == 10)
    let found = await #expect(throws: SimulationFailure.self) {
      try await Simulation.run(seed: 1, options: .init(stepLimit: 9), body)
    }
    #expect(found?.reason.name == "stepLimit")
    #expect(found?.steps == 9)
  }
}
