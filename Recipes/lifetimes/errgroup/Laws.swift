package import Cookbook

extension ErrgroupDemo {
  package static let recipe = Recipe(
    name: "errgroup",
    chapter: .lifetimes,
    question: "How does golang.org/x/sync/errgroup simplify concurrent error "
      + "handling?",
    goConstructs: [
      "errgroup", "errgroup.Group", "errgroup.WithContext", "errgroup.SetLimit",
      "errgroup.TryGo", "errgroup.Wait", "errors.Join",
      "golang.org/x/sync/errgroup",
    ],
    swiftConstructs: [
      "withThrowingTaskGroup", "withThrowingDiscardingTaskGroup",
      "ThrowingTaskGroup", "waitForAll",
    ],
    problems: [
      "first error cancels the rest", "collect all errors",
      "limit concurrency", "wait for several tasks", "error in a task group",
      "try to start a task",
    ]
  )

  package static let legend = Timeline.Legend(
    openings: ["start"],
    closings: ["end": "█", "fail": "✗", "cancelled": "×"],
    marks: [
      "add": "○", "try": "?", "refused": "-", "cancel": "!", "return": "■",
    ]
  )

  package static let comparison = Comparison.moments

  private static let openings: Set = ["start"]
  private static let closings: Set = ["end", "fail", "cancelled"]

  package static let laws: [DemoLaw<Input, Outcome>] = [
    neverMoreThanLimit, addedAsSoonAsThereIsRoom, tryIsExact, everyJobOnce,
    firstErrorIsThrown, everyErrorIsKept, othersAreCancelledAtOnce,
    othersAreLeftAlone, allEndedOnReturn,
  ]

  package static let neverMoreThanLimit = DemoLaw<Input, Outcome>(
    "never more than `limit` jobs at once"
  ) { input, trace in
    guard let limit = input.limit else { return nil }
    return trace.busy(from: openings, to: closings)
      .first { $0.count > limit }
      .map { "\($0.count) at \($0.event.at) µs, limit: \(limit)" }
  }

  package static let addedAsSoonAsThereIsRoom = DemoLaw<Input, Outcome>(
    "a job that is added waits only while the group is full"
  ) { input, trace in
    var waiting: Set<String> = []
    var running = 0
    for instant in trace.instants() {
      for event in instant.events {
        if stops(event, input) { return nil }
        if event.name == "add" { waiting.insert(event.item) }
        if openings.contains(event.name) {
          waiting.remove(event.item)
          running += 1
        }
        if closings.contains(event.name) { running -= 1 }
      }
      if let job = waiting.first, running < input.limit ?? .max {
        return "job \(job) waits after \(instant.at) µs, \(running) running"
      }
    }
    return nil
  }

  package static let tryIsExact = DemoLaw<Input, Outcome>(
    "a try is refused only if the group is full"
  ) { input, trace in
    var running = 0
    for instant in trace.instants() {
      // Whatever ran at any time of this instant may have been the reason.
      let names = instant.events.map(\.name)
      let reasons = running + names.count { openings.contains($0) }
      if names.contains("refused") && reasons < input.limit ?? .max {
        return "refused at \(instant.at) µs, \(reasons) running"
      }
      running = reasons - names.count { closings.contains($0) }
    }
    return nil
  }

  package static let everyJobOnce = DemoLaw<Input, Outcome>(
    "every job that is added runs to its end, once"
  ) { input, trace in
    var lives = [[String]](repeating: [], count: input.jobs.count)
    var isStopped = false
    for event in trace.events {
      if stops(event, input) { isStopped = true }
      guard let job = Int(event.item) else { continue }
      lives[job].append(event.name)
    }
    for (job, life) in lives.enumerated() {
      let isWhole =
        switch (life.first, life.dropFirst().first, life.dropFirst(2).first) {
        case ("add", "start", let end?), ("try", "start", let end?):
          life.count == 3 && closings.contains(end)
        case ("try", "refused", nil):
          trace.outcome.refused.contains(job)
        case (nil, _, _), ("add", nil, _), ("try", nil, _): isStopped
        default: false
        }
      if !isWhole { return "job \(job): \(life)" }
    }
    return nil
  }

  package static let firstErrorIsThrown = DemoLaw<Input, Outcome>(
    "the first error in time is the one thrown"
  ) { input, trace in
    let error = trace.outcome.error
    let first = errors(in: trace).first
    var candidates: Set<String?> = [first?.error]
    // A job that is cancelled before it has begun leaves no event.
    if let cancel = trace.events(named: "cancel").first,
      cancel.at <= first?.at ?? .max
    {
      candidates.insert("cancelled")
    }
    return candidates.contains(error)
      ? nil : "\(error ?? "no error") instead of \(first?.error ?? "none")"
  }

  package static let everyErrorIsKept = DemoLaw<Input, Outcome>(
    "every error is kept, in the order of time, if all are asked for"
  ) { input, trace in
    let kept = trace.outcome.errors
    guard input.errorPolicy == .collectAll else {
      return kept.isEmpty ? nil : "\(kept), though not asked for"
    }
    let all = errors(in: trace).map(\.error)
    if trace.events(named: "cancel").isEmpty {
      return kept == all ? nil : "\(kept) instead of \(all)"
    }
    // A job that is cancelled before it has begun leaves no event.
    let (keptFailures, failures) = (
      kept.filter { $0 != "cancelled" }, all.filter { $0 != "cancelled" }
    )
    return keptFailures == failures && kept.count >= all.count
      ? nil : "\(kept) instead of \(all)"
  }

