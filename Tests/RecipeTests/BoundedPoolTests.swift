import Cookbook
import Simulation
import Testing

@testable import Recipes

@Suite("bounded-pool")
struct BoundedPoolTests {
  private struct Enough: Error {}

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
    let (started, stopped, ended) = (Counter(), Counter(), Counter())
    let call = Task(executorPreference: Threads()) {
      try await BoundedPool(workers: 3).mapUnordered(0..<3) { job in
        started.add()
        while started.value < 3 { await Task.yield() }
        if job == 0 { return }
        defer { ended.add() }
        try await withTaskCancellationHandler {
          try await Task.sleep(for: .seconds(3_600))
        } onCancel: {
          stopped.add()
          // The second one is not told before the first has failed.
          while stopped.value == 2, ended.value == 0 {}
          for _ in 0..<1_000_000 where stopped.value == 2 {}
        }
      } receive: { _ in
        throw Enough()
      }
    }
    await #expect(throws: Enough.self) { try await call.value }
  }

  @Test("A pool without a job left answers a cancellation normally")
  func cancelledTooLate() async throws {
    try await everySchedule(sees: ["[0, 1]"]) { clock, _, see in
      try await withThrowingTaskGroup { group in
        group.addTask {
          await see {
            try await BoundedPool(workers: 2).map(0..<2) { number in
              try? await clock.sleep(for: .seconds(9))
              return number
            }
          }
        }
        try await clock.sleep(for: .seconds(1))
        group.cancelAll()
      }
    }
  }
}
