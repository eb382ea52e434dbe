package import Cookbook

extension PipelineDemo {
  /// The line of the menu.
  package static let recipe = Recipe(
    name: "pipeline",
    chapter: .patterns,
    question: "Implement the Go blog's pipeline with cancellation.",
    goConstructs: [
      "pipeline", "gen, sq, merge", "errgroup.WithContext",
      "case <-ctx.Done()", "for v := range in",
    ],
    swiftConstructs: [
      "AsyncSequence", "withThrowingDiscardingTaskGroup", "Channel",
    ],
    problems: [
      "process a stream in stages", "producer and consumer",
      "backpressure between stages", "transform lines of a large file",
      "stop a pipeline early",
    ]
  )

  /// How events are drawn: the end of a stage by the stage's first letter.
  package static let legend = Timeline.Legend(
    openings: ["parse", "transform", "aggregate"],
    closings: [
      "parsed": "p", "transformed": "t", "aggregated": "a",
      "fail": "✗", "cancelled": "×",
    ],
    marks: ["stop": "◁", "cancel": "!", "return": "■"]
  )

  /// Both languages do the same at each instant.
  package static let comparison = Comparison.moments

  /// What every run keeps.
  package static let laws: [DemoLaw<Input, Outcome>] = [
    everyLineThroughEveryStage, neverMoreAtOnce, orderIsKept,
    boundBetweenStages, noIdleStage, totalsAreThoseOfTheLines,
    firstErrorIsThrown, resultsBeforeTheErrorArrive, nothingStartsAfterTheEnd,
    othersAreCancelledAtOnce, allEndedOnReturn,
  ]

  /// What an event says of a line and a stage.
  private struct Step {
    enum Change { case start, end, fail, cancelled }

    var stage: Int
    var line: Int
    var change: Change

    init?(_ event: Event) {
      let stages = Stage.allCases
      if let stage = stages.firstIndex(where: { $0.rawValue == event.name }) {
        (self.stage, change) = (stage, .start)
      } else if let stage = stages.firstIndex(where: { $0.end == event.name }) {
        (self.stage, change) = (stage, .end)
      } else if event.name == "fail" || event.name == "cancelled",
        let stage = stages.firstIndex(where: { $0.rawValue == event.item })
      {
        self.stage = stage
        change = event.name == "fail" ? .fail : .cancelled
      } else {
        return nil
      }
      guard let line = Int(event.lane.dropFirst("line ".count)) else {
        return nil
      }
      self.line = line
    }
  }

  private static let stops: Set = ["fail", "stop", "cancel"]

  private static func stop(in trace: DemoTrace<Outcome>) -> Int {
    trace.events.first { stops.contains($0.name) }?.at ?? .max
  }

  private static func workers(_ input: Input) -> [Int] {
    [1, input.workers, 1]
  }

  /// Nothing is lost, and nothing done twice.
  package static let everyLineThroughEveryStage = DemoLaw<Input, Outcome>(
    "every line goes through every stage exactly once"
  ) { input, trace in
    // How many stages a line has begun, and how many it has ended.
    var begun = [Int](repeating: 0, count: input.lines.count)
    var ended = begun
    var open = begun
    for event in trace.events {
      guard let step = Step(event) else { continue }
      switch step.change {
      case .start:
        guard begun[step.line] == step.stage, ended[step.line] == step.stage
        else { return "line \(step.line) was out of turn: \(event.name)" }
        begun[step.line] += 1
        open[step.line] += 1
      case .end, .fail, .cancelled:
        guard open[step.line] == 1 else {
          return "line \(step.line) ended what it had not begun"
        }
        open[step.line] = 0
        if step.change == .end { ended[step.line] += 1 }
      }
    }
    guard stop(in: trace) == .max else { return nil }
    let lost = ended.indices.filter { ended[$0] != Stage.allCases.count }
    return lost.isEmpty ? nil : "not through: \(lost)"
  }

