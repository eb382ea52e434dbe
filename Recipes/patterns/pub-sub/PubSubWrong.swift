import Cookbook

extension PubSubExamples {
  static let wrongStreams: [Wrong<Feed<Dropping>>] = [
    wrong("unbounded", .unbounded),
    wrong("misread-newest", .bufferingNewest(1)),
    Wrong(
      "one-stops-all",
      breaks: waitsOnlyIfFull(),
      input: Feed(pauses: three, arrivals: [1, 2], times: [30, 1])
    ) { input, stage in
      let (n, channels) = (input.bound, Channels())
      // #region one-stops-all
      let publish: Publish = { price in
        for channel in await channels.all { try await channel.send(price) }
      }
      // #endregion
      try await input.perform(stage, publish: publish) {
        for channel in await channels.all { channel.close() }
      } subscribe: { _, show in
        let prices = Channel<Int>(capacity: n)
        await channels.add(prices)
        for try await price in prices { try await show(price) }
      }
    },
    Wrong(
      "split",
      breaks: keepsPolicy(.dropNewest),
      input: Feed(pauses: three, arrivals: [1, 2], times: [1, 1])
    ) { input, stage in
      let (prices, continuation) = AsyncStream.makeStream(of: Int.self)
      try await input.perform(stage) {
        continuation.yield($0)
      } close: {
        continuation.finish()
      } subscribe: { _, show in
        for await price in prices { try await show(price) }
      }
    },
    wrong("polls", breaks: neverIdle()) { stage, show in
      { price in
        try await stage.sleep(2)
        try await show(price)
      }
    },
    wrong("not-awaited", breaks: .allEndedOnReturn) { stage, show in
      { price in stage.startTask { try await show(price) } }
    },
  ]

  static let wrongTopics: [Wrong<Feed<AnyPolicy>>] = [
    wrong("drops-instead", .wait, .dropNewest, breaks: keepsPolicy(.wait)),
    wrong("misread-oldest", .dropOldest, .dropNewest),
    wrong("misread-newest", .dropNewest, .dropOldest),
    wrong("goes-on-after-a-gap", .disconnect, .dropNewest),
    wrong("waits-instead", .dropNewest, .wait, breaks: waitsOnlyIfFull()),
    Wrong(
      "lost-cancellation",
      breaks: .cancelledEndsAtOnce,
      input: Feed(pauses: three, arrivals: [1], times: [20], giveUp: 17)
    ) { input, stage in
      let topic = Topic<Int>()
      try await input.perform(stage) { price in
        try await stage.task { try await topic.publish(price) }.value
      } close: {
        topic.close()
      } subscribe: { _, show in
        try await topic.subscribe(bound: 1, whenFull: .wait) { prices in
          for try await price in prices { try await show(price) }
        }
      }
    },
  ]

  static let wrongStarts: [Wrong<Crowd>] = [
    Wrong("too-early", breaks: startsWithAll, input: Crowd()) { input, stage in
      let (subscribers, n) = (input.subscribers, input.prices)
      let show = input.show(stage)
      let topic = Topic<Int>()
      @Sendable func fetch(_ number: Int) async -> Int {
        await Task.yield()
        stage.note("caller", "publishes \(number)")
        return number
      }
      // #region too-early
      try await withThrowingTaskGroup { group in
        for task in 0..<subscribers {
          group.addTask(name: "task \(task)") {
            try await topic.subscribe(bound: n, whenFull: .wait) { prices in
              let all = try await prices.reduce(into: []) { $0.append($1) }
              show(task, all)
            }
          }
        }
        for number in 0..<n { try await topic.publish(fetch(number)) }
        topic.close()
        try await group.waitForAll()
      }
      // #endregion
    }
  ]

  private static let three = [5, 5, 5]

  private actor Channels {
    private(set) var all: [Channel<Int>] = []

    func add(_ channel: Channel<Int>) { all.append(channel) }
  }

  private static func wrong(
    _ name: String,
    _ policy: AsyncStream<Int>.Continuation.BufferingPolicy
  ) -> Wrong<Feed<Dropping>> {
    let input = Feed<Dropping>(pauses: three, arrivals: [1], times: [30])
    return Wrong(name, breaks: keepsPolicy(.dropNewest), input: input) {
      try await plain($0, $1, policy)
    }
  }

  /// One that shows the prices in another way.
  private static func wrong(
    _ name: String,
    breaks law: Law<Feed<Dropping>>,
    _ change: @escaping @Sendable (Stage, @escaping Publish) -> Publish
  ) -> Wrong<Feed<Dropping>> {
    let input = Feed<Dropping>(pauses: [5], arrivals: [1], times: [9])
    return Wrong(name, breaks: law, input: input) { input, stage in
      let broker = Broker()
      try await input.perform(stage) {
        await broker.publish($0)
      } close: {
        await broker.close()
      } subscribe: { _, show in
        let show = change(stage, show)
        try await broker.subscribe(.bufferingOldest(1)) { prices in
          for await price in prices { try await show(price) }
        }
      }
    }
  }

  /// One subscriber gets another policy than it wants.
  private static func wrong(
    _ name: String,
    _ policy: Topic<Int>.Policy,
    _ other: Topic<Int>.Policy,
    breaks law: Law<Feed<AnyPolicy>>? = nil
  ) -> Wrong<Feed<AnyPolicy>> {
    let input = Feed<AnyPolicy>(
      pauses: three,
      arrivals: [1],
      times: [30],
      policies: [policy]
    )
    return Wrong(name, breaks: law ?? keepsPolicy(policy), input: input) {
      try await topic($0, $1) { $0 == policy ? other : $0 }
    }
  }
}
