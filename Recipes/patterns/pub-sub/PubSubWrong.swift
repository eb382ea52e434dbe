import Cookbook

extension PubSubExamples {
  static let wrongStreams = [
    plain("unbounded", .unbounded, breaks: keepsPolicies),
    plain("misread-newest", .bufferingNewest(1), breaks: keepsPolicies),
    plain("polls", times: [1], breaks: neverIdle) { stage, show in
      { price in
        try await stage.sleep(2)
        try await show(price)
      }
    },
    plain("not-awaited", times: [1], breaks: .allEndedOnReturn) { stage, show in
      { price in stage.startTask { try await show(price) } }
    },
    Wrong(
      "one-stops-all",
      breaks: waitsOnlyIfFull,
      input: feed(.dropNewest, arrivals: [1, 2], times: [30, 1])
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
      breaks: keepsPolicies,
      input: feed(.dropNewest, arrivals: [1, 2], times: [1, 1])
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
  ]

  private actor Channels {
    private(set) var all: [Channel<Int>] = []

    func add(_ channel: Channel<Int>) { all.append(channel) }
  }

  /// A stream with another policy, or prices that are shown in another way.
  private static func plain(
    _ name: String,
    _ policy: AsyncStream<Int>.Continuation.BufferingPolicy =
      .bufferingOldest(1),
    times: [Int] = [30],
    breaks law: Law<Feed>,
    change: @escaping @Sendable (Stage, @escaping Publish) -> Publish = { $1 }
  ) -> Wrong<Feed> {
    let input = feed(.dropNewest, times: times)
    return Wrong(name, breaks: law, input: input) { input, stage in
      try await plain(input, stage, policy) { change(stage, $0) }
    }
  }

  static let wrongTopics = [
    topic("drops-instead", .wait, .dropNewest),
    topic("misread-oldest", .dropOldest, .dropNewest),
    topic("misread-newest", .dropNewest, .dropOldest),
    topic("goes-on-after-a-gap", .disconnect, .dropNewest),
    topic("waits-instead", .dropNewest, .wait, breaks: waitsOnlyIfFull),
    Wrong(
      "lost-cancellation",
      breaks: .cancelledEndsAtOnce,
      input: feed(.wait, times: [20], giveUp: 17)
    ) { input, stage in
      try await topic(input, stage) { publish in
        { price in try await stage.task { try await publish(price) }.value }
      }
    },
  ]

  /// One subscriber gets another policy than it wants.
  private static func topic(
    _ name: String,
    _ policy: Policy,
    _ other: Policy,
    breaks law: Law<Feed> = keepsPolicies
  ) -> Wrong<Feed> {
    Wrong(name, breaks: law, input: feed(policy)) {
      try await topic($0, $1, policy: { $0 == policy ? other : $0 })
    }
  }
}
