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
      "slow consumer", "my producer is too fast", "bounded buffer",
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
    let n = input.bound
    let policy: StreamPolicy =
      input.policy == .dropOldest ? .bufferingNewest(n) : .bufferingOldest(n)
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
    let (sensor, store, report) = input.perform(stage)
    try await buffer(input, sensor, store, report)
  }

  static func buffer(
    _ input: Readings<some Kind>,
    _ sensor: Source,
    _ store: @escaping @Sendable (Int) async throws -> Void,
    _ report: @escaping @Sendable (Int) -> Void
  ) async throws {
    let (n, consumers) = (input.bound, input.consumers)
    let policy = BoundedBuffer<Int>.Policy(rawValue: input.whenFull) ?? .suspend
    // #region buffer
    let readings = BoundedBuffer<Int>(bound: n, whenFull: policy)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { readings.close() }
        for try await reading in sensor {
          if let lost = try await readings.send(reading) { report(lost) }
        }
      }
      for _ in 1...consumers {
        group.addTask {
          for try await reading in readings { try await store(reading) }
        }
      }
      try await group.waitForAll()
    }
    // #endregion
  }

  // MARK: Input

  /// What a full buffer can do; one that can suspend has several consumers.
  protocol Kind: Sendable {
    static var policies: [String] { get }
  }

  enum Dropping: Kind {
    static let policies = ["dropNewest", "dropOldest"]
  }

  enum AnyPolicy: Kind {
    static let policies = ["suspend"] + Dropping.policies
  }

  struct Readings<K: Kind>: BufferInput {
    var whenFull = K.policies[0]
    var bound = 2
    var consumers = 1
    var pauses = [20, 20, 20, 20, 20, 20]
    var stores = [45]
    var cancelAfter: Int?

    var policy: BufferPolicy { BufferPolicy(rawValue: whenFull) ?? .suspend }

    static var fields: [Field<Self>] {
      // Which of two comes first decides what is dropped.
      let isDropping: @Sendable (Self) -> Bool = { $0.policy != .suspend }
      let isStream = !K.policies.contains("suspend")
      return [
        .choice(\.whenFull, of: K.policies, "what a full buffer does"),
        .count(\.bound, in: 1...1024, random: 1...4, "how many it holds"),
        .count(
          \.consumers,
          in: 1...(isStream ? 1 : 1024),
          random: 1...(isStream ? 1 : 4),
          "how many tasks consume"
        ),
        .durations(
          \.pauses,
          random: 0...9,
          ties: .noneOfSums(isDropping),
          "the milliseconds before each reading"
        ),
        .durations(
          \.stores,
          least: 1,
          random: 9...9,
          ties: isStream ? .noneOfSums(isDropping) : .allowed,
          "the milliseconds it takes to store each; the last counts for more"
        ),
        .moment(\.cancelAfter, "cancel everything after so many milliseconds"),
      ]
    }
  }
}
