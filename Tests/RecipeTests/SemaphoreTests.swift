import Cookbook
import SemaphoreRecipe
import Simulation
import Synchronization
import Testing

@Suite("semaphore")
struct SemaphoreTests {
  typealias Input = SemaphoreDemo.Input

  static func input(
    permits: Int = 1,
    arrivals: [Int] = [0, 0, 0],
    holds: [Int] = [2, 2, 2],
    weights: [Int] = [],
    patience: [Int] = [],
    trying: [Int] = [],
    cancelAfter: Int? = nil
  ) -> Input {
    var input = Input()
    input.permits = permits
    input.arrivals = arrivals
    input.holds = holds
    input.weights = weights
    input.patience = patience
    input.trying = trying
    input.cancelAfter = cancelAfter
    input.form = weights.isEmpty ? "channel" : "weighted"
    return input
  }

  static let inputs: [Input] = [
    Input(),
    input(),
    input(arrivals: [], holds: []),
    input(permits: 2, holds: [0, 0, 0]),
    input(permits: 9),
    input(patience: [2, 2, 2]),
    input(patience: [1, 2, 4]),
    input(arrivals: [0, 1, 2], holds: [4, 4, 4], patience: [0, 3, 2]),
    input(permits: 2, trying: [1, 2]),
    input(permits: 3, weights: [2, 3, 1]),
    input(permits: 3, weights: [2, 3, 1], patience: [0, 2, 2], trying: [2]),
    input(permits: 3, weights: [2, 3, 1], cancelAfter: 2),
    input(cancelAfter: 0),
    input(cancelAfter: 4),
    input(
      permits: 4,
      arrivals: [0, 1, 1, 2, 3, 4],
      holds: [5, 1, 3, 2, 2, 4],
      weights: [3, 4, 1, 2, 1, 4],
      patience: [0, 4, 4, 0, 5, 0]
    ),
  ]

  @Test("The laws hold under 10,000 schedules")
  func explore() async throws {
    for input in [Self.inputs[0], Self.inputs[10], Self.inputs[14]] {
      try await expectLawful(SemaphoreDemo.self, input, seeds: 0..<3_400)
    }
  }

  @Test("The laws hold for every kind of input", arguments: inputs)
  func everyKind(of input: Input) async throws {
    try await expectLawful(SemaphoreDemo.self, input, seeds: 0..<100)
  }

  @Test(
    "Permits are conserved when the tasks are cancelled at any step",
    arguments: inputs
  )
  func cancellation(of input: Input) async throws {
    let runs = try await cancelEverywhere(
      SemaphoreDemo.self,
      input,
      seeds: 0..<20
    )
    #expect(runs > 0)
  }

  @Test(
    "Every schedule of a small input keeps the laws",
    arguments: [
      // Two waiters behind a holder.
      (input(), 360),
      // The second is cancelled at the instant at which the first releases.
      (input(arrivals: [0, 1], holds: [2, 2], patience: [0, 1]), 198),
      // The same, with a third behind the second that fits without it.
      (
        input(
          permits: 2,
          arrivals: [0, 1, 1],
          weights: [2, 2, 1],
          patience: [0, 1, 0]
        ), 8_808
      ),
    ]
  )
  func everySchedule(of input: Input, count: Int) async throws {
    let schedules = try await exhaust(SemaphoreDemo.self, input)
    print("semaphore, \(input.arrivals.count) tasks: \(schedules) schedules")
    #expect(schedules == count)
  }

  @Test("The laws reject every naive port within 1,000 seeds")
  func naivePorts() async {
    await expectRejected(NaiveSemaphores.ports)
    // The port would have ended the program had it not been guarded.
    let extra = NaiveSemaphores.Flawed.Once.extra.load(ordering: .relaxed)
    #expect(extra > 0)
  }

  // MARK: What no demo shows

  /// What tasks on real threads count.
  private final class Tally: Sendable {
    let held = Atomic(0)
    let served = Atomic(0)
    let cancelled = Atomic(0)
  }

