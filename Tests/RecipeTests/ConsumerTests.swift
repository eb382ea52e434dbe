
import Simulation
import Synchronization
import Testing

@testable import Recipes

/// Hands numbers, transformed, to a body that consumes them.
struct Producer: CustomTestStringConvertible, Sendable {
  typealias Numbers = any AsyncSequence<Int, any Error> & Sendable
  typealias Transform = @Sendable (Int) async throws -> Int

  var testDescription: String
  var run:
    @Sendable (
      _ numbers: Range<Int>,
      _ buffer: Int,
      _ transform: @escaping Transform,
      _ body: (Numbers) async throws -> Void
    ) async throws -> Void

  static let all = [
    Producer(testDescription: "pipeline") { numbers, buffer, transform, body in
      try await Pipeline(numbers).stage(buffer: buffer, transform: transform)
        .run { try await body($0) }
    },
    Producer(testDescription: "fan-out") { numbers, buffer, transform, body in
      try await withFanOut(
        over: numbers,
        workers: 1,
        buffer: buffer,
        transform: transform
      ) { try await body($0) }
    },
    Producer(testDescription: "fan-in") { numbers, buffer, transform, body in
      let stream = AsyncStream { continuation in
        for number in numbers { continuation.yield(number) }
        continuation.finish()
      }
      try await withFanIn(of: [stream.map(transform)], buffer: buffer) {
        try await body($0)
      }
    },
  ]
}

/// What may be relied on where several tasks consume what a recipe produces.
@Suite("Consumers")
struct ConsumerTests {
  private struct Broken: Error {}

  @Test(
    "An error comes to each, and again if it asks again",
    arguments: Producer.all
  )
  func errorComesToAll(_ producer: Producer) async throws {
    let errors = Atomic(0)
    try await producer.run(0..<100, 1) { number in
      if number == 7 { throw Broken() }
      return number
    } _: { numbers in
      await withTaskGroup { consumers in
        for _ in 1...3 {
          consumers.addTask { @Sendable in
            for _ in 1...2 {
              do {
                for try await _ in numbers {}
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
    arguments: Producer.all
  )
  func errorIsThereAtTheEnd(_ producer: Producer) async {
    let gate = Channel<Void>()
    let result = await withTaskExecutorPreference(InlineExecutor()) {
      await withThrowingTaskGroup { group in
        group.addTask {
          try await producer.run(0..<1, 0) { _ in
            _ = try await gate.receive()
            throw Broken()
          } _: { numbers in
            for try await _ in numbers {}
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
    arguments: Producer.all,
    0...1
  )
  func cancelled(_ producer: Producer, buffer: Int) async throws {
    _ = try await Simulation.explore(seeds: 0..<1_000) { simulation in
      let received = Mutex<[Int]>([])
      try await producer.run(0..<4, buffer) { number in
        try await simulation.clock.sleep(for: .milliseconds(1))
        return number
      } _: { numbers in
        let consume = { @Sendable in
          for try await number in numbers {
            received.withLock { $0.append(number) }
          }
        }
        try await withThrowingTaskGroup { group in
          group.addTask(operation: consume)
          try await simulation.clock.sleep(for: .milliseconds(2))
          group.cancelAll()
          // By now a number waits, and this task is cancelled from the start.
          try await simulation.clock.sleep(for: .milliseconds(9))
          group.addTask { for try await _ in numbers {} }
        }
        try await consume()
      }
      return received.withLock { $0 }
    } check: { received in
      #expect(received == [0, 1, 2, 3])
    }
  }
}
