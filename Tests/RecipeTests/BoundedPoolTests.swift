import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes
@testable import recipe

@Suite("bounded-pool")
struct BoundedPoolTests {
  @Test(
    "Every schedule of three equal jobs keeps the laws",
    arguments: [("for-each", 4), ("map", 4), ("as-they-come", 16)]
  )
  func everySchedule(of name: String, count: Int) async throws {
    let example = try #require(
      BoundedPoolExamples.recipe.examples.first { $0.name == name }
    )
    var input = BoundedPoolExamples.Jobs()
    (input.workers, input.jobs, input.failing) = (2, [1, 1, 1], [])
    let all = try await ExampleJudge.exhaust(example, input, limit: 1_000)
    #expect(all.isComplete && all.schedules == count)
  }

  // MARK: What no example shows

  @Test("An infinite sequence is read only as far as jobs start")
  func infiniteInput() async {
    struct Enough: Error {}
    struct Naturals: Sequence, IteratorProtocol, Sendable {
      static let read = Mutex(0)
      var last = 0

      mutating func next() -> Int? {
        last += 1
        Self.read.withLock { [last] in $0 = last }
        return last
      }
    }
    let failures = await Simulation.failures(seeds: 0..<20) { simulation in
      try await BoundedPool(workers: 3).forEach(Naturals()) { number in
        try await simulation.clock.sleep(for: .milliseconds(1))
        if number == 100 { throw Enough() }
      }
    }
    #expect(failures.count == 20)
    for failure in failures {
      guard case .thrown(is Enough) = failure.reason else {
        Issue.record("\(failure)")
        continue
      }
    }
    #expect(Naturals.read.withLock { $0 } <= 105)
  }

  @Test("Results that are received do not pile up")
  func memoryIsFlat() async throws {
    final class Result: Sendable {
      static let alive = Mutex((now: 0, most: 0))
      init() {
        Self.alive.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
      }
      deinit { Self.alive.withLock { $0.now -= 1 } }
    }
    var received = 0
    try await BoundedPool(workers: 4).mapUnordered(0..<20_000) { _ in
      Result()
    } receive: { _ in
      received += 1
    }
    #expect(received == 20_000)
    // Each worker's next result may be there before the last is received.
    #expect(Result.alive.withLock { $0.most } <= 9)
  }

  @Test("An error of the receiver ends the pool")
  func receiverFails() async {
    struct Refusal: Error {}
    let started = Mutex(0)
    await #expect(throws: Refusal.self) {
      try await BoundedPool(workers: 2).mapUnordered(0..<1_000) { number in
        started.withLock { $0 += 1 }
        return number
      } receive: { number in
        if number == 3 { throw Refusal() }
      }
    }
    #expect(started.withLock { $0 } < 20)
  }

  @Test("A pool without a job left to start answers a cancellation normally")
  func cancelledTooLate() async throws {
    let results = try await Simulation.run(seed: 1) { simulation in
      try await withThrowingTaskGroup(of: [Int].self) { group in
        group.addTask {
          try await BoundedPool(workers: 2).map(0..<2) { number in
            try? await simulation.clock.sleep(for: .seconds(9))
            return number
          }
        }
        try await simulation.clock.sleep(for: .seconds(1))
        group.cancelAll()
        return try await group.next()
      }
    }.value
    #expect(results == [0, 1])
  }

  @Test("A pool on real threads performs every job once")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let rounds = 200
    var jobs = 0
    for _ in 0..<rounds {
      let workers = Int.random(in: 1...8, using: &generator)
      let count = Int.random(in: 0...200, using: &generator)
      jobs += count
      let running = Mutex((now: 0, most: 0))
      let results = try await BoundedPool(workers: workers).map(0..<count) {
        number in
        running.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        if number.isMultiple(of: 3) { await Task.yield() }
        running.withLock { $0.now -= 1 }
        return number
      }
      #expect(results == Array(0..<count))
      #expect(running.withLock { $0.most } <= workers)
    }
    print("bounded-pool stress: seed \(seed), \(rounds) rounds, \(jobs) jobs")
  }
}
