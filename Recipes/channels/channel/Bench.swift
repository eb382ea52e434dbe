package import Cookbook

extension ChannelDemo {
  package static let workloads: [Workload] =
    passes("one-to-one", from: 1, to: 1)
    + passes("many-to-one", from: 5, to: 1)
    + passes("one-to-many", from: 1, to: 5)
    + passes("many-to-many", from: 5, to: 5)
    + passes("write-contention", from: 1_000, to: 1)
    + [requestReply, sendThenReceive]

  private static let requestReply = Workload(
    "request-reply",
    promise: "2,000,000 requests, each answered before the next",
    operations: 2_000_000
  ) { count in
    let (requests, replies) = (Channel<Int>(), Channel<Int>())
    return try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask {
        while let request = try await requests.receive() {
          try await replies.send(request & 7)
        }
        return 0
      }
      var sum = 0
      for request in 0..<count {
        try await requests.send(request)
        sum += try await replies.receive() ?? 0
      }
      requests.close()
      try await group.waitForAll()
      return sum
    }
  }

  private static let sendThenReceive = Workload(
    "send-then-receive",
    promise: "1,000,000 elements through a buffer of one, by one task",
    operations: 1_000_000
  ) { count in
    let channel = Channel<Int>(capacity: 1)
    var sum = 0
    for element in 0..<count {
      try await channel.send(element & 7)
      sum += try await channel.receive() ?? 0
    }
    return sum
  }

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
        await pass(count, senders, receivers, capacity)
      }
    }
  }

  private static func pass(
    _ count: Int,
    _ senders: Int,
    _ receivers: Int,
    _ capacity: Int
  ) async -> Int {
    let channel = Channel<Int>(capacity: capacity)
    return await withTaskGroup(of: Int?.self) { group in
      for sender in 0..<senders {
        group.addTask {
          for element in stride(from: sender, to: count, by: senders) {
            try? await channel.send(element & 7)
          }
          return nil
        }
      }
      for _ in 0..<receivers {
        group.addTask {
          var sum = 0
          while let element = try? await channel.receive() { sum += element }
          return sum
        }
      }
      var (sum, sending) = (0, senders)
      for await part in group {
        if let part {
          sum += part
        } else {
          sending -= 1
          if sending == 0 { channel.close() }
        }
      }
      return sum
    }
  }
}
