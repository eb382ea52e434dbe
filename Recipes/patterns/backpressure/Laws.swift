package import Cookbook

extension BackpressureDemo {
  package static let recipe = Recipe(
    name: "backpressure",
    chapter: .patterns,
    question:
      "Implement backpressure to avoid overloading a downstream system.",
    goConstructs: [
      "make(chan T, n)", "select with default", "load shedding",
      "time.Ticker", "time.Timer", "golang.org/x/time/rate", "rate.Limiter",
    ],
    swiftConstructs: [
      "AsyncStream", ".bufferingOldest", ".bufferingNewest",
      "AsyncStream.Continuation.YieldResult", "Channel", "Clock",
      "AsyncSequence",
    ],
    problems: [
      "slow consumer", "fast producer", "bounded buffer", "drop messages",
      "load shedding", "rate limit", "token bucket", "throttle",
      "memory grows", "overload",
    ]
  )

  package static let legend = Timeline.Legend(
    openings: ["start", "offer"],
    closings: ["end": "█", "sent": "█", "refused": "×", "cancelled": "×"],
    marks: [
      "drop": "▽", "wait": "◦", "leave": "×", "cancel": "!", "return": "■",
    ]
  )

  package static let comparison = Comparison.moments

  package static let laws: [DemoLaw<Input, Outcome>] = [
    everyItemAccounted, suspendingLosesNothing, neverFurtherAhead,
    neverAboveBound, waitsOnlyIfFull, dropsOnlyIfFull, dropsAsDeclared, inOrder,
    noIdleConsumer, windowHoldsItsTokens, noIdleToken, servedInTurn,
    requestsWaitAsLongAsTheirPatience, cancellationEndsAll, allEndedOnReturn,
  ]

  // MARK: The buffer

  /// What has happened by the end of an instant.
  private struct Count {
    var at = 0
    var offered = 0
    /// Sends that have ended, well or not.
    var answered = 0
    var sent = 0
    var dropped = 0
    var started = 0
    var ended = 0
    var isCancelled = false
    /// How many were started in this very instant.
    var startedNow = 0
    var droppedNow: [Int] = []

    /// The items that were sent, and neither dropped nor taken.
    var buffered: Int { sent - dropped - started }
  }

  private static func counts(
    _ input: Input,
    _ trace: DemoTrace<Outcome>
  ) -> [Count] {
    guard isBuffered(input) else { return [] }
    var count = Count()
    return trace.instants().map { instant in
      count.at = instant.at
      count.startedNow = 0
      count.droppedNow = []
      for event in instant.events {
        switch event.name {
        case "offer": count.offered += 1
        case "sent":
          count.answered += 1
          count.sent += 1
        case "refused": count.answered += 1
        case "drop":
          count.dropped += 1
          count.droppedNow.append(Int(event.item) ?? -1)
        case "start":
          count.started += 1
          count.startedNow += 1
        case "end", "cancelled": count.ended += 1
        case "cancel": count.isCancelled = true
        default: break
        }
      }
      return count
    }
  }

  package static let neverAboveBound = DemoLaw<Input, Outcome>(
    "never more than `bound` items are in the buffer"
  ) { input, trace in
    counts(input, trace).first { $0.buffered > input.bound }
      .map { "\($0.buffered) after \($0.at) µs, bound: \(input.bound)" }
  }

  package static let suspendingLosesNothing = DemoLaw<Input, Outcome>(
    "a producer that waits loses nothing"
  ) { input, trace in
    guard input.policy == Policy.suspend.rawValue else { return nil }
    let (delivered, dropped) = (trace.outcome.delivered, trace.outcome.dropped)
    if !dropped.isEmpty { return "dropped: \(dropped)" }
    let wanted = Array(input.produce.indices.prefix(delivered.count))
    if delivered != wanted { return "delivered: \(delivered)" }
    let isComplete = delivered.count == input.produce.count
    return isComplete || trace.outcome.error != nil
      ? nil : "only \(delivered.count) delivered"
  }

