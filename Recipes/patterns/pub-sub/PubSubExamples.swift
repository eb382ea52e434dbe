package import Cookbook

/// What the recipe shows; see README.md.
package enum PubSubExamples {
  package static let recipe = Recipe(
    name: "pub-sub",
    chapter: .patterns,
    question: "Implement a publish-subscribe broker.",
    goConstructs: [
      "publish-subscribe", "broker", "fan-out to all", "broadcast channel",
      "select with default",
    ],
    swiftConstructs: [
      "AsyncStream", "actor", "AsyncStream.makeStream", ".bufferingOldest",
    ],
    problems: [
      "pubsub", "broadcast to many consumers", "multicast", "event bus",
      "message bus", "notify all subscribers", "observer",
      "several consumers of one AsyncStream", "AsyncStream multiple consumers",
      "every subscriber gets each message", "slow subscriber",
      "unsubscribe", "late subscriber",
      "two tasks iterate one AsyncStream", "share an AsyncStream",
    ],
    copies: ["PubSub.swift"],
    examples: [
      Example(
        "plain",
        input: Feed(
          arrivals: [1, 5, 32],
          times: [4, 27, 3],
          policies: ["dropNewest"],
          bound: 2
        ),
        laws: laws,
        wrong: wrongStreams,
        exhausted: [(feed(.dropNewest, pauses: [2, 0], times: [1]), 14)],
        body: { try await plain($0, $1, .bufferingOldest($0.bound)) }
      ),
      Example(
        "topic",
        laws: laws + [.cancelledEndsAtOnce],
        wrong: wrongTopics,
        exhausted: Policy.allCases.map {
          // One that is slow and is cancelled, and one that is waited for.
          (
            feed(
              $0,
              .wait,
              pauses: [3, 0],
              arrivals: [1, 2],
              times: [5, 1],
              patience: [4]
            ), 1_152
          )
        } + [
          (
            feed(
              .wait,
              pauses: [3, 0, 0],
              times: [5],
              patience: [4],
              giveUp: 5
            ), 8_592
          )
        ],
        body: { try await topic($0, $1) }
      ),
      Example(
        "start",
        laws: [startsWithAll],
        wrong: [
          Wrong("too-early", breaks: startsWithAll, input: Crowd()) {
            try await start($0, $1, awaited: 0)
          }
        ],
        exhausted: [(Crowd(subscribers: 2, prices: 1), 16)],
        body: { try await start($0, $1, awaited: $0.subscribers) }
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  // #region broker
  actor Broker {
    private var subscribers: [(id: Int, AsyncStream<Int>.Continuation)] = []
    private var (count, isClosed) = (0, false)

    func subscribe(
      _ policy: AsyncStream<Int>.Continuation.BufferingPolicy,
      _ body: @concurrent @Sendable (AsyncStream<Int>) async throws -> Void
    ) async throws {
      let (prices, feed) = AsyncStream<Int>.makeStream(bufferingPolicy: policy)
      if isClosed { feed.finish() }
      count += 1
      let id = count
      subscribers.append((id, feed))
      defer { subscribers.removeAll { $0.id == id } }
      try await body(prices)
    }

    func publish(_ price: Int) {
      for (_, subscriber) in subscribers { subscriber.yield(price) }
    }

    func close() {
      isClosed = true
      for (_, subscriber) in subscribers { subscriber.finish() }
    }
  }
  // #endregion

  /// What subscribers do with a price can be changed.
  static func plain(
    _ input: Feed,
    _ stage: Stage,
    _ policy: AsyncStream<Int>.Continuation.BufferingPolicy,
    change: @escaping @Sendable (@escaping Publish) -> Publish = { $0 }
  ) async throws {
    let broker = Broker()
    try await input.perform(stage) {
      await broker.publish($0)
    } close: {
      await broker.close()
    } subscribe: { _, show in
      let show = change(show)
      // #region plain
      try await broker.subscribe(policy) { prices in
        for await price in prices { try await show(price) }
      }
      // #endregion
    }
  }

  /// What the publisher does, and the policies, can be changed.
  static func topic(
    _ input: Feed,
    _ stage: Stage,
    change: @escaping @Sendable (@escaping Publish) -> Publish = { $0 },
    policy: @escaping @Sendable (Policy) -> Policy = { $0 }
  ) async throws {
    let (topic, n) = (Topic<Int>(), input.bound)
    let publish: Publish = { price in try await topic.publish(price) }
    try await input.perform(stage, publish: change(publish)) {
      topic.close()
    } subscribe: { task, show in
      let policy = policy(input.policy(of: task))
      // #region topic
      try await topic.subscribe(bound: n, whenFull: policy) { prices in
        for try await price in prices { try await show(price) }
      }
      // #endregion
    }
  }

  static func start(
    _ input: Crowd,
    _ stage: Stage,
    awaited subscribers: Int
  ) async throws {
    let (tasks, n) = (0..<input.subscribers, input.prices)
    let show: @Sendable (Int, [Int]) -> Void = { stage.say("task \($0)", $1) }
    @Sendable func fetch(_ number: Int) async -> Int {
      await Task.yield()  // others may run meanwhile
      stage.note("caller", "publishes \(number)")
      return number
    }
    // #region start
    let topic = Topic<Int>()
    let (joined, join) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup { group in
      for task in tasks {
        group.addTask(name: "task \(task)") {
          try await topic.subscribe(bound: n, whenFull: .wait) { prices in
            join.yield()
            let all = try await prices.reduce(into: []) { $0.append($1) }
            show(task, all)
          }
        }
      }
      for await _ in joined.prefix(subscribers) {}
      for number in 0..<n { try await topic.publish(fetch(number)) }
      topic.close()
      try await group.waitForAll()
    }
    // #endregion
  }

  // MARK: Input

  typealias Policy = Topic<Int>.Policy
  typealias Publish = @Sendable (Int) async throws -> Void

  struct Feed: ExampleInput {
    var pauses = [10, 10, 10, 10, 10, 10]
    var arrivals = [1, 2, 3, 4]
    var times = [14, 33, 34, 35]
    var failAt: [Int] = []
    var patience: [Int] = []
    var policies = Policy.allCases.map(\.rawValue)
    var bound = 1
    var giveUp: Int?
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      let known = Policy.allCases.map(\.rawValue)
      return [
        .durations(
          \.pauses,
          random: 3...5,
          ties: .noneOfSums { _ in true },
          "the milliseconds before each price"
        ),
        .durations(
          \.arrivals,
          least: 1,
          random: 1...3,
          "the millisecond at which each subscriber comes"
        ),
        .each(
          \.times,
          of: \.arrivals,
          in: { _ in 1...mostMilliseconds },
          random: { $1.duration(repeats: 5) },
          "the milliseconds that each takes for a price"
        ),
        .each(
          \.failAt,
          of: \.arrivals,
          random: { $1.int(in: 0...3) },
          "from which price on, counted from 1, each fails; 0: never"
        ),
        // One that iterates a stream gets what is left before it leaves.
        .patience(\.patience, of: \.arrivals) { $0.policies.count > 1 },
        Field(
          \.policies,
          "what each does that is full, further ones as the last: \(known)",
          validate: { _, policies in
            policies.allSatisfy(known.contains) ? nil : "must be of \(known)"
          },
          // A random input has those of the default one.
          random: { input, source in
            let last = input.policies.count - 1
            return input.arrivals.map { _ in
              input.policies[source.int(in: 0...last)]
            }
          },
          simplify: \.withoutOne
        ),
        .count(\.bound, in: 1...1024, random: 1...2, "how many are kept"),
        .limit(\.giveUp, "cancel the publisher after so many milliseconds"),
        .moment(\.cancelAfter, "cancel everything after so many milliseconds"),
      ]
    }

    func policy(of task: Int) -> Policy {
      let name = policies.dropFirst(task).first ?? policies.last
      return name.flatMap(Policy.init) ?? .wait
    }

    /// Lets subscribers come and shows each the prices, while a publisher
    /// publishes them.
    func perform(
      _ stage: Stage,
      publish: @escaping Publish,
      close: @escaping @Sendable () async -> Void,
      subscribe:
        @escaping @Sendable (_ task: Int, _ show: @escaping Publish)
        async throws -> Void
    ) async throws {
      await withTaskGroup { group in
        group.addTask(name: "publisher") {
          await stage.cancel("publisher", after: giveUp) {
            await stage.attempt("publisher") {
              for try await price in stage.source("publisher", pauses) {
                try await stage.keep("publisher") { try await publish(price) }
              }
            }
          }
          await close()
        }
        let visits = Visits(arrivals: arrivals, patience: patience)
        await visits.come(stage) { task in
          let time = times.dropFirst(task).first ?? 1
          let failAt = failAt.dropFirst(task).first ?? 0
          try await subscribe(task) { price in
            stage.say("task \(task)", price)
            let fails = (1...price + 1).contains(failAt)
            try await stage.work("task \(task)", time, fails: fails)
          }
        }
      }
    }
  }

  /// Three prices, for one subscriber that is slow.
  static func feed(
    _ policies: Policy...,
    pauses: [Int] = [5, 5, 5],
    arrivals: [Int] = [1],
    times: [Int] = [30],
    patience: [Int] = [],
    giveUp: Int? = nil
  ) -> Feed {
    Feed(
      pauses: pauses,
      arrivals: arrivals,
      times: times,
      patience: patience,
      policies: policies.map(\.rawValue),
      giveUp: giveUp
    )
  }

  struct Crowd: ExampleInput {
    var subscribers = 2
    var prices = 2

    static var fields: [Field<Self>] {
      [
        .count(\.subscribers, in: 1...99, random: 1...4, "how many subscribe"),
        .count(\.prices, in: 1...1024, random: 1...4, "how many are published"),
      ]
    }
  }
}
