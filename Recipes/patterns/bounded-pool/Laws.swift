package import Cookbook

extension BoundedPoolDemo {
  package static let recipe = Recipe(
    name: "bounded-pool",
    chapter: .patterns,
    question: "Implement a bounded worker pool.",
    goConstructs: [
      "worker pool", "for job := range jobs", "sync.WaitGroup", "close(jobs)",
    ],
    swiftConstructs: ["withThrowingTaskGroup", "TaskGroup", "Mutex"],
    problems: [
      "limit concurrency", "limit the number of concurrent tasks",
      "process many jobs", "worker pool", "concurrent map",
    ]
  )

  package static let legend = Timeline.Legend(
    openings: ["start"],
    closings: ["end": "█", "fail": "✗", "cancelled": "×"],
    marks: ["receive": "◦", "cancel": "!", "return": "■"]
  )

  package static let comparison = Comparison.moments

  private static let openings: Set = ["start"]
  private static let closings: Set = ["end", "fail", "cancelled"]

  package static let laws: [Law<Input, Outcome>] = [
    neverMoreAtOnce, noIdleWorker, everyJobOnce, resultsInOrder,
    receivedAsTheyCome, firstErrorIsThrown, nothingStartsAfterTheEnd,
    othersAreCancelledAtOnce, allEndedOnReturn,
  ]

  package static let neverMoreAtOnce = Law<Input, Outcome>(
    "never more than `workers` jobs at once"
  ) { input, trace in
    trace.busy(from: openings, to: closings)
      .first { $0.count > input.workers }
      .map { "\($0.count) at \($0.event.at) µs, workers: \(input.workers)" }
  }

  package static let noIdleWorker = Law<Input, Outcome>(
    "no worker is idle while a job waits"
  ) { input, trace in
    var (started, closed) = (0, 0)
    for instant in trace.instants() {
      for event in instant.events {
        if stops.contains(event.name) { return nil }
        if openings.contains(event.name) { started += 1 }
        if closings.contains(event.name) { closed += 1 }
      }
      let busy = started - closed
      let wanted = min(input.workers, input.jobs.count - closed)
      if busy < wanted {
        return "\(busy) busy after \(instant.at) µs, could be \(wanted)"
      }
    }
    return nil
  }

  package static let everyJobOnce = Law<Input, Outcome>(
    "every job starts and ends exactly once"
  ) { input, trace in
    var starts = [Int](repeating: 0, count: input.jobs.count)
    var ends = starts
    for event in trace.events where event.lane != "caller" {
      guard let job = Int(event.item), starts.indices.contains(job) else {
        return "no such job: \(event.item)"
      }
      if openings.contains(event.name) { starts[job] += 1 }
      if closings.contains(event.name) { ends[job] += 1 }
    }
    for job in starts.indices {
      let wanted = trace.outcome.error == nil ? 1 : min(starts[job], 1)
      if starts[job] != wanted || ends[job] != wanted {
        return "job \(job) started \(starts[job]) and ended \(ends[job]) times"
      }
    }
    return nil
  }

  package static let resultsInOrder = Law<Input, Outcome>(
    "the results are complete and in the order of the jobs"
  ) { input, trace in
    let (results, error) = (trace.outcome.results, trace.outcome.error)
    if input.mode == Mode.forEach.rawValue || isOrdered(input) && error != nil {
      return results.isEmpty ? nil : "results without a promise of any"
    }
    let received = trace.events(named: "receive").compactMap { Int($0.item) }
    let wanted =
      error == nil ? input.jobs.indices.map { $0 * $0 } : received.sorted()
    return results == wanted ? nil : "\(results) instead of \(wanted)"
  }

  package static let receivedAsTheyCome = Law<Input, Outcome>(
    "a result is received at the instant at which its job ends"
  ) { input, trace in
    guard input.mode == Mode.unordered.rawValue else { return nil }
    var ended: [Int: Int] = [:]
    var missing: Set<Int> = []
    for event in trace.events {
      guard let item = Int(event.item) else { continue }
      if event.name == "end" {
        ended[item * item] = event.at
        missing.insert(item * item)
      } else if event.name == "receive" {
        guard missing.remove(item) != nil else {
          return "\(item) was received without having been sent"
        }
        if ended[item] != event.at { return "\(item) came at \(event.at) µs" }
      }
    }
    // What ends at the very instant of an error may be dropped.
    let stop = trace.events.first { stops.contains($0.name) }?.at ?? .max
    let lost = missing.filter { ended[$0, default: 0] < stop }.sorted()
    return lost.isEmpty ? nil : "never received: \(lost)"
  }

