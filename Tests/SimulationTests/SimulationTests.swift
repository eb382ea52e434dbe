import Dispatch
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
  @Test("A seed, or the schedule of its run, gives the same run")
  func replay() async throws {
    // It runs each seed twice, beside different neighbours.
    let exploration = try await Simulation.explore(seeds: 0..<500, mixture)
    #expect(exploration.schedules == 500)
    var digests: Set<UInt64> = []
    for seed in UInt64(0)..<100 {
      let run = try await Simulation.run(seed: seed, mixture)
      for again in [
        try await Simulation.run(seed: seed, mixture),
        try await Simulation.replay(schedule: run.schedule, mixture),
      ] {
        #expect(again.digest == run.digest)
        #expect(again.value == run.value)
        #expect(again.elapsed == run.elapsed)
        #expect(again.schedule == run.schedule)
      }
      digests.insert(run.digest)
    }
    #expect(digests.count > 50)
  }

  @Test("A failure repeats from its seed, its schedule and the shortened one")
  func replayOfFailure() async throws {
    let found = try await failure {
      try await Simulation.explore(seeds: 0..<1_000, lostWakeUp)
    }
    #expect(found.waiting.contains { $0.hasSuffix(": waits for the flag") })
    let seed = try #require(found.seed)
    let failing = await Simulation.failures(
      seeds: 0..<seed + 100,
      lostWakeUp
    ).compactMap(\.seed)
    #expect(failing.first == seed)
    #expect(failing == failing.sorted())
    #expect(Set(failing).count == failing.count)
    let shortened = try #require(found.shortened)
    #expect(shortened.choices.count <= found.schedule.choices.count)
    let again = try await failure {
      try await Simulation.run(seed: seed, lostWakeUp)
    }
    #expect(again.reason.name == found.reason.name)
    #expect(again.schedule == found.schedule)
    for schedule in [found.schedule, shortened] {
      let again = try await failure {
        try await Simulation.replay(schedule: schedule, lostWakeUp)
      }
      #expect(again.reason.name == found.reason.name)
      #expect(again.seed == nil)
    }
  }

  @Test("A shortened schedule fails with the very error of the whole one")
  func shortened() async throws {
    struct Other: Error {}
    let body: @Sendable (Simulation) async throws -> Bool = { run in
      let order = try await ShortestFailureTests.order(of: 3, run)
      if order == [2, 1, 0] { throw Wrong() }
      throw Other()
    }
    let failures = await Simulation.failures(seeds: 0..<100, body)
    let seed = try #require(
      failures.first {
        if case .thrown(is Wrong) = $0.reason { true } else { false }
      }?.seed
    )
    let found = try await failure {
      try await Simulation.explore(seeds: seed..<seed + 1, body)
    }
    #expect(found.shortened == "2,1")
  }

  @Test("A schedule is written and read, and nothing else is read")
  func text() {
    for (choices, text) in [([], "-"), ([0], "0"), ([2, 0, 11], "2,0,11")] {
      let schedule = Simulation.Schedule(choices: choices)
      #expect("\(schedule)" == text)
      #expect(Simulation.Schedule(text) == schedule)
    }
    for text in ["", "a", "1,", ",1", "-1", "1 2", "--"] {
      #expect(Simulation.Schedule(text) == nil, "\(text)")
    }
  }

  @Test("A choice beyond the ready jobs wraps around")
  func wrapping() async throws {
    let run = try await Simulation.replay(schedule: "4") { run in
      try await children([[], []], run)
    }
    #expect(run.schedule == "0")
  }

  @Test("No range, number of threads or grace is too large or too small")
  func extremes() async throws {
    var options = Simulation.Options(grace: .seconds(Int64.max))
    options.threads = 0
    for bound in [1, 1 << 63, .max] as [UInt64] {
      let found = try await failure { [options] in
        try await Simulation.explore(seeds: 0..<bound, options: options) { _ in
          await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume() }
          }
          throw CancellationError()
        }
      }
      #expect(found.seed == 0)
    }
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
}

