import Cookbook
import Dispatch
import Foundation

/// `recipe NAME`: runs a demo and shows what happened.
enum RunCommand {
  /// The flags of every recipe, beside those of its input.
  static let flags = ["events", "input", "seed", "help"]

  static func run<D: Demo>(
    _ demo: D.Type,
    arguments: some Sequence<String>
  ) async throws {
    let switches = InputField.all(of: D.Input()).filter { $0.kind == .flag }
    var arguments = try Arguments(
      arguments,
      switches: Set(switches.map(\.flag) + ["events", "help"])
    )
    if try arguments.take(switch: "help") {
      return try Terminal.print(HelpCommand.text(of: demo))
    }
    let showsEvents = try arguments.take(switch: "events")
    let seed = try arguments.take("seed", in: 0...Int.max)
    let input = try D.Input.parse(
      json: try arguments.take("input"),
      flags: arguments.flags,
      operands: arguments.operands
    )
    if let seed {
      let trace = try await Equivalence.trace(demo, input, seed: UInt64(seed))
      return try conclude(trace, of: demo, asEvents: showsEvents)
    }

    let recorder = TraceRecorder(clock: ContinuousClock())
    let start = ContinuousClock.now
    let (outcome, wasInterrupted) = try await withInterruption {
      try await demo.run(input, recorder: recorder)
    } progress: {
      let (count, last) = recorder.progress
      let time = Timeline.duration(
        (ContinuousClock.now - start).microseconds / 1_000_000 * 1_000_000
      )
      let latest = last.map { ", last: \($0.lane) \($0.name)" } ?? ""
      Terminal.showProgress(
        "\(demo.recipe.name): \(time), \(count) events\(latest)"
      )
    }
    let trace = DemoTrace(events: recorder.events, outcome: outcome)
    if wasInterrupted {
      try show(trace, of: demo, asEvents: showsEvents)
      let time = Timeline.duration((ContinuousClock.now - start).microseconds)
      Terminal.complain(
        "interrupted after \(time) and \(trace.events.count) events"
      )
      throw ExitCode.interrupted
    }
    try conclude(trace, of: demo, asEvents: showsEvents)
  }

  /// What a run with `--seed` prints where there is no terminal.
  static func replay<D: Demo>(
    _ demo: D.Type,
    _ arguments: [String]
  ) async throws -> [String] {
    let switches = InputField.all(of: D.Input()).filter { $0.kind == .flag }
    var arguments = try Arguments(
      arguments,
      switches: Set(switches.map(\.flag) + ["events"])
    )
    let showsEvents = try arguments.take(switch: "events")
    guard let seed = try arguments.take("seed", in: 0...Int.max) else {
      throw UsageError("without --seed no two runs are the same")
    }
    let input = try D.Input.parse(
      json: try arguments.take("input"),
      flags: arguments.flags,
      operands: arguments.operands
    )
    let trace = try await Equivalence.trace(demo, input, seed: UInt64(seed))
    return lines(
      of: trace,
      demo,
      asEvents: showsEvents,
      width: 80,
      styled: false
    ).joined(separator: "\n").lines
  }

  private static func conclude<D: Demo>(
    _ trace: DemoTrace<D.Outcome>,
    of demo: D.Type,
    asEvents: Bool
  ) throws(ExitCode) {
    try show(trace, of: demo, asEvents: asEvents)
    let problems = demo.problems(in: trace.outcome)
    problems.forEach(Terminal.complain)
    if !problems.isEmpty { throw .failure }
  }

  static func show<D: Demo>(
    _ trace: DemoTrace<D.Outcome>,
    of demo: D.Type,
    asEvents: Bool
  ) throws(ExitCode) {
    try Terminal.print(
      lines(
        of: trace,
        demo,
        asEvents: asEvents,
        width: Terminal.width,
        styled: Terminal.isStyled
      ).joined(separator: "\n")
    )
  }

  private static func lines<D: Demo>(
    of trace: DemoTrace<D.Outcome>,
    _ demo: D.Type,
    asEvents: Bool,
    width: Int,
    styled: Bool
  ) -> [String] {
    if asEvents {
      return trace.events.map(\.json)
        + ["{\"outcome\":\(jsonLine(trace.outcome))}"]
    }
    let timeline = Timeline(trace.events, legend: demo.legend)
    return timeline.lines(width: width, styled: styled)
      + ["", demo.describe(trace.outcome)]
  }

  private enum Step<Value: Sendable>: Sendable {
    case finished(Value)
    case interrupted
    case quiet
  }

  /// Runs `body`, which the first Ctrl-C cancels and the second ends.
  ///
  /// - Returns: What the body returned, and whether it was interrupted.
  static func withInterruption<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value,
    progress: @escaping @Sendable () -> Void
  ) async throws -> (Value, Bool) {
    let (signals, continuation) = AsyncStream.makeStream(
      of: Void.self,
      bufferingPolicy: .bufferingOldest(1)
    )
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT)
    source.setEventHandler {
      continuation.yield()
      // A body that does not answer to cancellation still ends.
      signal(SIGINT, SIG_DFL)
    }
    source.resume()
    defer {
      source.cancel()
      signal(SIGINT, SIG_DFL)
    }

    return try await withThrowingTaskGroup(of: Step<Value>.self) { group in
      group.addTask { .finished(try await body()) }
      group.addTask {
        for await _ in signals { return .interrupted }
        return .quiet
      }
      group.addTask {
        while (try? await Task.sleep(for: .seconds(1))) != nil { progress() }
        return .quiet
      }
      var wasInterrupted = false
      while let step = try await group.next() {
        switch step {
        case .finished(let value):
          group.cancelAll()
          return (value, wasInterrupted)
        case .interrupted:
          wasInterrupted = true
          group.cancelAll()
        case .quiet: break
        }
      }
      throw CancellationError()
    }
  }
}
