import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("Channel")
struct ChannelTests {
  @Test("A buffered channel takes its capacity and no more")
  func capacity() throws {
    let channel = Channel<Int>(capacity: 2)
    #expect(try channel.trySend(1))
    #expect(try channel.trySend(2))
    #expect(try !channel.trySend(3))
    #expect(channel.received == [1, 2])
    #expect(try channel.trySend(4))
  }

  @Test("Nothing can be sent without waiting where nobody receives")
  func rendezvous() throws {
    let channel = Channel<Int>()
    #expect(try !channel.trySend(1))
    #expect(channel.received == [])
  }

  @Test("A closed channel gives what is in it, then its end")
  func close() async throws {
    let channel = Channel<Int>(capacity: 3)
    #expect(try channel.trySend(1))
    #expect(try channel.trySend(2))
    #expect(channel.close())
    #expect(!channel.close())
    #expect(throws: ChannelClosedError()) { try channel.trySend(3) }
    await #expect(throws: ChannelClosedError()) { try await channel.send(3) }
    #expect(try await channel.receive() == 1)
    var rest: [Int] = []
    for try await element in channel { rest.append(element) }
    #expect(rest == [2])
    #expect(try await channel.receive() == nil)
    guard case .end = channel.tryReceive() else {
      Issue.record("a closed and empty channel is not at its end")
      return
    }
  }

  @Test("Order holds while the buffer wraps around and grows")
  func order() throws {
    let channel = Channel<Int>(capacity: 1_000)
    var (sent, received) = (0, 0)
    for round in 0..<60 {
      for _ in 0..<round where try channel.trySend(sent) { sent += 1 }
      for element in channel.receive(atMost: round / 2) {
        #expect(element == received)
        received += 1
      }
    }
    for element in channel.received {
      #expect(element == received)
      received += 1
    }
    #expect(received == sent)
  }

  @Test("A cancelled task still does what needs no waiting")
  func cancelledButReady() async {
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      let channel = Channel<Int>(capacity: 1)
      try await channel.send(1)
      return try await channel.receive()
    }
    task.cancel()
    let result = await task.result
    #expect((try? result.get()) == 1)
  }

  @Test("A rendezvous ends on both sides at one instant")
  func instant() async throws {
    _ = try await Simulation.explore(seeds: 0..<50) { simulation in
      let channel = Channel<Int>()
      let clock = simulation.clock
      let sender = Task(executorPreference: simulation.executor) {
        try await channel.send(1)
        return clock.now.offset
      }
      try await clock.sleep(for: .seconds(3))
      let element = try await channel.receive()
      #expect(element == 1)
      #expect(clock.now.offset == .seconds(3))
      #expect(try await sender.value == .seconds(3))
    }
  }

  @Test(
    "Waiters are served in the order in which they came",
    arguments: [0, 1]
  )
  func firstComeFirstServed(capacity: Int) async throws {
    _ = try await Simulation.explore(seeds: 0..<50) { simulation in
      let clock = simulation.clock
      let channel = Channel<Int>(capacity: capacity)
      return try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
        for index in 0..<5 {
          group.addTask {
            try await clock.sleep(for: .seconds(index + 1))
            return (index, try await channel.receive())
          }
        }
        try await clock.sleep(for: .seconds(10))
        for element in 0..<5 { try await channel.send(element) }
        var served: [Int?] = Array(repeating: nil, count: 5)
        for try await (index, element) in group { served[index] = element }
        for index in 0..<5 {
          group.addTask {
            try await clock.sleep(for: .seconds(index + 1))
            try await channel.send(index)
            return (index, nil)
          }
        }
        try await clock.sleep(for: .seconds(10))
        for _ in 0..<5 { served.append(try await channel.receive()) }
        try await group.waitForAll()
        return served.map { $0 ?? -1 }
      }
    } check: { served in
      try require(served == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4], "\(served)")
    }
  }

  @Test("Closing releases everyone who waits", arguments: [0, 1])
  func closeReleases(capacity: Int) async throws {
    _ = try await Simulation.exhaust(limit: 10_000) { simulation in
      let channel = Channel<Int>(capacity: capacity)
      return await withTaskGroup(of: String.self) { group in
        for index in 0..<2 {
          group.addTask {
            do {
              try await channel.send(index)
              return "sent"
            } catch {
              return "\(error)"
            }
          }
        }
        group.addTask {
          channel.close()
          return "closed"
        }
        var endings = Set<String>()
        for await ending in group { endings.insert(ending) }
        return endings
      }
    } check: { endings in
      let allowed: Set = ["sent", "closed", "ChannelClosedError()"]
      try require(endings.isSubset(of: allowed), "\(endings)")
    }
  }

  @Test("One that waits for long is served after many that left")
  func withdrawn() async throws {
    // One waits for ever, and many come and go behind it.
    _ = try await Simulation.run(seed: 1) { simulation in
      let channel = Channel<Int>()
      let executor = simulation.executor
      let first = Task(executorPreference: executor) {
        try await channel.receive()
      }
      for _ in 0..<200 {
        let next = Task(executorPreference: executor) {
          try await channel.receive()
        }
        try await simulation.clock.sleep(for: .seconds(1))
        next.cancel()
        _ = await next.result
      }
      try await channel.send(7)
      #expect(try await first.value == 7)
    }
  }
}