  package static let firstErrorIsThrown = Law<Input, Outcome>(
    "the first error is the one thrown"
  ) { input, trace in
    let error = trace.outcome.error
    let stop = trace.events.first { stops.contains($0.name) }
    guard let stop else {
      return error.map { "\($0), though nothing failed" }
    }
    // Of several that stop the pool at one instant any may be the first.
    var candidates: Set<String?> = []
    for event in trace.events where event.at == stop.at {
      if event.name == "fail" { candidates.insert("job \(event.item) failed") }
      if event.name == "cancel" { candidates.insert("cancelled") }
    }
    if candidates.contains("cancelled") {
      // A pool whose jobs have all ended has nothing left to cancel.
      let ended = trace.events(named: "end").count
      if ended == input.jobs.count { candidates.insert(nil) }
    }
    return candidates.contains(error)
      ? nil : "\(error ?? "no error") instead of \(candidates)"
  }

  package static let nothingStartsAfterTheEnd = Law<Input, Outcome>(
    "nothing starts after a cancellation or an error"
  ) { input, trace in
    var cancelled = false
    var failedAt = Int.max
    for event in trace.events {
      switch event.name {
      case "cancel": cancelled = true
      case "fail": failedAt = min(failedAt, event.at)
      // At the instant of an error a job may be on its way already.
      case "start" where cancelled || event.at > failedAt:
        return "job \(event.item) started at \(event.at) µs"
      default: break
      }
    }
    return nil
  }

  package static let othersAreCancelledAtOnce = Law<Input, Outcome>(
    "a cancellation or an error ends the other jobs at that instant"
  ) { input, trace in
    let stop = trace.events.first { stops.contains($0.name) }?.at ?? .max
    return trace.events
      .first { closings.contains($0.name) && $0.at > stop }
      .map { "job \($0.item) went on until \($0.at) µs" }
  }

  package static let allEndedOnReturn = Law<Input, Outcome>(
    "every job has ended when the call returns"
  ) { input, trace in
    guard let last = trace.events.last(where: { $0.name != "cancel" }),
      last.name == "return"
    else { return "the call did not return last" }
    let open = trace.busy(from: openings, to: closings).last?.count ?? 0
    return open == 0 ? nil : "\(open) jobs left"
  }

  /// The events that stop a pool.
  private static let stops: Set = ["cancel", "fail"]

  private static func isOrdered(_ input: Input) -> Bool {
    input.mode == Mode.ordered.rawValue
  }

  // MARK: Inputs for comparison

  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    input.workers = .random(in: 1...5, using: &generator)
    input.mode = Mode.allCases.randomElement(using: &generator)?.rawValue ?? ""
    let count = Int.random(in: 0...12, using: &generator)
    input.jobs = (0..<count).map { _ in .random(in: 0...6, using: &generator) }
    guard Bool.random(using: &generator) else { return input }

    // What ends at the very instant of an error or a cancellation may go
    // either way, in both languages. So where there is one, no two sums of
    // durations are equal: each job has a bit of its own, and a cancellation
    // comes at an odd instant.
    input.jobs = input.jobs.enumerated().map { index, milliseconds in
      milliseconds << 14 + 2 << index
    }
    let total = input.jobs.reduce(0, +)
    if Bool.random(using: &generator) {
      input.cancelAfter = .random(in: 0...total / 2, using: &generator) * 2 + 1
    }
    input.failing = input.jobs.indices.filter { _ in
      Int.random(in: 0..<4, using: &generator) == 0
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
    func dropping(_ job: Int, from input: inout Input) {
      input.jobs.remove(at: job)
      input.failing = input.failing.compactMap {
        $0 == job ? nil : $0 > job ? $0 - 1 : $0
      }
    }
    if input.jobs.count > 1 {
      add {
        $0.jobs.removeLast($0.jobs.count / 2)
        let count = $0.jobs.count
        $0.failing.removeAll { $0 >= count }
      }
    }
    for job in input.jobs.indices.reversed() {
      add { dropping(job, from: &$0) }
    }
    add { $0.cancelAfter = nil }
    for index in input.failing.indices { add { $0.failing.remove(at: index) } }
    add { $0.workers = max($0.workers / 2, 1) }
    add { $0.workers = max($0.workers - 1, 1) }
    add { $0.mode = Mode.forEach.rawValue }
    // Durations keep their bits, or ties would appear; only what lies above
    // them is noise.
    for job in input.jobs.indices where input.jobs[job] >= 1 << 14 {
      add { $0.jobs[job] &= 1 << 14 - 1 }
    }
    if input.failing.isEmpty && input.cancelAfter == nil {
      for job in input.jobs.indices where input.jobs[job] > 1 {
        add { $0.jobs[job] = 1 }
      }
    }
    return simpler
  }

  package static func describe(_ outcome: Outcome) -> String {
    if let error = outcome.error { return "error: \(error)" }
    guard !outcome.results.isEmpty else { return "done" }
    return "results: "
      + outcome.results.map(String.init).joined(separator: " ")
  }
}
