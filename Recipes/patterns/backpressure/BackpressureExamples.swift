package import Cookbook

/// What the recipe shows; see README.md.
package enum BackpressureExamples {
  package static let recipe = Recipe(
    name: "backpressure",
    chapter: .patterns,
    question:
      "Implement backpressure to avoid overloading a downstream system.",
    goConstructs: [
      "make(chan T, n)", "select with default", "load shedding",
      "rate.Limiter", "golang.org/x/time/rate", "time.Ticker",
    ],
    swiftConstructs: [
      "AsyncStream", ".bufferingOldest", ".bufferingNewest",
      "AsyncStream.Continuation.YieldResult", "AsyncSequence", "Clock",
    ],
    problems: [
      "my producer is too fast", "slow consumer", "bounded buffer",
      "drop messages", "load shedding", "rate limit", "token bucket",
      "throttle", "memory grows", "overload",
    ],
    copies: ["Backpressure.swift"],
    examples: [
      Example("plain", laws: lawsOfBuffers(), wrong: wrongStreams, body: plain),
      Example(
        "buffer",
        laws: lawsOfBuffers(),
        wrong: wrongBuffers,
        body: buffer
      ),
      Example(
        "rate-limit",
        laws: [tokensSuffice, noIdleToken] + lawsOfAll(),
        wrong: wrongLimits,
        body: rateLimit
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  typealias StreamPolicy = AsyncStream<Int>.Continuation.BufferingPolicy

  private static func plain(
    _ input: Readings<Dropping>,
    _ stage: Stage
  ) async throws {
    let (n, dropsOldest) = (input.bound, input.policy == .dropOldest)
    // #region policy
    let policy: StreamPolicy =
      dropsOldest ? .bufferingNewest(n) : .bufferingOldest(n)
    // #endregion
    try await stream(input, stage, policy)
  }

  static func stream(
    _ input: Readings<some Kind>,
    _ stage: Stage,
    _ policy: StreamPolicy
  ) async throws {
    let (sensor, store, report) = input.perform(stage)
    // #region plain
    let (readings, continuation) = AsyncStream.makeStream(
      of: Int.self,
      bufferingPolicy: policy
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { continuation.finish() }
        for try await reading in sensor {
          if case .dropped(let lost) = continuation.yield(reading) {
            report(lost)
          }
        }
      }
      for await reading in readings { try await store(reading) }
      try await group.waitForAll()
    }
    // #endregion
  }

  private static func buffer(
    _ input: Readings<AnyPolicy>,
    _ stage: Stage
  ) async throws {
    let (n, policy) = (input.bound, input.policy)
    // #region buffer
    let readings = BoundedBuffer<Int>(bound: n, whenFull: policy)
    // #endregion
    do {
      try await pass(readings, input, stage)
    } catch {
      var left: [Int] = []
      while let reading = try await readings.receive() { left.append(reading) }
      stage.say("left", left)
      throw error
    }
  }

  /// Readings go through a buffer, right or wrong.
  static func pass(
    _ readings: some ReadingBuffer,
    _ input: Readings<some Kind>,
    _ stage: Stage
  ) async throws {
    let (sensor, store, report) = input.perform(stage)
    let consumers = input.consumers
    // #region pass
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask(name: "producer") {
        defer { readings.close() }
        for try await reading in sensor {
          if let lost = try await readings.send(reading) { report(lost) }
        }
      }
      for _ in 1...consumers {
        group.addTask(name: "consumer") {
          for try await reading in readings { try await store(reading) }
        }
      }
      try await group.waitForAll()
    }
    // #endregion
  }

  private static func rateLimit(
    _ input: Requests,
    _ stage: Stage
  ) async throws {
    func limit(_ clock: some Clock<Duration>) async throws {
      let (burst, interval) = (input.burst, Duration.milliseconds(input.every))
      // #region bucket
      let bucket = TokenBucket(burst: burst, every: interval, clock: clock)
      // #endregion
      try await input.perform(stage) { request, call in
        // #region take
        try await bucket.take()
        try await call(request)
        // #endregion
      }
    }
    try await limit(stage.clock)
  }

  // MARK: Input

  typealias Policy = BoundedBuffer<Int>.Policy

  /// What an example asks of a buffer, so that wrong ones can take its place.
  protocol ReadingBuffer: AsyncSequence<Int, any Error>, Sendable {
    nonisolated(nonsending) func send(_ reading: Int) async throws -> Int?
    func close()
  }

  /// What the buffer of an example can do.
  protocol Kind: Sendable {
    static var policies: [String] { get }
    static var consumers: ClosedRange<Int> { get }
  }

  enum Dropping: Kind {
    static let policies = ["dropNewest", "dropOldest"]
    static let consumers = 1...1
  }

  enum AnyPolicy: Kind {
    static let policies = ["suspend"] + Dropping.policies
    static let consumers = 1...4
  }

  struct Readings<K: Kind>: ExampleInput {
    var whenFull = K.policies[0]
    var bound = 3
    var consumers = 1
    var pauses = [10, 10, 10, 10, 10, 10, 10, 10, 60, 10, 10, 10]
    var stores = [27]
    var cancelAfter: Int?

    var policy: Policy {
      switch whenFull {
      case "dropNewest": .dropNewest
      case "dropOldest": .dropOldest
      default: .suspend
      }
    }

    static var fields: [Field<Self>] {
      // Which of two comes first decides what is dropped.
      let isDropping: @Sendable (Self) -> Bool = { $0.policy != .suspend }
      return [
        .choice(\.whenFull, of: K.policies, "what a full buffer does"),
        .count(\.bound, in: 1...1024, random: 1...4, "how many it holds"),
        .count(
          \.consumers,
          in: K.consumers,
          random: K.consumers,
          "how many tasks consume"
        ),
        .durations(
          \.pauses,
          random: 0...9,
          distinct: isDropping,
          "the milliseconds before each reading"
        ),
        .durations(
          \.stores,
          least: 1,
          random: 9...9,
          distinct: K.consumers.count > 1 ? nil : isDropping,
          "the milliseconds it takes to store each; the last counts for more"
        ),
        .moment(\.cancelAfter, "cancel everything after so many milliseconds"),
      ]
    }

    /// The readings, what consumes one, and what is told of a dropped one.
    func perform(
      _ stage: Stage
    ) -> (Sensor, Consume, report: @Sendable (Int) -> Void) {
      (
        Sensor(pauses, stage), consume("reading", stores, stage),
        report: { stage.say("dropped", $0) }
      )
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
        .count(
          \.burst,
          in: 1...1024,
          random: 1...3,
          "how many tokens there are"
        ),
        .duration(
          \.every,
          least: 1,
          repeats: 6,
          "the milliseconds until the next one"
        ),
        .durations(
          \.pauses,
          least: 1,
          random: 1...6,
          "the milliseconds before each request"
        ),
        .durations(
          \.calls,
          least: 1,
          random: 6...6,
          "the milliseconds each takes; the last counts for more"
        ),
        .moment(\.cancelSecond, "cancel request 1 so long after it came"),
        .moment(\.cancelAfter, "cancel everything after so many milliseconds"),
      ]
    }

    /// Each request comes in its turn and is served in a task of its own.
    func perform(
      _ stage: Stage,
      serve: @escaping @Sendable (Int, _ call: Consume) async throws -> Void
    ) async throws {
      let call = consume("request", calls, stage)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for try await request in Sensor(pauses, stage) {
          let lane = "request \(request)"
          group.addTask(name: lane) {
            let patience = request == 1 ? cancelSecond : nil
            await stage.cancel(lane, after: patience) {
              try? await serve(request, call)
            }
          }
        }
        try await group.waitForAll()
        try Task.checkCancellation()
      }
    }
  }

  /// What produces a number after each pause.
  struct Sensor: AsyncSequence, AsyncIteratorProtocol {
    private let (pauses, stage): ([Int], Stage)
    private var next = 0

    init(_ pauses: [Int], _ stage: Stage) {
      (self.pauses, self.stage) = (pauses, stage)
    }

    mutating func next() async throws -> Int? {
      guard next < pauses.count else { return nil }
      try await stage.sleep(pauses[next])
      stage.say("sensor", next)
      defer { next += 1 }
      return next
    }

    func makeAsyncIterator() -> Sensor { self }
  }

  typealias Consume = @Sendable (Int) async throws -> Void

  private static func consume(
    _ lane: String,
    _ durations: [Int],
    _ stage: Stage
  ) -> Consume {
    { number in
      let duration = durations.dropFirst(number).first ?? durations.last ?? 1
      try await stage.work("\(lane) \(number)", duration)
    }
  }
}

extension BoundedBuffer: BackpressureExamples.ReadingBuffer
where Element == Int {}
