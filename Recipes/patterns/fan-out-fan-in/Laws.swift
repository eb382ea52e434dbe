package import Cookbook

extension FanOutFanInDemo {
  /// The line of the menu.
  package static let recipe = Recipe(
    name: "fan-out-fan-in",
    chapter: .patterns,
    question: "Implement fan-out and fan-in.",
    goConstructs: [
      "fan-out", "fan-in", "merge", "sync.WaitGroup", "close(out)",
      "case <-ctx.Done()",
    ],
    swiftConstructs: [
      "AsyncSequence", "withThrowingDiscardingTaskGroup", "Channel",
    ],
    problems: [
      "merge several sequences", "combine streams",
      "stop reading early", "leave a loop early",
      "spread work over several tasks", "slow consumer",
    ]
  )

  /// How events are drawn.
  package static let legend = Timeline.Legend(
    openings: ["start", "receive"],
    closings: [
      "end": "█", "done": "█", "fail": "✗", "cancelled": "×",
      "interrupted": "×",
    ],
    marks: ["stop": "◁", "cancel": "!", "return": "■"]
  )

  /// Both languages do the same at each instant.
  package static let comparison = Comparison.moments

  /// What every run keeps.
  package static let laws: [DemoLaw<Input, Outcome>] = [
    endsAfterAllInputs, everyJobOnce, nothingLost, neverMoreAtOnce,
    othersAreCancelledAtOnce, boundedMemory, noIdleWorker, receivedAsTheyCome,
    firstErrorIsThrown, nothingStartsAfterTheEnd, allEndedOnReturn,
  ]

  private static let closings: Set = ["end", "fail", "cancelled"]
  private static let stops: Set = ["fail", "stop", "cancel"]

  /// When the run was stopped, if it was.
  private static func stop(in trace: DemoTrace<Outcome>) -> Int {
    trace.events.first { stops.contains($0.name) }?.at ?? .max
  }

  /// Each job starts once at the most, and ends once.
  package static let everyJobOnce = DemoLaw<Input, Outcome>(
    "every job starts and ends exactly once"
  ) { input, trace in
    var starts = [Int](repeating: 0, count: input.jobs.count)
    var ends = starts
    for event in trace.events {
      if event.name == "start", let job = Int(event.item) { starts[job] += 1 }
      if closings.contains(event.name), let job = Int(event.item) {
        ends[job] += 1
      }
    }
    let isWhole = stop(in: trace) == .max
    for job in starts.indices {
      let wanted = isWhole ? 1 : min(starts[job], 1)
      if starts[job] != wanted || ends[job] != wanted {
        return "job \(job) started \(starts[job]) and ended \(ends[job]) times"
      }
    }
    return nil
  }

  /// Results arrive once; what waits when a job fails still arrives.
  package static let nothingLost = DemoLaw<Input, Outcome>(
    "nothing is lost and nothing comes twice"
  ) { input, trace in
    var waiting: Set<String> = []
    var owed = Int.max
    for event in trace.events {
      switch event.name {
      case "end": waiting.insert(event.item)
      case "receive":
        guard waiting.remove(event.item) != nil else {
          return "\(event.item) was received and is not there"
        }
      case "fail" where owed == .max:
        // Those beyond the buffer are in the hands of tasks that end now;
        // and what ends at this very instant may be late.
        let before = trace.events.filter { $0.at < event.at }
        let ended = before.count { $0.name == "end" }
        let received = before.count { $0.name == "receive" }
        owed = received + min(ended - received, input.buffer)
      default: break
      }
    }
    let received = trace.events(named: "receive")
    let results = received.compactMap { Int($0.item) }.sorted()
    guard trace.outcome.results == results else {
      return "\(trace.outcome.results) instead of \(results)"
    }
    let hasLeft = trace.events.contains {
      $0.name == "stop" || $0.name == "cancel"
    }
    if hasLeft { return nil }
    if owed == .max { owed = input.jobs.count }
    return received.count < owed
      ? "\(received.count) results of \(owed) were received" : nil
  }

  /// A worker does one job at a time.
  package static let neverMoreAtOnce = DemoLaw<Input, Outcome>(
    "never more than `workers` jobs at once, and one for each input"
  ) { input, trace in
    var busy: [String: Int] = [:]
    for event in trace.events {
      let lane = input.hasOwnSources ? event.lane : ""
      if event.name == "start" { busy[lane, default: 0] += 1 }
      if closings.contains(event.name) { busy[lane, default: 0] -= 1 }
      let most = input.hasOwnSources ? 1 : input.workers
      if busy[lane, default: 0] > most {
        return "\(busy[lane, default: 0]) at \(event.at) µs, \(most) may"
      }
    }
    return nil
  }

