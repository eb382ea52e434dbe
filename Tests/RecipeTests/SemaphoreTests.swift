import Synchronization
import Testing

@testable import Recipes

@Suite("semaphore")
struct SemaphoreTests {
  private static let misuses: [@Sendable (Semaphore) async throws -> Void] = [
    { _ in _ = Semaphore(permits: 0) },
    { $0.release() },
    { if $0.tryAcquire(1) { $0.release(2) } },
    { if $0.tryAcquire(2) { $0.release(-1) } },
    { try await $0.acquire(3) },
    { try await $0.acquire(0) },
    { _ = $0.tryAcquire(3) },
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

  @Test(
    "A permit costs as much after 100,000 waits as at first",
    .timeLimit(.minutes(1))
  )
  func manyWaits() async throws {
    let permits = Semaphore(permits: 1)
    try await withTaskExecutorPreference(InlineExecutor()) {
      try await permits.acquire()
      // In quadratic time this takes many minutes.
      for _ in 0..<100_000 {
        await withThrowingTaskGroup { group in
          group.addTask { try await permits.acquire() }
          permits.release()
        }
      }
    }
    #expect(!permits.tryAcquire())
  }

  @Test("On real threads a cancelled waiter leaves, even on its way to wait")
  func leaving() async throws {
    let permits = Semaphore(permits: 1)
    try await permits.acquire()
    // Frees a waiter that is stuck, so that the test ends.
    let rescue = Task {
      try await Task.sleep(for: .seconds(300))
      permits.release()
    }
    let coming = Atomic(0)
    for round in 1...5_000 {
      let waiter = Task { @Sendable in
        coming.store(round, ordering: .relaxed)
        try await permits.withPermit {}
      }
      while coming.load(ordering: .relaxed) < round { await Task.yield() }
      for _ in 0..<round % 64 { _ = coming.load(ordering: .relaxed) }
      waiter.cancel()
      _ = await waiter.result
    }
    rescue.cancel()
    #expect(!permits.tryAcquire())
  }

  @Test("On real threads nothing is exceeded, lost or refused for nothing")
  func threads() async {
    let permits = Semaphore(permits: 3)
    // As many as there are tasks.
    let others = Semaphore(permits: 12)
    let held = Atomic(0)
    let most = Atomic(0)
    let refused = Atomic(0)
    let cancelled = Atomic(0)
    await withDiscardingTaskGroup { group in
      for task in 0..<12 {
        group.addTask { @Sendable in
          for visit in 0..<1_000 {
            let size = (task + visit) % 3 + 1
            if others.tryAcquire() {
              others.release()
            } else {
              refused.add(1, ordering: .relaxed)
            }
            await withTaskGroup { timed in
              timed.addTask { @Sendable in
                func hold() async {
                  let now = held.add(size, ordering: .relaxed).newValue
                  most.max(now, ordering: .relaxed)
                  if visit % 5 == 0 { await Task.yield() }
                  held.subtract(size, ordering: .relaxed)
                }
                // In the midst of those who wait.
                for _ in 0..<16 where permits.tryAcquire(size) {
                  await hold()
                  permits.release(size)
                }
                do {
                  try await permits.withPermits(size) { await hold() }
                } catch {
                  cancelled.add(1, ordering: .relaxed)
                }
              }
              for _ in 0..<visit % 8 { await Task.yield() }
              timed.cancelAll()
            }
          }
        }
      }
    }
    #expect(most.load(ordering: .relaxed) == 3)
    #expect(permits.tryAcquire(3))
    #expect(refused.load(ordering: .relaxed) == 0)
    let count = cancelled.load(ordering: .relaxed)
    #expect(0 < count && count < 12_000)
  }
}