  package static let neverFurtherAhead = DemoLaw<Input, Outcome>(
    "a producer that waits is never more than `bound` + 1 items ahead"
  ) { input, trace in
    guard input.policy == Policy.suspend.rawValue else { return nil }
    return counts(input, trace)
      .first { $0.offered - $0.started > input.bound + 1 }
      .map { "\($0.offered - $0.started) ahead after \($0.at) µs" }
  }

  package static let waitsOnlyIfFull = DemoLaw<Input, Outcome>(
    "a producer waits only if it may, and only while the buffer is full"
  ) { input, trace in
    let mayWait = input.policy == Policy.suspend.rawValue
    return
      counts(input, trace)
      .first { count in
        let waits = count.offered > count.answered && !count.isCancelled
        return waits && !(mayWait && count.buffered == input.bound)
      }
      .map { "waits after \($0.at) µs with \($0.buffered) in the buffer" }
  }

  package static let dropsOnlyIfFull = DemoLaw<Input, Outcome>(
    "an item is dropped only if the buffer is full"
  ) { input, trace in
    // One that is taken in the same instant may have gone just after.
    counts(input, trace)
      .first { count in
        !count.droppedNow.isEmpty
          && count.buffered + count.startedNow < input.bound
      }
      .map { "dropped at \($0.at) µs with \($0.buffered) in the buffer" }
  }

  package static let dropsAsDeclared = DemoLaw<Input, Outcome>(
    "what is dropped is the newest item, or the oldest, as declared"
  ) { input, trace in
    let drops = trace.events(named: "drop").compactMap { Int($0.item) }
    if isBuffered(input), drops != trace.outcome.dropped {
      return "\(trace.outcome.dropped) instead of \(drops)"
    }
    switch Policy(rawValue: input.policy) {
    case .dropNewest:
      var newest: String?
      for event in trace.events {
        if event.name == "offer" { newest = event.item }
        if event.name == "drop", event.item != newest {
          return "\(event.item) instead of \(newest ?? "none")"
        }
      }
    case .dropOldest:
      // Whatever is older has been dropped or taken by then.
      var gone: Set<Int> = []
      for instant in trace.instants() {
        var dropped: [Int] = []
        for event in instant.events {
          guard let item = Int(event.item) else { continue }
          if event.name == "drop" { dropped.append(item) }
          if event.name == "drop" || event.name == "start" { gone.insert(item) }
        }
        for item in dropped {
          if let older = (0..<item).first(where: { !gone.contains($0) }) {
            return "\(item) instead of \(older) at \(instant.at) µs"
          }
        }
      }
    case .suspend where !drops.isEmpty: return "\(drops) at all"
    case .suspend, .rateLimit, nil: break
    }
    return nil
  }

  package static let inOrder = DemoLaw<Input, Outcome>(
    "the items come out in the order in which they went in"
  ) { input, trace in
    let started = trace.events(named: "start").compactMap { Int($0.item) }
    if started != trace.outcome.delivered {
      return "\(trace.outcome.delivered) instead of \(started)"
    }
    guard isBuffered(input) else { return nil }
    return zip(started, started.dropFirst()).first { $0 >= $1 }
      .map { "\($1) after \($0)" }
  }

  package static let everyItemAccounted = DemoLaw<Input, Outcome>(
    "every item is delivered, dropped or left, and none twice"
  ) { input, trace in
    let outcome = trace.outcome
    let entrance = isBuffered(input) ? "sent" : "wait"
    let entered = trace.events(named: entrance).compactMap { Int($0.item) }
    let accounted = outcome.delivered + outcome.dropped + outcome.left
    if accounted.sorted() != entered.sorted() {
      return "\(accounted.sorted()) instead of \(entered.sorted())"
    }
    guard outcome.error == nil else {
      return trace.events(named: "cancel").isEmpty ? "nobody cancelled" : nil
    }
    if entered.count != input.produce.count {
      return "\(entered.count) of \(input.produce.count) entered"
    }
    return outcome.left.isEmpty ? nil : "left: \(outcome.left)"
  }

