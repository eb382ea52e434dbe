import Cookbook

extension SemaphoreExamples {
  /// Swift has one form for both of Go's.
  static let workloads =
    ["a channel in a select", "Weighted"].flatMap { form in
      let suffix = form == "Weighted" ? "-weighted" : ""
      return [
        Workload(
          "uncontended\(suffix)",
          promise: "5,000,000 permits taken and given back, nobody waits; "
            + "Go: \(form)",
          operations: 5_000_000
        ) { try await share($0, tasks: 1) },
        Workload(
          "contended\(suffix)",
          promise: "64 tasks on 4 permits, 12,800,000 in all; Go: \(form)",
          operations: 12_800_000
        ) { try await share($0, tasks: 64) },
      ]
    } + [
      Workload(
        "handed-over",
        promise: "64 tasks on 4 permits that each hold across a yield, "
          + "320,000 in all; Go: Weighted",
        operations: 320_000
      ) { try await share($0, tasks: 64) { await Task.yield() } }
    ]

  /// Shares the operations out among tasks, and adds up what they return.
  @inline(__always)
  private static func share(
    _ count: Int,
    tasks: Int,
    holding: @escaping @Sendable () async -> Void = {}
  ) async throws -> Int {
    let permits = Semaphore(permits: 4)
    return try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<tasks {
        group.addTask {
          var sum = 0
          let end = count * (task + 1) / tasks
          for operation in count * task / tasks..<end {
            try await permits.acquire()
            sum &+= operation & 7
            await holding()
            permits.release()
          }
          return sum
        }
      }
      var sum = 0
      while let part = try await group.next() { sum &+= part }
      return sum
    }
  }
}