@Suite("Channels on real threads")
struct ChannelStressTests {
  private struct Plan: Sendable {
    var count: Int
    /// After how many turns it is cancelled, if it is.
    var turns: Int?

    static func random(_ generator: inout SeededGenerator) -> Plan {
      Plan(
        count: .random(in: 1...400, using: &generator),
        turns: Bool.random(using: &generator)
          ? .random(in: 0...30, using: &generator) : nil
      )
    }

    /// Performs the body that often, unless it is cancelled before.
    func perform(_ body: @escaping @Sendable () async -> Bool) async {
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          for _ in 0..<count where !(await body()) { return }
        }
        guard let turns else { return }
        for _ in 0..<turns { await Task.yield() }
        group.cancelAll()
      }
    }
  }

  private final class Tally: Sendable {
    let sent = Mutex<[Element]>([])
    let received = Mutex<[[Element]]>(Array(repeating: [], count: 3))
    let cancelled = Atomic(0)
    let ends = Atomic(0)
    let numbers = Mutex([0, 0, 0])

    func next(of sender: Int) -> Element {
      numbers.withLock { numbers in
        numbers[sender] += 1
        return Element(sender: sender, number: numbers[sender])
      }
    }
  }

  private struct Element: Hashable {
    var sender: Int
    var number: Int
  }

  @Test(
    "Cancelled or not, nothing is lost, doubled or out of order",
    arguments: [0, 1, 2, 100, .max]
  )
  func stress(capacity: Int) async {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let channel = Channel<Element>(capacity: capacity)
    let tally = Tally()
    await withTaskGroup(of: Bool.self) { group in
      for sender in 0..<3 {
        let plans = (0..<150).map { _ in Plan.random(&generator) }
        group.addTask {
          for plan in plans {
            await plan.perform {
              let element = tally.next(of: sender)
              do {
                try await channel.send(element)
                tally.sent.withLock { $0.append(element) }
                return true
              } catch {
                tally.cancelled.add(1, ordering: .relaxed)
                return false
              }
            }
          }
          return true
        }
      }
      for receiver in 0..<3 {
        let plans = (0..<150).map { _ in Plan.random(&generator) }
        group.addTask {
          @Sendable func receive() async -> Bool {
            do {
              guard let element = try await channel.receive() else {
                tally.ends.add(1, ordering: .relaxed)
                return false
              }
              tally.received.withLock { $0[receiver].append(element) }
              return true
            } catch {
              tally.cancelled.add(1, ordering: .relaxed)
              return false
            }
          }
          for plan in plans { await plan.perform(receive) }
          while tally.ends.load(ordering: .relaxed) == 0 {
            _ = await receive()
          }
          return false
        }
      }
      var sending = 3
      for await isSender in group where isSender {
        sending -= 1
        if sending == 0 { channel.close() }
      }
    }
    let (all, parts) = (
      tally.sent.withLock { $0 }, tally.received.withLock { $0 }
    )
    #expect(parts.joined().count == all.count, "seed \(seed)")
    #expect(Set(parts.joined()) == Set(all), "seed \(seed)")
    for part in parts {
      for sender in 0..<3 {
        let numbers = part.filter { $0.sender == sender }.map(\.number)
        #expect(numbers == numbers.sorted(), "seed \(seed)")
      }
    }
    print(
      "channel stress: seed \(seed), capacity \(capacity),",
      "\(all.count) elements,",
      tally.cancelled.load(ordering: .relaxed),
      "waits cancelled"
    )
  }
}

