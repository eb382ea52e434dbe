import Cookbook
import Foundation
import PipelineRecipe
import Simulation
import Synchronization
import Testing

@Suite("pipeline")
struct PipelineTests {
  typealias Input = PipelineDemo.Input

  static func input(
    lines: Int = 5,
    workers: Int = 1,
    buffer: Int = 1,
    parse: [Int] = [1, 3],
    transform: [Int] = [2, 1, 4],
    aggregate: [Int] = [2],
    failing: [String] = [],
    stopAfter: Int? = nil,
    cancelAfter: Int? = nil
  ) -> Input {
    var input = Input()
    input.lines = (0..<lines).map { "line number \($0)" }
    input.workers = workers
    input.buffer = buffer
    input.parse = parse
    input.transform = transform
    input.aggregate = aggregate
    input.failing = failing
    input.stopAfter = stopAfter
    input.cancelAfter = cancelAfter
    return input
  }

  static let inputs: [Input] =
    [
      input(),
      input(lines: 0),
      input(workers: 3),
      input(workers: 9, buffer: 0),
      input(buffer: 0),
      input(buffer: 9),
      input(parse: [0], transform: [0], aggregate: [0]),
      input(parse: [], transform: [], aggregate: [7]),
      input(workers: 2, aggregate: []),
      input(cancelAfter: 0),
      input(cancelAfter: 4),
      input(workers: 2, failing: ["parse 3"], stopAfter: 2, cancelAfter: 6),
      input(failing: ["parse 1", "transform 1", "aggregate 1"]),
    ]

  /// An error and an early exit at every position.
  static let mishaps: [Input] = (0..<5).flatMap { line in
    [0, 2].flatMap { buffer in
      PipelineDemo.Stage.allCases.map { stage in
        input(lines: 5, buffer: buffer, failing: ["\(stage) \(line)"])
      } + [
        input(lines: 5, buffer: buffer, stopAfter: line + 1),
        input(lines: 5, workers: 2, buffer: buffer, stopAfter: line + 1),
        input(lines: 5, workers: 2, failing: ["transform \(line)"]),
      ]
    }
  }

  @Test("The laws hold under 10,000 schedules")
  func explore() async throws {
    for workers in [1, 2] {
      try await expectLawful(
        PipelineDemo.self,
        Self.input(workers: workers),
        seeds: 0..<2_500
      )
    }
  }

  @Test("The laws hold for every kind of input", arguments: inputs)
  func everyKind(of input: Input) async throws {
    try await expectLawful(PipelineDemo.self, input, seeds: 0..<60)
  }

  @Test(
    "The laws hold with an error or an early exit at every position",
    arguments: mishaps
  )
  func everyPosition(of input: Input) async throws {
    try await expectLawful(PipelineDemo.self, input, seeds: 0..<30)
  }

  @Test(
    "A cancellation at any step leaves nothing behind",
    arguments: inputs + mishaps.prefix(12)
  )
  func cancellation(of input: Input) async throws {
    let runs = try await cancelEverywhere(
      PipelineDemo.self,
      input,
      seeds: 0..<3
    )
    #expect(runs > 0)
  }

  @Test(
    "Every schedule of a small input keeps the laws",
    arguments: [
      (input(lines: 2, parse: [1], transform: [1], aggregate: [1]), 128),
      (
        input(
          lines: 3,
          workers: 2,
          buffer: 0,
          parse: [1],
          transform: [2],
          aggregate: []
        ),
        1600
      ),
      (
        input(
          lines: 3,
          parse: [1],
          transform: [1],
          aggregate: [1],
          failing: ["transform 1"]
        ),
        512
      ),
    ]
  )
  func everySchedule(of input: Input, count: Int) async throws {
    let schedules = try await exhaust(PipelineDemo.self, input)
    print(
      "pipeline, \(input.lines.count) lines, \(input.workers) workers, "
        + "buffer \(input.buffer), failing \(input.failing): "
        + "\(schedules) schedules"
    )
    #expect(schedules == count)
  }

  @Test("The laws reject every naive port within 1,000 seeds")
  func naivePorts() async {
    await expectRejected(NaivePipelines.ports)
  }

  // MARK: What no demo shows

  @Test("Nothing runs before the pipeline does, and each run begins anew")
  func isDescription() async throws {
    let calls = Mutex(0)
    let pipeline = Pipeline(0..<4).stage { number in
      calls.withLock { $0 += 1 }
      return number * number
    }
    #expect(calls.withLock { $0 } == 0)
    for _ in 0..<2 {
      let squares = try await pipeline.run { squares in
        try await squares.reduce(into: []) { $0.append($1) }
      }
      #expect(squares == [0, 1, 4, 9])
    }
    #expect(calls.withLock { $0 } == 8)
  }

