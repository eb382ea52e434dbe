import Simulation
import Testing

@testable import Recipes

@Suite("backpressure")
struct BackpressureTests {
  typealias Policy = BoundedBuffer<Int>.Policy

  @Test(
    "A burst into a full buffer is dropped element by element",
    arguments: [
      (Policy.suspend, [0, 1, 2], [nil, nil, nil, 3, 4, 5]),
      (.dropNewest, [0, 1, 2], [nil, nil, nil, 3, 4, 5]),
      (.dropOldest, [3, 4, 5], [nil, nil, nil, 0, 1, 2]),
    ]
  )
  func burst(policy: Policy, kept: [Int], dropped: [Int?]) async throws {
    let buffer = BoundedBuffer<Int>(bound: 3, whenFull: policy)
    #expect(try (0..<6).map { try buffer.offer($0) } == dropped)
    #expect(buffer.droppedCount == 3)
    buffer.close()
    buffer.close()
    #expect(throws: BufferClosedError.self) { try buffer.offer(6) }
    // One that leaves early leaves the rest to the next.
    for try await element in buffer where element == kept[1] { break }
    #expect(try await buffer.receive() == kept[2])
    #expect(try await buffer.receive() == nil)
  }

  @Test("A consumer that stops waiting ends a stream, but no buffer")
  func consumerLeaves() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    let buffer = BoundedBuffer<Int>(bound: 1, whenFull: .dropOldest)
    _ = try await Simulation.run(seed: 1) { simulation in
      await withTaskGroup { group in
        group.addTask { for await _ in stream {} }
        group.addTask {
          await #expect(throws: CancellationError.self) {
            try await buffer.receive()
          }
        }
        try? await simulation.clock.sleep(for: .seconds(1))
        group.cancelAll()
      }
    }
    guard case .terminated = continuation.yield(1) else {
      Issue.record("the stream is open")
      return
    }
    try await buffer.send(1)
    #expect(try await buffer.receive() == 1)
  }

  @Test("Of senders that wait one gives up, one is served, and one is too late")
  func senders() async throws {
    _ = try await Simulation.explore(seeds: 0..<500) { simulation in
      let clock = simulation.clock
      let buffer = BoundedBuffer<Int>(bound: 1, whenFull: .suspend)
      try await buffer.send(0)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for sender in 1...3 {
          group.addTask {
            try await clock.sleep(for: .seconds(sender))
            await withTaskGroup { patience in
              patience.addTask {
                do { try await buffer.send(sender) } catch {
                  #expect(sender != 2)
                  #expect(error is CancellationError == (sender == 1))
                }
              }
              try? await clock.sleep(for: .seconds(sender == 1 ? 3 : 9))
              patience.cancelAll()
            }
          }
        }
        try await clock.sleep(for: .seconds(5))
        #expect(try await buffer.receive() == 0)
        buffer.close()
        #expect(try await buffer.receive() == 2)
        #expect(try await buffer.receive() == nil)
        try await group.waitForAll()
      }
    }
  }

  @Test("Two consumers of one throwing stream end the program")
  func sharedStream() async {
    await #expect(processExitsWith: .failure) {
      let stream = AsyncThrowingStream<Int, any Error> { _ in }
      try await withThrowingTaskGroup { group in
        for _ in 1...2 { group.addTask { for try await _ in stream {} } }
        try await group.waitForAll()
      }
    }
  }

  private struct Element: Sendable {
    let number: Int
    let object: Alive.Object
  }

  @Test(
    "On real threads every element is received or dropped, and none twice",
    arguments: [
      BoundedBuffer<Element>.Policy.suspend, .dropNewest, .dropOldest,
    ]
  )
  private func stress(policy: BoundedBuffer<Element>.Policy) async throws {
    let alive = Alive()
    for bound in [1, 2, 7, 64] {
      let buffer = BoundedBuffer<Element>(bound: bound, whenFull: policy)
      let numbers = try await withThrowingTaskGroup(of: [Int].self) { group in
        for _ in 1...3 {
          group.addTask {
            try await buffer.map(\.number).reduce([]) { $0 + [$1] }
          }
        }
        let dropped = try await withThrowingTaskGroup(of: [Int].self) {
          senders in
          for sender in 0..<3 {
            senders.addTask {
              var dropped: [Int] = []
              for number in stride(from: sender, to: 3_000, by: 3) {
                let element = Element(number: number, object: alive.make())
                let lost = try await buffer.send(element)
                if let lost { dropped.append(lost.number) }
              }
              return dropped
            }
          }
          return try await senders.reduce([], +)
        }
        buffer.close()
        #expect(buffer.droppedCount == dropped.count)
        #expect(policy != .suspend || dropped.isEmpty)
        return try await group.reduce(dropped, +)
      }
      #expect(numbers.sorted() == Array(0..<3_000))
    }
    // What is left in a buffer is released with it.
    _ = try BoundedBuffer<Element>(bound: 2, whenFull: policy)
      .offer(Element(number: 0, object: alive.make()))
    #expect(alive.now == 0)
  }
}
