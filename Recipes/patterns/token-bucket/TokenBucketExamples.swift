package import Cookbook

/// What the recipe shows; see README.md.
package enum TokenBucketExamples {
  package static let recipe = Recipe(
    name: "token-bucket",
    chapter: .patterns,
    question: "Limit how often something happens, with a token bucket.",
    goConstructs: [
      "golang.org/x/time/rate", "rate.Limiter", "rate.NewLimiter",
      "time.Ticker", "time.Tick",
    ],
    swiftConstructs: ["Clock", "Duration", "Task.sleep(until:)", "Mutex"],
    problems: [
      "rate limit", "rate limiter", "token bucket", "throttle",
      "requests per second", "at most 10 a second", "quota of an API",
      "pace calls", "burst",
    ],
    copies: ["TokenBucket.swift"],
    examples: [
      Example("plain", laws: common(), body: plain),
      Example(
        "take",
        laws: [tokensSuffice, noIdleToken] + common(),
        wrong: wrongLimits,
        exhausted: [(small, 2_640)],
        body: take
      ),
      Example(
        "try-take",
        laws: [tokensSuffice, noNeedlessRefusal],
        wrong: wrongTries,
        body: tryTake
      ),
    ],
    workloads: workloads
  )

  private static let small = Requests(
    burst: 1,
    every: 1,
    pauses: [1, 1, 1],
    calls: [1],
    cancelSecond: 1
  )

  // MARK: The use

  private static func plain(_ input: Loop, _ stage: Stage) async throws {
    let requests = input.calls.indices
    let call = stage.sink("call", input.calls)
    let (clock, interval) = (stage.clock, Duration.milliseconds(input.every))
    // #region plain
    var next = clock.now.advanced(by: interval)
    for request in requests {
      try await clock.sleep(until: next, tolerance: nil)
      repeat {
        next = next.advanced(by: interval)
      } while next <= clock.now
      try await call(request)
    }
    // #endregion
  }

  private static func take(_ input: Requests, _ stage: Stage) async throws {
    let (burst, clock) = (input.burst, stage.clock)
    let interval = Duration.milliseconds(input.every)
    // #region bucket
    let quota = TokenBucket(burst: burst, every: interval, clock: clock)
    // #endregion
    try await input.perform(stage) { request, call in
      // #region take
      try await quota.take()
      try await call(request)
      // #endregion
    }
  }

  private static func tryTake(_ input: Requests, _ stage: Stage) async throws {
    let refuse: @Sendable (Int) -> Void = { stage.say("refused", $0) }
    let interval = Duration.milliseconds(input.every)
    let (burst, clock) = (input.burst, stage.clock)
    let quota = TokenBucket(burst: burst, every: interval, clock: clock)
    try await input.perform(stage) { request, call in
      // #region tryTake
      guard quota.tryTake() else { return refuse(request) }
      try await call(request)
      // #endregion
    }
  }

  // MARK: Input

  struct Loop: ExampleInput {
    var every = 20
    var calls = [5, 5, 50, 5, 5]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.calls,
          least: 1,
          random: 0...6,
          ties: .noneOfSums { _ in true },
          "the milliseconds each call takes"
        ),
        Field(
          \.every,
          "the milliseconds of a tick, at least 1",
          validate: { $1 > 0 ? nil : "must be at least 1, not \($1)" },
          // Long enough that there are few ticks in a call.
          random: { $1.duration(repeats: 60) + 1 << 24 }
        ),
        .moment(\.cancelAfter, "cancel everything after so many milliseconds"),
      ]
    }
  }

  struct Requests: ExampleInput {
    var burst = 3
    var every = 20
    var pauses = [5, 5, 5, 5, 5, 5, 5, 5]
    var calls = [30]
    var cancelSecond: Int?
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.burst, in: 1...1024, random: 1...3, "how many tokens"),
        .duration(\.every, least: 1, repeats: 6, "the ms until a token comes"),
        .durations(\.pauses, least: 1, random: 3...6, "the ms before each"),
        .durations(
          \.calls,
          least: 1,
          random: 6...6,
          "the milliseconds each takes; the last counts for more"
        ),
        .moment(\.cancelSecond, "cancel task 1 so long after it came; 0: no"),
        .moment(\.cancelAfter, "cancel everything after so many milliseconds"),
      ]
    }

    typealias Call = @Sendable (Int) async throws -> Void

    /// Each request comes in its turn and is served in a task of its own.
    func perform(
      _ stage: Stage,
      serve: @escaping @Sendable (Int, Call) async throws -> Void
    ) async throws {
      let call = stage.sink("task", calls)
      let arrivals = pauses.indices.map { pauses[...$0].reduce(0, +) }
      let visits = Visits(arrivals: arrivals, patience: [0, cancelSecond ?? 0])
      await visits.come(stage) { try await serve($0, call) }
      try Task.checkCancellation()
    }
  }

  // MARK: Laws

  private static func common<Input>() -> [Law<Input>] {
    [.firstComeFirstServed, .cancelledEndsAtOnce, .allEndedOnReturn]
  }

  static let tokensSuffice = Law<Requests>(
    "no stretch of time holds more than the burst and what comes in"
  ) { input, trace in
    var tokens = Tokens(input)
    for event in trace.events where event.isOpening {
      if event.at < tokens.due {
        return "\(event.lane) at \(event.at) µs, not \(tokens.due) µs"
      }
      tokens.take(at: event.at)
    }
    return nil
  }

  static let noIdleToken = Law<Requests>(
    "no token lies idle while a request waits"
  ) { input, trace in
    var (tokens, waiting): (Tokens, Set<String>) = (Tokens(input), [])
    for instant in trace.instants {
      if !waiting.isEmpty, tokens.due < instant.at {
        return "\(waiting.sorted()) from \(tokens.due) to \(instant.at) µs"
      }
      for event in instant.events {
        switch event.name {
        case Event.come: waiting.insert(event.lane)
        case "start":
          waiting.remove(event.lane)
          tokens.take(at: event.at)
        case "cancel" where event.lane == Event.caller: return nil
        case "cancel": waiting.remove(event.lane)
        default: break
        }
      }
    }
    return nil
  }

  static let noNeedlessRefusal = Law<Requests>(
    "a request is refused only if there is no token"
  ) { input, trace in
    var tokens = Tokens(input)
    for event in trace.events {
      if event.isOpening { tokens.take(at: event.at) }
      if event.lane == "refused", event.at >= tokens.due {
        return "\(event.item) at \(event.at) µs, due was \(tokens.due) µs"
      }
    }
    return nil
  }

  /// A bucket as one task alone would keep it, in microseconds.
  private struct Tokens {
    private let (burst, every): (Int, Int)
    private var full = 0

    init(_ input: Requests) {
      (burst, every) = (input.burst, input.every * 1_000)
    }

    /// When there is a token.
    var due: Int { full - (burst - 1) * every }

    mutating func take(at time: Int) { full = max(full, time) + every }
  }
}
