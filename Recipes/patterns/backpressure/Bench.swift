package import Cookbook

extension BackpressureDemo {
  package static let workloads = [
    Workload(
      "suspend",
      promise: "1,000,000 items from one task to another, at most 64 ahead",
      operations: 1_000_000
    ) { count in
      try await pass(bound: 64, count) { $0 & 7 }
    },
    Workload(
      "slow-consumer",
      promise: "20,000 items that take some 10 µs each, at most 64 ahead",
      operations: 20_000
    ) { count in
      try await pass(bound: 64, count) { Workload.compute($0, steps: 7_000) }
    },
    Workload(
      "drop-newest",
      promise: "1,000,000 items for a buffer of 64 that is full, each counted",
      operations: 1_000_000
    ) { count in
      let buffer = BackpressureBuffer<Int>(bound: 64, whenFull: .dropNewest)
      var sum = 0
      for item in 0..<count where try await buffer.send(item) != nil {
        sum += 1
      }
      buffer.close()
      for try await item in buffer { sum += item }
      return sum
    },
    Workload(
      "drop-oldest",
      promise: "1,000,000 items for a buffer of 64 that is full, each counted",
      operations: 1_000_000
    ) { count in
      let buffer = BackpressureBuffer<Int>(bound: 64, whenFull: .dropOldest)
      var sum = 0
      for item in 0..<count {
        if let oldest = try await buffer.send(item) { sum += oldest & 7 }
      }
      buffer.close()
      for try await item in buffer { sum += item & 7 }
      return sum
    },
    Workload(
      "free-tokens",
      promise: "1,000,000 tokens taken from a bucket that is never empty",
      operations: 1_000_000
    ) { count in
      let bucket = TokenBucket(
        tokens: 1_000,
        per: .nanoseconds(1),
        clock: ContinuousClock()
      )
      var sum = 0
      for item in 0..<count {
        try await bucket.wait()
        sum += item & 7
      }
      return sum
    },
  ]

  /// Sends items from one task to another, and adds up what the second
  /// makes of them.
  private static func pass(
    bound: Int,
    _ count: Int,
    _ use: (Int) -> Int
  ) async throws -> Int {
    let buffer = BackpressureBuffer<Int>(bound: bound, whenFull: .suspend)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { buffer.close() }
        for item in 0..<count { _ = try await buffer.send(item) }
      }
      var sum = 0
      for try await item in buffer { sum += use(item) }
      return sum
    }
  }
}
