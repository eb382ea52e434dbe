import Synchronization
import Testing

@testable import Recipes

@Suite("semaphore")
struct SemaphoreTests {
  private static let misuses: [@Sendable (Semaphore) async throws -> Void] = [
    { _ in _ = Semaphore(permits: 0) },
    { $0.release() },
    { $0.release(-1) },
    {
      try await $0.acquire(2)
      $0.release(3)
    },
    {
      try await $0.acquire()
      $0.release(2)
    },
    { try await $0.acquire(3) },
    { try await $0.acquire(0) },
    { _ = $0.tryAcquire(3) },
    { try await $0.withPermits(3) {} },
  ]

  @Test(
    "More than there is, or than is held, ends the program",
    arguments: misuses.indices
  )
  func misuse(index: Int) async {
    await #expect(processExitsWith: .failure) { [index] in
      await withTaskGroup { group in
        group.addTask {
          try? await Self.misuses[index](Semaphore(permits: 2))
        }
        // What would wait for ever must not.
        for _ in 0..<100 { await Task.yield() }
        group.cancelAll()
      }
    }
  }

  @Test("A body runs where its caller runs")
  func isolation() async throws {
    actor Counter {
      private var count = 0

      func increment(_ permits: Semaphore) async throws -> Int {
        // Compiles only if the body is isolated to this actor.
        try await permits.withPermit {
          count += 1
          return count
        }
      }
    }
    let (counter, permits) = (Counter(), Semaphore(permits: 1))
    #expect(try await counter.increment(permits) == 1)
    #expect(try await counter.increment(permits) == 2)
  }

  @Test("On real threads a try is never refused for nothing")
  func tries() async {
    // Half of the permits are always free, whatever the others do.
    let permits = Semaphore(permits: 4)
    let refused = Atomic(0)
    await withDiscardingTaskGroup { group in
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<20_000 {
            if permits.tryAcquire(2) {
              permits.release(2)
            } else {
              refused.add(1, ordering: .relaxed)
            }
          }
        }
      }
    }
    #expect(refused.load(ordering: .relaxed) == 0)
  }

  @Test("On real threads permits are never exceeded and never lost")
  func threads() async {
    let (permits, held, most) = (Semaphore(permits: 3), Atomic(0), Atomic(0))
    let (served, cancelled) = (Atomic(0), Atomic(0))
    await withDiscardingTaskGroup { group in
      for visit in 0..<12_000 {
        let size = visit % 3 + 1
        group.addTask {
          await withTaskGroup { timed in
            timed.addTask {
              do {
                try await permits.withPermits(size) {
                  let now = held.add(size, ordering: .relaxed).newValue
                  most.max(now, ordering: .relaxed)
                  if visit % 5 > 0 { await Task.yield() }
                  held.subtract(size, ordering: .relaxed)
                }
                served.add(1, ordering: .relaxed)
              } catch {
                cancelled.add(1, ordering: .relaxed)
              }
            }
            guard visit % 4 == 0 else { return }
            for _ in 0..<visit % 7 { await Task.yield() }
            timed.cancelAll()
          }
        }
      }
    }
    #expect(most.load(ordering: .relaxed) == 3)
    #expect(permits.tryAcquire(3))
    let counts = [served, cancelled].map { $0.load(ordering: .relaxed) }
    #expect(counts.allSatisfy { $0 > 0 } && counts.reduce(0, +) == 12_000)
    print("semaphore on real threads: \(counts[1]) of 12,000 cancelled")
  }
}