  package static let othersAreCancelledAtOnce = DemoLaw<Input, Outcome>(
    "a cancellation, or an error that cancels, ends the others at that instant"
  ) { input, trace in
    let stop = trace.events.first { stops($0, input) }?.at ?? .max
    return trace.events
      .first { $0.at > stop && $0.lane != "caller" }
      .map { "job \($0.item): \($0.name) at \($0.at) µs, not at \(stop) µs" }
  }

  package static let othersAreLeftAlone = DemoLaw<Input, Outcome>(
    "no job is cancelled without a reason, and each lasts its time"
  ) { input, trace in
    var isStopped = false
    var starts: [Int: Int] = [:]
    for event in trace.events {
      if stops(event, input) { isStopped = true }
      guard let job = Int(event.item) else { continue }
      if event.name == "start" { starts[job] = event.at }
      if event.name == "cancelled" && !isStopped {
        return "job \(job) was cancelled at \(event.at) µs"
      }
      let end = starts[job, default: 0] + input.jobs[job] * 1_000
      if ["end", "fail"].contains(event.name) && event.at != end {
        return "job \(job) ended at \(event.at) µs, not at \(end) µs"
      }
    }
    return nil
  }

  package static let allEndedOnReturn = DemoLaw<Input, Outcome>(
    "every job has ended when the call returns"
  ) { input, trace in
    let last = trace.events.last { $0.name != "cancel" }
    guard last?.name == "return" else { return "the call did not return last" }
    let open = trace.busy(from: openings, to: closings).last?.count ?? 0
    return open == 0 ? nil : "\(open) jobs left"
  }

  /// Whether an event cancels the group.
  private static func stops(_ event: Event, _ input: Input) -> Bool {
    event.name == "cancel"
      || event.name == "fail" && input.errorPolicy == .cancelOthers
  }

  private static func errors(
    in trace: DemoTrace<Outcome>
  ) -> [(at: Int, error: String)] {
    trace.events(named: "fail", "cancelled").map {
      ($0.at, $0.name == "fail" ? "job \($0.item) failed" : "cancelled")
    }
  }

  // MARK: Inputs for comparison

  /// Each duration of a random input has a bit of its own below this one.
  private static let coarseBit = 24

  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    let count = Int.random(in: 0...10, using: &generator)
    input.limit =
      Int.random(in: 0..<4, using: &generator) == 0
      ? nil : .random(in: 1...4, using: &generator)
    input.jobs = (0..<count).map { _ in .random(in: 0...6, using: &generator) }
    input.failing = []
    let isPlain = Int.random(in: 0..<3, using: &generator) == 0
    if isPlain {
      input.form = Form.taskGroup.rawValue
    } else {
      input.policy =
        ["cancelOthers", "keepFirst", "collectAll"]
        .randomElement(using: &generator) ?? ""
      input.gaps = (0..<count).map { _ in
        .random(in: 0...2, using: &generator)
      }
      if Bool.random(using: &generator) { input.gaps = [] }
    }
    guard Int.random(in: 0..<4, using: &generator) > 0 else { return input }

    // A try, an error or a cancellation at the very instant at which a job
    // ends may go either way, in both languages. So where there is one, no
    // two sums of durations are equal: each has a bit of its own.
    var bit = 1
    func unique(_ coarse: Int) -> Int {
      defer { bit += 1 }
      return coarse << coarseBit + 1 << bit
    }
    input.jobs = input.jobs.map(unique)
    input.gaps = input.gaps.map(unique)
    input.failing = (0..<count).filter { _ in
      Int.random(in: 0..<4, using: &generator) == 0
    }
    if !isPlain {
      input.trying = (0..<count).filter { _ in
        Int.random(in: 0..<3, using: &generator) == 0
      }
    }
    if Int.random(in: 0..<4, using: &generator) == 0 {
      input.cancelAfter =
        .random(in: 0...16, using: &generator) << coarseBit + 1
    }
    return input
  }

  package static func simplerInputs(than input: Input) -> [Input] {
    var simpler: [Input] = []
    func add(_ change: (inout Input) -> Void) {
      var copy = input
      change(&copy)
      if copy != input { simpler.append(copy) }
    }
    for job in input.jobs.indices.reversed() {
      func without(_ list: [Int]) -> [Int] {
        list.compactMap { $0 == job ? nil : $0 > job ? $0 - 1 : $0 }
      }
      add {
        $0.jobs.remove(at: job)
        if !$0.gaps.isEmpty { $0.gaps.remove(at: job) }
        $0.failing = without($0.failing)
        $0.trying = without($0.trying)
      }
    }
    add { $0.cancelAfter = nil }
    for index in input.failing.indices { add { $0.failing.remove(at: index) } }
    for index in input.trying.indices { add { $0.trying.remove(at: index) } }
    if input.trying.isEmpty { add { $0.gaps = [] } }
    add { $0.limit = nil }
    add { $0.limit = $0.limit.map { max($0 - 1, 1) } }
    add { $0.form = Form.errorGroup.rawValue }
    add { $0.policy = "cancelOthers" }
    // Durations keep their bits, or ties would appear; only what lies above
    // them is noise.
    let low = 1 << coarseBit - 1
    for job in input.jobs.indices {
      add { if $0.jobs[job] > low { $0.jobs[job] &= low } }
      if !input.gaps.isEmpty {
        add { if $0.gaps[job] > low { $0.gaps[job] &= low } }
      }
    }
    return simpler
  }

  package static func describe(_ outcome: Outcome) -> String {
    var text = outcome.error.map { "error: \($0)" } ?? "done"
    if outcome.errors.count > 1 {
      text = "errors: " + outcome.errors.joined(separator: ", ")
    }
    if !outcome.refused.isEmpty {
      let refused = outcome.refused.map(String.init).joined(separator: " ")
      text += "; no room for \(refused)"
    }
    return text
  }
}
