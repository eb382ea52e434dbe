import Cookbook
import Foundation

/// `recipe compare NAME`: both languages on the same inputs.
enum CompareCommand {
  private struct Report: Encodable {
    var recipe: String
    var comparison: String
    var inputs: Int
    var seed: UInt64
    var agree: Bool
    var seconds: Double
    var difference: String?
    var input: String?
  }

  static func run<D: Demo>(
    _ demo: D.Type,
    arguments: Arguments
  ) async throws {
    var arguments = arguments
    let asJSON = try arguments.take(switch: "json")
    let count = try arguments.take("inputs", in: 1...1_000_000) ?? 1_000
    let seed = try arguments.take("seed", in: 0...Int.max) ?? 1
    let record = try arguments.take("record")
    let mutant = try arguments.take("mutant")
    try arguments.requireEmpty(
      known: ["json", "inputs", "seed", "record", "mutant"]
    )
    let name = demo.recipe.name

    Terminal.showProgress("\(name): compiling the Go originals")
    let go = try await GoTwin.start()
    let clock = ContinuousClock()
    let start = clock.now
    var inputs = Equivalence.inputs(for: demo, count: count, seed: UInt64(seed))
    inputs[0] = D.Input()
    if let record {
      try await Recording.write(inputs, of: demo, from: go, to: record)
      return try Terminal.print("\(count) inputs recorded in \(record)")
    }
    if let mutant {
      do {
        _ = try await go.runs(of: demo, inputs: [D.Input()], mutant: mutant)
      } catch let failure as GoFailure where failure.answer.contains("mutant") {
        throw UsageError("--mutant: \(failure.answer)")
      }
    }
    let finding = try await Equivalence.compare(
      demo,
      inputs: inputs,
      seed: UInt64(seed),
      go: go,
      mutant: mutant
    ) { done in
      Terminal.showProgress("\(name): \(done) of \(count) inputs compared")
    }
    let elapsed = start.duration(to: clock.now)

    if asJSON {
      try Terminal.print(
        jsonLine(
          Report(
            recipe: name,
            comparison: demo.comparison.rawValue,
            inputs: count,
            seed: UInt64(seed),
            agree: finding == nil,
            seconds: Double(elapsed.microseconds / 1_000) / 1_000,
            difference: finding?.problem,
            input: finding?.input.json
          )
        )
      )
    } else if let finding {
      try Terminal.print(text(of: finding, demo))
    } else {
      try Terminal.print(
        "\(name): \(count) inputs, no difference in \(demo.comparison), "
          + "\(demo.laws.count) laws kept by both "
          + "(\(Timeline.duration(elapsed.microseconds)))"
      )
    }
    if finding != nil { throw ExitCode.failure }
  }

  private static func text<D: Demo>(
    of finding: Equivalence.Finding<D>,
    _ demo: D.Type
  ) -> String {
    var lines = ["\(demo.recipe.name): a difference: \(finding.problem)"]
    for (language, trace) in [("Swift", finding.swift), ("Go", finding.go)] {
      lines.append("")
      guard let trace else {
        lines.append("\(language): did not come to an end")
        continue
      }
      lines.append("\(language): \(demo.describe(trace.outcome))")
      lines += Timeline(trace.events, legend: demo.legend)
        .lines(width: Terminal.width, styled: Terminal.isStyled)
    }
    lines.append("")
    lines.append(
      "the same run: recipe \(demo.recipe.name) --seed \(finding.seed) "
        + "--input '\(finding.input.json)'"
    )
    return lines.joined(separator: "\n")
  }
}

/// Go's traces of some inputs, kept for machines that have no Go.
enum Recording {
  struct Line<D: Demo>: Codable {
    var input: D.Input
    var go: DemoTrace<D.Outcome>
  }

  /// Writes a line for each input.
  ///
  /// - Throws: ``UsageError`` when the file cannot be written.
  static func write<D: Demo>(
    _ inputs: [D.Input],
    of demo: D.Type,
    from go: GoTwin,
    to path: String
  ) async throws {
    let traces = try await go.traces(of: demo, inputs: inputs)
    let lines = zip(inputs, traces).map { input, trace in
      let events = trace.events.map(\.json).joined(separator: ",")
      return "{\"input\":\(input.json),\"go\":{\"events\":[\(events)],"
        + "\"outcome\":\(jsonLine(trace.outcome))}}\n"
    }
    do {
      try Data(lines.joined().utf8)
        .write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw UsageError("cannot write --record '\(path)': \(error.reason)")
    }
  }

  /// Reads what ``write(_:of:from:to:)`` wrote.
  static func read<D: Demo>(
    _ path: String,
    of demo: D.Type
  ) throws -> [Line<D>] {
    try Data(contentsOf: URL(filePath: path))
      .split(separator: UInt8(ascii: "\n"))
      .map { try JSONDecoder().decode(Line<D>.self, from: $0) }
  }
}