  /// Memory does not depend on the number of jobs.
  package static let boundedMemory = DemoLaw<Input, Outcome>(
    "never more results wait than the buffer and the workers hold"
  ) { input, trace in
    let most = input.buffer + input.workers
    let stop = stop(in: trace)
    var waiting = 0
    for instant in trace.instants() {
      for event in instant.events {
        if event.name == "end" { waiting += 1 }
        if event.name == "receive" { waiting -= 1 }
        // One may be on its way to the consumer.
        if waiting > most + 1 { return "\(waiting) at \(instant.at) µs" }
      }
      // A cancelled consumer drops what it takes, and that leaves no event.
      if waiting > most, instant.at < stop {
        return "\(waiting) after \(instant.at) µs"
      }
    }
    return nil
  }

  /// A slow input holds back nobody.
  package static let noIdleWorker = DemoLaw<Input, Outcome>(
    "a worker is idle only while it holds a result that has no room"
  ) { input, trace in
    let stop = stop(in: trace)
    var left = input.sources.map(\.count)
    var busy = left.map { _ in 0 }
    var waiting = 0
    for instant in trace.instants() {
      guard instant.at < stop else { return nil }
      for event in instant.events {
        switch event.name {
        case "start", "end":
          let job = Int(event.item) ?? 0
          let source = input.hasOwnSources ? job % input.workers : 0
          if event.name == "start" { left[source] -= 1 }
          busy[source] += event.name == "start" ? 1 : -1
          if event.name == "end" { waiting += 1 }
        case "receive": waiting -= 1
        default: break
        }
      }
      let workers = input.hasOwnSources ? 1 : input.workers
      var idle = 0
      for source in left.indices where left[source] > 0 {
        idle += workers - busy[source]
      }
      let mayBeIdle = max(0, waiting - input.buffer)
      if idle > mayBeIdle {
        return "\(idle) idle after \(instant.at) µs, \(mayBeIdle) may be"
      }
    }
    return nil
  }

  /// First come, first served.
  package static let receivedAsTheyCome = DemoLaw<Input, Outcome>(
    "results are received in the order in which they come, and at once"
  ) { _, trace in
    let stop = stop(in: trace)
    var ended: [String: Int] = [:]
    var last = 0
    var isBusy = false
    for instant in trace.instants() {
      guard instant.at < stop else { return nil }
      for event in instant.events {
        switch event.name {
        case "end": ended[event.item] = event.at
        case "receive":
          isBusy = true
          let at = ended.removeValue(forKey: event.item) ?? event.at
          if at < last { return "\(event.item) was overtaken" }
          last = at
        case "done": isBusy = false
        default: break
        }
      }
      if !isBusy, let item = ended.keys.first {
        return "\(item) waits for an idle consumer after \(instant.at) µs"
      }
    }
    return nil
  }

  /// The call returns when the work is done, and not before.
  package static let endsAfterAllInputs = DemoLaw<Input, Outcome>(
    "the output ends when all inputs have ended, not before and not later"
  ) { input, trace in
    guard stop(in: trace) == .max else { return nil }
    let ends = trace.events(named: "end", "done")
    guard ends.count == 2 * input.jobs.count else {
      return "it ended after \(ends.count / 2) of \(input.jobs.count) results"
    }
    let (last, end) = (ends.last?.at ?? 0, trace.events.last?.at ?? 0)
    return end == last ? nil : "it ended at \(end) µs, the last at \(last) µs"
  }

  /// One failing input is what the consumer sees.
  package static let firstErrorIsThrown = DemoLaw<Input, Outcome>(
    "the first error is the one thrown, unless the consumer left before"
  ) { input, trace in
    let error = trace.outcome.error
    let has = { name in trace.events.contains { $0.name == name } }
    var candidates: Set<String?> = []
    if let first = trace.events.first(where: { $0.name == "fail" })?.at {
      // Of several that fail at one instant any may be the first.
      for event in trace.events where event.name == "fail" {
        if event.at == first { candidates.insert("job \(event.item) failed") }
      }
    } else {
      candidates.insert(nil)
    }
    if has("stop") { candidates = [nil] }
    if has("cancel") {
      candidates.insert("cancelled")
      // Too late: there was nothing left to cancel.
      let wanted = input.stopAfter.map { min($0, input.jobs.count) }
      let isDone = trace.events.count { $0.name == "done" }
      if isDone == wanted ?? input.jobs.count { candidates.insert(nil) }
    }
    return candidates.contains(error)
      ? nil : "\(error ?? "no error") instead of \(candidates)"
  }

  /// Nobody begins what nobody wants.
  package static let nothingStartsAfterTheEnd = DemoLaw<Input, Outcome>(
    "nobody starts on anything after an error, a cancellation or an early exit"
  ) { _, trace in
    var hasStopped = false
    var failedAt = Int.max
    for event in trace.events {
      switch event.name {
      case "cancel", "stop": hasStopped = true
      case "fail": failedAt = min(failedAt, event.at)
      // At the instant of an error a job may be on its way already.
      case "start" where hasStopped || event.at > failedAt:
        return "job \(event.item) started at \(event.at) µs"
      case "receive" where hasStopped:
        return "\(event.item) was received at \(event.at) µs"
      default: break
      }
    }
    return nil
  }

