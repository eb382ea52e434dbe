import Cookbook

extension PrioritySelectExamples {
  static let workloads = [
    workload("strict-listed", "high first, by cases listed for each") {
      count,
      high,
      low in
      try await sum(count) {
        try await prioritySelect {
          Select.receive(from: high) { $0 }
          Select.receive(from: low) { $0 }
        }
      }
    },
    workload("strict", "high first, by cases listed once") { count, high, low in
      let cases = [high, low].map { Select.receive(from: $0) { $0 } }
      return try await sum(count) {
        try await Select.first(of: cases, choose: \.lowerBound)
      }
    },
    workload("weighted", "low after three of high") { count, high, low in
      let elements = WeightedReceiver(high: high, low: low, ratio: 3)
      return try await sum(count) { try await elements.next() }
    },
  ]

  private static func workload(
    _ name: String,
    _ order: String,
    run:
      @escaping @Sendable (Int, Channel<Int>, Channel<Int>) async throws -> Int
  ) -> Workload {
    Workload(
      name,
      promise: "1,000,000 elements of two channels that are ready, \(order)",
      operations: 1_000_000
    ) { count in
      let high = Channel<Int>(capacity: count)
      let low = Channel<Int>(capacity: count)
      for element in 0..<count / 2 {
        _ = try high.trySend(element & 7)
        _ = try low.trySend(element & 3)
      }
      return try await run(count / 2 * 2, high, low)
    }
  }

  /// A sum that depends on the order.
  private static func sum(
    _ count: Int,
    next: () async throws -> Int?
  ) async throws -> Int {
    var sum = 0
    for position in 0..<count {
      sum += (try await next() ?? 0) * (position & 1 + 1)
    }
    return sum
  }
}
