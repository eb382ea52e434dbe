import Cookbook
import FanOutFanInRecipe
import Simulation
import Synchronization
import Testing

@Suite("fan-out-fan-in")
struct FanOutFanInTests {
  typealias Input = FanOutFanInDemo.Input
  typealias Source = FanOutFanInDemo.Source

  static func input(
    _ source: Source,
    workers: Int = 2,
    jobs: [Int] = [3, 1, 2, 2, 1, 3],
    buffer: Int = 1,
    consume: [Int] = [1, 2],
    failing: [Int] = [],
    stopAfter: Int? = nil,
    cancelAfter: Int? = nil
  ) -> Input {
    var input = Input()
    input.source = source.rawValue
    input.workers = workers
    input.jobs = jobs
    input.buffer = buffer
    input.consume = consume
    input.failing = failing
    input.stopAfter = stopAfter
    input.cancelAfter = cancelAfter
    return input
  }

  static let inputs: [Input] = Source.allCases.flatMap { source in
    [
      input(source),
      input(source, jobs: []),
      input(source, workers: 1),
      input(source, workers: 9),
      input(source, buffer: 0, consume: []),
      input(source, buffer: 9, consume: [5]),
      input(source, jobs: [0, 0, 0, 0, 1, 0], consume: [0]),
      input(source, failing: [2]),
      input(source, buffer: 3, consume: [9], failing: [3]),
      input(source, failing: [0, 1, 2, 3, 4, 5]),
      input(source, cancelAfter: 0),
      input(source, cancelAfter: 3),
      input(source, failing: [4], stopAfter: 2, cancelAfter: 4),
    ] + (1...6).map { input(source, stopAfter: $0) }
  }

  @Test("The laws hold under 10,000 schedules")
  func explore() async throws {
    for source in Source.allCases {
      try await expectLawful(
        FanOutFanInDemo.self,
        Self.input(source, workers: 3),
        seeds: 0..<2_500
      )
    }
  }

  @Test("The laws hold for every kind of input", arguments: inputs)
  func everyKind(of input: Input) async throws {
    try await expectLawful(FanOutFanInDemo.self, input, seeds: 0..<60)
  }

  @Test(
    "A cancellation at any step leaves nothing behind",
    arguments: inputs
  )
  func cancellation(of input: Input) async throws {
    let runs = try await cancelEverywhere(
      FanOutFanInDemo.self,
      input,
      seeds: 0..<4
    )
    #expect(runs > 0)
  }

  @Test(
    "Every schedule of a small input keeps the laws",
    arguments: [
      (input(.shared, workers: 3, jobs: [1, 1, 1], buffer: 0), 108),
      (input(.own, workers: 3, jobs: [1, 1, 1], buffer: 1), 108),
      (input(.own, workers: 3, jobs: [1, 1, 1], stopAfter: 1), 108),
    ]
  )
  func everySchedule(of input: Input, count: Int) async throws {
    let schedules = try await exhaust(FanOutFanInDemo.self, input)
    print(
      "fan-out-fan-in, \(input.source), \(input.jobs.count) equal jobs, "
        + "buffer \(input.buffer), stop after "
        + "\(input.stopAfter.map(String.init) ?? "all"): "
        + "\(schedules) schedules"
    )
    #expect(schedules == count)
  }

  @Test("The laws reject every naive port within 1,000 seeds")
  func naivePorts() async {
    await expectRejected(NaiveFanIns.ports)
  }

  // MARK: What no demo shows

  @Test(
    "A consumer that stops after any number of results gets exactly these",
    arguments: 0...12
  )
  func stopping(after count: Int) async throws {
    for buffer in [0, 1, 5] {
      let alive = Alive()
      let received = try await withFanOut(
        over: 0...,
        workers: 3,
        buffer: buffer,
        transform: { _ in alive.make() },
        body: { results in
          var received = 0
          guard count > 0 else { return received }
          for try await _ in results {
            received += 1
            if received == count { break }
          }
          return received
        }
      )
      #expect(received == count)
      #expect(alive.now == 0, "results are left behind")
    }
  }