@Suite("All schedules") struct ExhaustTests {
  /// (nk)! / (k!)ⁿ interleavings of n children of k jobs each.
  ///
  /// A child that sleeps k − 1 times for no time has k jobs. The parent runs
  /// before them and after them, and has no choice.
  @Test("Children of several jobs interleave in every way once")
  func interleavings() async throws {
    for (n, k, expected) in [
      (1, 1, 1), (2, 1, 2), (4, 1, 24), (2, 2, 6), (2, 3, 20), (3, 2, 90),
    ] {
      let delays = Array(
        repeating: Array(repeating: Duration.zero, count: k - 1),
        count: n
      )
      let exhaustion = try await Simulation.exhaust(limit: 1_000) { run in
        try await children(delays, run)
      }
      #expect(exhaustion.schedules == expected, "\(n), \(k)")
      #expect(exhaustion.isComplete)
    }
  }

  /// All three start before time moves, in 3! orders.
  ///
  /// With one deadline they
  /// wake in 3! orders, with three deadlines in one.
  @Test("Sleepers branch where they start and where they wake together")
  func sleepers() async throws {
    for (deadlines, expected) in [([1, 1, 1], 36), ([1, 2, 3], 6)] {
      let exhaustion = try await Simulation.exhaust(limit: 1_000) { run in
        try await children(deadlines.map { [.milliseconds($0)] }, run)
      }
      #expect(exhaustion.schedules == expected)
    }
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
    let found = try await failure {
      try await Simulation.exhaust(limit: 10_000, lostWakeUp)
    }
    #expect(found.reason.name == "deadlock")
    let exhaustion = try await Simulation.exhaust(limit: 10_000) { run in
      try await Fault.all[0].body(run, true)
    }
    #expect(exhaustion.isComplete)
  }
}

