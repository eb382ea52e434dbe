import Foundation
import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("task-queue")
struct TaskQueueTests {
  private final class Counts: Sendable {
    let done = Atomic(0)
    let lost = Atomic(0)
    let running = Atomic(0)
    let most = Atomic(0)
  }

  @Test("Jobs from code that is not async stay in order, on real threads")
  func order() async throws {
    let isLong = ProcessInfo.processInfo.environment["COOKBOOK_LONG"] == "1"
    let count = isLong ? 1_000_000 : 50_000
    let done = Mutex<[Int]>([])
    let queue = TaskQueue(workers: 1, capacity: .max)
    @Sendable func submitAll() throws {
      for job in 0..<count {
        let isIn = try queue.trySubmit {
          if job % 7 == 0 { await Task.yield() }
          done.withLock { $0.append(job) }
        }
        precondition(isIn)
      }
      queue.close()
    }
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { await queue.run() }
      group.addTask { @Sendable in try submitAll() }
    }
    let isInOrder = done.withLock { $0 == Array(0..<count) }
    #expect(isInOrder)
  }

  @Test(
    "Jobs of one instant run one after the other, in the order of the calls"
  )
  func serial() async throws {
    try await everySchedule(sees: ["0", "1", "2", "3"]) { clock, _, seen in
      let queue = TaskQueue(workers: 1, capacity: .max)
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask { await queue.run() }
        for job in 0..<4 {
          _ = try queue.trySubmit {
            try? await clock.sleep(for: .seconds(4 - job))
            seen(job)
          }
        }
        queue.close()
      }
    }
  }

  @Test(
    "On real threads each job is done once, refused or given back",
    arguments: [(1, 0), (1, 3), (3, 0), (3, 1), (3, 64)]
  )
  func stress(workers: Int, capacity: Int) async {
    struct Refused: Error {}
    var lost = 0
    for round in 0..<20 {
      let counts = Counts()
      let queue = TaskQueue(workers: workers, capacity: capacity)
      let job: TaskQueue.Job = {
        let now = counts.running.add(1, ordering: .relaxed).newValue
        counts.most.max(now, ordering: .relaxed)
        if now % 2 == 0 { await Task.yield() }
        counts.running.subtract(1, ordering: .relaxed)
        counts.done.add(1, ordering: .relaxed)
      }
      await withDiscardingTaskGroup { group in
        group.addTask { await queue.run() }
        await withDiscardingTaskGroup { callers in
          for caller in 0..<6 {
            callers.addTask {
              for number in 0..<100 {
                do {
                  switch (caller + number) % 3 {
                  case 0: try await queue.submit(job)
                  case 1: try await queue.perform(job)
                  default:
                    guard try queue.trySubmit(job) else { throw Refused() }
                  }
                } catch {
                  counts.lost.add(1, ordering: .relaxed)
                }
              }
            }
          }
          for _ in 0..<round * 20 { await Task.yield() }
          if round % 2 == 0 { callers.cancelAll() }
          guard round % 3 == 0 else { return }
          counts.lost.add(queue.abandon().count, ordering: .relaxed)
        }
        queue.close()
      }
      lost += counts.lost.load(ordering: .relaxed)
      let all = counts.done.load(ordering: .relaxed)
      #expect(all + counts.lost.load(ordering: .relaxed) == 600)
      #expect(counts.most.load(ordering: .relaxed) <= workers)
    }
    print("task-queue on real threads: \(lost) of 12,000 were not done")
  }

  @Test("Jobs wait for `run`; those that are given back can be done elsewhere")
  func beforeRun() async throws {
    let (seen, queue) = (Seen(), TaskQueue(workers: 2, capacity: 2))
    #expect(try queue.trySubmit { seen(1) })
    #expect(try queue.trySubmit { seen(2) })
    #expect(try !queue.trySubmit { seen(3) })
    #expect(seen.all.isEmpty)
    for job in queue.abandon() { await job() }
    #expect(seen.all == ["1", "2"])
    #expect(throws: TaskQueue.ClosedError()) { try queue.trySubmit {} }
    await #expect(throws: TaskQueue.ClosedError()) { try await queue.submit {} }
    await #expect(throws: TaskQueue.ClosedError()) {
      try await queue.perform {}
    }
    await queue.run()
    queue.close()
    #expect(queue.abandon().isEmpty)
  }

  @Test("Jobs keep their order while the workers are not up yet")
  func early() async throws {
    _ = try await Simulation.explore(seeds: 0..<300) { _ in
      let (seen, queue) = (Seen(), TaskQueue(workers: 2, capacity: 4))
      for job in 0..<4 { _ = try queue.trySubmit { seen(job) } }
      queue.close()
      await queue.run()
      #expect(seen.all == ["0", "1", "2", "3"])
    }
  }

  @Test("A task that is cancelled already does not wait")
  func cancelledBefore() async throws {
    let wanted = ["throws CancellationError()", "throws CancellationError()"]
    try await everySchedule(sees: wanted) { _, _, seen in
      let queue = TaskQueue(workers: 1, capacity: 0)
      await withDiscardingTaskGroup { group in
        group.cancelAll()
        group.addTask { await seen { try await queue.submit {} } }
        group.addTask { await seen { try await queue.perform {} } }
      }
    }
  }

  @Test("A run that is cancelled drops what waits, and leaves nothing running")
  func cancelledRun() async throws {
    let wanted = ["refused", "performed", "ended: 1"]
    try await everySchedule(sees: wanted) { clock, _, seen in
      let queue = TaskQueue(workers: 2, capacity: 1)
      let counts = Counts()
      await withDiscardingTaskGroup { group in
        group.addTask {
          await withDiscardingTaskGroup { owner in
            owner.addTask { await queue.run() }
            try? await clock.sleep(for: .seconds(5))
            owner.cancelAll()
          }
          seen("ended: \(counts.lost.load(ordering: .relaxed))")
        }
        try? await queue.submit {
          try? await clock.sleep(for: .seconds(60))
          if Task.isCancelled { counts.lost.add(1, ordering: .relaxed) }
        }
        group.addTask {
          try? await queue.perform {
            try? await clock.sleep(for: .seconds(30))
            seen("performed")
          }
        }
        try? await clock.sleep(for: .seconds(1))
        do { try await queue.perform {} } catch { seen("refused") }
      }
    }
  }

  @Test("A task that is woken may use the queue at once, and one that is late")
  func inline() async {
    let seen = Seen()
    await withTaskExecutorPreference(InlineExecutor()) {
      let queue = TaskQueue(workers: 1, capacity: 0)
      await withDiscardingTaskGroup { group in
        group.addTask { await queue.run() }
        for _ in 0..<3 {
          group.addTask {
            try? await queue.perform { await Task.yield() }
            try? await queue.submit { seen("done") }
            if seen.all.count == 3 { queue.close() }
          }
        }
      }
    }
    #expect(seen.all == ["done", "done", "done"])
  }

  @Test("A queue is run once, by at least one worker")
  func misuse() async {
    await #expect(processExitsWith: .failure) {
      let queue = TaskQueue(workers: 1, capacity: 0)
      queue.close()
      await queue.run()
      await queue.run()
    }
    await #expect(processExitsWith: .failure) {
      _ = TaskQueue(workers: 0, capacity: 1)
    }
  }

  @Test("A queue keeps the jobs that are in line, and no other")
  func released() async throws {
    let alive = Alive()
    var queue: TaskQueue? = TaskQueue(workers: 1, capacity: 2)
    for _ in 0..<3 {
      let object = alive.make()
      _ = try queue?.trySubmit { _ = object }
    }
    #expect(alive.now == 2)
    queue = nil
    #expect(alive.now == 0)
  }
}
