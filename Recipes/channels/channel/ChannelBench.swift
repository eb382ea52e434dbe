import Cookbook

extension ChannelExamples {
  static let workloads: [Workload] =
    passes("one-to-one", from: 1, to: 1)
    + passes("many-to-one", from: 5, to: 1)
    + passes("one-to-many", from: 1, to: 5)
    + passes("many-to-many", from: 5, to: 5)
    + passes("write-contention", from: 1_000, to: 1)

  /// A workload without a buffer, and one with a buffer of 100.
  private static func passes(
    _ name: String,
    from senders: Int,
    to receivers: Int
  ) -> [Workload] {
    [0, 100].map { capacity in
      // Tasks take their time to begin, a thousand of them most of all. Where
      // elements are cheap, it takes more of them for that not to count.
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
