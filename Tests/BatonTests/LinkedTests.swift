import Cookbook
import Foundation
import Simulation
import Testing

@Suite("channel under the baton") struct ChannelTests {
  private typealias Model = ChannelExamples.Model

  private struct Program {
    let capacity: Int
    let tasks: [[Model.Call]]
    var staysAwake = false

    /// Runs the operations, and says what no order of them explains.
    func judge() async -> String? {
      let channel = Channel<Int>(capacity: capacity)
      if staysAwake {
        // After so many waits a channel tries whether it pays to stay awake.
        await withDiscardingTaskGroup { group in
          group.cancelAll()
          group.addTask { for _ in 0..<47 { _ = try? await channel.receive() } }
        }
      }
      return await counterexample(
        to: Model(capacity: capacity),
        tasks,
        ChannelExamples.port(channel)
      )
    }
  }

  @Test("Every order of the steps of two operations is linearizable")
  func everySchedule() async throws {
    // Today 148, 138, 1,048 and 6,230 schedules.
    for program in [
      Program(capacity: 1, tasks: [[.trySend(1)], [.tryReceive]]),
      Program(capacity: .max, tasks: [[.trySend(1)], [.tryReceive]]),
      Program(capacity: 1, tasks: [[.send(1)], [.receive]]),
      Program(capacity: 0, tasks: [[.send(1)], [.receive]]),
    ] {
      let all = try await Simulation.exhaust(
        limit: 100_000,
        options: BatonTests.options,
        { _ in await program.judge() },
        check: BatonTests.check
      )
      #expect(all.isComplete && all.schedules > 100, "\(program)")
    }
  }

  /// The steps on locks and atomics of one task, which nothing interrupts.
  private func steps(
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws -> Int {
    try await Simulation.run(seed: 0, options: BatonTests.options) { _ in
      try await body()
    }.steps
  }

  @Test("An element takes one lock on each side while many are there")
  func fastPath() async throws {
    // Each step is a lock, its release or an atomic.
    for (capacity, round, expected) in [
      (0, 1, 81), (1, 1, 220), (8, 1, 263), (8, 8, 1_060),
    ] {
      let all = try await steps {
        let channel = Channel<Int>(capacity: capacity)
        for _ in 0..<20 {
          for _ in 0..<round { _ = try channel.trySend(1) }
          for _ in 0..<round { _ = channel.tryReceive() }
        }
      }
      #expect(all == expected, "\(capacity), \(round) at a time")
    }
  }

  @Test("A sender that finds no room looks for some before it suspends")
  func sendersStayAwake() async throws {
    let all = try await steps {
      let channel = Channel<Int>(capacity: 1)
      _ = try channel.trySend(1)
      await withDiscardingTaskGroup { group in
        group.cancelAll()
        // In the 48th wait a channel tries whether it pays.
        group.addTask { for _ in 0..<48 { try? await channel.send(2) } }
      }
    }
    #expect(all > 8_000)
  }

  @Test("Random orders of more steps are linearizable, awake or not")
  func seeds() async throws {
    let closing: [[Model.Call]] =
      [[.receive], [.receive, .close], [.send(1), .send(2)]]
    // While one looks for room, others come and go.
    let passing: [[Model.Call]] =
      [[.receive], [.send(1)], [.send(2), .send(3), .receive]]
    for (capacity, tasks) in [(0, closing), (1, closing), (.max, passing)] {
      for staysAwake in [false, true] {
        let body: @Sendable (Simulation) async throws -> String? = { _ in
          await Program(
            capacity: capacity,
            tasks: tasks,
            staysAwake: staysAwake
          ).judge()
        }
        try await expectRight(
          seeds: staysAwake ? 10 : isLong ? 500 : 100,
          // A long interruption is one switch, and rare among the seeds.
          limit: staysAwake ? 10 : 1_000,
          body
        )
      }
    }
    try await expectLinearizable(ChannelExamples.histories())
  }
}

/// `swift test` looks at a part of what `COOKBOOK_LONG=1` looks at.
private let isLong =
  ProcessInfo.processInfo.environment["COOKBOOK_LONG"] == "1"

/// Performs the calls of each task, and says what no order of them explains.
func counterexample<Model: SequentialModel>(
  to model: Model,
  _ tasks: [[Model.Call]],
  _ perform: @escaping @Sendable (Model.Call) async -> Model.Return
) async -> String? {
  let recorder = HistoryRecorder<Model>()
  await together(0..<tasks.count) { task in
    for call in tasks[task] {
      await recorder.perform(lane: "task \(task + 1)", call) {
        await perform(call)
      }
    }
  }
  return recorder.history.counterexample(from: model)
}

/// Random programs, each in one schedule, which comes again when it is replayed.
func expectLinearizable(
  _ program: HistoryProgram<some SequentialModel>
) async throws {
  for seed in 0..<(isLong ? 100 : 20) as Range<UInt64> {
    let body: @Sendable (Simulation) async throws -> String? = { run in
      await program.judge(seed: seed, clock: run.clock).counterexample
    }
    let run = try await Simulation.run(
      seed: seed,
      options: BatonTests.options,
      body,
      check: BatonTests.check
    )
    let again = try await Simulation.replay(
      schedule: run.schedule,
      options: BatonTests.options,
      body
    )
    #expect(again.digest == run.digest)
    #expect(again.steps == run.steps)
  }
}

@Suite("once under the baton") struct OnceTests {
  @Test("Random programs are linearizable") func seeds() async throws {
    try await expectLinearizable(
      OnceExamples.histories { work in
        let once = Once(work)
        return { try await once.value() }
      }
    )
  }

