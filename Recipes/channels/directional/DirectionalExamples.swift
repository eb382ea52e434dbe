package import Cookbook

/// What the recipe shows; see README.md.
package enum DirectionalExamples {
  package static let recipe = Recipe(
    name: "directional",
    chapter: .channels,
    question: "What are directional channels in signatures good for?",
    goConstructs: [
      "chan<- T", "<-chan T", "directional channel", "send-only channel",
      "receive-only channel",
    ],
    swiftConstructs: [
      "AsyncStream.makeStream", "AsyncStream.Continuation",
      "some AsyncSequence<T, Never>", "sending",
    ],
    problems: [
      "a function that may only send", "a function that may only receive",
      "keep a receiver from closing the channel",
      "return a channel that callers can only read",
    ],
    examples: [
      Example(
        "plain",
        laws: [once],
        exhausted: [(Jobs(jobs: [1, 0, 1], use: 0), 3)],
        body: plain
      ),
      Example(
        "views",
        input: Jobs(capacity: 0),
        laws: [once],
        wrong: [
          Wrong(
            "each-closes",
            breaks: once,
            input: Jobs(capacity: 0, jobs: [1, 1], use: 0)
          ) { try await views($0, $1, senders: 2) }
        ],
        exhausted: [(Jobs(capacity: 0, jobs: [1, 0, 1], use: 0), 5)]
      ) { try await views($0, $1, senders: 1) },
      .refused(
        "other-way",
        "DirectionalRefused.swift",
        "go/refused/other-way.go"
      ),
      .refused("sent", "DirectionalSentRefused.swift", "go/refused/sent.go"),
      Example(
        "cast-back",
        .caller(
          "true, returns",
          go: "false, returns",
          because: "In Go the direction is part of the type. `some` hides a "
            + "type from the compiler, and a cast finds it."
        )
      ) { $0.print(numbers() is Channel<Int>) },
    ]
  )

  private typealias Jobs = ChannelExamples.Jobs

  private static let once = Law<Jobs>("each job is made and used once") {
    input,
    trace in
    let made = trace.events.count { $0.lane == "producer" && $0.isClosing }
    let used = trace.outcome.said["consumer"] ?? []
    let due = trace.stop == nil ? input.jobs.count : used.count
    return due <= made && made <= input.jobs.count
      && used == (0..<due).map { "\($0)" } ? nil : "\(made), \(used)"
  }.untimed

  // MARK: The use

  private static func plain(_ input: Jobs, _ stage: Stage) async {
    let (n, make, take) = input.perform(stage)
    // What cannot fail answers a cancellation with what it has.
    let build = { @Sendable job in (try? await make(job)) ?? job }
    let use: (Int) async -> Void = { try? await take($0) }
    // #region plain
    @Sendable func produce(_ out: AsyncStream<Int>.Continuation) async {
      defer { out.finish() }
      for job in 0..<n { out.yield(await build(job)) }
    }
    func consume(_ jobs: some AsyncSequence<Int, Never>) async {
      for await job in jobs { await use(job) }
    }
    let (jobs, out) = AsyncStream.makeStream(of: Int.self)
    await withTaskGroup { group in
      group.addTask { await produce(out) }
      await consume(jobs)
    }
    // #endregion
  }

  // #region sender
  struct Sender: Sendable {
    fileprivate let channel: Channel<Int>

    func send(_ job: Int) async throws {
      try await channel.send(job)
    }
    func close() { channel.close() }
  }

  struct Receiver: AsyncSequence, Sendable {
    fileprivate let channel: Channel<Int>

    func makeAsyncIterator() -> Channel<Int>.AsyncIterator {
      channel.makeAsyncIterator()
    }
  }
  // #endregion

  /// Each of the senders closes, so that one is right, and more are wrong.
  private static func views(
    _ input: Jobs,
    _ stage: Stage,
    senders: Int
  ) async throws {
    let (n, build, use) = input.perform(stage)
    let ch = Channel<Int>(capacity: input.capacity)
    let (out, jobs) = (Sender(channel: ch), Receiver(channel: ch))
    try await withThrowingTaskGroup { group in
      for sender in 0..<senders {
        let share = stride(from: sender, to: n, by: senders)
        // #region each-closes
        group.addTask(name: "sender \(sender)") {
          defer { out.close() }
          for job in share { try await out.send(build(job)) }
        }
        // #endregion
      }
      for try await job in jobs { try await use(job) }
      try await group.waitForAll()
    }
  }

  private static func numbers() -> some AsyncSequence<Int, CancellationError> {
    Channel<Int>()
  }
}
