import Cookbook
import PrioritySelectRecipe
import SelectRecipe
import Simulation
import Testing

@Suite("Priority select")
struct PrioritySelectTests {
  @Test("Whenever high is ready, high is chosen")
  func highFirst() async throws {
    let high = Channel<Int>(capacity: 100)
    let low = Channel<Int>(capacity: 100)
    for element in 0..<100 {
      _ = try high.trySend(element)
      _ = try low.trySend(1_000 + element)
    }
    var order: [Int] = []
    for _ in 0..<200 {
      try await select(priority: {
        Case.receive(from: high) { order.append($0 ?? -1) }
        Case.receive(from: low) { order.append($0 ?? -1) }
      })
    }
    #expect(order == Array(0..<100) + Array(1_000..<1_100))
  }

  @Test("Low is served when high is empty, and a default when both are")
  func lowAndDefault() async throws {
    let high = Channel<Int>(capacity: 1)
    let low = Channel<Int>(capacity: 1)
    _ = try low.trySend(1)
    func next() async throws -> Int? {
      try await select(priority: {
        Case.receive(from: high) { $0 }
        Case.receive(from: low) { $0 }
        Case.default { nil }
      })
    }
    #expect(try await next() == 1)
    #expect(try await next() == nil)
  }

  @Test("A weighted receiver gives low one turn in ratio + 1")
  func weighted() async throws {
    let high = Channel<Int>(capacity: 9)
    let low = Channel<Int>(capacity: 9)
    for element in 1...5 { _ = try high.trySend(element) }
    for element in [10, 20, 30] { _ = try low.trySend(element) }
    high.close()
    low.close()
    var receiver = WeightedReceiver(high: high, low: low, ratio: 2)
    var order: [Int] = []
    while let element = try await receiver.next() { order.append(element) }
    #expect(order == [1, 2, 10, 3, 4, 20, 5, 30])
  }

  @Test("The actor's queue gives what is urgent first, then its end")
  func queue() async throws {
    let queue = PriorityQueue<Int>()
    for element in 0..<4 {
      try await queue.send(element, isUrgent: element % 2 == 1)
    }
    await queue.finish()
    var order: [Int] = []
    while let element = try await queue.next() { order.append(element) }
    #expect(order == [1, 3, 0, 2])
    await #expect(throws: ChannelClosedError()) {
      try await queue.send(9, isUrgent: true)
    }
  }

  @Test("The actor's queue keeps its order while elements come and go")
  func interleaved() async throws {
    let queue = PriorityQueue<Int>()
    var order: [Int] = []
    for element in 0..<12 {
      try await queue.send(element, isUrgent: false)
      if element % 3 == 2 {
        for _ in 0..<2 {
          if let element = try await queue.next() { order.append(element) }
        }
      }
    }
    await queue.finish()
    while let element = try await queue.next() { order.append(element) }
    #expect(order == Array(0..<12))
  }

  @Test(
    "Cancellation releases the worker and loses no job",
    arguments: PrioritySelectDemo.Mode.allCases
  )
  func cancelled(mode: PrioritySelectDemo.Mode) async throws {
    _ = try await Simulation.cancelEverywhere(seeds: 0..<100) { simulation in
      var input = PrioritySelectDemo.Input()
      input.mode = mode.rawValue
      return try await PrioritySelectDemo.trace(input, clock: simulation.clock)
    } check: { trace in
      var input = PrioritySelectDemo.Input()
      input.mode = mode.rawValue
      try PrioritySelectDemo.check(trace, of: input)
    }
  }

  @Test("Random inputs keep the laws, whatever the schedule")
  func laws() async throws {
    for (input, seed) in PrioritySelectDemo.inputs(500) {
      let first = try await PrioritySelectDemo.simulate(input, seed: seed)
      let second = try await PrioritySelectDemo.simulate(input, seed: seed + 1)
      try PrioritySelectDemo.check(first, of: input)
      #expect(first.events.sorted() == second.events.sorted())
    }
  }

  @Test("The laws reject each naive port", arguments: NaivePriority.allCases)
  func naive(port: NaivePriority) async throws {
    var kills = 0
    var first: (seed: UInt64, law: String)?
    for (input, seed) in PrioritySelectDemo.inputs(1_000) {
      let run = try await Simulation.run(seed: seed) { simulation in
        let recorder = TraceRecorder(clock: simulation.clock)
        let outcome = await PrioritySelectDemo.run(
          input,
          recorder: recorder,
          source: port.source(for: input)
        )
        return DemoTrace(events: recorder.events, outcome: outcome)
      }
      do {
        try PrioritySelectDemo.check(run.value, of: input)
      } catch {
        kills += 1
        first = first ?? (seed, error.law)
      }
    }
    print(
      "naive priority \(port): killed by \"\(first?.law ?? "nothing")\",",
      "first seed \(first?.seed.description ?? "-"), \(kills) in 1,000"
    )
    #expect(kills > 0)
  }
}

/// Priorities that look right.
enum NaivePriority: CaseIterable {
  /// Takes the choice of a plain select for a priority.
  case plainSelect
  /// Checks high, and then waits for low alone.
  case waitsForLow
  /// Gives low its turn after `ratio + 1`.
  case offByOne
  /// One queue, which has lost what was urgent.
  case fetchesAhead

  var mode: PrioritySelectDemo.Mode {
    switch self {
    case .plainSelect, .waitsForLow: .strict
    case .offByOne: .weighted
    case .fetchesAhead: .queue
    }
  }

  func source(for input: PrioritySelectDemo.Input) -> PrioritySelectDemo.Source
  {
    if input.mode != mode.rawValue {
      let mode = PrioritySelectDemo.Mode(rawValue: input.mode) ?? .strict
      return PrioritySelectDemo.pattern(mode, ratio: input.ratio)
    }
    let ratio = input.ratio
    let high = Channel<String>(capacity: 10_000)
    let low = Channel<String>(capacity: 10_000)
    let merged = Channel<String>(capacity: 10_000)
    return PrioritySelectDemo.Source(
      put: { job, isHigh in
        // What is merged has lost its priority.
        let channel = self == .fetchesAhead ? merged : isHigh ? high : low
        try? await channel.send(job)
      },
      finish: {
        high.close()
        low.close()
        merged.close()
      },
      makeNext: {
        switch self {
        case .offByOne:
          var receiver = WeightedReceiver(
            high: high,
            low: low,
            ratio: ratio + 1
          )
          return { try await receiver.next() }
        case .fetchesAhead: return { try await merged.receive() }
        case .plainSelect:
          var generator = SeededGenerator(seed: 1)
          var (openHigh, openLow) = (Optional(high), Optional(low))
          return {
            while openHigh != nil || openLow != nil {
              let job = try await select(using: &generator) {
                Case.receive(from: openHigh) { job in
                  if job == nil { openHigh = nil }
                  return job
                }
                Case.receive(from: openLow) { job in
                  if job == nil { openLow = nil }
                  return job
                }
              }
              if let job { return job }
            }
            return nil
          }
        case .waitsForLow:
          // #region waitsForLow
          return {
            if case .element(let job) = high.tryReceive() { return job }
            if let job = try await low.receive() { return job }
            return try await high.receive()
          }
        // #endregion
        }
      }
    )
  }
}
