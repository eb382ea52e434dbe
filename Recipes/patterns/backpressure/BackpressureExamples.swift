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
    ],
    swiftConstructs: [
      "AsyncStream", ".bufferingOldest", ".bufferingNewest",
      "AsyncStream.Continuation.YieldResult", "AsyncSequence",
    ],
    problems: [
      "my producer is too fast", "slow consumer", "bounded buffer",
      "drop messages", "load shedding", "memory grows", "overload",
    ],
    copies: ["Backpressure.swift"],
    examples: [
      Example(
        "plain",
        laws: Law.ofBuffers,
        wrong: wrongStreams,
        exhausted: [(small("dropNewest"), 4), (small("dropOldest"), 4)],
        body: plain
      ),
      Example(
        "buffer",
        laws: Law.ofBuffers,
        wrong: wrongBuffers,
        exhausted: [
          (small("suspend"), 12), (small("dropNewest"), 19),
          (small("dropOldest"), 19),
        ],
        body: buffer
      ),
    ],
    workloads: workloads
  )

  private static func small<K>(_ whenFull: String) -> Readings<K> {
    Readings(whenFull: whenFull, bound: 1, pauses: [0, 0, 1], stores: [1])
  }

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
    let n = input.bound
    let policy: BoundedBuffer<Int>.Policy =
      switch input.policy {
      case .suspend: .suspend
      case .dropNewest: .dropNewest
      case .dropOldest: .dropOldest
      }
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

  // MARK: Input

  /// What an example asks of a buffer, so that wrong ones can take its place.
  protocol ReadingBuffer: AsyncSequence<Int, any Error>, Sendable {
    nonisolated(nonsending) func send(_ reading: Int) async throws -> Int?
    func close()
  }

  /// What the buffer of an example can do.
  protocol Kind: Sendable {
    static var policies: [String] { get }
    static var mostConsumers: Int { get }
  }

  enum Dropping: Kind {
    static let policies = ["dropNewest", "dropOldest"]
    static let mostConsumers = 1
  }

  enum AnyPolicy: Kind {
    static let policies = ["suspend"] + Dropping.policies
    static let mostConsumers = 1024
  }

  struct Readings<K: Kind>: BufferInput {
    var whenFull = K.policies[0]
    var bound = 3
    var consumers = 1
    var pauses = [10, 10, 10, 10, 10, 10, 10, 10, 60, 10, 10, 10]
    var stores = [27]
    var cancelAfter: Int?

    var policy: BufferPolicy { BufferPolicy(rawValue: whenFull) ?? .suspend }

    static var fields: [Field<Self>] {
      // Which of two comes first decides what is dropped.
      let isDropping: @Sendable (Self) -> Bool = { $0.policy != .suspend }
      return [
        .choice(\.whenFull, of: K.policies, "what a full buffer does"),
        .count(\.bound, in: 1...1024, random: 1...4, "how many it holds"),
        .count(
          \.consumers,
          in: 1...K.mostConsumers,
          random: 1...min(4, K.mostConsumers),
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
          distinct: K.mostConsumers > 1 ? nil : isDropping,
          "the milliseconds it takes to store each; the last counts for more"
        ),
        .moment(\.cancelAfter, "cancel everything after so many milliseconds"),
      ]
    }

    /// The readings, what consumes one, and what is told of a dropped one.
    func perform(
      _ stage: Stage
    ) -> (
      Source, store: @Sendable (Int) async throws -> Void,
      report: @Sendable (Int) -> Void
    ) {
      (
        stage.source("sensor", pauses), stage.sink("reading", stores),
        { stage.say("dropped", $0) }
      )
    }
  }
}

extension BoundedBuffer: BackpressureExamples.ReadingBuffer
where Element == Int {}