  /// A stage has as many workers as it was given.
  package static let neverMoreAtOnce = DemoLaw<Input, Outcome>(
    "never more than `workers` lines are in a stage at once"
  ) { input, trace in
    var busy = [0, 0, 0]
    for event in trace.events {
      guard let step = Step(event) else { continue }
      busy[step.stage] += step.change == .start ? 1 : -1
      if busy[step.stage] > workers(input)[step.stage] {
        return "\(busy[step.stage]) in stage \(step.stage) at \(event.at) µs"
      }
    }
    return nil
  }

  /// First in, first out.
  package static let orderIsKept = DemoLaw<Input, Outcome>(
    "each stage takes the lines in the order in which the last one ended them"
  ) { _, trace in
    // The instants at which the lines left the stage before.
    var left: [[Int: Int]] = [[:], [:], [:]]
    var last = [-1, -1, -1]
    for event in trace.events {
      guard let step = Step(event) else { continue }
      if step.change == .end, step.stage + 1 < left.count {
        left[step.stage + 1][step.line] = event.at
      } else if step.change == .start {
        // The first stage takes them as they are numbered.
        let turn = left[step.stage][step.line] ?? step.line
        if turn < last[step.stage] {
          return "line \(step.line) was overtaken in stage \(step.stage)"
        }
        last[step.stage] = turn
      }
    }
    return nil
  }

  /// Memory does not depend on the number of lines.
  package static let boundBetweenStages = DemoLaw<Input, Outcome>(
    "at most `buffer` lines wait between two stages, and one for each worker"
  ) { input, trace in
    let (workers, stop) = (workers(input), stop(in: trace))
    var waiting = [0, 0, 0]
    for instant in trace.instants() {
      for event in instant.events {
        guard let step = Step(event) else { continue }
        if step.change == .end { waiting[step.stage] += 1 }
        if step.change == .start, step.stage > 0 {
          waiting[step.stage - 1] -= 1
        }
        for stage in 0...1 {
          // Each worker of the next stage may be about to take one.
          let most = input.buffer + workers[stage] + workers[stage + 1]
          if waiting[stage] > most {
            return "\(waiting[stage]) after stage \(stage) at \(event.at) µs"
          }
        }
      }
      // A cancelled worker drops what it takes, and that leaves no event.
      guard instant.at < stop else { continue }
      for stage in 0...1 where waiting[stage] > input.buffer + workers[stage] {
        return "\(waiting[stage]) after stage \(stage) at \(instant.at) µs"
      }
    }
    return nil
  }

  /// The stages run concurrently.
  package static let noIdleStage = DemoLaw<Input, Outcome>(
    "no stage is idle while a line waits for it and it has room for the result"
  ) { input, trace in
    let stop = stop(in: trace)
    var (busy, waiting) = ([0, 0, 0], [0, 0, 0])
    var unread = input.lines.count
    for instant in trace.instants() {
      guard instant.at < stop else { return nil }
      for event in instant.events {
        guard let step = Step(event) else { continue }
        if step.change == .start {
          busy[step.stage] += 1
          if step.stage > 0 {
            waiting[step.stage - 1] -= 1
          } else {
            unread -= 1
          }
        } else {
          busy[step.stage] -= 1
          if step.stage + 1 < waiting.count { waiting[step.stage] += 1 }
        }
      }
      for (stage, workers) in workers(input).enumerated() {
        let held = stage == 2 ? 0 : max(0, waiting[stage] - input.buffer)
        let free = workers - busy[stage] - held
        let work = stage == 0 ? unread : waiting[stage - 1]
        if free > 0, work > 0 {
          return "stage \(stage) is idle after \(instant.at) µs"
        }
      }
    }
    return nil
  }

  /// The consumer's result is right wherever it ends.
  package static let totalsAreThoseOfTheLines = DemoLaw<Input, Outcome>(
    "the totals are those of the lines that were aggregated"
  ) { input, trace in
    var wanted = Outcome()
    for event in trace.events(named: Stage.aggregate.end) {
      guard let line = Int(event.item) else { continue }
      let bytes = Array(input.lines[line].utf8)
      wanted.add(Entry(Parsed(Line(index: line, bytes: bytes))))
    }
    wanted.error = trace.outcome.error
    return trace.outcome == wanted
      ? nil : "\(trace.outcome) instead of \(wanted)"
  }