  package static let noIdleConsumer = DemoLaw<Input, Outcome>(
    "the consumer is not idle while an item is in the buffer"
  ) { input, trace in
    counts(input, trace)
      .first { count in
        count.buffered > 0 && count.started == count.ended
          && !count.isCancelled
      }
      .map { "idle after \($0.at) µs with \($0.buffered) in the buffer" }
  }

  // MARK: The limiter

  package static let windowHoldsItsTokens = DemoLaw<Input, Outcome>(
    "no window of `period` holds more than `tokens` starts"
  ) { input, trace in
    guard !isBuffered(input) else { return nil }
    let starts = trace.events(named: "start").map(\.at)
    return zip(starts, starts.dropFirst(input.tokens))
      .first { $1 - $0 < input.period * 1_000 }
      .map { "\(input.tokens + 1) starts from \($0) µs to \($1) µs" }
  }

  package static let noIdleToken = DemoLaw<Input, Outcome>(
    "no token lies idle while a request waits"
  ) { input, trace in
    guard !isBuffered(input) else { return nil }
    var waiting = 0
    var starts: [Int] = []
    for instant in trace.instants() {
      // Since the last instant nothing has happened; nor should it have.
      let out = starts.reversed()
        .prefix { $0 + input.period * 1_000 >= instant.at }
      if waiting > 0, out.count < input.tokens {
        return "\(waiting) waited before \(instant.at) µs, "
          + "and \(out.count) tokens were out"
      }
      for event in instant.events {
        switch event.name {
        case "cancel": return nil
        case "wait": waiting += 1
        case "leave": waiting -= 1
        case "start":
          waiting -= 1
          starts.append(event.at)
        default: break
        }
      }
    }
    return nil
  }

  package static let servedInTurn = DemoLaw<Input, Outcome>(
    "requests are served in the order in which they came"
  ) { input, trace in
    guard !isBuffered(input) else { return nil }
    var cameAt: [String: Int] = [:]
    // Of those that come, or are served, at one instant any may be first.
    var latest = 0
    for instant in trace.instants() {
      var came: [Int] = []
      for event in instant.events {
        if event.name == "wait" { cameAt[event.item] = event.at }
        if event.name == "start" { came.append(cameAt[event.item] ?? -1) }
      }
      if let first = came.min(), first < latest {
        return "who came at \(first) µs was overtaken, until \(instant.at) µs"
      }
      latest = max(latest, came.max() ?? 0)
    }
    return nil
  }

  package static let requestsWaitAsLongAsTheirPatience = DemoLaw<
    Input, Outcome
  >(
    "a request leaves without a token when its patience ends, not before"
  ) { input, trace in
    guard !isBuffered(input) else { return nil }
    let cancelledAt = trace.events(named: "cancel").first?.at
    var cameAt: [Int: Int] = [:]
    for event in trace.events {
      guard let item = Int(event.item), let came = cameAt[item] else {
        if event.name == "wait" { cameAt[Int(event.item) ?? -1] = event.at }
        continue
      }
      let end = input.patience(of: item).map { came + $0 * 1_000 }
      switch event.name {
      case "leave" where event.at != end && event.at != cancelledAt:
        return "\(item) left at \(event.at) µs"
      case "start" where event.at > end ?? .max:
        return "\(item) waited until \(event.at) µs"
      default: break
      }
    }
    return nil
  }

  // MARK: The end

  package static let cancellationEndsAll = DemoLaw<Input, Outcome>(
    "a cancellation ends everything at that instant"
  ) { input, trace in
    guard let at = trace.events(named: "cancel").first?.at else { return nil }
    return trace.events.first { $0.at > at }
      .map { "\($0.lane) \($0.name) at \($0.at) µs" }
  }

  package static let allEndedOnReturn = DemoLaw<Input, Outcome>(
    "every task has ended when the call returns"
  ) { input, trace in
    guard let last = trace.events.last(where: { $0.name != "cancel" }),
      last.name == "return"
    else { return "the call did not return last" }
    let openings: Set = ["offer", "wait", "start"]
    let closings: Set = ["sent", "refused", "leave", "end", "cancelled"]
    let open = trace.busy(from: openings, to: closings).last?.count ?? 0
    // A request that starts was waiting before.
    let granted = isBuffered(input) ? 0 : trace.events(named: "start").count
    return open == granted ? nil : "\(open - granted) left open"
  }

