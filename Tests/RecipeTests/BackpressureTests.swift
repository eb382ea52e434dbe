import BackpressureRecipe
import ChannelRecipe
import Cookbook
import Simulation
import Synchronization
import Testing

/// Values that several tasks collect.
private final class Collected<Value: Sendable>: Sendable {
  private let collected = Mutex<[Value]>([])

  func append(_ value: Value) { collected.withLock { $0.append(value) } }
  var values: [Value] { collected.withLock { $0 } }
}

@Suite("backpressure")
struct BackpressureTests {
  typealias Input = BackpressureDemo.Input
  typealias Policy = BackpressureDemo.Policy

  static func input(
    _ policy: Policy,
    bound: Int = 2,
    produce: [Int] = [1, 0, 1, 1, 0, 4],
    consume: [Int] = [2, 3, 1, 0, 2, 1],
    tokens: Int = 2,
    period: Int = 3,
    patience: [Int] = [],
    cancelAfter: Int? = nil
  ) -> Input {
    var input = Input()
    input.policy = policy.rawValue
    input.bound = bound
    input.produce = produce
    input.consume = consume
    input.tokens = tokens
    input.period = period
    input.patience = patience
    input.cancelAfter = cancelAfter
    return input
  }

  static func small(_ policy: Policy, produce: [Int]) -> Input {
    input(
      policy,
      bound: 1,
      produce: produce,
      consume: [1, 1, 0],
      tokens: 1,
      period: 1
    )
  }

  // Ties everywhere: what may go either way must keep the laws both ways.
  static let inputs: [Input] =
    Policy.allCases.flatMap { policy in
      [
        input(policy),
        input(policy, produce: [], consume: []),
        input(policy, bound: 1, tokens: 1),
        input(policy, bound: 9, tokens: 9),
        input(policy, produce: none),
        input(policy, produce: none, consume: none),
        input(policy, cancelAfter: 0),
        input(policy, cancelAfter: 3),
      ]
    } + [
      input(.rateLimit, patience: [0, 1, 2, 3, 0, 1]),
      input(.rateLimit, tokens: 1, patience: [1, 5, 1, 1, 9, 0]),
      input(.rateLimit, patience: [3, 3, 3, 3, 3, 3], cancelAfter: 4),
    ]

  /// No pause between any two.
  static let none = [0, 0, 0, 0, 0, 0]

  @Test("The laws hold under 10,000 schedules")
  func explore() async throws {
    for policy in Policy.allCases {
      try await expectLawful(
        BackpressureDemo.self,
        Self.input(policy),
        seeds: 0..<2_500
      )
    }
  }

  @Test("The laws hold for every kind of input", arguments: inputs)
  func everyKind(of input: Input) async throws {
    try await expectLawful(BackpressureDemo.self, input, seeds: 0..<100)
  }

  @Test(
    "A cancellation at any step leaves nothing behind",
    arguments: inputs
  )
  func cancellation(of input: Input) async throws {
    let runs = try await cancelEverywhere(
      BackpressureDemo.self,
      input,
      seeds: 0..<5
    )
    #expect(runs > 0)
  }

  @Test(
    "Every schedule of a small input keeps the laws",
    arguments: [
      (small(.suspend, produce: [0, 0, 0]), 8),
      (small(.dropNewest, produce: [0, 0, 1]), 21),
      (small(.dropOldest, produce: [0, 0, 1]), 26),
      (small(.rateLimit, produce: [0, 0, 1]), 483),
    ]
  )
  func everySchedule(of input: Input, count: Int) async throws {
    let schedules = try await exhaust(BackpressureDemo.self, input)
    print("backpressure, \(input.policy), 3 items: \(schedules) schedules")
    #expect(schedules == count)
  }

  @Test("The laws reject every naive port within 1,000 seeds")
  func naivePorts() async {
    await expectRejected(NaiveBackpressure.ports)
  }

  // MARK: What no demo shows

  static let policies: [BackpressureBuffer<Int>.Policy] = [
    .suspend, .dropNewest, .dropOldest,
  ]