  /// An error is seen once, and it is the first.
  package static let firstErrorIsThrown = DemoLaw<Input, Outcome>(
    "the first error is thrown, unless the last stage left before it came"
  ) { input, trace in
    var candidates: Set<String?> = [nil]
    let fails = trace.events(named: "fail")
    if let first = fails.first?.at {
      // Of several that fail at one instant any may be the first; and the
      // last stage may come upon an error of its own on its way there.
      candidates = Set(
        fails.filter { $0.at == first || $0.item == "aggregate" }
          .map { "\($0.item) of \($0.lane) failed" }
      )
    }
    if trace.events.contains(where: { $0.name == "stop" }) {
      candidates = [nil]
    }
    if trace.events.contains(where: { $0.name == "cancel" }) {
      candidates.insert("cancelled")
      // Too late: there was nothing left to cancel.
      let done = trace.events(named: Stage.aggregate.end).count
      if done == input.lines.count { candidates.insert(nil) }
    }
    let error = trace.outcome.error
    return candidates.contains(error)
      ? nil : "\(error ?? "no error") instead of \(candidates)"
  }

  /// What has left the stages before an error is not lost.
  package static let resultsBeforeTheErrorArrive = DemoLaw<Input, Outcome>(
    "results that wait for the last stage come before the error"
  ) { input, trace in
    let others = trace.events.contains {
      $0.name == "stop" || $0.name == "cancel"
        || $0.name == "fail" && $0.item == "aggregate"
    }
    guard !others, let failed = trace.events(named: "fail").first?.at else {
      return nil
    }
    let before = trace.events.filter { $0.at < failed }
    let ready = before.count { $0.name == Stage.transform.end }
    let taken = before.count { $0.name == Stage.aggregate.rawValue }
    let owed = taken + min(ready - taken, input.buffer)
    let done = trace.events(named: Stage.aggregate.end).count
    return done < owed ? "\(done) of \(owed) were aggregated" : nil
  }

  /// No stage starts work on an item after cancellation.
  package static let nothingStartsAfterTheEnd = DemoLaw<Input, Outcome>(
    "no stage starts on a line after an error, a cancellation or an early exit"
  ) { _, trace in
    var hasStopped = false
    var failedAt = Int.max
    for event in trace.events {
      switch event.name {
      case "cancel", "stop": hasStopped = true
      case "fail":
        failedAt = min(failedAt, event.at)
        if event.item == "aggregate" { hasStopped = true }
      default:
        guard let step = Step(event), step.change == .start else { continue }
        // What waits for the last stage still arrives; and at the instant of
        // an error a line may be on its way already.
        let isLate = event.at > failedAt && step.stage < 2
        if hasStopped || isLate {
          return "\(event.lane): \(event.name) at \(event.at) µs"
        }
      }
    }
    return nil
  }

  /// An error ends both sides.
  package static let othersAreCancelledAtOnce = DemoLaw<Input, Outcome>(
    "an error, a cancellation or an early exit ends all stages at once"
  ) { _, trace in
    let stop = stop(in: trace)
    for event in trace.events where event.at > stop {
      if let step = Step(event), step.stage < 2, step.change != .start {
        return "\(event.lane) went on until \(event.at) µs"
      }
    }
    let left = trace.events.first {
      $0.name == "stop" || $0.name == "cancel"
        || $0.name == "fail" && $0.item == "aggregate"
    }
    let end = trace.events.last?.at ?? 0
    if let left, end > left.at {
      return "left at \(left.at) µs and returned at \(end) µs"
    }
    return nil
  }

  /// Nobody is left behind.
  package static let allEndedOnReturn = DemoLaw<Input, Outcome>(
    "every stage has ended when the call returns, and it returns at once"
  ) { _, trace in
    guard let last = trace.events.last(where: { $0.name != "cancel" }),
      last.name == "return"
    else { return "the call did not return last" }
    var open = 0
    var lastWork = 0
    for event in trace.events {
      guard let step = Step(event) else { continue }
      open += step.change == .start ? 1 : -1
      lastWork = event.at
    }
    if open > 0 { return "\(open) lines left in a stage" }
    let stop = stop(in: trace)
    return stop == .max && last.at > lastWork
      ? "nothing to do from \(lastWork) to \(last.at) µs" : nil
  }

