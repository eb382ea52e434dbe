import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes
@testable import recipe

@Suite("token-bucket")
struct TokenBucketTests {
  @Test("Rushes and pauses of 400 requests keep the laws")
  func longRun() async throws {
    let example = try #require(
      TokenBucketExamples.recipe.examples.first { $0.name == "take" }
    )
    for (seed, burst) in zip(1..., [1, 2, 3, 7, 20]) {
      var generator = SeededGenerator(seed: UInt64(seed))
      let pauses = (0..<400).map { request in
        let most = request / 50 % 2 == 0 ? 20 : 2_000 / burst
        return Int.random(in: 1...most, using: &generator)
      }
      let input = TokenBucketExamples.Requests(
        burst: burst,
        every: 1_000 / burst,
        pauses: pauses
      )
      try await ExampleJudge.explore(example, input, seeds: 0..<2)
    }
  }

  @Test("A bucket is whole after its waiters were cancelled, at any step")
  func wholeBucket() async throws {
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<50) {
      simulation in
      let clock = simulation.clock
      let bucket = TokenBucket(burst: 2, every: .seconds(1), clock: clock)
      let taken = Atomic(0)
      await withTaskGroup(of: Void.self) { group in
        for task in 0..<6 {
          group.addTask { @Sendable in
            try? await clock.sleep(for: .milliseconds(task / 2))
            if (try? await bucket.take()) != nil {
              taken.add(1, ordering: .relaxed)
            }
          }
        }
      }
      // What it owes: at first two, and one for each second, but those taken.
      let seconds = Int(clock.now.offset / .seconds(1))
      let owed = min(2, 2 + seconds - taken.load(ordering: .relaxed))
      let takeAll = { @Sendable in
        var taken = 0
        while bucket.tryTake() { taken += 1 }
        return taken
      }
      let free = takeAll()
      // Nobody is left who stands before those that come.
      let later = Task(executorPreference: simulation.executor) {
        try? await clock.sleep(for: .seconds(2))
        return takeAll()
      }
      return [free - owed, await later.value]
    } check: {
      try #require($0 == [0, 2])
    }
    #expect(runs > 0)
  }

  @Test("A cancelled task takes no token, even if one is there")
  func cancelledTask() async {
    let bucket = TokenBucket(burst: 1, every: .seconds(3_600))
    await withTaskGroup(of: Void.self) { group in
      group.cancelAll()
      group.addTask {
        await #expect(throws: CancellationError.self) {
          try await bucket.take()
        }
      }
    }
    #expect(bucket.tryTake())
  }

  @Test("No burst is too large, and no interval too long")
  func extremes() async {
    let large = TokenBucket(burst: .max, every: .seconds(60))
    for _ in 0..<1_000 { #expect(large.tryTake()) }
    let slow = TokenBucket(burst: 1, every: .seconds(Int64.max))
    #expect(slow.tryTake() && !slow.tryTake())
    let result = await withTaskExecutorPreference(InlineExecutor()) {
      await withThrowingTaskGroup { group in
        group.addTask { try await slow.take() }
        // By now its clock has been asked.
        group.cancelAll()
        return await group.nextResult()
      }
    }
    #expect(throws: CancellationError.self) { try result?.get() }
  }

  /// Wakes sleepers five seconds late, as a busy machine does.
  private struct LateClock: Clock {
    let base: VirtualClock
    var now: VirtualClock.Instant { base.now }
    var minimumResolution: Duration { base.minimumResolution }

    func sleep(
      until deadline: VirtualClock.Instant,
      tolerance: Duration?
    ) async throws {
      try await base.sleep(until: deadline.advanced(by: .seconds(5)))
    }
  }

  @Test("A token that is taken late brings no other one forward")
  func lateSleepers() async throws {
    let taken = try await Simulation.run(seed: 1) { simulation in
      let clock = LateClock(base: simulation.clock)
      let bucket = TokenBucket(burst: 1, every: .seconds(1), clock: clock)
      var taken: [Duration] = []
      for _ in 1...3 {
        try await bucket.take()
        taken.append(clock.now.offset)
      }
      return taken
    }.value
    #expect(taken == [.zero, .seconds(6), .seconds(12)])
  }

  @Test("On real threads a bucket gives out its tokens, and then no more")
  func stress() async throws {
    // An interval that no test outlasts: nothing depends on real time.
    let bucket = TokenBucket(burst: 1_000, every: .seconds(3_600))
    try await withThrowingTaskGroup { group in
      for _ in 0..<10 {
        group.addTask { for _ in 0..<100 { try await bucket.take() } }
      }
      try await group.waitForAll()
    }
    #expect(!bucket.tryTake())
    await withTaskGroup { group in
      for _ in 0..<10 {
        group.addTask {
          await #expect(throws: CancellationError.self) {
            try await bucket.take()
          }
        }
      }
      await Task.yield()
      group.cancelAll()
    }
  }
}