  @Test("A closed buffer refuses to be sent to", arguments: policies)
  func closed(policy: BackpressureBuffer<Int>.Policy) async throws {
    let buffer = BackpressureBuffer<Int>(bound: 2, whenFull: policy)
    try await buffer.send(1)
    buffer.close()
    buffer.close()
    await #expect(throws: ChannelClosedError.self) {
      try await buffer.send(2)
    }
    #expect(try await buffer.receive() == 1)
    #expect(try await buffer.receive() == nil)
    #expect(buffer.droppedCount == 0)
  }

  @Test("A burst into a full buffer is dropped element by element")
  func burst() async throws {
    func rest(
      _ policy: BackpressureBuffer<Int>.Policy
    ) async throws -> (kept: [Int], dropped: [Int?]) {
      let buffer = BackpressureBuffer<Int>(bound: 3, whenFull: policy)
      var dropped: [Int?] = []
      for item in 0..<6 { dropped.append(try await buffer.send(item)) }
      buffer.close()
      #expect(buffer.droppedCount == 3)
      var kept: [Int] = []
      for try await item in buffer { kept.append(item) }
      return (kept, dropped)
    }
    let newest = try await rest(.dropNewest)
    #expect(newest.kept == [0, 1, 2])
    #expect(newest.dropped == [nil, nil, nil, 3, 4, 5])
    let oldest = try await rest(.dropOldest)
    #expect(oldest.kept == [3, 4, 5])
    #expect(oldest.dropped == [nil, nil, nil, 0, 1, 2])
  }

  @Test(
    "A consumer that is cancelled while it waits throws, and loses nothing",
    arguments: policies
  )
  func cancelledConsumer(policy: BackpressureBuffer<Int>.Policy) async throws {
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<20) { _ in
      let buffer = BackpressureBuffer<Int>(bound: 2, whenFull: policy)
      let received = Collected<Int>()
      let sent = await withTaskGroup(of: Int.self) { group in
        group.addTask {
          while let item = try? await buffer.receive() {
            received.append(item)
          }
          return 0
        }
        group.addTask {
          var sent = 0
          do {
            for item in 0..<4 {
              sent += 1
              let dropped = try await buffer.send(item)
              if dropped != nil { sent -= 1 }
              await Task.yield()
            }
          } catch {
            sent -= 1
          }
          buffer.close()
          return sent
        }
        return await group.reduce(0, +)
      }
      while let item = try? await buffer.receive() {
        received.append(item)
      }
      return (sent, received.values.count)
    } check: { sent, received in
      #expect(sent == received)
    }
    #expect(runs > 0)
  }

  @Test(
    "A cancelled receive closes a buffer that drops, and no other",
    arguments: policies
  )
  func closedByCancellation(
    policy: BackpressureBuffer<Int>.Policy
  ) async throws {
    let isOpen = try await Simulation.run(seed: 1) { simulation in
      let buffer = BackpressureBuffer<Int>(bound: 1, whenFull: policy)
      await withTaskGroup { group in
        group.addTask {
          await #expect(throws: CancellationError.self) {
            _ = try await buffer.receive()
          }
        }
        try? await simulation.clock.sleep(for: .seconds(1))
        group.cancelAll()
      }
      do { try await buffer.send(1) } catch is ChannelClosedError {
        return false
      }
      return try await buffer.receive() == 1
    }.value
    #expect(isOpen == (policy == .suspend))
  }

  @Test("A producer that is cancelled while it waits has sent nothing")
  func cancelledProducer() async throws {
    let left = try await Simulation.run(seed: 1) { simulation in
      let buffer = BackpressureBuffer<Int>(bound: 1, whenFull: .suspend)
      try await buffer.send(1)
      await withTaskGroup { group in
        group.addTask {
          await #expect(throws: CancellationError.self) {
            try await buffer.send(2)
          }
        }
        try? await simulation.clock.sleep(for: .seconds(1))
        group.cancelAll()
      }
      buffer.close()
      var left: [Int] = []
      for try await item in buffer { left.append(item) }
      return left
    }.value
    #expect(left == [1])
  }

  @Test("A consumer that stops early leaves the elements to the next one")
  func earlyExit() async throws {
    for policy in Self.policies {
      let buffer = BackpressureBuffer<Int>(bound: 4, whenFull: policy)
      for item in 0..<4 { try await buffer.send(item) }
      buffer.close()
      for try await item in buffer where item == 1 { break }
      #expect(try await buffer.receive() == 2)
    }
  }

  @Test("What was in a buffer is released with it")
  func released() async throws {
    final class Element: Sendable {
      static let alive = Atomic(0)
      init() { Self.alive.wrappingAdd(1, ordering: .relaxed) }
      deinit { Self.alive.wrappingSubtract(1, ordering: .relaxed) }
    }
    for policy in [
      BackpressureBuffer<Element>.Policy.suspend, .dropNewest, .dropOldest,
    ] {
      let buffer = BackpressureBuffer<Element>(bound: 3, whenFull: policy)
      for _ in 0..<(policy == .suspend ? 3 : 9) {
        try await buffer.send(Element())
      }
      #expect(Element.alive.load(ordering: .relaxed) == 3)
    }
    #expect(Element.alive.load(ordering: .relaxed) == 0)
  }

  // MARK: The bucket

  @Test("No window of a long run of calls holds more than its tokens")
  func windows() async throws {
    for (seed, tokens) in zip(0..., [1, 2, 3, 7, 20]) {
      let starts = try await Simulation.run(seed: UInt64(seed)) { simulation in
        let clock = simulation.clock
        let starts = Collected<Int>()
        let bucket = TokenBucket(tokens: tokens, per: .seconds(1), clock: clock)
        var generator = SeededGenerator(seed: UInt64(seed))
        try await withThrowingTaskGroup { group in
          for call in 0..<400 {
            // Rushes and pauses.
            let most = call / 50 % 2 == 0 ? 20 : 2_000 / tokens
            let pause = Int.random(in: 0...most, using: &generator)
            try await clock.sleep(for: .milliseconds(pause))
            group.addTask {
              try await bucket.wait()
              let at = VirtualClock.Instant().duration(to: clock.now)
              starts.append(at.microseconds)
            }
          }
          try await group.waitForAll()
        }
        return starts.values
      }.value
      let counts = starts.map { start in
        starts.count { start <= $0 && $0 < start + 1_000_000 }
      }
      #expect(starts.count == 400)
      #expect(counts.max() == tokens)
    }
  }

  @Test("A bucket is whole after its waiters were cancelled, at any time")
  func wholeBucket() async throws {
    for cancelAt in [0, 1, 2, 3, 500, 999, 1_000, 1_001, 1_002, 2_000, 2_001] {
      _ = try await Simulation.explore(seeds: 0..<100) { simulation in
        let clock = simulation.clock
        let bucket = TokenBucket(tokens: 2, per: .seconds(1), clock: clock)
        let starts = Collected<Duration>()
        @Sendable func call() async throws {
          try await bucket.wait()
          starts.append(clock.now.offset)
        }
        await withTaskGroup { group in
          for task in 0..<6 {
            group.addTask {
              try? await clock.sleep(for: .milliseconds(task / 2))
              try? await call()
            }
          }
          try? await clock.sleep(for: .milliseconds(cancelAt))
          group.cancelAll()
        }
        let before = starts.values
        // What the bucket owes to whoever comes now.
        let second = Duration.seconds(1)
        var expected = before
        for _ in 0..<4 {
          let back = expected.dropLast().last.map { $0 + second } ?? .zero
          expected.append(max(back, .milliseconds(cancelAt)))
        }
        for _ in 0..<4 { try await call() }
        return (got: starts.values, expected: expected)
      } check: { starts in
        #expect(starts.got == starts.expected)
      }
    }
  }

  @Test("A cancelled caller takes no token, even if one is there")
  func cancelledCaller() async throws {
    let waited = try await Simulation.run(seed: 1) { simulation in
      let clock = simulation.clock
      let bucket = TokenBucket(tokens: 1, per: .seconds(1), clock: clock)
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          await #expect(throws: CancellationError.self) {
            try await bucket.wait()
          }
        }
      }
      try await bucket.wait()
      return clock.now.offset
    }.value
    #expect(waited == .zero)
  }

  @Test("A waiter that gives up, at the head or behind, delays nobody")
  func givingUp() async throws {
    _ = try await Simulation.explore(seeds: 0..<500) { simulation in
      let clock = simulation.clock
      let bucket = TokenBucket(tokens: 1, per: .seconds(60), clock: clock)
      try await bucket.wait()
      return try await withThrowingTaskGroup(of: Duration.self) { group in
        for patience in [1, 2] {
          group.addTask {
            await withTaskGroup(of: Void.self) { waiter in
              waiter.addTask { try? await bucket.wait() }
              try? await clock.sleep(for: .seconds(patience))
              waiter.cancelAll()
            }
            return .zero
          }
        }
        group.addTask {
          try await clock.sleep(for: .milliseconds(1))
          try await bucket.wait()
          return clock.now.offset
        }
        return try await group.reduce(.zero) { max($0, $1) }
      }
    } check: { served in
      #expect(served == .seconds(60))
    }
  }

  @Test("One token paces calls evenly")
  func pacing() async throws {
    let starts = try await Simulation.run(seed: 1) { simulation in
      let clock = simulation.clock
      let bucket = TokenBucket(tokens: 1, per: .milliseconds(10), clock: clock)
      var starts: [Duration] = []
      for _ in 0..<5 {
        try await bucket.wait()
        starts.append(clock.now.offset)
      }
      return starts
    }.value
    #expect(starts == [0, 10, 20, 30, 40].map { .milliseconds($0) })
  }

  // MARK: Real threads

  @Test(
    "On real threads every element is received or dropped, and none twice",
    arguments: policies
  )
  func stress(policy: BackpressureBuffer<Int>.Policy) async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let rounds = 40
    var elements = 0
    for _ in 0..<rounds {
      let bound = Int.random(in: 1...20, using: &generator)
      let count = Int.random(in: 0...400, using: &generator)
      let producers = Int.random(in: 1...4, using: &generator)
      let buffer = BackpressureBuffer<Int>(bound: bound, whenFull: policy)
      let all = try await withThrowingTaskGroup(of: [Int].self) { group in
        for _ in 0..<2 {
          group.addTask {
            var received: [Int] = []
            for try await item in buffer { received.append(item) }
            return received
          }
        }
        let dropped = try await withThrowingTaskGroup(of: [Int].self) { group in
          for producer in 0..<producers {
            group.addTask {
              var dropped: [Int] = []
              for item in stride(from: producer, to: count, by: producers) {
                if let loser = try await buffer.send(item) {
                  dropped.append(loser)
                }
              }
              return dropped
            }
          }
          return try await group.reduce([], +)
        }
        buffer.close()
        #expect(buffer.droppedCount == dropped.count)
        #expect(policy != .suspend || dropped.isEmpty)
        return try await group.reduce(dropped, +)
      }
      #expect(all.sorted() == Array(0..<count))
      elements += count
    }
    print(
      "backpressure stress, \(policy): seed \(seed), \(rounds) rounds, "
        + "\(elements) elements"
    )
  }

  @Test("On real threads a bucket gives out its tokens, and then no more")
  func bucketStress() async throws {
    // A period that no test outlasts: nothing depends on real time.
    let bucket = TokenBucket(
      tokens: 1_000,
      per: .seconds(3_600),
      clock: ContinuousClock()
    )
    let taken = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<10 {
        group.addTask {
          for _ in 0..<100 { try await bucket.wait() }
          return 100
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(taken == 1_000)
    // The bucket is empty for an hour: whoever comes now has to wait.
    await withTaskGroup { group in
      for _ in 0..<10 {
        group.addTask {
          await #expect(throws: CancellationError.self) {
            try await bucket.wait()
          }
        }
      }
      await Task.yield()
      group.cancelAll()
    }
  }
}
