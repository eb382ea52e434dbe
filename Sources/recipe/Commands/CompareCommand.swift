import Cookbook
import Foundation

/// `recipe compare NAME [EXAMPLE]`: both languages on the same inputs.
enum CompareCommand: Subcommand {
  static let switches = ["json"]

  private struct Report: Encodable {
    var recipe: String
    var example: String
    var counts = ExampleComparison.Counts()
    var seed: UInt64
    var agree = true
    var difference: String?

    func text(of example: Example) -> String {
      let name = "\(recipe) \(self.example): "
      if let difference { return name + difference }
      if case .refused = example.evidence {
        return name + "each file is refused"
      }
      guard counts.inputs > 1 else { return name + "Swift and Go agree" }
      return name + "Swift and Go agree on \(counts.inputs.grouped) inputs, "
        + "of which \(counts.failing.grouped) fail, "
        + "\(counts.cancelled.grouped) are cancelled, "
        + "\(counts.contended.grouped) are contended"
    }
  }

  /// A line of a record: what Go did with an input.
  struct Record: Codable {
    var example: String
    var input: String
    /// Of an example that is refused: a lane a file, and an event for each
    /// thing that a tool says of it.
    var go: Trace
  }

  /// What is recorded of a recipe, so that a machine without Go still
  /// compares; of each example, a run without flags first.
  static func records(of recipe: Recipe) throws -> [Record] {
    let file = try Checkout.root()
      .appending(path: "Tests/EquivalenceTests/Recorded/\(recipe.name).jsonl")
    return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
      .map { try JSONDecoder().decode(Record.self, from: $0) }
  }

  /// What is recorded of an example that takes no input.
  static func recorded(_ example: Example, of recipe: Recipe) throws -> Trace {
    try records(of: recipe).first { $0.example == example.name }?.go
      ?? Trace([])
  }

  static func run(_ arguments: inout Arguments) async throws {
    let recipe = try arguments.takeRecipe()
    let asJSON = try arguments.take(switch: "json")
    let count = try arguments.take("inputs", in: 1...1_000_000)
    let seed = UInt64(try arguments.take("seed", in: 0...Int.max) ?? 1)
    let wrong = try arguments.take("wrong")
    let record = try arguments.take(file: "record")
    var examples = try arguments.takeExamples(of: recipe)
    try arguments.requireEmpty()
    for example in examples where !example.undeclaredFields.isEmpty {
      throw UsageError(
        "\(example.name): these need a field: "
          + example.undeclaredFields.joined(separator: ", ")
      )
    }
    Terminal.showProgress("\(recipe.name): compiling the Go twins")
    let go = try await GoTwin.start()
    if let wrong {
      let known = try await go.catalog(of: recipe).wrong
      let wanted = examples.filter { known.contains("\($0.name)/\(wrong)") }
      guard !wanted.isEmpty else {
        throw UsageError(
          "there is no wrong version '\(wrong)' in Go",
          hint: known.isEmpty
            ? nil : "as EXAMPLE/WRONG: \(known.joined(separator: ", "))"
        )
      }
      examples = wanted
    }
    if let record {
      return try await write(record, recipe, examples, count ?? 1_000, seed, go)
    }
    var agree = true
    for example in examples {
      var report = Report(
        recipe: recipe.name,
        example: example.name,
        seed: seed
      )
      switch example.evidence {
      case .history, .claims: continue
      case .refused(let refusals):
        if wrong != nil { continue }
        let judged = try await RefusedJudge.report(
          refusals,
          example,
          of: recipe
        )
        if !judged.holds { report.difference = judged.text }
      case .race:
        let verdict = try await RaceJudge(recipe: recipe, example: example)
          .judge(go: go, runs: count ?? 10_000, wrong: wrong)
        agree = agree && verdict.agree
        try Terminal.print(asJSON ? json(verdict) : "\(verdict)")
        continue
      case .moments, .outcome, .outcomes:
        let comparison = ExampleComparison(
          recipe: recipe,
          example: example,
          go: go
        )
        let (counts, finding) = try await comparison.compare(
          example.inputs(example.isInstant ? 1 : count ?? 1_000, seed: seed),
          seed: seed,
          wrong: wrong
        ) {
          Terminal.showProgress("\(recipe.name) \(example.name): \($0) inputs")
        }
        report.counts = counts
        report.difference = finding?.description
        // Of few inputs nothing can be said.
        for shortfall in finding == nil && counts.inputs >= 1_000
          ? counts.shortfalls(of: example) : []
        {
          Terminal.complain("\(example.name): \(shortfall)")
          agree = false
        }
      }
      report.agree = report.difference == nil
      agree = agree && report.agree
      try Terminal.print(asJSON ? json(report) : report.text(of: example))
    }
    if !agree { throw ExitCode.failure }
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
    func add(_ example: Example, _ input: any ExampleInput, _ go: Trace) {
      let record = Record(example: example.name, input: json(input), go: go)
      lines.append(json(record))
    }
    for example in examples {
      if case .refused(let refusals) = example.evidence {
        let go = try await RefusedJudge.goTrace(refusals, of: recipe)
        add(example, example.input, go)
      }
      guard example.isComparable else { continue }
      let inputs =
        [example.input]
        + (example.isInstant ? [] : example.inputs(count, seed: seed))
      let traces = try await go.runs(recipe, example, inputs)
      for (input, trace) in zip(inputs, traces) {
        add(example, input, try trace.get())
      }
    }
    try Terminal.write(
      lines.map { $0 + "\n" }.joined(),
      to: URL(filePath: path)
    )
  }
}