  @Test("An infinite source is read only as far as there is room")
  func infiniteSource() async throws {
    let started = Mutex(0)
    let first = try await Pipeline(0..., buffer: 2)
      .stage(buffer: 3) { number in
        started.withLock { $0 = number + 1 }
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
    #expect(started.withLock { $0 } <= 14)
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
    print("pipeline: at most \(alive.most) elements of \(count) alive")
  }

  @Test("An error in the middle is thrown once, by the sequence and the run")
  func errorIsThrownOnce() async {
    struct Broken: Error {}
    var thrown = 0
    await #expect(throws: Broken.self) {
      try await Pipeline(0..<100)
        .stage { $0 }
        .stage { number in
          if number == 7 { throw Broken() }
          return number
        }
        .stage { $0 }
        .run { numbers in
          do {
            for try await _ in numbers {}
          } catch {
            thrown += 1
            throw error
          }
        }
    }
    #expect(thrown == 1)
  }

  @Test("A body that catches the error decides what the run returns")
  func errorIsCaught() async throws {
    struct Broken: Error {}
    let received = try await Pipeline(0..<100)
      .stage { number in
        if number == 3 { throw Broken() }
        return number
      }
      .run { numbers in
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

  @Test("A stage after one that fails does not take that for the end")
  func noFalseEnd() async {
    struct Broken: Error {}
    let ended = Mutex(false)
    struct Watched: AsyncSequence, AsyncIteratorProtocol, Sendable {
      var next = 0
      mutating func next() async throws -> Int? {
        if next == 2 { throw Broken() }
        defer { next += 1 }
        return next
      }
      func makeAsyncIterator() -> Self { self }
    }
    await #expect(throws: Broken.self) {
      try await Pipeline(Watched()).stage { $0 }.run { numbers in
        for try await _ in numbers {}
        ended.withLock { $0 = true }
      }
    }
    #expect(!ended.withLock { $0 })
  }

  @Test("The lines of files are those that are between the line feeds")
  func files() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "pipeline-\(UInt64.random(in: 0...UInt64.max))")
    try FileManager.default.createDirectory(
      at: folder,
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    // Longer than what is read at once, which is 64 KiB.
    let long = String(repeating: "wave ", count: 100_000)
    let texts = ["a b\n\nc", "", "d\n", "\n", "\(long)\nend\n"]
    var input = Input()
    for (index, text) in texts.enumerated() {
      let file = folder.appending(path: "\(index)")
      try Data(text.utf8).write(to: file)
      input.paths.append(file.path)
    }
    let ofFiles = try await PipelineDemo.trace(input, clock: ContinuousClock())
    #expect(ofFiles.outcome.error == nil)

    input.paths = []
    input.lines = ["a b", "", "c", "d", "", long, "end"]
    (input.parse, input.transform, input.aggregate) = ([], [], [])
    let ofLines = try await PipelineDemo.trace(input, clock: ContinuousClock())
    #expect(ofFiles.outcome == ofLines.outcome)

    let absent = folder.appending(path: "absent").path
    input.paths = [absent]
    let failed = try await PipelineDemo.trace(input, clock: ContinuousClock())
    #expect(
      PipelineDemo.problems(in: failed.outcome)
        == ["cannot read \(absent): no such file or directory"]
    )
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
    let rounds = 200
    var delivered = 0
    for _ in 0..<rounds {
      let workers = Int.random(in: 1...4, using: &generator)
      let buffers = (0..<3).map { _ in
        Int.random(in: 0...5, using: &generator)
      }
      let count = Int.random(in: 0...300, using: &generator)
      let wanted = Int.random(in: 1...400, using: &generator)
      let alive = Alive()
      let received = try await Pipeline(0..<count, buffer: buffers[0])
        .stage(workers: workers, buffer: buffers[1]) { number in
          if number.isMultiple(of: 5) { await Task.yield() }
          return (number, alive.make())
        }
        .stage(buffer: buffers[2]) { $0 }
        .run { elements in
          var received: [Int] = []
          for try await (number, _) in elements {
            received.append(number)
            if received.count == wanted { break }
          }
          return received
        }
      delivered += received.count
      #expect(received.count == min(count, wanted))
      #expect(alive.now == 0)
      if workers == 1 {
        #expect(received == Array(0..<min(count, wanted)))
      } else {
        #expect(Set(received).count == received.count)
      }
    }
    print(
      "pipeline stress: seed \(seed), \(rounds) rounds, "
        + "\(delivered) elements"
    )
  }
}
