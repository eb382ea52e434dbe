import ChannelRecipe
import Cookbook
import FanOutFanInRecipe

/// Wrong fan-ins, each as somebody would write it.
enum NaiveFanIns {
  typealias Forms = FanOutFanInDemo.Forms
  typealias JobSequence = FanOutFanInDemo.JobSequence
  typealias Consume = FanOutFanInDemo.Consume

  // #region unbounded
  /// An `AsyncStream` buffers without a bound unless it is told otherwise,
  /// and `yield` never waits: the producers run ahead of the consumer.
  static let unbounded = fanIn { _, inputs, consume in
    let (results, continuation) =
      AsyncThrowingStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      scope.addTask {
        do {
          try await withThrowingDiscardingTaskGroup { producers in
            for input in inputs {
              producers.addTask {
                for try await result in input { continuation.yield(result) }
              }
            }
          }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      defer { scope.cancelAll() }
      for try await result in results {
        guard try await consume(result) else { break }
      }
      try Task.checkCancellation()
    }
  }
  // #endregion

  /// Whoever ends first closes the output for all.
  static let closedByTheFirst = fanIn { buffer, inputs, consume in
    let channel = Channel<Int>(capacity: buffer)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      for input in inputs {
        scope.addTask {
          defer { channel.close() }
          for try await result in input { try await channel.send(result) }
        }
      }
      defer { scope.cancelAll() }
      while let result = try await channel.receive() {
        guard try await consume(result) else { break }
      }
    }
  }

  /// Counts the inputs that are left, and looks at the count too early.
  actor Countdown {
    private var left: Int

    init(_ left: Int) { self.left = left }

    /// Whether the caller is the last one.
    func leave() async -> Bool {
      let remaining = left - 1
      // Whatever suspends here lets another take the same number.
      await Task.yield()
      left = remaining
      return remaining == 0
    }
  }

  static let countedAcrossAwait = fanIn { buffer, inputs, consume in
    let channel = Channel<Int>(capacity: buffer)
    let countdown = Countdown(inputs.count)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      for input in inputs {
        scope.addTask {
          for try await result in input { try await channel.send(result) }
          if await countdown.leave() { channel.close() }
        }
      }
      defer { scope.cancelAll() }
      while let result = try await channel.receive() {
        guard try await consume(result) else { break }
      }
    }
  }

  /// One input after the other: a slow one holds back all that follow.
  static let oneAfterTheOther = fanIn { _, inputs, consume in
    for input in inputs {
      for try await result in input {
        guard try await consume(result) else { return }
      }
    }
  }

  /// The next result of each in turn, as `zip` does.
  static let inTurn = fanIn { _, inputs, consume in
    var iterators = inputs.map { $0.makeAsyncIterator() }
    while !iterators.isEmpty {
      for index in iterators.indices.reversed() {
        guard let result = try await iterators[index].next() else {
          iterators.remove(at: index)
          continue
        }
        guard try await consume(result) else { return }
      }
    }
  }

  /// Leaves the loop early and forgets that a group waits for its children.
  static let nobodyIsCancelled = fanIn { _, inputs, consume in
    // Room for all, or the producers would wait for ever.
    let channel = Channel<Int>(capacity: 1_000)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      scope.addTask {
        try await withThrowingDiscardingTaskGroup { producers in
          for input in inputs {
            producers.addTask {
              for try await result in input { try await channel.send(result) }
            }
          }
        }
        channel.close()
      }
      while let result = try await channel.receive() {
        guard try await consume(result) else { break }
      }
    }
  }

  /// Takes the end of the results for the end of the work.
  static let swallowedError = fanIn { buffer, inputs, consume in
    let channel = Channel<Int>(capacity: buffer)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      scope.addTask {
        try? await withThrowingDiscardingTaskGroup { producers in
          for input in inputs {
            producers.addTask {
              for try await result in input { try await channel.send(result) }
            }
          }
        }
        channel.close()
      }
      defer { scope.cancelAll() }
      while let result = try await channel.receive() {
        guard try await consume(result) else { break }
      }
      try Task.checkCancellation()
    }
  }

  /// One fan-in for both calls of the demo: each job an element of one of
  /// the inputs.
  private static func fanIn(
    _ run:
      @escaping @Sendable (Int, [JobSequence], Consume) async throws -> Void
  ) -> Forms {
    Forms(
      fanOut: { workers, buffer, jobs, job, consume in
        let inputs = (0..<workers).map { first in
          JobSequence(
            jobs: stride(from: first, to: jobs.count, by: workers).map {
              jobs[$0]
            },
            job: job
          )
        }
        try await run(buffer, inputs, consume)
      },
      fanIn: { try await run($0, $1, $2) }
    )
  }

  static func port(
    _ name: String,
    _ forms: Forms,
    breaks law: DemoLaw<FanOutFanInDemo.Input, FanOutFanInDemo.Outcome>,
    _ change: (inout FanOutFanInDemo.Input) -> Void = { _ in }
  ) -> NaivePort<FanOutFanInDemo> {
    port(name, forms, breaks: law.name, change)
  }

  static func port(
    _ name: String,
    _ forms: Forms,
    breaks law: String,
    _ change: (inout FanOutFanInDemo.Input) -> Void = { _ in }
  ) -> NaivePort<FanOutFanInDemo> {
    var input = FanOutFanInDemo.Input()
    input.source = FanOutFanInDemo.Source.own.rawValue
    input.workers = 2
    input.jobs = [1, 1, 2, 3, 1, 1]
    input.buffer = 1
    input.consume = []
    change(&input)
    return NaivePort(name: name, brokenLaw: law, input: input) {
      await FanOutFanInDemo.run($0, recorder: $1, forms: forms)
    }
  }

  static let ports: [NaivePort<FanOutFanInDemo>] = [
    port(
      "an unbounded AsyncStream",
      unbounded,
      breaks: FanOutFanInDemo.boundedMemory
    ) { $0.consume = [9] },
    port(
      "the first to end closes the output",
      closedByTheFirst,
      breaks: FanOutFanInDemo.endsAfterAllInputs
    ) { $0.jobs = [1, 1, 1, 1, 1] },
    port(
      "a countdown across an await",
      countedAcrossAwait,
      breaks: "deadlock"
    ) { $0.jobs = [1, 1] },
    port(
      "one input after the other",
      oneAfterTheOther,
      breaks: FanOutFanInDemo.noIdleWorker
    ),
    port(
      "each input in turn",
      inTurn,
      breaks: FanOutFanInDemo.noIdleWorker
    ),
    port(
      "leaving cancels nobody",
      nobodyIsCancelled,
      breaks: FanOutFanInDemo.othersAreCancelledAtOnce
    ) { $0.stopAfter = 1 },
    port(
      "an error taken for the end",
      swallowedError,
      breaks: FanOutFanInDemo.firstErrorIsThrown
    ) { $0.failing = [2] },
  ]
}