  // MARK: Inputs for comparison

  /// An input in which nothing depends on who comes first within an instant.
  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    let count = Int.random(in: 0...6, using: &generator)
    let words = ["a", "ferry", "at the", "Quay ", "  waves", ""]
    input.lines = (0..<count).map { _ in
      (0..<Int.random(in: 0...4, using: &generator))
        .map { _ in words.randomElement(using: &generator) ?? "" }
        .joined(separator: " ")
    }
    input.buffer = .random(in: 0...3, using: &generator)
    func times() -> [Int] {
      (0..<count).map { _ in .random(in: 0...6, using: &generator) }
    }
    (input.parse, input.transform, input.aggregate) = (
      times(), times(), times()
    )
    guard Int.random(in: 0..<4, using: &generator) > 0 else { return input }

    // Lines that leave several workers at one instant may come in any order,
    // and so may a line and an error, in both languages. So no two sums of
    // durations are equal: each duration has a bit of its own, and a
    // cancellation comes at an odd instant.
    input.workers = .random(in: 1...3, using: &generator)
    var bit = 0
    func apart(_ times: [Int]) -> [Int] {
      times.map { time in
        bit += 1
        return time << 20 + 1 << bit
      }
    }
    input.parse = apart(input.parse)
    input.transform = apart(input.transform)
    input.aggregate = apart(input.aggregate)
    if Int.random(in: 0..<3, using: &generator) == 0 {
      input.stopAfter = .random(in: 1...max(count, 1), using: &generator)
    }
    if Int.random(in: 0..<3, using: &generator) == 0 {
      let all = input.parse + input.transform + input.aggregate
      let total = all.reduce(0, +)
      input.cancelAfter = .random(in: 0...total / 3, using: &generator) * 2 + 1
    }
    if Bool.random(using: &generator) {
      for line in 0..<count {
        guard Int.random(in: 0..<4, using: &generator) == 0,
          let stage = Stage.allCases.randomElement(using: &generator)
        else { continue }
        input.failing.append("\(stage) \(line)")
      }
    }
    return input
  }

  /// Fewer lines, fewer mishaps, fewer workers.
  package static func simplerInputs(than input: Input) -> [Input] {
    var simpler: [Input] = []
    func add(_ change: (inout Input) -> Void) {
      var copy = input
      change(&copy)
      if copy != input { simpler.append(copy) }
    }
    add { if !$0.lines.isEmpty { $0.lines.removeLast() } }
    for line in input.lines.indices where !input.lines[line].isEmpty {
      add { $0.lines[line] = "" }
    }
    add { $0.cancelAfter = nil }
    add { $0.stopAfter = nil }
    for index in input.failing.indices { add { $0.failing.remove(at: index) } }
    add { $0.workers = max($0.workers - 1, 1) }
    add { $0.buffer = max($0.buffer - 1, 0) }
    // Durations keep their bits, or ties would appear.
    let fields: [WritableKeyPath<Input, [Int]>] = [
      \.parse, \.transform, \.aggregate,
    ]
    for field in fields {
      for index in input[keyPath: field].indices
      where input[keyPath: field][index] >= 1 << 20 {
        add { $0[keyPath: field][index] &= 1 << 20 - 1 }
      }
    }
    return simpler
  }

  /// The outcome in a line.
  package static func describe(_ outcome: Outcome) -> String {
    let end = outcome.error.map { ", then: \($0)" } ?? ""
    return "\(outcome.lines) lines, \(outcome.words) words, the longest of "
      + "\(outcome.longest) bytes\(end)"
  }

  /// A file that could not be read.
  package static func problems(in outcome: Outcome) -> [String] {
    guard let error = outcome.error, error.hasPrefix("cannot read ") else {
      return []
    }
    return [error]
  }
}