  @Test("A body that throws gives its permits back")
  func bodyThrows() async throws {
    struct Failure: Error {}
    let semaphore = Semaphore(permits: 3)
    await #expect(throws: Failure.self) {
      try await semaphore.withPermits(3) { throw Failure() }
    }
    #expect(semaphore.tryAcquire(3))
  }

  @Test("A body runs where its caller runs")
  func isolation() async throws {
    actor Counter {
      private var count = 0
      private let semaphore = Semaphore(permits: 2)

      func increment() async throws -> Int {
        // Compiles only if the body is isolated to this actor.
        try await semaphore.withPermit {
          count += 1
          return count
        }
      }
    }
    let counter = Counter()
    #expect(try await counter.increment() == 1)
    #expect(try await counter.increment() == 2)
  }

  @Test("A cancelled task takes a free permit, but does not wait for one")
  func alreadyCancelled() async throws {
    let results = try await Simulation.run(seed: 1) { simulation in
      let semaphore = Semaphore(permits: 1)
      return await withTaskGroup(of: Bool.self) { group in
        group.cancelAll()
        var results: [Bool] = []
        for _ in 0..<2 {
          group.addTask { (try? await semaphore.acquire()) != nil }
          results.append(await group.next() ?? false)
        }
        return results
      }
    }.value
    #expect(results == [true, false])
  }

  @Test("When the head of the line leaves, whoever fits behind it is served")
  func headLeaves() async throws {
    let servedAt = try await Simulation.run(seed: 1) { simulation in
      let clock = simulation.clock
      let semaphore = Semaphore(permits: 4)
      try await semaphore.acquire(3)
      return await withTaskGroup(of: Duration?.self) { group in
        group.addTask {
          await withTaskGroup(of: Void.self) { head in
            head.addTask { try? await semaphore.acquire(2) }
            try? await clock.sleep(for: .seconds(5))
            head.cancelAll()
          }
          return nil
        }
        group.addTask {
          try? await clock.sleep(for: .seconds(1))
          try? await semaphore.acquire(1)
          return clock.now.offset
        }
        var servedAt: Duration?
        for await result in group { servedAt = servedAt ?? result }
        return servedAt
      }
    }.value
    #expect(servedAt == .seconds(5))
  }

  @Test("A large request is not starved by a stream of small ones")
  func noStarvation() async throws {
    for seed in 0..<50 as Range<UInt64> {
      let servedAt = try await Simulation.run(seed: seed) { simulation in
        let clock = simulation.clock
        let semaphore = Semaphore(permits: 4)
        return try await withThrowingTaskGroup(of: Void.self) { group in
          // Without the large one some of these would hold at any time.
          for start in 0..<100 {
            group.addTask {
              try await clock.sleep(for: .seconds(start))
              try await semaphore.withPermit {
                try await clock.sleep(for: .seconds(3))
              }
            }
          }
          try await clock.sleep(for: .milliseconds(10_500))
          try await semaphore.acquire(4)
          let now = clock.now
          semaphore.release(4)
          try await group.waitForAll()
          return now.offset
        }
      }.value
      #expect(servedAt == .seconds(13))
    }
  }

  @Test("A try never overtakes, and is never refused for nothing")
  func tryIsExactOnRealThreads() async {
    // Half of the permits are always free, whatever the others do.
    let semaphore = Semaphore(permits: 4)
    let tally = Tally()
    await withDiscardingTaskGroup { group in
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<20_000 {
            if semaphore.tryAcquire(2) {
              semaphore.release(2)
            } else {
              tally.cancelled.add(1, ordering: .relaxed)
            }
          }
        }
      }
    }
    #expect(tally.cancelled.load(ordering: .relaxed) == 0)
    #expect(semaphore.tryAcquire(4))
  }

  @Test("On real threads permits are conserved and never exceeded")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let rounds = 300
    let tally = Tally()
    weak var last: Semaphore?
    for _ in 0..<rounds {
      let permits = Int.random(in: 1...6, using: &generator)
      let semaphore = Semaphore(permits: permits)
      last = semaphore
      let plans = (0..<40).map { _ in
        (
          weight: Int.random(in: 1...permits, using: &generator),
          yields: Int.random(in: 0...3, using: &generator),
          isTimed: Int.random(in: 0..<3, using: &generator) == 0
        )
      }
      await withDiscardingTaskGroup { group in
        for plan in plans {
          group.addTask {
            @Sendable func visit() async {
              do {
                try await semaphore.withPermits(plan.weight) {
                  let now = tally.held
                    .add(plan.weight, ordering: .relaxed).newValue
                  #expect(now <= permits)
                  for _ in 0..<plan.yields { await Task.yield() }
                  tally.held.subtract(plan.weight, ordering: .relaxed)
                }
                tally.served.add(1, ordering: .relaxed)
              } catch {
                tally.cancelled.add(1, ordering: .relaxed)
              }
            }
            guard plan.isTimed else { return await visit() }
            await withTaskGroup(of: Void.self) { timed in
              timed.addTask { await visit() }
              for _ in 0..<plan.yields { await Task.yield() }
              timed.cancelAll()
            }
          }
        }
      }
      #expect(tally.held.load(ordering: .relaxed) == 0)
      #expect(semaphore.tryAcquire(permits))
    }
    #expect(last == nil)
    let counts = (
      tally.served.load(ordering: .relaxed),
      tally.cancelled.load(ordering: .relaxed)
    )
    #expect(counts.0 + counts.1 == rounds * 40)
    print(
      "semaphore stress: seed \(seed), \(rounds) rounds, "
        + "\(counts.0) served, \(counts.1) cancelled while they waited"
    )
  }
}
