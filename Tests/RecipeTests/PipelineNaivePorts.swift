import ChannelRecipe
import Cookbook
import PipelineRecipe

/// Wrong pipelines, each as somebody would write it.
enum NaivePipelines {
  typealias Form = PipelineDemo.Form
  typealias Line = PipelineDemo.Line
  typealias Parsed = PipelineDemo.Parsed
  typealias Entry = PipelineDemo.Entry

  // #region unstructured
  /// A task for each stage, which nobody owns: when the loop is left, they
  /// go on to the end of the text.
  static let unstructured: Form = { _, _, text, stages, aggregate in
    let (parsed, first) = AsyncThrowingStream.makeStream(of: Parsed.self)
    let (entries, second) = AsyncThrowingStream.makeStream(of: Entry.self)
    start {
      do {
        for line in text.lines { first.yield(try await stages.parse(line)) }
        first.finish()
      } catch {
        first.finish(throwing: error)
      }
    }
    start {
      do {
        for try await line in parsed {
          second.yield(try await stages.transform(line))
        }
        second.finish()
      } catch {
        second.finish(throwing: error)
      }
    }
    for try await entry in entries {
      guard try await aggregate(entry) else { break }
    }
    try Task.checkCancellation()
  }

  /// `Task { … }`, on the executor of whoever calls: the simulation's.
  static func start(_ operation: @escaping @Sendable () async -> Void) {
    unsafe withUnsafeCurrentTask { task in
      let executor = unsafe task?.unownedTaskExecutor
      let owner = unsafe executor?.asTaskExecutor()
      _ = Task(executorPreference: owner, operation: operation)
    }
  }
  // #endregion

  /// The right scope, with streams that have no bound.
  static let unbounded: Form = { _, _, text, stages, aggregate in
    let (parsed, first) = AsyncStream.makeStream(of: Parsed.self)
    let (entries, second) = AsyncStream.makeStream(of: Entry.self)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      scope.addTask {
        defer { first.finish() }
        for line in text.lines { first.yield(try await stages.parse(line)) }
      }
      scope.addTask {
        defer { second.finish() }
        for await line in parsed {
          try Task.checkCancellation()
          second.yield(try await stages.transform(line))
        }
      }
      defer { scope.cancelAll() }
      for await entry in entries {
        guard try await aggregate(entry) else { return }
      }
      try await scope.waitForAll()
    }
  }

  /// A stage closes its output however it ends, so that an error looks like
  /// the end of the text.
  static let errorTakenForTheEnd: Form = { _, buffer, text, stages, aggregate in
    let parsed = Channel<Parsed>(capacity: buffer)
    let entries = Channel<Entry>(capacity: buffer)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      scope.addTask {
        defer { parsed.close() }
        for line in text.lines { try await parsed.send(stages.parse(line)) }
      }
      scope.addTask {
        defer { entries.close() }
        while let line = try await parsed.receive() {
          try Task.checkCancellation()
          try await entries.send(stages.transform(line))
        }
      }
      defer { scope.cancelAll() }
      while let entry = try await entries.receive() {
        guard try await aggregate(entry) else { break }
      }
    }
  }

  /// All of one stage before any of the next.
  static let stageAfterStage: Form = { _, _, text, stages, aggregate in
    var parsed: [Parsed] = []
    for line in text.lines { parsed.append(try await stages.parse(line)) }
    var entries: [Entry] = []
    for line in parsed { entries.append(try await stages.transform(line)) }
    for entry in entries {
      guard try await aggregate(entry) else { break }
    }
  }

  /// Sequences that are read one through the other: lazy, but never two
  /// stages at once.
  static let oneTask: Form = { _, _, text, stages, aggregate in
    for line in text.lines {
      let entry = try await stages.transform(stages.parse(line))
      guard try await aggregate(entry) else { break }
    }
  }

  /// Two workers where the order matters.
  static let orderLost: Form = { _, buffer, text, stages, aggregate in
    try await Pipeline(text.lines, buffer: buffer)
      .stage(workers: 2, buffer: buffer, transform: stages.parse)
      .stage(buffer: buffer, transform: stages.transform)
      .run { entries in
        for try await entry in entries {
          guard try await aggregate(entry) else { break }
        }
      }
  }

  /// Workers that count themselves out in two steps: two of them take the
  /// same number, and nobody is the last.
  static let countedAcrossAwait: Form = {
    workers,
    buffer,
    text,
    stages,
    aggregate in
    let parsed = Channel<Parsed>(capacity: buffer)
    let entries = Channel<Entry>(capacity: buffer)
    let left = NaiveFanIns.Countdown(workers)
    try await withThrowingTaskGroup(of: Void.self) { scope in
      scope.addTask {
        for line in text.lines { try await parsed.send(stages.parse(line)) }
        parsed.close()
      }
      for _ in 0..<workers {
        scope.addTask {
          while let line = try await parsed.receive() {
            try Task.checkCancellation()
            try await entries.send(stages.transform(line))
          }
          if await left.leave() { entries.close() }
        }
      }
      defer { scope.cancelAll() }
      while let entry = try await entries.receive() {
        guard try await aggregate(entry) else { break }
      }
    }
  }

  static func port(
    _ name: String,
    _ form: @escaping Form,
    breaks law: String,
    _ change: (inout PipelineDemo.Input) -> Void = { _ in }
  ) -> NaivePort<PipelineDemo> {
    var input = PipelineDemo.Input()
    input.lines = ["a b", "c", "d e f", "", "g"]
    input.buffer = 1
    input.parse = [1]
    input.transform = [2]
    input.aggregate = [3]
    change(&input)
    return NaivePort(name: name, brokenLaw: law, input: input) {
      await PipelineDemo.run($0, recorder: $1, form: form)
    }
  }

  static let ports: [NaivePort<PipelineDemo>] = [
    port("stages in tasks of nobody", unstructured, breaks: "outlived") {
      $0.stopAfter = 1
    },
    port(
      "streams without a bound",
      unbounded,
      breaks: PipelineDemo.boundBetweenStages.name
    ) { $0.aggregate = [9] },
    port(
      "an error taken for the end",
      errorTakenForTheEnd,
      breaks: PipelineDemo.firstErrorIsThrown.name
    ) { $0.failing = ["transform 2"] },
    port(
      "all of one stage before the next",
      stageAfterStage,
      breaks: PipelineDemo.boundBetweenStages.name
    ),
    port(
      "one task for all stages",
      oneTask,
      breaks: PipelineDemo.noIdleStage.name
    ),
    port(
      "two workers where one keeps the order",
      orderLost,
      breaks: PipelineDemo.neverMoreAtOnce.name
    ),
    port(
      "a countdown across an await",
      countedAcrossAwait,
      breaks: "deadlock"
    ) {
      $0.workers = 2
      $0.transform = [0]
      $0.aggregate = []
    },
  ]
}

extension PipelineDemo.Text {
  /// The lines of a text in memory.
  var lines: [PipelineDemo.Line] {
    switch self {
    case .lines(let lines): lines
    case .files: []
    }
  }
}
