import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("bounded-pool")
struct BoundedPoolTests {
  private struct Enough: Error {}

  @Test("An infinite sequence is read only as far as jobs start")
  func infiniteInput() async {
    await #expect(throws: Enough.self) {
      try await BoundedPool(workers: 3).forEach(1...) { number in
        if number == 100 { throw Enough() } else { await Task.yield() }
      }
    }
  }

  @Test("Results that are received do not pile up")
  func memoryIsFlat() async throws {
    let alive = Alive()
    var received = 0
    try await BoundedPool(workers: 4).mapUnordered(0..<20_000) { _ in
      alive.make()
    } receive: { _ in
      received += 1
    }
    #expect(received == 20_000)
    // One in the hand of each worker, and one that is received.
    #expect(alive.most <= 5)
  }

  @Test("The receiver's error wins over the cancellations that it causes")
  func receiversError() async {
    let started = Atomic(0)
    let hasEnded = Atomic(false)
    await #expect(throws: Enough.self) {
      try await BoundedPool(workers: 3).mapUnordered(0..<3) { @Sendable job in
        started.add(1, ordering: .relaxed)
        while started.load(ordering: .relaxed) < 3 { await Task.yield() }
        if job == 0 { return }
        defer { hasEnded.store(true, ordering: .relaxed) }
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .seconds(3_600))
        } onCancel: {
          // Of the two jobs one ends while the other is still being cancelled.
          for _ in 0..<10_000_000 where !hasEnded.load(ordering: .relaxed) {}
          for _ in 0..<100_000 { _ = hasEnded.load(ordering: .relaxed) }
        }
      } receive: { _ in
        throw Enough()
      }
    }
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
}
