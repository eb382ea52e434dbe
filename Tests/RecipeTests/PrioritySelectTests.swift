import Simulation
import Testing

@testable import Recipes

@Suite("priority-select")
struct PrioritySelectTests {
  private func full(_ elements: Int...) throws -> Channel<Int> {
    let channel = Channel<Int>(capacity: 9)
    for element in elements { _ = try channel.trySend(element) }
    return channel
  }

  @Test("Low is served when high is empty, and a default when both are")
  func lowAndDefault() async throws {
    let (high, low) = (try full(), try full(1))
    for expected in [1, nil] {
      let received = try await prioritySelect {
        Select.receive(from: high) { $0 }
        Select.receive(from: low) { $0 }
        Select.default { nil }
      }
      #expect(received == expected)
    }
  }

  @Test("A weighted receiver gives low one turn in ratio + 1")
  func weighted() async throws {
    let (high, low) = (try full(1, 2, 3, 4, 5), try full(10, 20, 30))
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