@Suite("Cancellation everywhere") struct CancelTests {
  @Test("There is one cancelled run for each step, and each is cancelled")
  func places() async throws {
    let seen = Shared<Set<Int>>([])
    let body: @Sendable (Simulation) async throws -> Bool = { run in
      for index in 0..<4 {
        if Task.isCancelled {
          seen.update { _ = $0.insert(index) }
          return true
        }
        try? await run.clock.sleep(for: .zero)
      }
      return true
    }
    let steps = try await Simulation.run(seed: 0, body).steps
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<5, body)
    #expect(runs == 5 * steps)
    #expect(seen.value == [0, 1, 2, 3])
  }

  @Test("A failure tells the step, and that step fails again")
  func failureTellsStep() async throws {
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
    let found = try await failure {
      try await Simulation.cancelEverywhere(seeds: 0..<100, body)
    }
    #expect(found.reason.name == "deadlock")
    let step = try #require(found.cancelledAtStep)
    for schedule in [found.schedule, try #require(found.shortened)] {
      let again = try await failure {
        try await Simulation.replay(
          schedule: schedule,
          cancelAtStep: step,
          body
        )
      }
      #expect(again.reason.name == "deadlock")
    }
  }

  @Test("What a cancelled run throws or returns is judged like any other")
  func errors() async throws {
    let other = try await failure {
      try await Simulation.cancelEverywhere(seeds: 0..<1) { _ in
        if Task.isCancelled { throw Wrong() }
        return true
      }
    }
    #expect(other.reason.name == "thrown")
    let early = try await failure {
      try await Simulation.cancelEverywhere(seeds: 0..<1) { _ -> Bool in
        throw CancellationError()
      }
    }
    #expect(early.reason.name == "thrown")
    #expect(early.cancelledAtStep == nil)
    let rejected = try await failure {
      try await Simulation.cancelEverywhere(
        seeds: 0..<1,
        { _ in Task.isCancelled },
        check: { if $0 { throw Wrong() } }
      )
    }
    #expect(rejected.reason.name == "rejected")
    #expect(rejected.cancelledAtStep == 0)
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
  private func failed(
    _ body: @escaping @Sendable (Simulation) async throws -> Bool
  ) async throws -> SimulationFailure {
    try await failure {
      try await Simulation.run(
        seed: 3,
        options: .init(grace: .seconds(120)),
        body
      )
    }
  }

  @Test("A deadlock lists the tasks, when they last ran, and their notes")
  func deadlock() async throws {
    let body: @Sendable (Simulation) async throws -> Bool = { run in
      try await together {
        try await run.clock.sleep(for: .milliseconds(5))
        run.note("forgotten")
        run.note("waits for the letter")
        await Waiters().wait()
      }
      return true
    }
    let found = try await failure { try await Simulation.run(seed: 3, body) }
    #expect(
      found.waiting == [
        "root (last ran in step 0, at 0.0 seconds)",
        "task 1 (last ran in step 2, at 0.005 seconds): waits for the letter",
      ]
    )
    #expect(found.at.offset == .milliseconds(5))
    #expect("\(found)".contains("seed: 3"))
    let explored = try await failure {
      try await Simulation.explore(seeds: 3..<4, body)
    }
    #expect(explored.waiting.last?.contains("waits for the letter") == true)
  }

  @Test("What is left is told by its kind, and hides no error of the body")
  func leaks() async throws {
    let leaks: [(String, @Sendable (Simulation) async throws -> Void)] = [
      ("a ready job of task 1", { _ in }),
      (
        "task 1 sleeps until 5.0 seconds",
        { try await $0.clock.sleep(for: .seconds(5)) }
      ),
      ("a task that is suspended", { _ in await Waiters().wait() }),
    ]
    for (index, (report, leak)) in leaks.enumerated() {
      let found = try await failed { run in
        Task(executorPreference: run.executor) { try await leak(run) }
        if index > 0 { try await run.clock.sleep(for: .seconds(1)) }
        throw Wrong("in the body")
      }
      guard case .outlived(let left) = found.reason else {
        Issue.record("\(found)")
        return
      }
      #expect(left.first?.hasPrefix(report) == true)
      #expect("\(found)".contains("in the body"))
      let isUnseen = report == "a task that is suspended"
      #expect("\(found)".contains("possible causes: a Task {}") == isUnseen)
    }
  }

  @Test("A sleep on the virtual clock by a task outside is reported")
  func foreignSleep() async throws {
    let found = try await failed { run in
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
    let found = try await failed { run in
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
    _ = try await failed { run in
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

  @Test("A rejected run fails again, and is told from one that threw")
  func rejected() async throws {
    let thrown = try await failed { _ in throw Wrong("in the body") }
    #expect(thrown.reason.name == "thrown")
    #expect("\(thrown)".contains("in the body"))
    let check: @Sendable ([Int]) throws -> Void = {
      if $0 != $0.sorted() { throw Wrong("in the check") }
    }
    let found = try await failure {
      try await Simulation.explore(seeds: 0..<100, mixture, check: check)
    }
    let seed = try #require(found.seed)
    let schedule = found.schedule
    for again in [
      try await failure {
        try await Simulation.run(seed: seed, mixture, check: check)
      },
      try await failure {
        try await Simulation.replay(schedule: schedule, mixture, check: check)
      },
    ] {
      #expect(again.reason.name == "rejected")
      #expect("\(again)".contains("in the check"))
      #expect(again.schedule == schedule)
      #expect(again.steps == found.steps)
    }
    let cancelled = try await failure {
      try await Simulation.replay(
        schedule: "-",
        cancelAtStep: 0,
        { _ in Task.isCancelled },
        check: { if $0 { throw Wrong() } }
      )
    }
    #expect(cancelled.reason.name == "rejected")
    #expect(cancelled.cancelledAtStep == 0)
  }

  @Test("A value that differs between two runs of a seed is reported")
  func differentValues() async throws {
    let runs = Shared(0)
    let found = try await failure {
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
    #expect(found.reason.name == "nondeterministic")
    #expect(found.seed == 0)
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
    let found = try await failure {
      try await Simulation.run(seed: 1, options: .init(stepLimit: 9), body)
    }
    #expect(found.reason.name == "stepLimit")
    #expect(found.steps == 9)
  }
}
