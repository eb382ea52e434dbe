import Cookbook

extension ChannelExamples {
  private static let shapes = [
    ("one-to-one", 1, 1), ("many-to-one", 5, 1), ("one-to-many", 1, 5),
    ("many-to-many", 5, 5), ("write-contention", 1_000, 1),
  ]

  static let workloads =
    throughput
    + Workload.neighbours {
      let channel = Channel<Int>()
      try await withThrowingTaskGroup { group in
        group.addTask { while !Task.isCancelled { try await channel.send(0) } }
        for try await _ in channel {}
      }
    } + [single]

  private static let throughput = shapes.flatMap { name, senders, receivers in
    [0, 100].map { capacity in
      // So many that it does not count how long tasks take to begin.
      let millions = capacity == 0 ? 5 : senders == 1_000 ? 100 : 20
      return Workload(
        capacity == 0 ? name : name + "-buffered",
        promise: "\(millions),000,000 elements from \(senders) to "
          + "\(receivers) tasks, capacity \(capacity)",
        operations: millions * 1_000_000
      ) { try await pass($0, senders, receivers, capacity) }
    }
  }

  /// Lets elements go from senders to receivers, and returns their sum.
  static func pass(
    _ count: Int,
    _ senders: Int,
    _ receivers: Int,
    _ capacity: Int
  ) async throws -> Int {
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

  /// How long an element takes that comes alone.
  private static let single = Workload(
    "single-p99",
    promise: "99 % of 20,000 delays, an element every 20 µs, capacity 100",
    operations: 20_000,
    percent: 99
  ) { count in
    let channel = Channel<Stopwatch>(capacity: 100)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for _ in 0..<count {
          let pause = Stopwatch(clock: ContinuousClock())
          while pause.elapsed < .microseconds(20) {}
          try await channel.send(Stopwatch(clock: ContinuousClock()))
        }
        channel.close()
      }
      return try await channel.reduce(into: []) { $0.append($1.elapsed) }
    }
  }
}
