import Cookbook

extension ChannelExamples {
  private static let shapes = [
    ("one-to-one", 1, 1), ("many-to-one", 5, 1), ("one-to-many", 1, 5),
    ("many-to-many", 5, 5), ("write-contention", 1_000, 1),
  ]

  static let workloads = shapes.flatMap { name, senders, receivers in
    [0, 100].map { capacity in
      // So many that it does not count how long tasks take to begin.
      let millions = capacity == 0 ? 5 : senders == 1_000 ? 100 : 20
      return Workload(
        capacity == 0 ? name : name + "-buffered",
        promise: "\(millions),000,000 elements from \(senders) to "
          + "\(receivers) tasks, capacity \(capacity)",
        operations: millions * 1_000_000
      ) { count in
        let channel = Channel<Int>(capacity: capacity)
        return try await withThrowingTaskGroup(of: Int.self) { group in
          group.addTask {
            try await withThrowingDiscardingTaskGroup { group in
              for sender in 0..<senders {
                group.addTask {
                  for element in stride(from: sender, to: count, by: senders) {
                    try await channel.send(element & 7)
                  }
                }
              }
            }
            channel.close()
            return 0
          }
          for _ in 0..<receivers {
            group.addTask { try await channel.reduce(0, +) }
          }
          return try await group.reduce(0, +)
        }
      }
    }
  }
}
