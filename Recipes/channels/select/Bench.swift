import ChannelRecipe
package import Cookbook

extension SelectDemo {
  package static let workloads = [
    Workload(
      "six-senders",
      promise: "600,000 elements of six unbuffered channels, one receiver",
      operations: 600_000
    ) { count in
      try await receive(count) { channels, done in
        var sum = 0
        let cases = (channels + [done]).map { channel in
          Case.receive(from: channel) { sum += $0 ?? 0 }
        }
        for _ in 0..<count / 6 * 6 { try await select(among: cases) }
        return sum
      }
    },
    Workload(
      "six-senders-listed",
      promise: "600,000 elements of six unbuffered channels, one receiver, "
        + "whose cases are listed for each",
      operations: 600_000
    ) { count in
      try await receive(count) { channels, done in
        var sum = 0
        for _ in 0..<count / 6 * 6 {
          // In parentheses: where both are copied into one module, a trailing
          // closure could also be that of `select(priority:)`.
          try await select({
            Case.receive(from: channels[0]) { sum += $0 ?? 0 }
            Case.receive(from: channels[1]) { sum += $0 ?? 0 }
            Case.receive(from: channels[2]) { sum += $0 ?? 0 }
            Case.receive(from: channels[3]) { sum += $0 ?? 0 }
            Case.receive(from: channels[4]) { sum += $0 ?? 0 }
            Case.receive(from: channels[5]) { sum += $0 ?? 0 }
            Case.receive(from: done) { _ in }
          })
        }
        return sum
      }
    },
    Workload(
      "ready-or-default",
      promise: "1,000,000 selects of a send, a receive and a default",
      operations: 1_000_000
    ) { count in
      let channel = Channel<Int>(capacity: 1)
      let never = Channel<Int>()
      let cases = [
        Case.receive(from: channel) { ($0 ?? 0) & 1 },
        Case.receive(from: never) { _ in 2 },
        Case.default { 3 },
      ]
      var sum = 0
      for element in 0..<count {
        if element & 1 == 0 { try await channel.send(1) }
        sum += try await select(among: cases)
      }
      return sum
    },
  ]

  /// Lets six tasks send on a channel each, and one more take what comes.
  private static func receive(
    _ count: Int,
    by body:
      nonisolated(nonsending) (
        _ channels: [Channel<Int>], _ done: Channel<Int>
      ) async throws -> Int
  ) async throws -> Int {
    let channels = (0..<6).map { _ in Channel<Int>() }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      for channel in channels {
        group.addTask {
          for element in 0..<count / 6 { try await channel.send(element & 7) }
        }
      }
      let sum = try await body(channels, Channel<Int>())
      try await group.waitForAll()
      return sum
    }
  }
}
