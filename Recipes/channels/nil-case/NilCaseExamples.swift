package import Cookbook

/// What the recipe shows; see README.md.
package enum NilCaseExamples {
  package static let recipe = Recipe(
    name: "nil-case",
    chapter: .channels,
    question:
      "How does a nil channel in a select switch a case on and off?",
    goConstructs: ["ch = nil", "v, ok := <-ch"],
    swiftConstructs: ["Optional", "@resultBuilder", "AsyncStream"],
    problems: [
      "nil channel in select", "turn a select case off", "disable a case",

      "select on a closed channel spins", "pause and resume a worker",
      "unbounded queue between channels",
    ],
    ingredients: ["select"],
    examples: [
      Example("plain", laws: merging, body: plain),
      Example(
        "merge",
        laws: merging,
        wrong: wrongMerges,
        exhausted: [(Arrivals(a: [1, 1], b: [1, 1]), 32)],
        body: merge
      ),
      Example(
        "pause",
        laws: [noneInPause],
        wrong: [pollsTheSwitch],
        exhausted: [(Arrivals(a: [1, 0, 3], b: [1, 1]), 30)],
        body: pause
      ),
      Example(
        "queue",
        laws: [neverWaits],
        wrong: [oneAtATime],
        exhausted: [(Arrivals(a: [1, 0, 0], b: [1]), 90)]
      ) { try await relay($0, $1, queue) },
    ]
  )

  // MARK: Two channels

  struct Arrivals: ExampleInput {
    var a = [5, 10, 10]
    var b = [10, 10, 20, 10]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      let untied = Field<Self>.Ties.noneOfSums { _ in true }
      return [
        .durations(
          \.a,
          random: 0...5,
          ties: untied,
          "the milliseconds before each value of the first channel"
        ),
        .durations(
          \.b,
          least: 1,
          random: 0...5,
          ties: untied,
          "those before each value of the second, at least 1; in `queue` "
            + "those that the use of a value takes"
        ),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }
  }

  /// Sends `a 0`, `a 1` and so on, each after its pause, and then `nil`.
  private static func send(
    _ lane: String,
    _ pauses: [Int],
    _ stage: Stage,
    to receiver: (String?) async throws -> Void
  ) async throws {
    for (number, pause) in pauses.enumerated() {
      try await stage.sleep(pause)
      stage.record(Event.come, lane: lane)
      try await receiver("\(lane) \(number)")
      stage.say(lane, number)
    }
    try await receiver(nil)
  }

  /// Runs `body` with two channels, on which values come.
  private static func withChannels(
    _ input: Arrivals,
    _ stage: Stage,
    _ body: (_ a: Channel<String>?, _ b: Channel<String>?) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup { group in
      let channels = [Channel<String>(), Channel<String>()]
      for (lane, pauses, channel) in [
        ("a", input.a, channels[0]), ("b", input.b, channels[1]),
      ] {
        group.addTask(name: lane) {
          try await send(lane, pauses, stage) { value in
            if let value {
              try await channel.send(value)
            } else {
              channel.close()
            }
          }
        }
      }
      defer { group.cancelAll() }
      try await body(channels[0], channels[1])
    }
  }

  /// `select`, which notes each turn of the loop that it stands in.
  private struct Turns {
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

  // MARK: Merging

  private static func plain(_ input: Arrivals, _ stage: Stage) async throws {
    let print: @Sendable (String) -> Void = stage.print
    let (a, fromA) = AsyncStream.makeStream(of: String.self)
    let (b, fromB) = AsyncStream.makeStream(of: String.self)
    try await withThrowingTaskGroup { group in
      for (lane, pauses, values) in [
        ("a", input.a, fromA), ("b", input.b, fromB),
      ] {
        group.addTask(name: lane) {
          try await send(lane, pauses, stage) { value in
            if let value { values.yield(value) } else { values.finish() }
          }
        }
      }
      // #region plain
      let (merged, values) = AsyncStream.makeStream(of: String.self)
      group.addTask {
        await withTaskGroup { inputs in
          for input in [a, b] {
            inputs.addTask { for await value in input { values.yield(value) } }
          }
        }
        values.finish()
      }
      for await value in merged { print(value) }
      // #endregion
      try await group.waitForAll()
    }
    try Task.checkCancellation()
  }

  private static func merge(_ input: Arrivals, _ stage: Stage) async throws {
    let (select, print) = (Turns(stage: stage), stage.print as (String) -> Void)
    try await withChannels(input, stage) { a, b in
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
  }

  private static let merging = [inOrder, fewTurns]

  static let inOrder = Law<Arrivals>(
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

  static let fewTurns = Law<Arrivals>(
    "the loop turns once for each value and each end"
  ) { _, trace in
    let turns = trace.events.count { $0.name == Event.note }
    let said = trace.outcome.said[Event.caller]?.count ?? 0
    return turns > said + 2 ? "\(turns) turns for \(said) values" : nil
  }.untimed

  private static let wrongMerges = [
    Wrong("closed-left-in", breaks: fewTurns, input: Arrivals()) {
      input,
      stage in
      let select = Turns(stage: stage)
      let print: (String) -> Void = stage.print
      try await withChannels(input, stage) { a, b in
        // #region closed-left-in
        var (aIsOpen, bIsOpen) = (true, true)
        while aIsOpen || bIsOpen {
          try await select {
            Select.receive(from: a) { value in
              if let value { print(value) } else { aIsOpen = false }
            }
            Select.receive(from: b) { value in
              if let value { print(value) } else { bIsOpen = false }
            }
          }
        }
        // #endregion
      }
    },
    Wrong("one-end-ends-all", breaks: inOrder, input: Arrivals()) {
      input,
      stage in
      let select = Turns(stage: stage)
      try await withChannels(input, stage) { a, b in
        var isOpen = true
        while isOpen {
          try await select {
            for channel in [a, b] {
              Select.receive(from: channel) { value in
                if let value { stage.print(value) } else { isOpen = false }
              }
            }
          }
        }
      }
    },
  ]

  // MARK: Pausing

  private static func pause(_ input: Arrivals, _ stage: Stage) async throws {
    let (select, print) = (Turns(stage: stage), stage.print as (String) -> Void)
    try await withChannels(input, stage) { jobs, switches in
      var (jobs, switches) = (jobs, switches)
      // #region pause
      var isPaused = false
      while jobs != nil {
        try await select {
          Select.receive(from: isPaused ? nil : jobs) { job in
            if let job { print(job) } else { jobs = nil }
          }
          Select.receive(from: switches) { flip in
            if flip == nil { switches = nil }
            isPaused = flip != nil && !isPaused
          }
        }
      }
      // #endregion
    }
  }

  static let noneInPause = Law<Arrivals>(
    "no job is taken in a pause, and none waits outside one"
  ) { input, trace in
    var (flips, isPaused, waiting) = (0, false, 0)
    for instant in trace.instants {
      if instant.events.contains(where: \.isStop) { break }
      let come = instant.events.filter { $0.name == Event.come }
      let taken = instant.events.count {
        $0.name == "say" && $0.lane == Event.caller
      }
      waiting += come.count { $0.lane == "a" } - taken
      flips += come.count { $0.lane == "b" }
      let wasPaused = isPaused
      // The end of the switches ends a pause too.
      isPaused = !flips.isMultiple(of: 2) && flips < input.b.count
      if isPaused ? wasPaused && taken > 0 : waiting > 0 {
        return "\(taken) taken, \(waiting) waiting at \(instant.at) µs"
      }
    }
    return nil
  }

  private static let pollsTheSwitch = Wrong(
    "polls-the-switch",
    breaks: noneInPause,
    input: Arrivals()
  ) { input, stage in
    try await withChannels(input, stage) { jobs, switches in
      while let job = try await jobs?.receive() {
        stage.print(job)
        if case .element = switches?.tryReceive() {
          _ = try await switches?.receive()
        }
      }
    }
  }

  // MARK: A queue without a bound

  private static func queue(
    _ values: Channel<String>?,
    _ output: Channel<String>,
    _ stage: Stage
  ) async throws {
    let select = Turns(stage: stage)
    var input = values
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

  /// Lets `relay` hand on what comes on the first channel, and uses it.
  private static func relay(
    _ input: Arrivals,
    _ stage: Stage,
    _ relay:
      @escaping @Sendable (Channel<String>?, Channel<String>, Stage)
      async throws -> Void
  ) async throws {
    try await withChannels(Arrivals(a: input.a, b: []), stage) { values, _ in
      let output = Channel<String>()
      try await withThrowingTaskGroup { group in
        group.addTask(name: "queue") {
          try await relay(values, output, stage)
          output.close()
        }
        defer { group.cancelAll() }
        var count = 0
        for try await value in output {
          stage.print(value)
          try await stage.work("use", on: count, for: input.b)
          count += 1
        }
      }
    }
  }

  static let neverWaits = Law<Arrivals>(
    "the producer never waits, and the consumer only where there is nothing"
  ) { _, trace in
    var (come, used, ended) = (0, 0, 0)
    for instant in trace.instants {
      if instant.events.contains(where: \.isStop) { break }
      come += instant.events.count { $0.name == Event.come }
      used += instant.events.count(where: \.isOpening)
      ended += instant.events.count(where: \.isClosing)
      let handed = instant.events.count { $0.lane == "a" && $0.name == "say" }
      if handed < instant.events.count(where: { $0.name == Event.come }) {
        return "the producer at \(instant.at) µs"
      }
      if used == ended, come > used { return "value \(used) is not used" }
    }
    return nil
  }

  private static let oneAtATime = Wrong(
    "one-at-a-time",
    breaks: neverWaits,
    input: Arrivals(b: [30])
  ) {
    try await relay($0, $1) { values, output, _ in
      while let value = try await values?.receive() {
        try await output.send(value)
      }
    }
  }
}
