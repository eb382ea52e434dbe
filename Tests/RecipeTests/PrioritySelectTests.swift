import Simulation
import Testing

@testable import Recipes

@Suite("priority-select")
struct PrioritySelectTests {
  @Test("A weighted receiver gives low one turn in ratio + 1")
  func weighted() async throws {
    let (high, low) = (Channel<Int>(capacity: 9), Channel<Int>(capacity: 9))
    for element in [1, 2, 3, 4, 5] { _ = try high.trySend(element) }
    for element in [10, 20, 30] { _ = try low.trySend(element) }
    high.close()
    low.close()
    let receiver = WeightedReceiver(high: high, low: low, ratio: 2)
    var order: [Int] = []
    while let element = try await receiver.next() { order.append(element) }
    #expect(order == [1, 2, 10, 3, 4, 20, 5, 30])
  }

  @Test("Tasks that share a weighted receiver lose nothing")
  func shared() async throws {
    _ = try await Simulation.explore(seeds: 0..<500) { _ in
      let (high, low) = (Channel<Int>(), Channel<Int>())
      let receiver = WeightedReceiver(high: high, low: low, ratio: 2)
      return await withTaskGroup(of: Int.self) { group in
        for channel in [high, low] {
          group.addTask {
            for element in 1...3 { try? await channel.send(element) }
            channel.close()
            return 0
          }
        }
        for _ in 0..<2 {
          group.addTask {
            var sum = 0
            while let element = try? await receiver.next() { sum += element }
            return sum
          }
        }
        return await group.reduce(0, +)
      }
    } check: {
      if $0 != 12 { throw ChannelClosedError() }
    }
  }

  @Test("What a finished queue refuses never comes out of it")
  func refused() async throws {
    let queue = PriorityQueue<Int>()
    try await queue.send(1, isUrgent: false)
    await queue.finish()
    for isUrgent in [true, false] {
      await #expect(throws: ChannelClosedError()) {
        try await queue.send(9, isUrgent: isUrgent)
      }
    }
    #expect(try await queue.next() == 1)
    #expect(try await queue.next() == nil)
  }
}
