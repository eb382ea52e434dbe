import Cookbook
import Synchronization

extension TaskQueueExamples {
  private static let sum = Atomic(0)

  private actor Adder {
    func add(_ number: Int) { sum.wrappingAdd(number, ordering: .relaxed) }
  }

  static let workloads = [
    workload("submit", "from one task to 4 workers, at most 100 in line") {
      count in
      try await run(TaskQueue(workers: 4, capacity: 100)) { queue in
        for job in 0..<count {
          try await queue.submit {
            sum.wrappingAdd(job & 7, ordering: .relaxed)
          }
        }
      }
    },
    workload("serial", "from code that is not async to one worker, in order") {
      count in
      try await run(TaskQueue(workers: 1, capacity: .max)) { queue in
        func submit(_ job: Int) throws {
          _ = try queue.trySubmit {
            sum.wrappingAdd(job & 7, ordering: .relaxed)
          }
        }
        for job in 0..<count { try submit(job) }
      }
    },
    workload("perform", "from 64 tasks, each with its result, 4 at once") {
      count in
      try await run(TaskQueue(workers: 4, capacity: 100)) { queue in
        try await withThrowingDiscardingTaskGroup { group in
          for task in 0..<64 {
            group.addTask {
              for job in stride(from: task, to: count, by: 64) {
                let number = try await queue.perform { job & 7 }
                sum.wrappingAdd(number, ordering: .relaxed)
              }
            }
          }
        }
      }
    },
    workload("actor", "one after the other, by an actor that one task calls") {
      count in
      let actor = Adder()
      for job in 0..<count { await actor.add(job & 7) }
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

  private static func run(
    _ queue: TaskQueue,
    _ body: (TaskQueue) async throws -> Void
  ) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { await queue.run() }
      try await body(queue)
      queue.close()
    }
  }
}
