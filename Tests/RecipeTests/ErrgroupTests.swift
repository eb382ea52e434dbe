import Dispatch
import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("errgroup")
struct ErrgroupTests {
  private struct Failure: Error, Equatable { var number = 0 }

  @Test(
    "An error of the body counts as that of a task, and comes when all ended",
    arguments: [
      (ErrorGroup.Policy.cancelOthers, 1, [0]), (.keepFirst, 9, [0]),
      (.collectAll, 9, [0, 1]),
    ]
  )
  func bodyFails(
    policy: ErrorGroup.Policy,
    seconds: Int,
    numbers: [Int]
  ) async throws {
    let thrown = try await Simulation.run(seed: 1) { simulation in
      let clock = simulation.clock
      defer { #expect(clock.now.offset == .seconds(seconds)) }
      do {
        try await withErrorGroup(policy: policy) { group in
          await group.add {
            try? await clock.sleep(for: .seconds(9))
            throw Failure(number: 1)
          }
          try await clock.sleep(for: .seconds(1))
          throw Failure()
        }
        return [any Error]()
      } catch let errors as ErrorGroup.Errors {
        return errors.inOrder
      } catch {
        return [error]
      }
    }.value
    #expect(thrown.map { ($0 as? Failure)?.number } == numbers)
  }

  @Test("A task that takes the room of a failed one starts cancelled")
  func roomOfTheFailed() async {
    let executor = Eager()
    let isCancelled = await withTaskExecutorPreference(executor) {
      var isCancelled = false
      try? await withErrorGroup(limit: 1) { group in
        await group.add {
          executor.isEager.store(true, ordering: .relaxed)
          throw Failure()
        }
        await group.add {}
        isCancelled = group.isCancelled
      }
      return isCancelled
    }
    #expect(isCancelled)
  }

  /// Runs one task after the other; told so, it runs the next one at once, on
  /// the thread of the task that wakes it.
  private final class Eager: TaskExecutor {
    private let queue = DispatchQueue(label: "one after the other")
    let isEager = Atomic(false)

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      let run = { @Sendable [self] in
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      }
      let isEager = isEager.exchange(false, ordering: .relaxed)
      if isEager { run() } else { queue.async(execute: run) }
    }
  }

  @Test("Tasks that have ended leave nothing behind", arguments: [false, true])
  func memoryIsFlat(fail: Bool) async {
    struct Broken: Error { let payload: Alive.Object }
    let alive = Alive()
    let value = try? await withErrorGroup(limit: 8, policy: .keepFirst) {
      group in
      var refused = 0
      for _ in 0..<20_000 {
        let payload = alive.make()
        let job = { @Sendable in if fail { throw Broken(payload: payload) } }
        if !group.tryAdd(job) {
          refused += 1
          await group.add(job)
        }
      }
      return refused
    }
    // The body's value comes where nothing has failed.
    #expect((value ?? 0 > 0) != fail)
    #expect(alive.now == 0)
    // Those that run, the next one, and some that are being taken down.
    #expect(alive.most <= 64)
  }

  @Test("A limit of 0 ends the program")
  func noRoom() async {
    await #expect(processExitsWith: .failure) {
      try await withErrorGroup(limit: 0) { _ in }
    }
  }
}
