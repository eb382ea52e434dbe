import ChannelRecipe
package import Cookbook

extension SelectDemo {
  package static let workloads = [
    Workload(
      "six-senders",
      promise: "600,000 elements of six unbuffered channels, one receiver",
      operations: 600_000
    ) { count in
      let channels = (0..<6).map { _ in Channel<Int>() }
      let done = Channel<Int>()
      return try await withThrowingTaskGroup(of: Void.self) { group in
        for channel in channels {
          group.addTask {
            for element in 0..<count / 6 { try await channel.send(element & 7) }
          }
        }
        var sum = 0
        let cases = (channels + [done]).map { channel in
          Case.receive(from: channel) { sum += $0 ?? 0 }
        }
        for _ in 0..<count / 6 * 6 { try await select(among: cases) }
        try await group.waitForAll()
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
}