  /// All producers end with the consumer.
  package static let othersAreCancelledAtOnce = DemoLaw<Input, Outcome>(
    "an error, a cancellation or the consumer's leaving ends all jobs at once"
  ) { _, trace in
    let stop = stop(in: trace)
    if let late = trace.events.first(where: {
      closings.contains($0.name) && $0.at > stop
    }) {
      return "job \(late.item) went on until \(late.at) µs"
    }
    let left = trace.events.first { $0.name == "stop" || $0.name == "cancel" }
    let end = trace.events.last?.at ?? 0
    if let left, end > left.at {
      return "left at \(left.at) µs and returned at \(end) µs"
    }
    return nil
  }

  /// Nobody is left behind.
  package static let allEndedOnReturn = DemoLaw<Input, Outcome>(
    "every job has ended when the call returns"
  ) { _, trace in
    guard let last = trace.events.last(where: { $0.name != "cancel" }),
      last.name == "return"
    else { return "the call did not return last" }
    let open = trace.busy(from: ["start"], to: closings).last?.count ?? 0
    return open == 0 ? nil : "\(open) jobs left"
  }

  // MARK: Inputs for comparison

  /// An input in which nothing depends on who comes first within an instant.
  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    input.workers = .random(in: 1...5, using: &generator)
    input.buffer = .random(in: 0...3, using: &generator)
    input.source =
      Source.allCases.randomElement(using: &generator)?.rawValue ?? ""
    let count = Int.random(in: 0...9, using: &generator)
    input.jobs = (0..<count).map { _ in .random(in: 0...6, using: &generator) }
    input.consume = []
    guard Int.random(in: 0..<4, using: &generator) > 0 else { return input }

    // Of two results at one instant either may be received first, in both
    // languages. So no two sums of durations are equal: each duration has a
    // bit of its own, and a cancellation comes at an odd instant.
    let turns = Int.random(in: 1...8, using: &generator)
    input.jobs = input.jobs.enumerated().map { index, milliseconds in
      milliseconds << 20 + 2 << index
    }
    input.consume = (0..<turns).map { turn in
      .random(in: 0...6, using: &generator) << 20 + 2 << (count + turn)
    }
    // A turn that comes again would have its bit twice.
    let received = min(turns, count)
    if turns < count { input.stopAfter = turns }
    if Int.random(in: 0..<3, using: &generator) == 0, received > 0 {
      input.stopAfter = .random(in: 1...received, using: &generator)
    }
    if Int.random(in: 0..<3, using: &generator) == 0 {
      let total = input.jobs.reduce(0, +) + input.consume.reduce(0, +)
      input.cancelAfter = .random(in: 0...total / 3, using: &generator) * 2 + 1
    }
    if Bool.random(using: &generator) {
      input.failing = input.jobs.indices.filter { _ in
        Int.random(in: 0..<5, using: &generator) == 0
      }
    }
    return input
  }

  /// Fewer jobs, fewer mishaps, fewer workers.
  package static func simplerInputs(than input: Input) -> [Input] {
    var simpler: [Input] = []
    func add(_ change: (inout Input) -> Void) {
      var copy = input
      change(&copy)
      if copy != input { simpler.append(copy) }
    }
    for job in input.jobs.indices.reversed() {
      add { input in
        input.jobs.remove(at: job)
        input.failing = input.failing.compactMap {
          $0 == job ? nil : $0 > job ? $0 - 1 : $0
        }
      }
    }
    add { $0.cancelAfter = nil }
    add { $0.stopAfter = $0.stopAfter.map { max($0 - 1, 1) } }
    if input.jobs.count <= input.consume.count { add { $0.stopAfter = nil } }
    for index in input.failing.indices { add { $0.failing.remove(at: index) } }
    add { $0.workers = max($0.workers - 1, 1) }
    add { $0.buffer = max($0.buffer - 1, 0) }
    add { $0.source = Source.shared.rawValue }
    // Durations keep their bits, or ties would appear.
    for job in input.jobs.indices where input.jobs[job] >= 1 << 20 {
      add { $0.jobs[job] &= 1 << 20 - 1 }
    }
    for turn in input.consume.indices where input.consume[turn] >= 1 << 20 {
      add { $0.consume[turn] &= 1 << 20 - 1 }
    }
    return simpler
  }

  /// The outcome in a line.
  package static func describe(_ outcome: Outcome) -> String {
    let results = outcome.results.map(String.init).joined(separator: " ")
    let end = outcome.error.map { ", then \($0)" } ?? ""
    return "received \(results.isEmpty ? "nothing" : results)\(end)"
  }
}
