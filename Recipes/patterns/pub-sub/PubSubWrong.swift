import Cookbook

extension PubSubExamples {
  static let wrongStreams = [
    plain("unbounded", .unbounded),
    plain("misread-newest", .bufferingNewest(1)),
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
      breaks: keepsPolicy(.dropNewest),
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
    plain("polls", breaks: neverIdle) { stage, show in
      { price in
        try await stage.sleep(2)
        try await show(price)
      }
    },
    plain("not-awaited", breaks: .allEndedOnReturn) { stage, show in
      { price in stage.startTask { try await show(price) } }
    },
  ]

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
      try await topic(
        input,
        stage,
        change: { publish in
          { price in try await stage.task { try await publish(price) }.value }
        }
      )
    },
  ]

  static let wrongStarts = [
    Wrong("too-early", breaks: startsWithAll, input: Crowd()) {
      try await start($0, $1, awaited: 0)
    }
  ]

  private actor Channels {
    private(set) var all: [Channel<Int>] = []

    func add(_ channel: Channel<Int>) { all.append(channel) }
  }

  /// Three prices, for one subscriber that is slow, or for several.
  private static func feed(
    _ policy: Policy,
    arrivals: [Int] = [1],
    times: [Int] = [30],
    giveUp: Int? = nil
  ) -> Feed {
    Feed(
      pauses: [5, 5, 5],
      arrivals: arrivals,
      times: times,
      policies: [policy.rawValue],
      giveUp: giveUp
    )
  }

  private static func plain(
    _ name: String,
    _ policy: AsyncStream<Int>.Continuation.BufferingPolicy
  ) -> Wrong<Feed> {
    let input = feed(.dropNewest)
    return Wrong(name, breaks: keepsPolicy(.dropNewest), input: input) {
      try await plain($0, $1, policy)
    }
  }

  /// One that shows the prices in another way.
  private static func plain(
    _ name: String,
    breaks law: Law<Feed>,
    _ change: @escaping @Sendable (Stage, @escaping Publish) -> Publish
  ) -> Wrong<Feed> {
    Wrong(name, breaks: law, input: feed(.dropNewest, times: [1])) {
      input,
      stage in
      try await plain(input, stage, .bufferingOldest(1)) { change(stage, $0) }
    }
  }

  /// One subscriber gets another policy than it wants.
  private static func topic(
    _ name: String,
    _ policy: Policy,
    _ other: Policy,
    breaks law: Law<Feed>? = nil
  ) -> Wrong<Feed> {
    Wrong(name, breaks: law ?? keepsPolicy(policy), input: feed(policy)) {
      try await topic($0, $1, policy: { $0 == policy ? other : $0 })
    }
  }
}
