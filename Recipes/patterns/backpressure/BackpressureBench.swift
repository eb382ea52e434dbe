import Cookbook

extension BackpressureExamples {
  static let workloads = [
    Workload(
      "suspend",
      promise: "1,000,000 items from one task to another, at most 64 ahead",
      operations: 1_000_000
    ) { count in
      try await transfer(count) { $0 & 7 }
    },
    Workload(
      "slow-consumer",
      promise: "20,000 items that take some 10 µs each, at most 64 ahead",
      operations: 20_000
    ) { count in
      try await transfer(count) { Workload.compute($0, steps: 7_000) }
    },
    Workload(
      "drop-oldest",
      promise: "1,000,000 items for a buffer of 64 that is full, each counted",
      operations: 1_000_000
    ) { count in
      let items = BoundedBuffer<Int>(bound: 64, whenFull: .dropOldest)
      var sum = 0
      for item in 0..<count {
        if let lost = try items.offer(item) { sum += lost & 7 }
      }
      items.close()
      for try await item in items { sum += item & 7 }
      return sum
    },
  ]

  private static func transfer(
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
}
