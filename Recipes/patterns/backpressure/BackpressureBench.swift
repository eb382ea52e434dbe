import Cookbook

extension BackpressureExamples {
  static let workloads = [
    Workload(
      "suspend",
      promise: "1,000,000 items from one task to another, at most 64 ahead",
      operations: 1_000_000
    ) { count in
      try await pass(count) { $0 & 7 }
    },
    Workload(
      "slow-consumer",
      promise: "20,000 items that take some 10 µs each, at most 64 ahead",
      operations: 20_000
    ) { count in
      try await pass(count) { Workload.compute($0, steps: 7_000) }
    },
    Workload(
      "drop-newest",
      promise: "1,000,000 items for a buffer of 64 that is full, each counted",
      operations: 1_000_000
    ) { count in
      try await fill(.dropNewest, count)
    },
    Workload(
      "drop-oldest",
      promise: "1,000,000 items for a buffer of 64 that is full, each counted",
      operations: 1_000_000
    ) { count in
      try await fill(.dropOldest, count)
    },
    Workload(
      "free-tokens",
      promise: "1,000,000 tokens taken from a bucket that is never empty",
      operations: 1_000_000
    ) { count in
      let bucket = TokenBucket(burst: 1_000, every: .nanoseconds(1))
      var sum = 0
      for item in 0..<count {
        try await bucket.take()
        sum += item & 7
      }
      return sum
    },
  ]

  private static func pass(
    _ count: Int,
    _ use: (Int) -> Int
  ) async throws -> Int {
    let items = BoundedBuffer<Int>(bound: 64, whenFull: .suspend)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { items.close() }
        for item in 0..<count { try await items.send(item) }
      }
      var sum = 0
      for try await item in items { sum += use(item) }
      return sum
    }
  }

  private static func fill(
    _ policy: Policy,
    _ count: Int
  ) async throws -> Int {
    let items = BoundedBuffer<Int>(bound: 64, whenFull: policy)
    var sum = 0
    for item in 0..<count {
      if let lost = try await items.send(item) { sum += lost & 7 }
    }
    items.close()
    for try await item in items { sum += item & 7 }
    return sum
  }
}