  @Test("A slow consumer does not make memory grow")
  func memoryIsFlat() async throws {
    let (workers, buffer, count) = (4, 10, 20_000)
    let alive = Alive()
    let received = try await withFanOut(
      over: 0..<count,
      workers: workers,
      buffer: buffer,
      transform: { _ in alive.make() },
      body: { results in
        var received = 0
        for try await _ in results {
          received += 1
          // The producers, given every chance to run ahead.
          if received.isMultiple(of: 10) { await Task.yield() }
        }
        return received
      }
    )
    #expect(received == count)
    // One in the hand of each worker, and one in that of the consumer.
    #expect(alive.most <= buffer + workers + 1)
    print("fan-out-fan-in: at most \(alive.most) results of \(count) alive")
  }

  @Test("The body's value is returned and its error is thrown")
  func bodyDecides() async throws {
    struct Refusal: Error {}
    let first = try await withFanIn(of: [Naturals()]) { results in
      try await results.first { $0 > 5 }
    }
    #expect(first == 6)
    await #expect(throws: Refusal.self) {
      try await withFanIn(of: [Naturals(), Naturals()]) { results in
        for try await number in results where number == 7 { throw Refusal() }
      }
    }
  }

  @Test("A fan-in of no inputs ends at once")
  func noInputs() async throws {
    let none: [AsyncStream<Int>] = []
    let results = try await withFanIn(of: none) { results in
      try await results.reduce(into: []) { $0.append($1) }
    }
    #expect(results.isEmpty)
  }

  @Test("An error that the consumer never reads as far as is not thrown")
  func unseenError() async throws {
    struct Broken: Error {}
    let received = try await withFanOut(
      over: 0..<9,
      workers: 1,
      transform: { number in
        if number == 1 { throw Broken() }
        return number
      },
      body: { results in
        try await results.first { _ in true }
      }
    )
    #expect(received == 0)
  }

  @Test("What waits in the buffer comes before the error")
  func bufferedBeforeError() async throws {
    struct Broken: Error {}
    var received: [Int] = []
    await #expect(throws: Broken.self) {
      try await withFanOut(
        over: 0..<9,
        workers: 1,
        buffer: 5,
        transform: { number in
          if number == 5 { throw Broken() }
          return number
        },
        body: { results in
          for try await number in results {
            received.append(number)
            for _ in 0..<20 { await Task.yield() }
          }
        }
      )
    }
    #expect(received == [0, 1, 2, 3, 4])
  }

  @Test("A sequence that outlives its scope is at its end")
  func escapedSequence() async throws {
    let escaped = try await withFanIn(of: [Naturals()]) { $0 }
    var iterator = escaped.makeAsyncIterator()
    var left = 0
    while (try? await iterator.next()) != nil { left += 1 }
    #expect(left == 0)
  }

  @Test("A fan-in on real threads delivers everything once")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let rounds = 200
    var delivered = 0
    for _ in 0..<rounds {
      let workers = Int.random(in: 1...8, using: &generator)
      let buffer = Int.random(in: 0...8, using: &generator)
      let count = Int.random(in: 0...300, using: &generator)
      let wanted = Int.random(in: 1...400, using: &generator)
      let alive = Alive()
      let received = try await withFanOut(
        over: 0..<count,
        workers: workers,
        buffer: buffer,
        transform: { number in
          if number.isMultiple(of: 3) { await Task.yield() }
          return (number, alive.make())
        },
        body: { results in
          var received: [Int] = []
          for try await (number, _) in results {
            received.append(number)
            if received.count == wanted { break }
          }
          return received
        }
      )
      delivered += received.count
      #expect(received.count == min(count, wanted))
      #expect(Set(received).count == received.count)
      #expect(alive.now == 0)
      #expect(alive.most <= workers + buffer + 1)
    }
    print(
      "fan-out-fan-in stress: seed \(seed), \(rounds) rounds, "
        + "\(delivered) results"
    )
  }

  /// Counts up from 0, without an end and deaf to cancellation.
  private struct Naturals: AsyncSequence, AsyncIteratorProtocol, Sendable {
    private var number = -1

    mutating func next() async -> Int? {
      number += 1
      return number
    }

    func makeAsyncIterator() -> Self { self }
  }
}
