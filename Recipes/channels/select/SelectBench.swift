import Cookbook

extension SelectExamples {
  static let workloads = [
    sixSenders("six-senders", "are listed once") { count, channels in
      var sum = 0
      let cases = channels.map { channel in
        Select.receive(from: channel) { sum += $0 ?? 0 }
      }
      for _ in 0..<count { try await select(among: cases) }
      return sum
    },
    sixSenders("six-senders-listed", "are listed for each") { count, channels in
      var sum = 0
      for _ in 0..<count {
        try await select {
          Select.receive(from: channels[0]) { sum += $0 ?? 0 }
          Select.receive(from: channels[1]) { sum += $0 ?? 0 }
          Select.receive(from: channels[2]) { sum += $0 ?? 0 }
          Select.receive(from: channels[3]) { sum += $0 ?? 0 }
          Select.receive(from: channels[4]) { sum += $0 ?? 0 }
          Select.receive(from: channels[5]) { sum += $0 ?? 0 }
        }
      }
      return sum
    },
  ]

  /// Six tasks send on a channel each, and one takes what comes.
  private static func sixSenders(
    _ name: String,
    _ how: String,
    receive: @escaping @Sendable (Int, [Channel<Int>]) async throws -> Int
  ) -> Workload {
    Workload(
      name,
      promise: "600,000 elements of six unbuffered channels, one receiver, "
        + "whose cases \(how)",
      operations: 600_000
    ) { count in
      let channels = (0..<6).map { _ in Channel<Int>() }
      return try await withThrowingTaskGroup(of: Void.self) { group in
        for channel in channels {
          group.addTask {
            for element in 0..<count / 6 { try await channel.send(element & 7) }
          }
        }
        let sum = try await receive(count / 6 * 6, channels)
        try await group.waitForAll()
        return sum
      }
    }
  }
}
