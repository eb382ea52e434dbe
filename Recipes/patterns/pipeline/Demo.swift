package import Cookbook

/// Lines of a text through three stages: parse, transform, aggregate.
package enum PipelineDemo: Demo {
  /// What to run.
  package struct Input: DemoInput {
    /// Files to read, in place of the lines.
    package var paths: [String] = []
    /// A text in memory.
    package var lines = [
      "At dawn the ferry leaves the quay",
      "and nobody is on it",
      "but the one who counts the waves",
      "",
      "At noon the ferry comes again",
      "with as many waves as it can carry",
    ]
    /// How many lines are transformed at once.
    package var workers = 1
    /// How many lines wait between two stages.
    package var buffer = 1
    /// The milliseconds of each line in the first stage, in turn.
    package var parse = [4, 5, 3]
    /// The milliseconds of each line in the second stage, in turn.
    package var transform = [9, 30, 11, 2]
    /// The milliseconds of each line in the third stage, in turn.
    package var aggregate = [6]
    /// What fails: a stage and a line.
    package var failing: [String] = []
    /// Where the last stage leaves.
    package var stopAfter: Int?
    /// When the caller is cancelled.
    package var cancelAfter: Int?

    /// Creates the input of a run without flags.
    package init() {}

    /// What each field means.
    package static let help: KeyValuePairs = [
      "paths": "text files; without any, the lines, which take their time",
      "lines": "the lines of a text",
      "workers": "how many lines are transformed at once, 1 to 1024",
      "buffer": "how many lines wait between two stages, 0 to 1024",
      "parse": "the milliseconds of each line in the first stage, in turn",
      "transform": "the milliseconds of each line in the second stage",
      "aggregate": "the milliseconds of each line in the third stage",
      "failing": "stages that fail and on which line: 'parse 2'",
      "stopAfter": "the last stage leaves after so many lines",
      "cancelAfter": "cancel the caller after so many milliseconds",
    ]

    /// Refuses what is out of bounds.
    package func validate() throws(InputError) {
      try InputError.require(workers, in: 1...1024, "workers")
      try InputError.require(buffer, in: 0...1024, "buffer")
      guard lines.count <= 100_000 else {
        throw InputError(
          field: "lines",
          problem: "must be at most 100000, not \(lines.count)"
        )
      }
      let most = 86_400_000_000
      let times = [
        ("parse", parse), ("transform", transform), ("aggregate", aggregate),
      ]
      for (field, times) in times {
        for time in times { try InputError.require(time, in: 0...most, field) }
      }
      for name in failing where Failure(name) == nil {
        throw InputError(
          field: "failing",
          problem: "must be a stage and a line, like 'parse 2', not '\(name)'"
        )
      }
      if let stopAfter {
        try InputError.require(stopAfter, in: 1...1 << 53, "stopAfter")
      }
      if let cancelAfter {
        try InputError.require(cancelAfter, in: 0...most, "cancelAfter")
      }
    }

    func times(of stage: Stage) -> [Int] {
      switch stage {
      case .parse: parse
      case .transform: transform
      case .aggregate: aggregate
      }
    }
  }

  /// What the lines that were aggregated come to.
  package struct Outcome: Codable, Equatable, Sendable {
    /// A checksum of the lines, in any order.
    package var checksum: UInt32 = 0
    /// Why the lines ended early, if that was not wanted.
    package var error: String?
    /// How many lines.
    package var lines = 0
    /// The longest word, in bytes.
    package var longest = 0
    /// How many words.
    package var words = 0

    mutating func add(_ entry: Entry) {
      lines += 1
      words += entry.words
      longest = max(longest, entry.longest)
      checksum &+= entry.checksum
    }
  }

  /// What is done with a line.
  package enum Stage: String, CaseIterable, Sendable {
    case parse, transform, aggregate

    /// The event of its end.
    var end: String {
      switch self {
      case .parse: "parsed"
      case .transform: "transformed"
      case .aggregate: "aggregated"
      }
    }
  }

  /// A stage that fails on a line.
  package struct Failure: Error, Hashable {
    /// The stage.
    package var stage: Stage
    /// The line, counted from 0.
    package var line: Int

    init(stage: Stage, line: Int) {
      self.stage = stage
      self.line = line
    }

    init?(_ name: String) {
      let parts = name.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2, let stage = Stage(rawValue: String(parts[0])),
        let line = Int(parts[1]), line >= 0
      else { return nil }
      self.init(stage: stage, line: line)
    }
  }

  /// A line of the text.
  package struct Line: Sendable {
    /// Counted from 0.
    package var index: Int
    /// Without the line feed.
    package var bytes: [UInt8]
  }

  /// A line in its words.
  package struct Parsed: Sendable {
    /// The line.
    package var line: Line
    /// How many words.
    package var words = 0
    /// The longest word, in bytes.
    package var longest = 0

    /// Finds the words: runs of bytes that are not ASCII white space.
    init(_ line: Line) {
      self.line = line
      var length = 0
      for byte in line.bytes {
        if byte == 0x20 || (0x09...0x0D).contains(byte) {
          length = 0
          continue
        }
        if length == 0 { words += 1 }
        length += 1
        longest = max(longest, length)
      }
    }
  }

  /// What a line adds to the outcome.
  package struct Entry: Sendable {
    /// The line, counted from 0.
    package var index: Int
    var words: Int
    var longest: Int
    var checksum: UInt32

    /// Computes a checksum in which ASCII letters count as small ones:
    /// FNV-1a (Fowler, Noll and Vo).
    init(_ parsed: Parsed) {
      index = parsed.line.index
      words = parsed.words
      longest = parsed.longest
      checksum = 2_166_136_261
      for byte in parsed.line.bytes {
        let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        let small = isCapital ? byte | 0x20 : byte
        checksum = (checksum ^ UInt32(small)) &* 16_777_619
      }
    }
  }

  /// Where the lines come from.
  package enum Text: Sendable {
    case lines([Line])
    case files([String])
  }

  /// The functions of the first two stages.
  package struct Stages: Sendable {
    /// The first.
    package var parse: @Sendable (Line) async throws -> Parsed
    /// The second.
    package var transform: @Sendable (Parsed) async throws -> Entry
  }

  /// Takes an entry; returns `false` when it wants no other.
  package typealias Aggregate = (Entry) async throws -> Bool

  /// Workers, buffer, the text, the stages: the pattern, or what tests put
  /// in its place.
  package typealias Form =
    @Sendable (Int, Int, Text, Stages, Aggregate) async throws -> Void

  /// The pattern of this recipe.
  package static let pattern: Form = {
    workers,
    buffer,
    text,
    stages,
    aggregate in
    // #region pattern
    let lines =
      switch text {
      case .lines(let lines): Pipeline(lines, buffer: buffer)
      case .files(let paths):
        Pipeline(TextLines(paths: paths), buffer: buffer)
      }
    try await lines
      .stage(buffer: buffer, transform: stages.parse)
      .stage(workers: workers, buffer: buffer, transform: stages.transform)
      .run { entries in
        for try await entry in entries {
          guard try await aggregate(entry) else { break }
        }
      }
    // #endregion
  }

  /// Runs the pattern.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder, form: pattern)
  }

  /// The demo around any pipeline, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    form: @escaping Form
  ) async -> Outcome {
    await withTaskCancellationHandler {
      guard let milliseconds = input.cancelAfter else {
        return await outcome(of: input, recorder, form)
      }
      return await withTaskGroup(of: Outcome?.self) { group in
        group.addTask { await outcome(of: input, recorder, form) }
        group.addTask {
          try? await recorder.sleep(milliseconds: milliseconds)
          return nil
        }
        var result = await group.next() ?? nil
        // Either the pipeline is done, and the timer must not outlive it,
        // or the time is up.
        if result == nil, !Task.isCancelled {
          recorder.record("cancel", lane: "caller")
        }
        group.cancelAll()
        for await other in group { result = result ?? other }
        return result ?? Outcome()
      }
    } onCancel: {
      recorder.record("cancel", lane: "caller")
    }
  }

  private static func outcome(
    of input: Input,
    _ recorder: TraceRecorder,
    _ form: @escaping Form
  ) async -> Outcome {
    let step = step(input, recorder)
    let stages = Stages(
      parse: { line in
        try await step(.parse, line.index)
        return Parsed(line)
      },
      transform: { parsed in
        try await step(.transform, parsed.line.index)
        return Entry(parsed)
      }
    )
    let text: Text =
      if input.paths.isEmpty {
        .lines(
          input.lines.enumerated().map {
            Line(index: $0.offset, bytes: Array($0.element.utf8))
          }
        )
      } else {
        .files(input.paths)
      }

    var outcome = Outcome()
    do {
      try await form(input.workers, input.buffer, text, stages) { entry in
        try await step(.aggregate, entry.index)
        outcome.add(entry)
        guard outcome.lines == input.stopAfter else { return true }
        recorder.record("stop", lane: "caller")
        return false
      }
    } catch let failure as Failure {
      outcome.error = "\(failure.stage) of line \(failure.line) failed"
    } catch let error as TextLines.FileError {
      outcome.error = "\(error)"
    } catch {
      outcome.error = "cancelled"
    }
    recorder.record("return", lane: "caller")
    return outcome
  }

  /// The work of a stage on a line, with its time and events.
  private typealias Step = @Sendable (Stage, Int) async throws -> Void

  private static func step(
    _ input: Input,
    _ recorder: TraceRecorder
  ) -> Step {
    // A file has more lines than anybody wants events of.
    guard input.paths.isEmpty else { return { _, _ in } }
    let failing = Set(input.failing.compactMap(Failure.init))
    return { stage, line in
      let lane = "line \(line)"
      let times = input.times(of: stage)
      recorder.record(stage.rawValue, lane: lane, item: "\(line)")
      do {
        if !times.isEmpty {
          try await recorder.sleep(milliseconds: times[line % times.count])
        }
      } catch {
        recorder.record("cancelled", lane: lane, item: stage.rawValue)
        throw error
      }
      let failure = Failure(stage: stage, line: line)
      if failing.contains(failure) {
        recorder.record("fail", lane: lane, item: stage.rawValue)
        throw failure
      }
      recorder.record(stage.end, lane: lane, item: "\(line)")
    }
  }
}
