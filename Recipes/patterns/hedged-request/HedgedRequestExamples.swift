package import Cookbook

/// What the recipe shows; see README.md.
package enum HedgedRequestExamples {
  package static let recipe = Recipe(
    name: "hedged-request",
    chapter: .patterns,
    question: "Send a hedged request: a second one when the first is slow.",
    goConstructs: ["hedged request", "select", "time.NewTimer"],
    swiftConstructs: ["withThrowingTaskGroup", "cancelAll", "nextResult"],
    problems: [
      "hedging", "backup request", "tail latency", "slow replica",
      "send the request again when it is slow", "first success wins",
      "ask several servers and take the first answer", "retry in parallel",
    ],
    copies: ["HedgedRequest.swift"],
    ingredients: ["timers"],
    examples: [
      Example(
        "plain",
        input: Call(attempts: [100, 30]),
        laws: laws,
        wrong: wrongCalls,
        exhausted: [(Call(attempts: [2, 3], delay: 1), 2)],
        body: plain
      ),
      Example(
        "send",
        laws: laws + [onTime],
        wrong: wrongSends,
        exhausted: [
          (Call(attempts: [4, 3], failing: [1], delay: 1), 8),
          (Call(attempts: [4, 2], delay: 1, cancelAfter: 3), 168),
        ],
        body: send
      ),
      Example(
        "budget",
        laws: [withinBudget],
        wrong: wrongBudgets,
        body: budget
      ),
    ]
  )

  // MARK: The use

  static func plain(_ input: Call, _ stage: Stage) async throws {
    let (fetch, delay, clock) = (input.fetch(stage), input.time, stage.clock)
    let print: (Int) -> Void = stage.print
    // #region plain
    let page = try await withThrowingTaskGroup(of: Int.self) { group in
      group.addTask { try await fetch(0) }
      group.addTask {
        try await clock.sleep(for: delay)
        return try await fetch(1)
      }
      var problems: [any Error] = []
      while let answer = await group.nextResult() {
        switch answer {
        case .success(let page):
          group.cancelAll()
          return page
        case .failure(let problem): problems.append(problem)
        }
      }
      throw problems[0]
    }
    print(page)
    // #endregion
  }

  private static func send(_ input: Call, _ stage: Stage) async throws {
    let (fetch, attempts) = (input.fetch(stage), input.attempts.count)
    let (delay, print): (Duration, (Int) -> Void) = (input.time, stage.print)
    func run(_ clock: some Clock<Duration>) async throws {
      // #region send
      let hedge = HedgedRequest(
        after: delay,
        attempts: attempts,
        clock: clock
      )
      let page = try await hedge.send { try await fetch($0) }
      print(page)
      // #endregion
    }
    try await run(stage.clock)
  }

  private static func budget(_ input: Calls, _ stage: Stage) async {
    let (delay, budget) = (Duration.milliseconds(input.delay), input.budget)
    func run(_ clock: some Clock<Duration>) async {
      // #region budget
      let hedge = HedgedRequest(after: delay, budget: budget, clock: clock)
      // #endregion
      await input.come(stage) { try await hedge.send($0) }
    }
    await run(stage.clock)
  }

  // MARK: Input

  struct Call: ExampleInput {
    var attempts = [100, 20, 30]
    var failing = [1]
    var delay = 40
    var cancelAfter: Int?

    init() {}
    init(
      attempts: [Int],
      failing: [Int] = [],
      delay: Int = 40,
      cancelAfter: Int? = nil
    ) {
      (self.attempts, self.failing) = (attempts, failing)
      (self.delay, self.cancelAfter) = (delay, cancelAfter)
    }

    static var fields: [Field<Self>] {
      [
        .durations(
          \.attempts,
          least: 1,
          random: 2...4,
          ties: .noneOfSums { _ in true },
          "the milliseconds that each attempt takes"
        ),
        .indices(\.failing, of: \.attempts, "the attempts that fail"),
        .duration(
          \.delay,
          least: 1,
          repeats: 4,
          "the milliseconds before the next attempt"
        ),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    var time: Duration { .milliseconds(delay) }

    func fetch(_ stage: Stage) -> @Sendable (Int) async throws -> Int {
      { [attempts, failing] attempt in
        // Plain code has two, whatever the input.
        let time = attempts.dropFirst(attempt).first ?? 1
        let fails = failing.contains(attempt)
        try await stage.work("attempt \(attempt)", time, fails: fails)
        return attempt
      }
    }
  }

  struct Calls: ExampleInput {
    var arrivals = [1, 6, 11]
    var first = [60, 70, 50]
    var second = [20, 20, 20]
    var delay = 20
    var budget = 1

    static var fields: [Field<Self>] {
      [
        .durations(
          \.arrivals,
          least: 1,
          random: 1...4,
          ties: .noneOfSums { _ in true },
          "the millisecond of each call"
        ),
        .each(
          \.first,
          of: \.arrivals,
          "how long the first attempt of each takes"
        ),
        .each(
          \.second,
          of: \.arrivals,
          "how long the second attempt of each takes"
        ),
        .duration(\.delay, least: 1, repeats: 1, "the delay of the second"),
        .count(
          \.budget,
          in: 0...1024,
          random: 0...2,
          "how many second attempts run at once"
        ),
      ]
    }

    typealias Attempt = @Sendable (Int) async throws -> Int

    func come(
      _ stage: Stage,
      send: @escaping @Sendable (@escaping Attempt) async throws -> Int
    ) async {
      let visits = Visits(arrivals: arrivals, patience: [])
      await visits.come(stage) { task in
        let winner = try await send { attempt in
          let times = attempt == 0 ? first : second
          let lane = attempt == 0 ? "first \(task)" : "second \(task)"
          try await stage.work(lane, times.dropFirst(task).first ?? 1)
          return attempt
        }
        stage.say("task \(task)", winner)
      }
    }
  }

  // MARK: Laws

  static let laws = [firstWins, losersEnd, .allEndedOnReturn]

  static let firstWins = Law<Call>(
    "the first success wins, and the first error is thrown only if all fail"
  ) { _, trace in
    let closings = trace.events.filter(\.isClosing)
    if trace.events.contains(where: { $0.name == "cancel" }) { return nil }
    guard let winner = closings.first(where: { $0.name == "end" }) else {
      let first = closings.filter { $0.at == closings[0].at }
        .map { Ending.threw("\($0.lane) failed") }
      let isFirst = trace.ending.map(first.contains) ?? false
      let haveAllFailed = closings.allSatisfy { $0.name == "fail" }
      return isFirst && haveAllFailed ? nil : "\(closings.map(\.name))"
    }
    // At one instant any may be the first.
    let numbers = closings.filter { $0.at == winner.at }.compactMap(\.number)
    let said = trace.outcome.said[Event.caller] ?? []
    return numbers.contains { said == [json($0)] } ? nil : "\(said)"
  }

  static let losersEnd = Law<Call>(
    "the others end at the instant of the first success, and none starts later"
  ) { _, trace in
    guard let winner = trace.events.first(where: { $0.name == "end" })
    else { return nil }
    return trace.events.first { $0.at > winner.at }
      .map { "\($0.lane) \($0.name) at \($0.at) µs" }
  }

  static let onTime = Law<Call>(
    "the next attempt starts after the delay, or when one fails"
  ) { input, trace in
    var (started, due) = (0, 0)
    for (at, events) in trace.instants {
      if events.contains(where: { $0.name == "end" || $0.name == "cancel" }) {
        return nil
      }
      let left = input.attempts.count - started
      if at > due, left > 0, !events.contains(where: { $0.name == "fail" }) {
        return "none started at \(due) µs"
      }
      let (fails, isDue) = (events.count { $0.name == "fail" }, at >= due)
      // One that is due when another one fails may be its successor.
      let wanted = min(left, max(fails, isDue ? 1 : 0))
      let starts = events.count(where: \.isOpening)
      if starts < wanted || starts > min(left, fails + (isDue ? 1 : 0)) {
        return "\(starts) started at \(at) µs"
      }
      started += starts
      if starts > 0 { due = at + input.delay * 1_000 }
    }
    return nil
  }

  static let withinBudget = Law<Calls>(
    "no more second attempts than the budget run at once"
  ) { input, trace in
    var running = 0
    for event in trace.events where event.lane.hasPrefix("second ") {
      running += event.isOpening ? 1 : event.isClosing ? -1 : 0
      if running > input.budget { return "\(running) at \(event.at) µs" }
    }
    return nil
  }.untimed
}
