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

  @Test("Of senders that wait one gives up, one is served, and one is too late")
  func senders() async throws {
    _ = try await Simulation.explore(seeds: 0..<500) { simulation in
      let buffer = BoundedBuffer<Int>(bound: 1, whenFull: .suspend)
      try await buffer.send(0)
      var senders: [Task<Int?, any Error>] = []
      for sender in 1...3 {
        senders.append(
          Task(executorPreference: simulation.executor) {
            try await buffer.send(sender)
          }
        )
        try await simulation.clock.sleep(for: .seconds(1))
      }
      senders[0].cancel()
      #expect(try await buffer.receive() == 0)
      buffer.close()
      #expect(try await buffer.receive() == 2)
      #expect(try await buffer.receive() == nil)
      await #expect(throws: CancellationError.self) {
        try await senders[0].value
      }
      #expect(try await senders[1].value == nil)
      await #expect(throws: BufferClosedError.self) {
        try await senders[2].value
      }
    }
  }

  @Test("A consumer that stops waiting ends a stream, but no buffer")
  func consumerLeaves() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    let buffer = BoundedBuffer<Int>(bound: 1, whenFull: .dropOldest)
    _ = try await Simulation.run(seed: 1) { simulation in
      await withTaskGroup { group in
        group.addTask { for await _ in stream {} }
        group.addTask { _ = try? await buffer.receive() }
        try? await simulation.clock.sleep(for: .seconds(1))
        group.cancelAll()
      }
    }
    try await buffer.send(1)
    #expect(try await buffer.receive() == 1)
    guard case .terminated = continuation.yield(1) else {
      Issue.record("the stream is open")
      return
    }
  }

  @Test(
    "Cancelled at any step, a buffer still has what was sent and not received",
    arguments: [Policy.suspend, .dropNewest, .dropOldest]
  )
  func cancelled(policy: Policy) async throws {
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<20) { _ in
      let buffer = BoundedBuffer<Int>(bound: 2, whenFull: policy)
      var balance = await withTaskGroup(of: Int.self) { group in
        group.addTask {
          var received = 0
          while (try? await buffer.receive()) != nil { received += 1 }
          return received
        }
        group.addTask {
          defer { buffer.close() }
          var sent = 0
          for number in 0..<5 {
            guard let lost = try? await [buffer.send(number)] else { break }
            sent += lost == [nil] ? 1 : 0
            await Task.yield()
          }
          return -sent
        }
        return await group.reduce(0, +)
      }
      while try await buffer.receive() != nil { balance += 1 }
      return balance
    } check: { balance in
      #expect(balance == 0)
    }
    #expect(runs > 0)
  }

  @Test(
    "On real threads every element is received or dropped, and none twice",
    arguments: [Policy.suspend, .dropNewest, .dropOldest]
  )
  func stress(policy: Policy) async throws {
    for bound in [1, 2, 7, 64] {
      let buffer = BoundedBuffer<Int>(bound: bound, whenFull: policy)
      let numbers = try await withThrowingTaskGroup(of: [Int].self) { group in
        for _ in 1...3 {
          group.addTask { try await buffer.reduce([]) { $0 + [$1] } }
        }
        let dropped = try await withThrowingTaskGroup(of: [Int].self) {
          senders in
          for sender in 0..<3 {
            senders.addTask {
              var dropped: [Int] = []
              for number in stride(from: sender, to: 3_000, by: 3) {
                let lost = try await buffer.send(number)
                if let lost { dropped.append(lost) }
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
  }

  @Test("A buffer keeps what is in it, and nothing else, as long as it lives")
  func released() async throws {
    let alive = Alive()
    var buffer: BoundedBuffer? = BoundedBuffer<Alive.Object>(
      bound: 2,
      whenFull: .dropOldest
    )
    for _ in 0..<5 { try buffer?.offer(alive.make()) }
    #expect(alive.now == 2)
    _ = try await buffer?.receive()
    #expect(alive.now == 1)
    buffer = nil
    #expect(alive.now == 0)
  }
}
