import Cookbook
import Synchronization

extension TaskQueueExamples {
  private static let sum = Atomic(0)

  private static func add(_ job: Int) {
    sum.wrappingAdd(job & 7, ordering: .relaxed)
  }

  private actor Adder {
    func add(_ job: Int) { TaskQueueExamples.add(job) }
  }

  static let workloads = [
    workload("submit", "from one task to 4 workers, at most 100 in line") {
      count in
      try await run(TaskQueue(workers: 4, capacity: 100)) { queue in
        for job in 0..<count { try await queue.submit { add(job) } }
      }
    },
    workload("serial", "from code that is not async to one worker, in order") {
      count in
      try await run(TaskQueue(workers: 1, capacity: .max)) { queue in
        for job in 0..<count { _ = try queue.trySubmit { add(job) } }
      }
    },
    workload("perform", "from 64 tasks, each with its result, 4 at once") {
      count in
      try await run(TaskQueue(workers: 4, capacity: 100)) { queue in
        try await withThrowingDiscardingTaskGroup { group in
          for task in 0..<64 {
            group.addTask {
              for job in stride(from: task, to: count, by: 64) {
                add(try await queue.perform { job })
              }
            }
          }
        }
      }
    },
    workload("actor", "one after the other, by an actor that one task calls") {
      let actor = Adder()
      for job in 0..<$0 { await actor.add(job) }
    },
  ]

  private static func workload(
    _ name: String,
    _ promise: String,
    _ body: @escaping @Sendable (Int) async throws -> Void
  ) -> Workload {
    Workload(
      name,
      promise: "1,000,000 jobs of one addition, " + promise,
      operations: 1_000_000
    ) { count in
      sum.store(0, ordering: .relaxed)
      try await body(count)
      return sum.load(ordering: .relaxed)
    }
  }
}
