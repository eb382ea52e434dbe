import Cookbook

extension SemaphoreExamples {
  /// Swift has one form for both of Go's.
  static let workloads = [
    ("uncontended", 1, "no time", "a channel in a select"),
    ("uncontended-weighted", 1, "no time", "Weighted"),
    ("contended", 64, "no time", "a channel in a select"),
    ("contended-weighted", 64, "no time", "Weighted"),
    ("handed-over", 64, "a yield", "Weighted"),
  ].map { name, tasks, held, go in
    let yields = held == "a yield"
    return Workload(
      name,
      promise: "permits of 4, held for \(held), tasks: \(tasks); Go: \(go)",
      operations: yields ? 320_000 : 5_000_000
    ) { try await share($0, tasks: tasks, yields: yields) }
  }

  /// Shares operations out among tasks, and adds up their numbers.
  private static func share(
    _ count: Int,
    tasks: Int,
    yields: Bool
  ) async throws -> Int {
    let permits = Semaphore(permits: 4)
    return try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<tasks {
        group.addTask {
          var sum = 0
          for n in count * task / tasks..<count * (task + 1) / tasks {
            try await permits.acquire()
            if yields { await Task.yield() }
            permits.release()
            sum &+= n & 7
          }
          return sum
        }
      }
      return try await group.reduce(0, &+)
    }
  }
}
