import Cookbook
import Foundation
import Simulation

/// `recipe NAME [EXAMPLE]`: runs examples and shows what happened.
enum ExampleCommand {
  /// The flags of every example, beside those of its input.
  static let flags = [
    "events", "input", "seed", "schedule", "cancel-at-step", "histories",
    "help",
  ]

  static func run(
    _ recipe: Recipe,
    arguments: some Sequence<String>
  ) async throws {
    let words = Array(arguments)
    if let first = recipe.examples.first, first.takesFiles,
      let word = words.first, !word.hasPrefix("-"),
      !recipe.examples.contains(where: { $0.name == word })
    {
      return try await run(first, of: recipe, words)
    }
    let (examples, rest) = try take(words, of: recipe)
    // A name, or what only one example can mean.
    let wantsOne = examples.count == 1 || !rest.isEmpty
    guard wantsOne || !examples.allSatisfy({ $0.isInstant && $0.isComparable })
    else {
      return try Terminal.print(
        try await Cells(of: recipe).listing().joined(separator: "\n")
      )
    }
    try await run(examples[0], of: recipe, rest)
  }

  /// The example that the first word names; all where there is none.
  static func take(
    _ arguments: [String],
    of recipe: Recipe
  ) throws(UsageError) -> (examples: [Example], rest: [String]) {
    guard let name = arguments.first, !name.hasPrefix("-") else {
      return (recipe.examples, arguments)
    }
    guard let example = recipe.examples.first(where: { $0.name == name }) else {
      let names = recipe.examples.map(\.name)
      throw UsageError(
        "\(recipe.name) has no example '\(name)'",
        hint: nearest(to: name, in: names).map { "did you mean '\($0)'?" }
          ?? "it has: \(names.joined(separator: ", "))"
      )
    }
    return ([example], Array(arguments.dropFirst()))
  }

  /// What a command line asks of an example.
  private struct Request {
    var input: any ExampleInput
    var source: ExampleJudge.Source?
    var cancelAtStep: Int?
    var showsEvents: Bool
    /// Of an example that is judged by them, how many.
    var histories: Int?

    init(_ example: Example, _ words: [String]) throws {
      let switches = InputField.all(of: example.input)
        .filter { $0.kind == .flag }.map(\.flag)
      var arguments = try Arguments(
        words,
        switches: Set(switches + ["events"])
      )
      showsEvents = try arguments.take(switch: "events")
      let seed = try arguments.take("seed", in: 0...Int.max)
      let schedule = try arguments.take("schedule")
      cancelAtStep = try arguments.take("cancel-at-step", in: 0...Int.max)
      switch (seed, schedule) {
      case (nil, nil):
        guard cancelAtStep == nil else {
          throw UsageError("--cancel-at-step needs --seed or --schedule")
        }
      case (let seed?, nil): source = .seed(UInt64(seed))
      case (nil, let text?):
        guard let schedule = Simulation.Schedule(text) else {
          throw UsageError(
            "--schedule must be numbers with commas, or '-', not '\(text)'"
          )
        }
        source = .schedule(schedule)
      case (_?, _?):
        throw UsageError("--seed and --schedule exclude each other")
      }
      if example.histories != nil {
        histories = try arguments.take("histories", in: 1...100_000_000)
        if case .schedule = source {
          throw UsageError("a history is recorded again by its --seed")
        }
      }
      input = try parse(arguments, defaults: example.input)
    }
  }

  /// The input that the rest of a command line stands for.
  ///
  /// - Parameters:
  ///   - arguments: What has not been taken.
  ///   - defaults: What is not given.
  ///   - known: The flags of the command beside those of the input.
  /// - Returns: An input that is valid.
  /// - Throws: ``UsageError`` that names the flag and the value.
  static func parse(
    _ arguments: Arguments,
    defaults: some ExampleInput,
    known: [String] = flags
  ) throws -> any ExampleInput {
    var arguments = arguments
    let json = try arguments.take("input")
    return try type(of: defaults).parse(
      defaults: defaults,
      json: json,
      flags: arguments.flags,
      operands: arguments.operands,
      known: known
    )
  }

