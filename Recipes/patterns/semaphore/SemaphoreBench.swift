import Cookbook

extension SemaphoreExamples {
  /// Swift has one form for both of Go's.
  static let workloads =
    [
      ("uncontended", 1, "a channel in a select"),
      ("uncontended-weighted", 1, "Weighted"),
      ("contended", 64, "a channel in a select"),
      ("contended-weighted", 64, "Weighted"),
    ].map { name, tasks, go in
      Workload(
        name,
        promise: "5,000,000 permits of 4, tasks: \(tasks); Go: \(go)",
        operations: 5_000_000
      ) { try await share($0, tasks: tasks) }
    } + [
      Workload(
        "handed-over",
        promise: "320,000 permits of 4 that 64 tasks hold across a yield; "
          + "Go: Weighted",
        operations: 320_000
      ) { try await share($0, tasks: 64, yields: true) }
    ]

  /// Shares operations out among tasks, and adds up their numbers.
  private static func share(
    _ count: Int,
    tasks: Int,
    yields: Bool = false
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
