package import Cookbook

/// What the recipe shows; see README.md.
package enum NilCaseExamples {
  package static let recipe = Recipe(
    name: "nil-case",
    chapter: .channels,
    question:
      "How does a nil channel in a select switch a case on and off?",
    goConstructs: ["ch = nil", "v, ok := <-ch"],
    swiftConstructs: ["Optional", "@resultBuilder"],
    problems: [
      "nil channel in select", "turn a select case off", "disable a case",
      "select on a closed channel spins", "pause and resume a worker",
      "unbounded queue between channels",
    ],
    ingredients: ["select"],
    examples: [
      Example(
        "merge",
        laws: [inOrder, fewTurns],
        wrong: [closedLeftIn, oneEndEndsAll],
        exhausted: [(Arrivals(a: [1, 1], b: [1, 1]), 32)],
        body: between(merge)
      ),
      Example(
        "pause",
        laws: [noneInPause],
        wrong: [pollsTheSwitch],
        exhausted: [(Arrivals(a: [1, 0, 3], b: [1, 1]), 30)],
        body: between(pausesOfB: \.switches, pause)
      ),
      Example(
        "queue",
        laws: [.onlyIfFull, .noConsumerIdle],
        wrong: [oneAtATime, collectsFirst],
        exhausted: [(Arrivals(a: [1, 0, 0], b: [1]), 30)],
        body: before(queue)
      ),
    ]
  )

  struct Arrivals: ExampleInput {
    var a = [5, 10, 10]
    var b = [10, 10, 20, 10]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      let untied = Field<Self>.Ties.noneOfSums { _ in true }
      return [
        .durations(\.a, random: 0...5, ties: untied, "the pauses of a, in ms"),
        .durations(
          \.b,
          least: 1,
          random: 0...5,
          ties: untied,
          "the pauses of b, at least 1; in `pause` an even number of them, in "
            + "`queue` what the uses take"
        ),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// No pause is left, and the switches do not end.
    var switches: [Int] { b.prefix(b.count / 2 * 2) + [mostMilliseconds] }
  }

  // MARK: What the loops run in

  /// A loop between two channels.
  typealias Loop =
    @Sendable (
      _ a: Channel<String>?, _ b: Channel<String>?, Turns,
      _ print: @escaping (String) -> Void
    ) async throws -> Void
  typealias Body = @Sendable (Arrivals, Stage) async throws -> Void

  /// `select`, which notes each turn of the loop that it stands in.
  struct Turns {
    let stage: Stage
    let select = SelectExamples.SeededSelect()

    func callAsFunction<Output>(
      @Select.Builder<Output> _ cases: () -> [Select.Case<Output>]
    ) async throws -> Output {
      stage.note(Event.caller, "a turn")
      // A loop that spins would keep virtual time from passing.
      let recent = stage.trace.events.suffix(20)
      if recent.count == 20, recent.allSatisfy({ $0.name == Event.note }) {
        try await stage.sleep(1 << 20)
      }
      return try await select(cases)
    }
  }

  /// Sends `LANE 0`, `LANE 1` and so on, each after its pause.
  private static func send(
    _ lane: String,
    _ pauses: [Int],
    to channel: Channel<String>,
    _ stage: Stage
  ) async throws {
    for try await number in stage.source(lane, pauses) {
      try await channel.send("\(lane) \(number)")
    }
    channel.close()
  }

  /// Runs a loop that receives from two senders.
  private static func between(
    pausesOfB: @escaping @Sendable (Arrivals) -> [Int] = \.b,
    _ loop: @escaping Loop
  ) -> Body {
    { input, stage in
      let (a, b) = (Channel<String>(), Channel<String>())
      let pauses = pausesOfB(input)
      try await withThrowingTaskGroup { group in
        group.addTask(name: "a") { try await send("a", input.a, to: a, stage) }
        group.addTask(name: "b") { try await send("b", pauses, to: b, stage) }
        defer { group.cancelAll() }
        try await loop(a, b, Turns(stage: stage)) { stage.print($0) }
      }
    }
  }

  /// Runs a loop that hands on what comes, to one who uses it.
  private static func before(_ loop: @escaping Loop) -> Body {
    { input, stage in
      let (a, b) = (Channel<String>(), Channel<String>())
      let use = stage.sink("use", input.stores)
      try await withThrowingTaskGroup { group in
        group.addTask(name: "sensor") {
          try await send("sensor", input.pauses, to: a, stage)
        }
        group.addTask(name: "queue") {
          try await loop(a, b, Turns(stage: stage)) { _ in }
          b.close()
        }
        var number = 0
        for try await value in b {
          stage.print(value)
          try await use(number)
          number += 1
        }
      }
    }
  }

  // MARK: Merging

  private static let merge: Loop = { a, b, select, print in
    var (a, b) = (a, b)
    // #region merge
    while a != nil || b != nil {
      try await select {
        Select.receive(from: a) { value in
          if let value { print(value) } else { a = nil }
        }
        Select.receive(from: b) { value in
          if let value { print(value) } else { b = nil }
        }
      }
    }
    // #endregion
  }

  private static let inOrder = Law<Arrivals>(
    "each value comes once, and those of a channel in order"
  ) { input, trace in
    let said = trace.outcome.said[Event.caller] ?? []
    for (lane, pauses) in [("a", input.a), ("b", input.b)] {
      let values = said.filter { $0.hasPrefix("\"\(lane)") }
      let count = trace.ending == .returned ? pauses.count : values.count
      if values != (0..<count).map({ "\"\(lane) \($0)\"" }) { return "\(said)" }
    }
    return nil
  }.untimed

  private static let fewTurns = Law<Arrivals>(
    "the loop turns once for each value and each end"
  ) { _, trace in
    let turns = trace.events.count { $0.name == Event.note }
    let said = trace.outcome.said[Event.caller]?.count ?? 0
    return turns > said + 2 ? "\(turns) turns for \(said) values" : nil
  }.untimed

  private static let closedLeftIn = Wrong(
    "closed-left-in",
    breaks: fewTurns,
    input: Arrivals(),
    body: between { a, b, select, print in
      var (aIsOpen, bIsOpen) = (true, true)
      while aIsOpen || bIsOpen {
        try await select {
          // #region closed-left-in
          Select.receive(from: a) { value in
            if let value { print(value) } else { aIsOpen = false }
          }
          // #endregion
          Select.receive(from: b) { value in
            if let value { print(value) } else { bIsOpen = false }
          }
        }
      }
    }
  )

  private static let oneEndEndsAll = Wrong(
    "one-end-ends-all",
    breaks: inOrder,
    input: Arrivals(),
    body: between { a, b, select, print in
      while let value: String = try await select({
        Select.receive(from: a) { $0 }
        Select.receive(from: b) { $0 }
      }) {
        print(value)
      }
    }
  )

  // MARK: Pausing

  private static let pause: Loop = { jobs, switches, select, print in
    var jobs = jobs
    // #region pause
    var isPaused = false
    while jobs != nil {
      try await select {
        Select.receive(from: isPaused ? nil : jobs) { job in
          if let job { print(job) } else { jobs = nil }
        }
        Select.receive(from: switches) { _ in isPaused.toggle() }
      }
    }
    // #endregion
  }

  private static let noneInPause = Law<Arrivals>(
    "no job is taken in a pause, and none waits outside one"
  ) { _, trace in
    var (flips, isPaused, waiting) = (0, false, 0)
    for (at, events) in trace.instants {
      if events.contains(where: \.isStop) { break }
      func said(_ lane: String) -> Int {
        events.count { $0.name == "say" && $0.lane == lane }
      }
      let taken = said(Event.caller)
      waiting += said("a") - taken
      flips += said("b")
      let wasPaused = isPaused
      isPaused = !flips.isMultiple(of: 2)
      if isPaused ? wasPaused && taken > 0 : waiting > 0 {
        return "\(taken) taken, \(waiting) waiting at \(at) µs"
      }
    }
    return nil
  }

  private static let pollsTheSwitch = Wrong(
    "polls-the-switch",
    breaks: noneInPause,
    input: Arrivals(),
    body: between(pausesOfB: \.switches) { jobs, switches, _, print in
      while let job = try await jobs?.receive() {
        print(job)
        if case .element = switches?.tryReceive() {
          _ = try await switches?.receive()
        }
      }
    }
  )

  // MARK: A queue without a bound

  private static let queue: Loop = { input, output, select, _ in
    var input = input
    // #region queue
    var queue: [String] = []
    while input != nil || !queue.isEmpty {
      try await select {
        Select.receive(from: input) { value in
          if let value { queue.append(value) } else { input = nil }
        }
        if let head = queue.first {
          Select.send(head, to: output) { queue.removeFirst() }
        }
      }
    }
    // #endregion
  }

  private static let oneAtATime = Wrong(
    "one-at-a-time",
    breaks: .onlyIfFull,
    input: Arrivals(a: [1, 1, 1, 1], b: [30]),
    body: before { input, output, _, _ in
      while let value = try await input?.receive() {
        try await output?.send(value)
      }
    }
  )

  private static let collectsFirst = Wrong(
    "collects-first",
    breaks: .noConsumerIdle,
    input: Arrivals(a: [1, 1], b: [1]),
    body: before { input, output, _, _ in
      var queue: [String] = []
      while let value = try await input?.receive() { queue.append(value) }
      for value in queue { try await output?.send(value) }
    }
  )
}

extension NilCaseExamples.Arrivals: BufferInput {
  var bound: Int { .max }
  var policy: BufferPolicy { .suspend }
  var consumers: Int { 1 }
  var pauses: [Int] { a }
  // Even, so that no cancellation comes at the end of one.
  var stores: [Int] { b.isEmpty ? [2] : b }
}