  private static func run(
    _ example: Example,
    of recipe: Recipe,
    _ words: [String]
  ) async throws {
    if words.contains("--help") || words.contains("-h") {
      return try Terminal.print(help(recipe))
    }
    let request = try Request(example, words)
    if request.source == nil,
      let report = try await Evidences.report(
        example,
        of: recipe,
        histories: request.histories
      )
    {
      try Terminal.print(report.text)
      if !report.holds { throw ExitCode.failure }
      return
    }
    if let lines = try await history(example, request) {
      return try Terminal.print(lines.joined(separator: "\n"))
    }
    // What is on disk is read once: it can be large, or a pipe.
    if request.source != nil || request.input.paths.isEmpty {
      let simulated = await ExampleJudge.run(
        request.source ?? .seed(0),
        cancelAtStep: request.cancelAtStep
      ) { await example.run(request.input, on: $0) }
      if request.source != nil, let failure = simulated.failure {
        try show(simulated.trace, request.showsEvents)
        throw failure
      }
      guard request.source == nil, simulated.trace.ending != .waits,
        !example.isInstant
      else {
        try show(simulated.trace, request.showsEvents)
        // Waiting for ever in virtual time is waiting for ever: the real run
        // would tell nobody.
        if simulated.trace.ending == .waits, !example.waits {
          Terminal.complain("\(example.name) waits for ever: a deadlock")
          throw ExitCode.failure
        }
        return
      }
    }
    let stage = Stage(clock: ContinuousClock())
    let input = request.input
    let (_, wasInterrupted) = try await Interruption.watch {
      await example.run(input, on: stage)
    } progress: {
      let events = stage.trace.events
      let latest = events.last.map { ", last: \($0.lane) \($0.name)" } ?? ""
      Terminal.showProgress("\(recipe.name): \(events.count) events\(latest)")
    }
    var trace = stage.trace
    let errors = trace.outcome.said[Event.errors, default: []].map(text)
    if !request.showsEvents {
      trace.events.removeAll { $0.lane == Event.errors }
    }
    try show(trace, request.showsEvents)
    for error in errors { Terminal.complain(error.withoutControls) }
    if wasInterrupted {
      let count = stage.trace.events.count
      Terminal.complain("interrupted after \(count) events")
      throw ExitCode.interrupted
    }
    if !errors.isEmpty { throw ExitCode.failure }
  }

  /// The text that was said, or what stands for another value.
  private static func text(of said: String) -> String {
    (try? JSONDecoder().decode(String.self, from: Data(said.utf8))) ?? said
  }

  /// The history of a seed in the simulation, where there is one.
  private static func history(
    _ example: Example,
    _ request: Request
  ) async throws -> [String]? {
    guard let histories = example.histories,
      case .seed(let seed) = request.source
    else { return nil }
    return try await HistoryJudge.drawing(histories.judge, seed: seed)
  }

  /// What a run in the simulation prints where there is no terminal.
  static func replay(
    _ recipe: Recipe,
    _ arguments: [String]
  ) async throws -> [String] {
    let (examples, rest) = try take(arguments, of: recipe)
    let request = try Request(examples[0], rest)
    guard let source = request.source else {
      throw UsageError("without --seed no two runs are the same")
    }
    if let lines = try await history(examples[0], request) { return lines }
    let run = await ExampleJudge.run(
      source,
      cancelAtStep: request.cancelAtStep
    ) { await examples[0].run(request.input, on: $0) }
    if let failure = run.failure { throw failure }
    return lines(
      of: run.trace,
      asEvents: request.showsEvents,
      width: 80,
      styled: false
    )
  }

  private static func show(_ trace: Trace, _ asEvents: Bool) throws(ExitCode) {
    try Terminal.print(
      lines(
        of: trace,
        asEvents: asEvents,
        width: Terminal.width,
        styled: Terminal.isStyled
      ).joined(separator: "\n")
    )
  }