/// Cancellation under all schedules.
@Suite("Channel cancellation")
struct ChannelCancellationTests {
  enum Target: CaseIterable, Sendable { case nobody, sender, receiver, both }

  struct Result: Equatable, Sendable {
    var sent: [Int] = []
    var received: [Int] = []
    var cancelled = 0
  }

  @Test(
    "Two senders and two receivers lose, double and forget nothing",
    arguments: [0, 1],
    Target.allCases
  )
  func exhaustive(capacity: Int, target: Target) async throws {
    let exhaustion = try await Simulation.exhaust(limit: 1_000_000) {
      simulation in
      await Self.run(simulation, capacity: capacity, target: target)
    } check: { result in
      try require(result.sent == result.received, "\(result)")
    }
    #expect(exhaustion.isComplete)
    print(
      "channel, capacity \(capacity), \(target) cancelled:",
      exhaustion.schedules,
      "schedules"
    )
  }

  @Test("The same under 3,000 seeds", arguments: [0, 1], Target.allCases)
  func seeded(capacity: Int, target: Target) async throws {
    _ = try await Simulation.explore(seeds: 0..<3_000) { simulation in
      await Self.run(simulation, capacity: capacity, target: target)
    } check: { result in
      try require(result.sent == result.received, "\(result)")
    }
  }

  static func run(
    _ simulation: Simulation,
    capacity: Int,
    target: Target
  ) async -> Result {
    let channel = Channel<Int>(capacity: capacity)
    let executor = simulation.executor
    let senders = (0..<2).map { element in
      Task(executorPreference: executor) { try await channel.send(element) }
    }
    let receivers = (0..<2).map { _ in
      Task(executorPreference: executor) { try await channel.receive() }
    }
    // Tasks of their own, which a schedule can put anywhere.
    var cancellers: [Task<Void, Never>] = []
    if target == .sender || target == .both {
      cancellers.append(
        Task(executorPreference: executor) { senders[0].cancel() }
      )
    }
    if target == .receiver || target == .both {
      cancellers.append(
        Task(executorPreference: executor) { receivers[0].cancel() }
      )
    }
    for canceller in cancellers { await canceller.value }

    var result = Result()
    var last: [Task<Int?, any Error>] = receivers
    if target == .receiver || target == .both {
      // Takes what the cancelled one leaves; nobody else may come for it.
      last.append(
        Task(executorPreference: executor) { try await channel.receive() }
      )
    }
    for (element, sender) in senders.enumerated() {
      if case .success = await sender.result { result.sent.append(element) }
    }
    channel.close()
    for receiver in last {
      switch await receiver.result {
      case .success(let element?): result.received.append(element)
      case .success(nil): break
      case .failure: result.cancelled += 1
      }
    }
    for case .element(let element) in [channel.tryReceive()] {
      result.received.append(element)
    }
    result.sent.sort()
    result.received.sort()
    return result
  }
}

struct Rejection: Error, CustomStringConvertible {
  var description: String
}

func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw Rejection(description: what()) }
}

extension Channel {
  /// What can be received without waiting.
  var received: [Element] { receive(atMost: .max) }

  func receive(atMost count: Int) -> [Element] {
    var elements: [Element] = []
    while elements.count < count, case .element(let next) = tryReceive() {
      elements.append(next)
    }
    return elements
  }
}
