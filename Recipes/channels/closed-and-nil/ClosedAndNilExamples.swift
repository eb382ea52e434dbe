package import Cookbook

/// What the recipe shows; see README.md.
package enum ClosedAndNilExamples {
  package static let recipe = Recipe(
    name: "closed-and-nil",
    chapter: .channels,
    question:
      "What happens on send, receive, close of a nil or closed channel?",
    goConstructs: ["close(ch)", "nil channel", "v, ok := <-ch", "sync.Once"],
    swiftConstructs: ["Optional", "AsyncStream.Continuation"],
    problems: [
      "send on closed channel", "close a channel twice",
      "who closes the channel",
    ],
    examples: Example.cells(outcomes, of: operations, in: states)
      + meetings + [closeOnce]
  )

  // MARK: One operation in each state

  /// A channel and a stream in the same state.
  struct Both: Sendable {
    let channel: Channel<Int>
    let stream: AsyncStream<Int>
    let continuation: AsyncStream<Int>.Continuation

    init(_ elements: Int..., capacity: Int = 2, isClosed: Bool = false) {
      channel = Channel(capacity: capacity)
      (stream, continuation) = AsyncStream.makeStream(
        bufferingPolicy: .bufferingOldest(capacity)
      )
      for element in elements {
        _ = try? channel.trySend(element)
        continuation.yield(element)
      }
      if isClosed {
        channel.close()
        continuation.finish()
      }
    }
  }

  private static let states: KeyValuePairs<String, @Sendable () -> Both?> = [
    "unbuffered": { Both(capacity: 0) },
    "empty": { Both() },
    "half-full": { Both(1) },
    "full": { Both(1, 2) },
    "closed": { Both(isClosed: true) },
    "closed-half-full": { Both(1, isClosed: true) },
    "nil": { nil },
  ]

  private static let operations: [String: Example.Operation<Both?>] = [
    "send-on": { it, _ in try await it?.channel.send(3) },
    "receive-from": { it, print in print(try await it?.channel.receive()) },
    "close-of": { it, print in
      if it?.channel.close() == false { print(false) }
    },
    "range-over": { it, print in
      if let it { for try await v in it.channel { print(v) } }
    },
    "select-from": { it, print in
      try await select { Select.receive(from: it?.channel) { print($0) } }
    },
    "select-send-on": { it, print in
      try await select {
        Select.send(3, to: it?.channel) { print("sent") }
        Select.default { print("default") }
      }
    },
    "len-of": { it, print in
      print(it?.channel.capacity ?? 0)
      var count = 0
      while case .element = it?.channel.tryReceive() { count += 1 }
      print(count)
    },
    "yield-to": { it, print in
      let result = it?.continuation.yield(3)
      if case .dropped = result { print("dropped") }
      if case .terminated = result { print("terminated") }
    },
    "finish-of": { it, _ in it?.continuation.finish() },
    "iterate": { it, print in
      guard let stream = it?.stream else { return }
      for await v in stream { print(v) }
      print("again")
      for await v in stream { print(v) }
    },
  ]

  /// What each comes to, in the order of the states.
  private static let outcomes: KeyValuePairs<String, [Evidence]> = [
    "send-on": [waits, same, same, waits, thrown, thrown, skipped],
    "receive-from": [waits, waits, same, same, ended, same, nothing],
    "close-of": [same, same, same, same, again, again, unclosed],
    "range-over": [waits, waits, waits1, waits2, same, same, skipped],
    "select-from": [waits, waits, same, same, ended, same, waits],
    "select-send-on": [same, same, same, same, thrown, thrown, same],
    "len-of": [same, same, same, same, same, same, same],
    "yield-to": [drops, same, same, drops, over, over, skipped],
    "finish-of": [same, same, same, same, still, still, unclosed],
    "iterate": [waits, waits, waits1, waits2, same, same, skipped],
  ]

  // MARK: Several tasks

  private static let meetings = [
    meeting("close-wakes-receivers", ended, 2, "receive-from", close),
    meeting("close-wakes-senders", thrown, 2, "send-on", close),
    meeting("cancelled-send", cancelled, 1, "send-on", cancel),
    meeting("cancelled-iteration", terminated, 1, "iterate") { it, all, print in
      all.cancelAll()
      if case .terminated = it.continuation.yield(3) { print("terminated") }
    },
    meeting("finish-wakes-iterations", same, 2, "iterate", finish),
    meeting("two-iterations", same, 2, "iterate") { it, _, _ in
      for _ in 1...2 { it.continuation.yield(3) }
      it.continuation.finish()
    },
    meeting("two-closers", closers, 2, "close-of"),
    meeting("closers-with-once", same, 2, "finish-of"),
  ]

  typealias Act =
    @Sendable (
      Both, ThrowingTaskGroup<Void, any Error>, Example.Print
    ) -> Void

  private static let close: Act = { it, _, _ in it.channel.close() }
  private static let finish: Act = { it, _, _ in it.continuation.finish() }
  private static let cancel: Act = { _, group, _ in group.cancelAll() }

  /// Tasks that all do the same to one channel; once they wait, `act` runs.
  private static func meeting(
    _ name: String,
    _ evidence: Evidence,
    _ count: Int,
    _ verb: String,
    _ act: Act? = nil
  ) -> Example {
    // Where there are two, the evidence is about each of them.
    let each = count == 1 ? evidence : evidence.inLanes("task 1", "task 2")
    return Example(name, each) { stage in
      let both = Both(capacity: 0)
      try await withThrowingTaskGroup { group in
        for task in (1...count).map({ "task \($0)" }) {
          group.addTask {
            await stage.attempt(task) {
              try await operations[verb]?(both) { stage.say(task, $0) }
            }
          }
        }
        guard let act else { return }
        try await stage.sleep(1)
        act(both, group) { stage.print($0) }
      }
    }
  }

  private static let closeOnce = Example(
    "close-once",
    .race(["caller: 0, 1, returns", "caller: 1, 0, returns"])
  ) { stage in
    let print: Example.Print = { stage.print($0) }
    // #region once
    let ch = Channel<Int>()
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { ch.close() }
        try await withThrowingTaskGroup { senders in
          for n in 0..<2 { senders.addTask { try await ch.send(n) } }
          try await senders.waitForAll()
        }
      }
      for try await v in ch { print(v) }
      try await group.waitForAll()
    }
    // #endregion
  }

  // MARK: What the languages come to, and why

  private static let same = Evidence.outcome
  private static let waits = Evidence.waits()
  private static let waits1 = Evidence.waits(after: "1")
  private static let waits2 = Evidence.waits(after: "1", "2")

  private static let thrown = panics("send on", "throws ChannelClosedError()")
  private static let over = panics("send on", "\"terminated\", returns")
  private static let again = panics("close of", "false, returns")
  private static let still = panics("close of", "returns")
  private static let closers = Evidence.race(
    of: ("task 1", "task 2"),
    ("returns", "false, returns"),
    go: ("returns", "dies of close of closed channel"),
    because: fault
  )
  private static let fault = """
    To Go, a send or a close after the close is a fault of the program. To \
    `Channel` it is an error, and to `AsyncStream` a result.
    """

  private static func panics(_ act: String, _ swift: String) -> Evidence {
    .caller(swift, go: "dies of \(act) closed channel", because: fault)
  }

  private static let skipped = absent("returns")
  private static let nothing = absent("null, returns")
  private static let unclosed = absent(
    "returns",
    go: "dies of close of nil channel"
  )

  private static func absent(
    _ swift: String,
    go: String = "waits for ever"
  ) -> Evidence {
    let rule = "`nil?.send(v)` is no call. A nil channel in Go is never ready."
    return .caller(swift, go: go, because: rule)
  }

  private static let ended = Evidence.caller(
    "null, returns",
    go: "0, false, returns",
    because: "Swift tells the end by `nil`, Go by the zero value and `false`."
  )
  private static let drops = Evidence.caller(
    "\"dropped\", returns",
    go: "waits for ever",
    because: "`yield` cannot suspend: the stream drops what does not fit."
  )
  private static let cancelled = Evidence.caller(
    "returns; task 1: throws cancelled",
    go: "waits for ever",
    because: "`ch <- v` and `<-ch` see no context: that takes a `select`."
  )
  private static let terminated = Evidence.caller(
    "\"terminated\", returns; task 1: \"again\", returns",
    go: "waits for ever",
    because: "To cancel a task that iterates an `AsyncStream` ends the stream."
  )
}
