import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes

/// Hands numbers, worked on by some tasks, to a body that consumes them.
enum Producer: CaseIterable {
  case pipeline, fanOut, fanIn

  typealias Element = (number: Int, object: Alive.Object?)
  typealias Elements = any AsyncSequence<Element, any Error> & Sendable

  func run(
    _ numbers: Range<Int>,
    _ workers: Int,
    _ buffer: Int,
    _ work: @escaping @Sendable (Int) async throws -> Element,
    _ body: (Elements) async throws -> Void
  ) async throws {
    switch self {
    case .pipeline:
      try await Pipeline(numbers, buffer: buffer)
        .stage(workers: workers, buffer: buffer, transform: work)
        .run { try await body($0) }
    case .fanOut:
      try await withFanOut(
        over: numbers,
        workers: workers,
        buffer: buffer,
        transform: work
      ) { try await body($0) }
    case .fanIn:
      let inputs = FanOutFanInExamples.deal(numbers.count, to: workers, work)
      try await withFanIn(of: inputs, buffer: buffer) { try await body($0) }
    }
  }
}

/// What may be relied on where tasks consume what a recipe produces.
@Suite("Consumers")
struct ConsumerTests {
  private struct Broken: Error {}

  @Test(
    "An error comes to each, and again if it asks again",
    arguments: Producer.allCases
  )
  func errorComesToAll(_ producer: Producer) async throws {
    let errors = Atomic(0)
    try await producer.run(0..<100, 1, 1) { number in
      if number == 7 { throw Broken() }
      return (number, nil)
    } _: { elements in
      await withTaskGroup { consumers in
        for _ in 1...3 {
          consumers.addTask { @Sendable in
            for _ in 1...2 {
              do {
                for try await _ in elements {}
              } catch {
                errors.add(1, ordering: .relaxed)
              }
            }
          }
        }
      }
    }
    #expect(errors.load(ordering: .relaxed) == 6)
  }

  @Test(
    "One that waits for the end finds the error when it comes",
    arguments: Producer.allCases
  )
  func errorIsThereAtTheEnd(_ producer: Producer) async {
    let gate = Channel<Void>()
    let result = await withTaskExecutorPreference(InlineExecutor()) {
      await withThrowingTaskGroup { group in
        group.addTask {
          try await producer.run(0..<1, 1, 0) { _ in
            _ = try await gate.receive()
            throw Broken()
          } _: { elements in
            for try await _ in elements {}
          }
        }
        // By now the consumer waits.
        try? await gate.send(())
        return await group.nextResult()
      }
    }
    #expect(throws: Broken.self) { try result?.get() }
  }

  @Test(
    "One that is cancelled loses nothing, and takes nothing more",
    arguments: Producer.allCases,
    0...1
  )
  func cancelled(_ producer: Producer, buffer: Int) async throws {
    _ = try await Simulation.explore(seeds: 0..<1_000) { simulation in
      let received = Mutex<[Int]>([])
      try await producer.run(0..<4, 1, buffer) { number in
        try await simulation.clock.sleep(for: .milliseconds(1))
        return (number, nil)
      } _: { elements in
        let consume = { @Sendable in
          for try await (number, _) in elements {
            received.withLock { $0.append(number) }
          }
        }
        try await withThrowingTaskGroup { group in
          group.addTask(operation: consume)
          try await simulation.clock.sleep(for: .milliseconds(2))
          group.cancelAll()
          // By now a number waits, and this task is cancelled from the start.
          try await simulation.clock.sleep(for: .milliseconds(9))
          group.addTask { for try await _ in elements {} }
        }
        try await consume()
      }
      return received.withLock { $0 }
    } check: { received in
      #expect(received == [0, 1, 2, 3])
    }
  }

  @Test(
    "Nothing is lost or comes twice on real threads, and memory does not grow",
    arguments: Producer.allCases
  )
  func stress(_ producer: Producer) async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<150 {
      let workers = Int.random(in: 1...8, using: &generator)
      let buffer = Int.random(in: 0...8, using: &generator)
      let wanted = Int.random(in: 0...400, using: &generator)
      let count =
        Bool.random(using: &generator)
        ? .max : Int.random(in: 0...300, using: &generator)
      let alive = Alive()
      var received: [Int] = []
      try await producer.run(0..<count, workers, buffer) { number in
        if number.isMultiple(of: 3) { await Task.yield() }
        return (number, alive.make())
      } _: { elements in
        if wanted == 0 { return }
        for try await (number, _) in elements {
          received.append(number)
          if received.count == wanted { break }
        }
      }
      #expect(received.count == min(count, wanted), "seed \(seed)")
      #expect(Set(received).count == received.count, "seed \(seed)")
      if workers == 1 {
        #expect(received == Array(0..<received.count), "seed \(seed)")
      }
      #expect(alive.now == 0, "seed \(seed)")
      // One in the hand of each worker, and one in that of the consumer.
      #expect(alive.most <= workers + buffer + 1, "seed \(seed)")
    }
  }
}
