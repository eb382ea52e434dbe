package import Cookbook

extension SemaphoreDemo {
  package static let workloads = [
    // Go's forms differ in cost, Swift's is one.
    Workload(
      "uncontended",
      promise: "5,000,000 permits taken and given back, nobody waits; "
        + "Go: a channel in a select",
      operations: 5_000_000,
      run: uncontended
    ),
    Workload(
      "uncontended-plain",
      promise: "5,000,000 permits taken and given back, nobody waits; "
        + "Go: a channel that no context can interrupt",
      operations: 5_000_000,
      run: uncontended
    ),
    Workload(
      "uncontended-weighted",
      promise: "5,000,000 permits taken and given back, nobody waits; "
        + "Go: Weighted",
      operations: 5_000_000,
      run: uncontended
    ),
    Workload(
      "contended",
      promise: "64 tasks on 4 permits, 12,800,000 in all; "
        + "Go: a channel in a select",
      operations: 12_800_000,
      run: contended
    ),
    Workload(
      "contended-plain",
      promise: "64 tasks on 4 permits, 12,800,000 in all; "
        + "Go: a channel that no context can interrupt",
      operations: 12_800_000,
      run: contended
    ),
    Workload(
      "contended-weighted",
      promise: "64 tasks on 4 permits, 12,800,000 in all; Go: Weighted",
      operations: 12_800_000,
      run: contended
    ),
    Workload(
      "handed-over",
      promise: "64 tasks on 4 permits that each hold across a yield, "
        + "320,000 in all; Go: Weighted",
      operations: 320_000
    ) { count in
      try await share(count) { permits, operations in
        var sum = 0
        for operation in operations {
          try await permits.acquire()
          sum &+= operation & 7
          await Task.yield()
          permits.release()
        }
        return sum
      }
    },
  ]

  private static func uncontended(_ count: Int) async throws -> Int {
    let permits = Semaphore(permits: 4)
    var sum = 0
    for operation in 0..<count {
      try await permits.acquire()
      sum &+= operation & 7
      permits.release()
    }
    return sum
  }

  private static func contended(_ count: Int) async throws -> Int {
    try await share(count) { permits, operations in
      var sum = 0
      for operation in operations {
        try await permits.acquire()
        sum &+= operation & 7
        permits.release()
      }
      return sum
    }
  }

  /// Shares the operations out among 64 tasks, and adds up what they return.
  private static func share(
    _ count: Int,
    visit: @escaping @Sendable (Semaphore, Range<Int>) async throws -> Int
  ) async throws -> Int {
    let permits = Semaphore(permits: 4)
    return try await withThrowingTaskGroup(of: Int.self) { group in
      for task in 0..<64 {
        group.addTask {
          try await visit(permits, count * task / 64..<count * (task + 1) / 64)
        }
      }
      var sum = 0
      while let part = try await group.next() { sum &+= part }
      return sum
    }
  }
}
