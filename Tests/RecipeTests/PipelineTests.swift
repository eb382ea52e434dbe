import ChannelRecipe
import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("pipeline")
struct PipelineTests {
  private struct Broken: Error {}

  /// Numbers whose stage fails on one of them.
  private static func failing(on number: Int, buffer: Int = 1) -> Pipeline<Int>
  {
    Pipeline(0..<100).stage(buffer: buffer) {
      if $0 == number { throw Broken() }
      return $0
    }
  }

  @Test("Nothing runs before the pipeline does, and each run begins anew")
  func isDescription() async throws {
    let calls = Atomic(0)
    let pipeline = Pipeline(0..<4).stage { @Sendable number in
      calls.add(1, ordering: .relaxed)
      return number * number
    }
    #expect(calls.load(ordering: .relaxed) == 0)
    for _ in 0..<2 {
      let squares = try await pipeline.run { squares in
        try await squares.reduce(into: []) { $0.append($1) }
      }
      #expect(squares == [0, 1, 4, 9])
    }
    #expect(calls.load(ordering: .relaxed) == 8)
  }

  @Test("An infinite source is read only as far as there is room")
  func infiniteSource() async throws {
    let started = Atomic(0)
    let first = try await Pipeline(0..., buffer: 2)
      .stage(buffer: 3) { @Sendable number in
        started.store(number + 1, ordering: .relaxed)
        return number
      }
      .run { numbers in
        for try await number in numbers {
          for _ in 0..<100 { await Task.yield() }
          if number == 9 { return number }
        }
        return -1
      }
    #expect(first == 9)
    // Ten received, three in the buffer, one in the stage's hand.
    #expect(started.load(ordering: .relaxed) <= 14)
  }

  @Test("Memory does not grow with the number of elements")
  func memoryIsFlat() async throws {
    let (buffer, count) = (4, 20_000)
    let alive = Alive()
    let received = try await Pipeline(0..<count, buffer: buffer)
      .stage(buffer: buffer) { _ in alive.make() }
      .stage(buffer: buffer) { $0 }
      .run { objects in
        var received = 0
        for try await _ in objects {
          received += 1
          if received.isMultiple(of: 10) { await Task.yield() }
        }
        return received
      }
    #expect(received == count)
    // Two buffers, one in the hand of each stage, and the consumer's.
    #expect(alive.most <= 2 * buffer + 3)
    #expect(alive.now == 0)
  }

  @Test("A body that catches the error decides what the run returns")
  func errorIsCaught() async throws {
    let received = try await Self.failing(on: 3).run { numbers in
      var received: [Int] = []
      do {
        for try await number in numbers { received.append(number) }
      } catch is Broken {
        received.append(-1)
      }
      return received
    }
    #expect(received == [0, 1, 2, -1])
  }

  @Test("An error comes to every consumer, and again if it asks again")
  func errorComesToAll() async throws {
    let errors = try await Self.failing(on: 7).run { numbers in
      await withTaskGroup(of: Int.self) { consumers in
        for _ in 1...3 {
          consumers.addTask {
            var (iterator, errors) = (numbers.makeAsyncIterator(), 0)
            while errors < 2 {
              do {
                guard try await iterator.next() != nil else { break }
              } catch {
                errors += 1
              }
            }
            return errors
          }
        }
        return await consumers.reduce(0, +)
      }
    }
    #expect(errors == 6)
  }

  @Test("A consumer that waits for the end finds the error when it comes")
  func errorIsThereAtTheEnd() async {
    let gate = Channel<Void>()
    let pipeline = Pipeline(0..<1).stage { number in
      _ = try await gate.receive()
      if number == 0 { throw Broken() }
      return number
    }
    let result = await withTaskExecutorPreference(InlineExecutor()) {
      await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask {
          try await pipeline.run { try await $0.reduce(0, +) }
        }
        // By now the consumer waits.
        try? await gate.send(())
        return await group.nextResult()
      }
    }
    #expect(throws: Broken.self) { try result?.get() }
  }

  @Test("A consumer that is cancelled loses no result", arguments: 0...1)
  func cancelledConsumer(buffer: Int) async throws {
    _ = try await Simulation.explore(seeds: 0..<1_000) { simulation in
      let received = Mutex<[Int]>([])
      try await Pipeline(0..<4)
        .stage(buffer: buffer) { number in
          try await simulation.clock.sleep(for: .milliseconds(1))
          return number
        }
        .run { numbers in
          let consume = { @Sendable in
            for try await number in numbers {
              received.withLock { $0.append(number) }
            }
          }
          try await withThrowingTaskGroup { group in
            group.addTask(operation: consume)
            try await simulation.clock.sleep(for: .milliseconds(2))
            group.cancelAll()
          }
          try await consume()
        }
      return received.withLock { $0 }
    } check: { received in
      #expect(received == [0, 1, 2, 3])
    }
  }

  @Test("A pipeline feeds another one")
  func nested() async throws {
    let sum = try await Pipeline(1...5).stage { $0 * 10 }.run { tens in
      try await Pipeline(tens).stage { $0 + 1 }.run { numbers in
        try await numbers.reduce(0, +)
      }
    }
    #expect(sum == 155)
  }

  @Test("A pipeline on real threads keeps the order and loses nothing")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let workers = Int.random(in: 1...4, using: &generator)
      let buffer = Int.random(in: 0...5, using: &generator)
      let count = Int.random(in: 0...300, using: &generator)
      let wanted = Int.random(in: 1...400, using: &generator)
      let alive = Alive()
      let received = try await Pipeline(0..<count, buffer: buffer)
        .stage(workers: workers, buffer: 5 - buffer) { number in
          if number.isMultiple(of: 5) { await Task.yield() }
          return (number, alive.make())
        }
        .stage(buffer: buffer) { $0 }
        .run { elements in
          try await elements.prefix(wanted).reduce(into: [Int]()) {
            $0.append($1.0)
          }
        }
      #expect(alive.now == 0)
      let all = 0..<min(count, wanted)
      let isComplete =
        workers == 1
        ? received == Array(all)
        : received.count == all.count && Set(received).count == all.count
      #expect(isComplete, "seed \(seed)")
    }
  }
}
