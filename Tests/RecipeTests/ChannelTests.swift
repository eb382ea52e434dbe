import Cookbook
import Synchronization
import Testing

@testable import Recipes

@Suite("channel")
struct ChannelTests {
  @Test("Behind one that waits for long, those that leave leave nothing")
  func places() throws {
    var list = Channel<Int>.WaitList<Int>()
    let waiter = Channel<Int>.Waiter()
    defer { waiter.free() }
    for number in 1...10_000 {
      list.append(.task(waiter), number, number)
      if number > 2 { #expect(list.remove(number - 1) != nil) }
    }
    let places = try #require(Mirror(reflecting: list).descendant("places"))
    #expect(Mirror(reflecting: places).children.count <= 16)
    var left: [Int] = []
    while let (_, number) = list.popFirst() { left.append(number) }
    #expect(left == [1, 10_000])
  }

  @Test(
    "Nothing is lost, doubled or overtaken on real threads",
    arguments: [0, 1, 100, .max]
  )
  func stress(capacity: Int) async {
    let channel = Channel<[Int]>(capacity: capacity)
    let parts = await withTaskGroup(of: [[Int]].self) { group in
      for sender in 0..<3 {
        group.addTask {
          for number in 0..<20_000 {
            try? await channel.send([sender, number])
          }
          return []
        }
      }
      for _ in 0..<3 {
        group.addTask {
          var received: [[Int]] = []
          while let next = try? await channel.receive() {
            received.append(next)
          }
          return received
        }
      }
      // The senders are the first to end.
      for _ in 0..<3 { _ = await group.next() }
      channel.close()
      return await group.reduce(into: []) { $0.append($1) }
    }
    print("channel, capacity \(capacity): received", parts.map(\.count))
    #expect(parts.joined().count == 60_000)
    #expect(Set(parts.joined()).count == 60_000)
    for part in parts {
      for (_, own) in Dictionary(grouping: part, by: { $0[0] }) {
        #expect(own.map { $0[1] } == own.map { $0[1] }.sorted())
      }
    }
  }
}