  static func lines(
    of trace: Trace,
    asEvents: Bool,
    width: Int,
    styled: Bool
  ) -> [String] {
    if asEvents { return trace.events.map(\.json) }
    var lines: [String] = []
    // What takes no time has no timeline.
    if trace.events.contains(where: { $0.at > 0 }) {
      lines += Timeline(trace.comparable)
        .lines(width: width, styled: styled)
      lines.append("")
    }
    // The caller is the one that the others belong to: it comes last.
    let lanes = trace.outcome.lanes
    let ordered =
      lanes.filter { $0 != Event.caller } + lanes.filter { $0 == Event.caller }
    return lines + ordered.flatMap { words(of: $0, in: trace.outcome) }
  }

  /// What a lane came to; a text of several lines as it is.
  private static func words(of lane: String, in outcome: Outcome) -> [String] {
    guard let said = outcome.said[lane], said.count == 1,
      case let text = text(of: said[0]), text.contains("\n"),
      outcome.endings[lane] == .returned
    else { return [outcome.description(of: lane)] }
    return text.lines.map(\.withoutControls)
  }

  static func help(_ recipe: Recipe) -> String {
    var lines = [
      "\(recipe.name): \(recipe.question)", "",
      "usage: recipe \(recipe.name) [EXAMPLE] [--FIELD VALUE …]"
        + (recipe.examples.contains(where: \.takesFiles) ? " [FILE …]" : ""),
      "",
    ]
    for example in recipe.examples {
      lines.append("\(example.name)")
      lines += help(of: example.input)
      if example.histories != nil {
        lines += [
          "  --histories NUMBER",
          "      how many histories are recorded on real threads; "
            + "default: \(HistoryJudge.count)",
        ]
      }
    }
    lines += ["", "page and sources: \(recipe.folder)"]
    return lines.joined(separator: "\n")
  }

  private static func help<Input: ExampleInput>(of input: Input) -> [String] {
    let known = InputField.all(of: input)
    return Input.fields.flatMap { field in
      known.filter { $0.name == field.name }.flatMap { known in
        [
          "  --\(known.flag) \(known.kind.placeholder)",
          "      \(field.meaning)"
            + (known.defaultValue.map { "; default: \(known.shown($0))" } ?? ""),
        ]
      }
    }
  }
}

extension Example {
  /// Whether it takes neither input nor time.
  var isInstant: Bool { input is NoInput }

  /// Whether it reads files that stand on the command line.
  var takesFiles: Bool {
    InputField.all(of: input).contains { $0.name == "paths" }
  }

  /// Whether waiting for ever is its answer.
  var waits: Bool {
    guard case .outcomes(let swift, _, _) = evidence else { return false }
    return swift.hasSuffix(Ending.waits.description)
  }
}

/// Evidence that is not a trace: it makes a report of its own.
enum Evidences {
  struct Report {
    var text: String
    var holds: Bool
  }

  /// The report of an example that is judged by tools or by measuring, `nil`
  /// for one that is run.
  static func report(
    _ example: Example,
    of recipe: Recipe,
    histories count: Int? = nil
  ) async throws -> Report? {
    switch example.evidence {
    case .moments, .outcome, .outcomes: return nil
    case .race:
      // Without Go it still tells what Swift does.
      let go = GoToolchain.canCompile ? try await GoTwin.start() : nil
      let verdict = try await RaceJudge(recipe: recipe, example: example)
        .judge(go: go)
      return Report(text: verdict.description, holds: verdict.agree)
    case .refused(let refusals):
      return try await RefusedJudge.report(refusals, example, of: recipe)
    case .history(let histories):
      let count = count ?? HistoryJudge.count
      let report = await HistoryJudge.report(histories, count: count)
      return Report(
        text: "\(recipe.name) \(example.name): \(report.text)",
        holds: report.holds
      )
    case .claims(let claims):
      return try await ClaimsReport.measure(claims, of: example, in: recipe)
        .report
    }
  }
}
