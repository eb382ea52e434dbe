import Cookbook
import Foundation

/// `recipe compare NAME [EXAMPLE]`: both languages on the same inputs.
enum ExampleComparing {
  private struct Report: Encodable {
    var recipe: String
    var example: String
    var counts: ExampleComparison.Counts
    var seed: UInt64
    var agree: Bool
    var difference: String?
  }

  /// A line of a record: what Go did with an input.
  struct Record: Codable {
    var example: String
    var input: String
    var go: Trace
  }

  static func run(_ recipe: Recipe, arguments: Arguments) async throws {
    var arguments = arguments
    let asJSON = try arguments.take(switch: "json")
    let count = try arguments.take("inputs", in: 1...1_000_000) ?? 1_000
    let seed = UInt64(try arguments.take("seed", in: 0...Int.max) ?? 1)
    let wrong = try arguments.take("wrong")
    let record = try arguments.take("record")
    let (examples, rest) = try ExampleCommand.take(
      arguments.operands,
      of: recipe
    )
    arguments.operands = rest
    try arguments.requireEmpty(
      known: ["json", "inputs", "seed", "wrong", "record"]
    )
    Terminal.showProgress("\(recipe.name): compiling the Go twins")
    let go = try await GoTwin.start()
    if let record {
      return try await write(record, recipe, examples, count, seed, go)
    }
    var agree = true
    for example in examples where example.isComparable {
      let comparison = ExampleComparison(
        recipe: recipe,
        example: example,
        go: go
      )
      let (counts, finding) = try await comparison.compare(
        comparison.inputs(example.isInstant ? 1 : count, seed: seed),
        seed: seed,
        wrong: wrong
      ) {
        Terminal.showProgress("\(recipe.name) \(example.name): \($0) inputs")
      }
      agree = agree && finding == nil
      if case .race = example.evidence, finding == nil {
        let verdict = try await RaceJudge(recipe: recipe, example: example)
          .judge(go: go, wrong: wrong)
        agree = agree && verdict.agree
        try Terminal.print(asJSON ? jsonLine(verdict) : "\(verdict)")
        continue
      }
      let report = Report(
        recipe: recipe.name,
        example: example.name,
        counts: counts,
        seed: seed,
        agree: finding == nil,
        difference: finding?.description
      )
      try Terminal.print(asJSON ? jsonLine(report) : describe(report))
    }
    if !agree { throw ExitCode.failure }
  }

  private static func describe(_ report: Report) -> String {
    let name = "\(report.recipe) \(report.example)"
    if let difference = report.difference { return "\(name): \(difference)" }
    let counts = report.counts
    guard counts.inputs > 1 else { return "\(name): Swift and Go agree" }
    return "\(name): Swift and Go agree on \(counts.inputs.grouped) inputs, "
      + "of which \(counts.failing.grouped) fail, "
      + "\(counts.cancelled.grouped) are cancelled, "
      + "\(counts.contended.grouped) are contended"
  }

  private static func write(
    _ path: String,
    _ recipe: Recipe,
    _ examples: [Example],
    _ count: Int,
    _ seed: UInt64,
    _ go: GoTwin
  ) async throws {
    var lines: [String] = []
    for example in examples where example.isComparable {
      let comparison = ExampleComparison(
        recipe: recipe,
        example: example,
        go: go
      )
      let inputs =
        [example.input]
        + (example.isInstant ? [] : comparison.inputs(count, seed: seed))
      for (input, trace) in zip(
        inputs,
        try await go.runs(recipe, example, inputs)
      ) {
        lines.append(
          jsonLine(
            Record(
              example: example.name,
              input: json(input),
              go: try trace.get()
            )
          )
        )
      }
    }
    do {
      try Data(lines.map { $0 + "\n" }.joined().utf8)
        .write(to: URL(filePath: path), options: .atomic)
    } catch {
      Terminal.complain("cannot write \(path): \(error.reason)")
      throw ExitCode.output
    }
  }
}

extension Example {
  /// Whether it has a twin in Go that runs.
  var isComparable: Bool {
    switch evidence {
    case .moments, .outcome, .outcomes, .race: true
    case .refused, .claims: false
    }
  }
}
