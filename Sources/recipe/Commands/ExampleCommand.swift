import Cookbook
import Foundation
import Simulation

/// `recipe NAME [EXAMPLE]`: runs examples and shows what happened.
enum ExampleCommand {
  /// The flags of every example; no field of an input goes by such a name.
  static let flags = [
    "events", "input", "seed", "schedule", "cancel-at-step", "histories",
    "svg", "trace", "help",
  ]

  static func run(
    _ recipe: Recipe,
    _ words: some Sequence<String>
  ) async throws {
    var arguments = try arguments(of: recipe, words)
    if try arguments.take(switch: "help") {
      return try Terminal.print(help(recipe))
    }
    // Without a name, and without what only one example can mean.
    if arguments.operands.isEmpty, recipe.examples.count > 1,
      recipe.examples.allSatisfy({ $0.isInstant && $0.isComparable })
    {
      guard arguments.isEmpty else {
        throw UsageError(
          "'recipe \(recipe.name)' with flags needs an EXAMPLE",
          hint: "'recipe help \(recipe.name)' names them"
        )
      }
      let listing = try await Cells(of: recipe).listing()
      return try Terminal.print(listing.joined(separator: "\n"))
    }
    try await run(try Request(of: recipe, arguments))
  }

  private static func arguments(
    of recipe: Recipe,
    _ words: some Sequence<String>
  ) throws(UsageError) -> Arguments {
    try Arguments(of: recipe.name, words, switches: ["events", "help"])
  }

  /// What a command line asks of an example.
  private struct Request {
    var recipe: Recipe
    var example: Example
    var input: any ExampleInput
    var source: ExampleJudge.Source?
    var cancelAtStep: Int?
    var showsEvents: Bool
    /// Files to draw it into: a picture, and what Perfetto opens.
    var svg: String?
    var perfetto: String?
    /// Of an example that is judged by them, how many.
    var histories: Int?

    init(of recipe: Recipe, _ arguments: Arguments) throws(UsageError) {
      var arguments = arguments
      self.recipe = recipe
      let word = arguments.operands.first
      // What is no example's name may be a file's.
      if recipe.examples[0].takesFiles,
        !recipe.examples.contains(where: { $0.name == word })
      {
        example = recipe.examples[0]
      } else {
        example = try arguments.takeExamples(of: recipe)[0]
      }
      showsEvents = try arguments.take(switch: "events")
      svg = try arguments.take(file: "svg")
      perfetto = try arguments.take(file: "trace")
      let files = [svg, perfetto].compactMap(\.self)
        .map { URL(filePath: $0).standardizedFileURL }
      if files.count > Set(files).count {
        throw UsageError("--svg and --trace write to one file")
      }
      let seed = try arguments.take("seed", in: 0...Int.max)
      let schedule = try arguments.take("schedule")
      cancelAtStep = try arguments.take("cancel-at-step", in: 0...Int.max)
      switch (seed, schedule) {
      case (nil, nil):
        guard cancelAtStep == nil else {
          throw UsageError("--cancel-at-step needs --seed or --schedule")
        }
        // Its times would not be those of Go's.
        if svg != nil { source = .seed(1) }
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
      var isOneRun = example.isComparable
      if case .race = example.evidence, source == nil { isOneRun = false }
      if !isOneRun, showsEvents || svg != nil || perfetto != nil {
        throw UsageError(
          "\(recipe.name) \(example.name) is not one run, which --events, "
            + "--svg and --trace show",
          hint: example.isComparable ? "--seed chooses one" : nil
        )
      }
      input = try example.input.overridden(by: arguments)
    }

    /// The history of a seed in the simulation, where there is one.
    func history() async throws -> [String]? {
      guard let histories = example.histories, case .seed(let seed) = source
      else { return nil }
      return try await HistoryJudge.drawing(histories.judge, seed: seed)
    }

    /// - Throws: ``UsageError`` where the run has no such step or choice.
    func simulate() async throws -> ExampleJudge.Run {
      let (example, input) = (example, input)
      let run = await ExampleJudge.run(
        source ?? .seed(0),
        cancelAtStep: cancelAtStep
      ) { await example.run(input, on: $0) }
      // What fails ends early.
      guard run.failure == nil else { return run }
      if let cancelAtStep, !run.wasCancelled {
        throw UsageError(
          "there is no step \(cancelAtStep): the last one is \(run.steps - 1)"
        )
      }
      if case .schedule(let schedule) = source,
        case let given = schedule.choices.count, given > run.choices
      {
        throw UsageError(
          "the run makes only \(run.choices) of these \(given) choices"
        )
      }
      return run
    }

    func show(_ trace: Trace) throws(ExitCode) {
      if let svg {
        let picture = Picture(of: example, recipe, input, trace)
        try Terminal.write(picture.svg, to: URL(filePath: svg))
      }
      if let perfetto {
        try Terminal.write(
          PerfettoTrace(trace).text,
          to: URL(filePath: perfetto)
        )
      }
      let lines = lines(
        of: trace,
        asEvents: showsEvents,
        width: Terminal.width,
        styled: Terminal.isStyled
      )
      try Terminal.print(lines.joined(separator: "\n"))
    }
  }

