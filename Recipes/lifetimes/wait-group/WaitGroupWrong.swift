import Cookbook
import Synchronization

extension WaitGroupExamples {
  static let wrongGroups = [
    Wrong(
      "not-awaited",
      breaks: .allEndedOnReturn,
      input: Jobs(jobs: [1, 1])
    ) { input, stage in
      let (jobs, run, Task) = (
        input.jobs, input.run(on: stage), stage.startTask
      )
      // #region not-awaited
      for job in jobs.indices {
        Task { await run(job) }
      }
      // #endregion
      stage.print("all done")
    },
    Wrong(
      "not-cancelled",
      breaks: .othersEndAtOnce,
      input: Jobs(jobs: [9, 9], cancelAfter: 5)
    ) { input, stage in
      let run = input.run(on: stage)
      let tasks = input.jobs.indices.map { job in
        stage.task { await run(job) }
      }
      for task in tasks { _ = await task.result }
      stage.print("all done")
    },
  ]

  static let wrongTwo = [
    Wrong("in-turn", breaks: together, input: NoInput()) { _, stage in
      let count = counter(on: stage)
      let lines = await count(30)
      let words = await count(50)
      stage.print(lines + words)
    }
  ]

  static let wrongWaits = [
    Wrong(
      "add-inside",
      breaks: noneEarly,
      input: Waits(jobs: [1, 1], failing: [], arrivals: [0], patience: [])
    ) { input, stage in
      let all = Tasks(input, stage)
      let (requests, Task, handle) = (input.jobs.indices, all.start, all.handle)
      // #region add-inside
      let jobs = WaitGroup()
      for request in requests {
        Task {
          jobs.add()
          defer { jobs.done() }
          try await handle(request)
        }
      }
      // #endregion
      await all.areAwaited { try await jobs.wait() }
    },
    Wrong(
      "done-without-defer",
      breaks: .deadlock,
      input: Waits(jobs: [1], failing: [0], arrivals: [0], patience: [])
    ) { input, stage in
      let (all, jobs) = (Tasks(input, stage), WaitGroup())
      for job in input.jobs.indices {
        jobs.add()
        all.start {
          try await all.handle(job)
          jobs.done()
        }
      }
      await all.areAwaited { try await jobs.wait() }
    },
    // The first waiter that is cancelled ends the stream for all.
    Wrong("stream", breaks: noneEarly, input: Waits()) { input, stage in
      let all = Tasks(input, stage)
      let (end, output) = AsyncStream.makeStream(of: Void.self)
      let tasks = input.jobs.indices.map { job in
        all.task { try await all.handle(job) }
      }
      all.start {
        for task in tasks { _ = await task.result }
        output.finish()
      }
      await all.areAwaited {
        for await _ in end {}
        try Task.checkCancellation()
      }
    },
    Wrong("polls", breaks: noneLate, input: Waits()) { input, stage in
      let (all, left) = (Tasks(input, stage), Counter(input.jobs.count))
      for job in input.jobs.indices {
        all.start {
          defer { left.count.subtract(1, ordering: .relaxed) }
          try await all.handle(job)
        }
      }
      await all.areAwaited {
        while left.count.load(ordering: .relaxed) > 0 {
          try await stage.sleep(7)
        }
      }
    },
    Wrong("cannot-leave", breaks: .cancelledLeave, input: Waits()) {
      await handles($0, $1)
    },
  ]

  private final class Counter: Sendable {
    let count: Atomic<Int>
    init(_ count: Int) { self.count = Atomic(count) }
  }
}
