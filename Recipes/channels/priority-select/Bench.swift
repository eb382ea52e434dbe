import ChannelRecipe
package import Cookbook
import SelectRecipe

extension PrioritySelectDemo {
  package static let workloads = [
    Workload(
      "strict",
      promise: "1,000,000 elements of two channels that are ready, high first",
      operations: 1_000_000
    ) { count in
      let (high, low) = try full(count)
      var sum = 0
      var position = 0
      let cases = [
        Case.receive(from: high) { $0 ?? 0 },
        Case.receive(from: low) { $0 ?? 0 },
      ]
      for _ in 0..<count / 2 * 2 {
        position += 1
        sum += try await select(inOrder: cases) * (position & 1 + 1)
      }
      return sum
    },
    Workload(
      "weighted",
      promise: "1,000,000 elements of two channels, low after three of high",
      operations: 1_000_000
    ) { count in
      let (high, low) = try full(count)
      high.close()
      low.close()
      var receiver = WeightedReceiver(high: high, low: low, ratio: 3)
      var sum = 0
      var position = 0
      while let element = try await receiver.next() {
        position += 1
        sum += element * (position & 1 + 1)
      }
      return sum
    },
  ]

  private static func full(
    _ count: Int
  ) throws -> (high: Channel<Int>, low: Channel<Int>) {
    let high = Channel<Int>(capacity: count)
    let low = Channel<Int>(capacity: count)
    for element in 0..<count / 2 {
      _ = try high.trySend(element & 7)
      _ = try low.trySend(element & 3)
    }
    return (high, low)
  }
}