  private static func run(_ request: Request) async throws {
    let (recipe, example, input) =
      (request.recipe, request.example, request.input)
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
    if let lines = try await request.history() {
      return try Terminal.print(lines.joined(separator: "\n"))
    }
    // What is on disk is read once: it can be large, or a pipe.
    if request.source != nil || input.paths.isEmpty {
      let simulated = try await request.simulate()
      let waits = simulated.trace.ending == .waits
      if request.source != nil || waits || example.isInstant {
        try request.show(simulated.trace)
        if request.source != nil, let failure = simulated.failure {
          throw failure
        }
        // Waiting for ever in virtual time is waiting for ever: the real run
        // would tell nobody.
        if waits, !example.waits {
          Terminal.complain("\(example.name) waits for ever: a deadlock")
          throw ExitCode.failure
        }
        return
      }
    }
    let stage = Stage(clock: ContinuousClock())
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
    try request.show(trace)
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

  /// What a run in the simulation prints where there is no terminal.
  static func replay(
    _ recipe: Recipe,
    _ words: [String]
  ) async throws -> [String] {
    let request = try Request(of: recipe, try arguments(of: recipe, words))
    guard request.source != nil else {
      throw UsageError("without --seed no two runs are the same")
    }
    if let lines = try await request.history() { return lines }
    let run = try await request.simulate()
    if let failure = run.failure { throw failure }
    return lines(
      of: run.trace,
      asEvents: request.showsEvents,
      width: 80,
      styled: false
    )
  }

  private static func lines(
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
    return lines + outcome(of: trace)
  }

  /// What each lane came to.
  static func outcome(of trace: Trace) -> [String] {
    // The caller is the one that the others belong to: it comes last.
    let lanes = trace.outcome.lanes
    let ordered =
      lanes.filter { $0 != Event.caller } + lanes.filter { $0 == Event.caller }
    return ordered.flatMap { words(of: $0, in: trace.outcome) }
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
          "  --\(known.flag) \(known.kind.rawValue)",
          "      \(field.meaning)"
            + (known.shownDefault.map { "; default: \($0)" } ?? ""),
        ]
      }
    }
  }
}

extension InputField {
  fileprivate var shownDefault: String? {
    guard let list = defaultValue as? [Any] else {
      return defaultValue.map { "\($0)" }
    }
    return list.isEmpty
      ? "none" : list.map { "\($0)" }.joined(separator: ",")
  }
}

extension Example {
  /// Whether it takes neither input nor time.
  var isInstant: Bool { input is NoInput }

  /// Whether it reads files that stand on the command line.
  var takesFiles: Bool { InputField.all(of: input).contains(where: \.isPaths) }

  /// Whether it has a twin in Go that runs.
  var isComparable: Bool {
    switch evidence {
    case .moments, .outcome, .outcomes, .race: true
    case .history, .refused, .claims: false
    }
  }

  /// Whether waiting for ever is its answer.
  var waits: Bool {
    guard case .outcomes(let swift, _, _) = evidence else { return false }
    return swift.hasSuffix(Ending.waits.description)
  }

  /// Whether it is judged by running it in the simulation.
  var isRun: Bool { isComparable && !waits }
}

/// Evidence that is not a trace: it makes a report of its own.
enum Evidences {
  struct Report {
    var text: String
    var holds: Bool

    init(_ lines: [String], holds: Bool) {
      text = lines.joined(separator: "\n")
      self.holds = holds
    }
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
      return Report([verdict.description], holds: verdict.agree)
    case .refused(let refusals):
      return try await RefusedJudge.report(refusals, example, of: recipe)
    case .history(let histories):
      var report = await HistoryJudge.report(
        histories,
        count: count ?? HistoryJudge.count
      )
      report.text = "\(recipe.name) \(example.name): \(report.text)"
      return report
    case .claims(let claims):
      return try await ClaimsReport.measure(claims, of: example, in: recipe)
        .report
    }
  }
}
