import Cookbook

extension BackpressureExamples {
  static let workloads = [
    Workload(
      "suspend",
      promise: "1,000,000 items from one task to another, at most 64 ahead",
      operations: 1_000_000
    ) { count in
      let items = BoundedBuffer<Int>(bound: 64, whenFull: .suspend)
      return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { items.close() }
          for item in 0..<count { try await items.send(item) }
        }
        return try await items.reduce(0) { $0 + $1 & 7 }
      }
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
      return try await items.reduce(sum) { $0 + $1 & 7 }
    },
  ]
}
