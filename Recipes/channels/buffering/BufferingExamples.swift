package import Cookbook

/// What the recipe shows; see README.md.
package enum BufferingExamples {
  package static let recipe = Recipe(
    name: "buffering",
    chapter: .channels,
    question: "Unbuffered or buffered channels?",
    goConstructs: [
      "make(chan T, 1)", "make(chan T, 0)", "cap(ch)", "make(chan error, 1)",
    ],
    swiftConstructs: ["AsyncStream", ".unbounded", ".bufferingOldest"],
    problems: [
      "how large should a channel buffer be", "buffer size", "channel size",
      "buffered or unbuffered", "synchronous send", "buffer hides a deadlock",
      "bursts", "latency of a queue", "buffered channel deadlock",
    ],
    examples: [
      Example(
        "plain",
        laws: [inOrder] + ahead { $0.pauses.count },
        wrong: [
          Wrong("keeps-the-newest", breaks: inOrder, input: Items()) {
            try await stream($0, $1, .bufferingNewest(1))
          }
        ],
        exhausted: [(Items(pauses: [0, 0, 1], uses: [1]), 4)]
      ) { try await stream($0, $1, .unbounded) },
      Example(
        "handover",
        laws: [inOrder] + ahead(by: \.capacity),
        wrong: [
          Wrong("unbounded", breaks: ahead(by: \.capacity)[0], input: Items()) {
            try await stream($0, $1, .unbounded)
          }, waitsForUse,
        ],
        exhausted: [0, 1].map { capacity in
          (Items(capacity: capacity, pauses: [0, 0, 1], uses: [1]), 4)
        },
        body: handover
      ),
      Example("delay", .outcome, body: delays),
    ] + Example.cells(outcomes, of: operations, in: capacities),
    workloads: [0, 1, 16, 1_024].map { capacity in
      Workload(
        "capacity-\(capacity)",
        promise: "1,000,000 elements from one task to another, "
          + "capacity \(capacity)",
        operations: 1_000_000
      ) { try await ChannelExamples.pass($0, 1, 1, capacity) }
    }
  )

  // MARK: A sender and a receiver

  struct Items: ExampleInput {
    var capacity = 0
    var pauses = [5, 5, 5, 45, 5, 5]
    var uses = [15]

    static var fields: [Field<Self>] {
      [
        .count(\.capacity, in: 0...1024, random: 0...3, "how many it holds"),
        .durations(
          \.pauses,
          random: 0...8,
          ties: .noneOfSums { _ in false },
          "the milliseconds before each item"
        ),
        .durations(\.uses, like: \.pauses, "the milliseconds that each takes"),
      ]
    }

    typealias Use = @Sendable (Int) async throws -> Void

    /// The items, what says that one is sent, and what uses one.
    func perform(_ stage: Stage) -> (Source, @Sendable (Int) -> Void, Use) {
      let sent = { @Sendable (item: Int) in stage.say("sent", item) }
      return (stage.source("item", pauses), sent, stage.sink("use", uses))
    }
  }

  private static func stream(
    _ input: Items,
    _ stage: Stage,
    _ policy: AsyncStream<Int>.Continuation.BufferingPolicy
  ) async throws {
    let (items, sent, use) = input.perform(stage)
    // #region plain
    let (stream, coming) = AsyncStream<Int>.makeStream(bufferingPolicy: policy)
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { coming.finish() }
        for try await item in items {
          coming.yield(item)
          sent(item)
        }
      }
      for await item in stream { try await use(item) }
      try await group.waitForAll()
    }
    // #endregion
  }

  private static func handover(_ input: Items, _ stage: Stage) async throws {
    let (items, sent, use) = input.perform(stage)
    let capacity = input.capacity
    // #region handover
    let ch = Channel<Int>(capacity: capacity)
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { ch.close() }
        for try await item in items {
          try await ch.send(item)
          sent(item)
        }
      }
      for try await item in ch { try await use(item) }
      try await group.waitForAll()
    }
    // #endregion
  }

  static let inOrder = Law<Items>("each item is used once, in order") {
    input,
    trace in
    let used = trace.events.filter(\.isOpening).map(\.number)
    let all = Array(0..<(trace.stop == nil ? input.pauses.count : used.count))
    return used == all ? nil : "\(used)"
  }.untimed

  /// When each send returns: here a receive of an item is the start of its use.
  static func ahead(by room: @escaping @Sendable (Items) -> Int) -> [Law<Items>]
  {
    [
      ("no send returns before there is room for its item", true),
      ("no send waits where there is room for its item", false),
    ].map { name, isEarly in
      Law(name) { input, trace in
        if trace.stop != nil { return nil }
        let made = trace.events.filter { $0.lane == "item" }.map(\.at)
        let sent = trace.events.filter { $0.lane == "sent" }.map(\.at)
        let free =
          Array(repeating: 0, count: room(input))
          + trace.events.filter(\.isOpening).map(\.at)
        let late = sent.indices.first { item in
          let at = max(made[item], free.dropFirst(item).first ?? .max)
          return isEarly ? sent[item] < at : sent[item] > at
        }
        return late.map { "item \($0) at \(sent[$0]) µs" }
      }
    }
  }

  private static let waitsForUse = Wrong(
    "waits-for-use",
    breaks: ahead(by: \.capacity)[1],
    input: Items()
  ) { input, stage in
    let (items, sent, use) = input.perform(stage)
    // #region waits-for-use
    for try await item in items {
      try await use(item)
      sent(item)
    }
    // #endregion
  }

  // MARK: What a buffer costs

  /// The milliseconds for which the last item waits where the receiver is slow.
  private static func delays(_ stage: Stage) async throws {
    for capacity in [0, 1, 16] {
      let ch = Channel<StageClock.Instant>(capacity: capacity)
      try await withThrowingTaskGroup { group in
        group.addTask {
          defer { ch.close() }
          for _ in 0..<capacity + 4 { try await ch.send(stage.clock.now) }
        }
        var delay = Duration.zero
        for try await made in ch {
          delay = made.duration(to: stage.clock.now)
          try await stage.sleep(1)
        }
        stage.print(delay.microseconds / 1_000)
      }
    }
  }

  // MARK: What a buffer hides

  private static let capacities: KeyValuePairs<String, @Sendable () -> Int> = [
    "0": { 0 }, "1": { 1 }, "2": { 2 },
  ]

  private static let operations: [String: Example.Operation<Int>] = [
    "send-one-first": sendFirst(1), "send-two-first": sendFirst(2),
  ]

  /// A task that sends before it receives.
  private static func sendFirst(_ count: Int) -> Example.Operation<Int> {
    { capacity, print in
      let ch = Channel<Int>(capacity: capacity)
      for item in 1...count { try await ch.send(item) }
      for _ in 1...count { print(try await ch.receive()) }
    }
  }

  private static let outcomes: KeyValuePairs<String, [Evidence]> = [
    "send-one-first": [.waits(), .outcome, .outcome],
    "send-two-first": [.waits(), .waits(), .outcome],
  ]
}