  @Test("Where each run fails, all get to run") func failures() async throws {
    try await expectRight(seeds: 500, limit: 1_000) { _ in
      let runs = BatonTests.Tally()
      let once = Once<Void> {
        runs.add()
        throw CancellationError()
      }
      await together(0..<3) { _ in try? await once.value() }
      return runs.count == 3 ? nil : "\(runs.count) runs"
    }
  }
}

@Suite("semaphore under the baton") struct SemaphoreTests {
  @Test("No permit is lost, at whichever step the tasks are cancelled")
  func cancellation() async throws {
    let runs = try await Simulation.cancelEverywhere(
      seeds: 0..<30,
      options: BatonTests.options
    ) { _ in
      let permits = Semaphore(permits: 2)
      await together(0..<3) { task in
        try? await permits.withPermits(1 + task % 2) {}
      }
      return permits.tryAcquire(2) ? nil : "a permit is lost"
    } check: {
      try BatonTests.check($0)
    }
    #expect(runs > 500)
  }

  @Test("A try that fails has not come, in every order of the steps")
  func tries() async throws {
    let all = try await Simulation.exhaust(
      limit: 20_000,
      options: BatonTests.options
    ) { _ in
      let (permits, taken) = (Semaphore(permits: 1), BatonTests.Tally())
      await together(0..<2) { _ in if permits.tryAcquire() { taken.add() } }
      permits.release()
      return taken.count == 1 && permits.tryAcquire() ? nil : "a permit is lost"
    } check: {
      try BatonTests.check($0)
    }
    #expect(all.isComplete && all.schedules > 2)
  }
}

@Suite("token-bucket under the baton") struct TokenBucketTests {
  @Test("As many tokens are taken as there are, in every order of the steps")
  func everySchedule() async throws {
    let all = try await Simulation.exhaust(
      limit: 20_000,
      options: BatonTests.options
    ) { run in
      let bucket = TokenBucket(burst: 2, every: .seconds(1), clock: run.clock)
      let taken = BatonTests.Tally()
      await together(0..<3) { _ in if bucket.tryTake() { taken.add() } }
      return taken.count == 2 ? nil : "took \(taken.count)"
    } check: {
      try BatonTests.check($0)
    }
    // Today 168.
    #expect(all.isComplete && all.schedules > 100)
  }
}

/// What tasks come to that begin together, in their order.
func outcomes<Outcome: Sendable>(
  _ tasks: Int,
  _ body: @escaping @Sendable (_ task: Int) async -> Outcome
) async -> [Outcome] {
  await withTaskGroup(of: (task: Int, Outcome).self) { group in
    for task in 0..<tasks { group.addTask { (task, await body(task)) } }
    let all = await group.reduce(into: []) { $0.append($1) }
    return all.sorted { $0.task < $1.task }.map(\.1)
  }
}

/// Begins a wait that only its cancellation ends, and cancels it.
func cancelled(
  _ wait: @escaping @Sendable () async throws -> Void
) async {
  await withDiscardingTaskGroup { group in
    group.addTask { try? await wait() }
    await Task.yield()
    group.cancelAll()
  }
}

/// Random orders of the steps, and those with few switches.
///
/// What is not steady may take other steps when it runs again.
func expectRight(
  seeds: UInt64,
  limit: Int,
  isSteady: Bool = true,
  _ program: @escaping @Sendable (Simulation) async throws -> String?
) async throws {
  if isSteady {
    let some = try await Simulation.explore(
      seeds: 0..<seeds,
      options: BatonTests.options,
      program,
      check: BatonTests.check
    )
    #expect(some.isComplete)
  } else {
    let failures = await Simulation.failures(
      seeds: 0..<seeds,
      options: BatonTests.options,
      program,
      check: BatonTests.check
    )
    #expect(failures.isEmpty, "\(failures.first.map { "\($0)" } ?? "")")
  }
  let failure = await Simulation.shortestFailure(
    limit: limit,
    options: BatonTests.options,
    program,
    check: BatonTests.check
  )
  #expect(failure == nil, "\(failure.map { "\($0)" } ?? "")")
}

/// The same, and a cancellation at each step.
///
/// The program returns what is wrong; its task may be cancelled by then.
func expectRightIfCancelled(
  isSteady: Bool = true,
  _ program: @escaping @Sendable (Simulation) async throws -> String?
) async throws {
  try await expectRight(
    seeds: isLong ? 1_000 : 300,
    limit: isLong ? 3_000 : 1_000,
    isSteady: isSteady,
    program
  )
  var runs = 0
  for seed in 0..<100 as Range<UInt64> where runs < 1_000 {
    runs += try await Simulation.cancelEverywhere(
      seeds: seed..<seed + 1,
      options: BatonTests.options,
      program,
      check: BatonTests.check
    )
  }
  #expect(runs >= 1_000)
}

@Suite("pub-sub under the baton") struct PubSubTests {
  @Test("A publisher that waits is served, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { _ in
      let topic = Topic<Int>()
      return try await topic.subscribe(bound: 1, whenFull: .wait) { prices in
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            for price in 0..<2 { try await topic.publish(price) }
            topic.close()
          }
          var seen: [Int] = []
          while let price = try await prices.receive() { seen.append(price) }
          return seen == [0, 1] ? nil : "\(seen)"
        }
      }
    }
  }
}

@Suite("task-queue under the baton") struct TaskQueueTests {
  @Test("All jobs are done, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { _ in
      let queue = TaskQueue(workers: 1, capacity: 0)
      let done = BatonTests.Tally()
      await withDiscardingTaskGroup { owner in
        owner.addTask { await queue.run() }
        await together(0..<3) { job in
          if job == 0 {
            try? await queue.perform { done.add() }
          } else {
            try? await queue.submit { done.add() }
          }
        }
        queue.close()
      }
      return done.count == 3 || Task.isCancelled
        ? nil : "\(done.count) are done"
    }
  }
}