  private static func isBuffered(_ input: Input) -> Bool {
    input.policy != Policy.rateLimit.rawValue
  }

  // MARK: Inputs for comparison

  /// Durations of random inputs have a bit of their own below this one.
  private static let coarseBit = 30

  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    let policy = Policy.allCases.randomElement(using: &generator) ?? .suspend
    let count = Int.random(in: 0...8, using: &generator)
    func durations(_ range: ClosedRange<Int>) -> [Int] {
      (0..<count).map { _ in .random(in: range, using: &generator) }
    }
    input.policy = policy.rawValue
    input.bound = .random(in: 1...4, using: &generator)
    input.tokens = .random(in: 1...4, using: &generator)
    input.period = .random(in: 1...9, using: &generator)
    // Two requests that come at one instant may come in either order.
    input.produce = durations(policy == .rateLimit ? 1...3 : 0...4)
    input.consume = durations(0...6)
    let drops = policy == .dropNewest || policy == .dropOldest
    guard drops || Bool.random(using: &generator) else { return input }

    // What is sent, taken or cancelled at one instant may go either way, in
    // both languages. So where that matters no two sums of durations are
    // equal: each has a bit of its own, and the period, of which there are
    // sums, has the four above these.
    var bit = 0
    func unique(_ coarse: Int) -> Int {
      bit += 1
      return coarse << coarseBit + 1 << bit
    }
    // A burst is fine: all of it comes at an instant at which the consumer
    // waits or is busy. The first item may find that it has yet to begin.
    let isBurst = input.produce.indices.map { item in
      item > 0 && policy != .rateLimit && input.produce[item] == 0
    }
    input.produce = zip(input.produce, isBurst).map { $1 ? 0 : unique($0) }
    input.consume = input.consume.map(unique)
    if policy == .rateLimit {
      input.patience = durations(0...9).map { $0 > 6 ? unique($0 - 6) : 0 }
    }
    input.period = input.period << coarseBit + 1 << 26
    if Bool.random(using: &generator) {
      let total = input.produce.reduce(0, +) + input.consume.reduce(0, +)
      input.cancelAfter = .random(in: 0...total / 2, using: &generator) | 1
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
    for item in input.produce.indices.reversed() {
      add {
        $0.produce.remove(at: item)
        $0.consume.remove(at: item)
        if !$0.patience.isEmpty { $0.patience.remove(at: item) }
      }
    }
    add { $0.cancelAfter = nil }
    for item in input.patience.indices { add { $0.patience[item] = 0 } }
    if input.patience.allSatisfy({ $0 == 0 }) { add { $0.patience = [] } }
    if isBuffered(input) {
      add { $0.bound = max($0.bound - 1, 1) }
      add {
        $0.tokens = 1
        $0.period = 1
      }
    } else {
      add { $0.tokens = max($0.tokens - 1, 1) }
      add { $0.bound = 1 }
    }
    // Durations keep their bits, or ties would appear; only what lies above
    // them is noise.
    let low = 1 << coarseBit - 1
    func shorten(_ durations: WritableKeyPath<Input, [Int]>) {
      for index in input[keyPath: durations].indices
      where input[keyPath: durations][index] > low {
        add { $0[keyPath: durations][index] &= low }
      }
    }
    shorten(\.produce)
    shorten(\.consume)
    shorten(\.patience)
    if input.period > low { add { $0.period &= low } }
    return simpler
  }

  package static func describe(_ outcome: Outcome) -> String {
    func list(_ items: [Int]) -> String {
      items.isEmpty ? "none" : items.map(String.init).joined(separator: " ")
    }
    var text = outcome.error.map { "error: \($0); " } ?? ""
    text += "delivered: \(list(outcome.delivered))"
    text += "; dropped: \(list(outcome.dropped))"
    if !outcome.left.isEmpty { text += "; left: \(list(outcome.left))" }
    return text
  }
}
