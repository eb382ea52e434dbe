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
        wrong: [finishedByCaller],
        exhausted: [(Jobs(makes: [1, 0, 1], use: 0), 3)],
        body: plain
      ),
      Example(
        "views",
        laws: [once],
        wrong: [eachCloses],
        exhausted: [(Jobs(makes: [1, 0, 1], use: 0), 5)],
        body: views
      ),
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
      ) { stage in
        stage.print(numbers() is Channel<Int>)
      },
    ]
  )

  struct Jobs: ExampleInput {
    var makes = [10, 10, 10, 10]
    var use = 20

    static var fields: [Field<Self>] {
      [
        .durations(\.makes, random: 0...6, "the milliseconds to make each job"),
        .duration(\.use, repeats: 6, "the milliseconds to use one"),
      ]
    }

    /// The number of jobs, what makes one, and what uses one.
    func perform(_ stage: Stage) -> (Int, Make, Use) {
      let make: Make = { job in
        try? await stage.work("make", on: job, for: makes)
        return job
      }
      return (
        makes.count, make, { try? await stage.work("use", on: $0, for: [use]) }
      )
    }
  }

  typealias Make = @Sendable (Int) async -> Int
  typealias Use = @Sendable (Int) async -> Void

  private static let once = Chain<Jobs>(["make", "use"], items: \.makes.count) {
    _ in []
  }.once

  // MARK: The use

  private static func plain(_ input: Jobs, _ stage: Stage) async {
    let (n, build, use) = input.perform(stage)
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

  private static func views(_ input: Jobs, _ stage: Stage) async throws {
    let (n, build, use) = input.perform(stage)
    let ch = Channel<Int>()
    let (out, jobs) = (Sender(channel: ch), Receiver(channel: ch))
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { out.close() }
        for job in 0..<n { try await out.send(build(job)) }
      }
      for try await job in jobs { await use(job) }
      try await group.waitForAll()
    }
  }

  private static func numbers() -> some AsyncSequence<Int, CancellationError> {
    Channel<Int>()
  }

  // MARK: Wrong versions

  private static let finishedByCaller = Wrong(
    "finished-by-caller",
    breaks: once,
    input: Jobs(makes: [1], use: 1)
  ) { input, stage in
    let (n, build, use) = input.perform(stage)
    let (jobs, out) = AsyncStream.makeStream(of: Int.self)
    await withTaskGroup { group in
      group.addTask { for job in 0..<n { out.yield(await build(job)) } }
      out.finish()
      for await job in jobs { await use(job) }
    }
  }

  private static let eachCloses = Wrong(
    "each-closes",
    breaks: once,
    input: Jobs(makes: [1, 1], use: 0)
  ) { input, stage in
    let (n, build, use) = input.perform(stage)
    let ch = Channel<Int>()
    let (out, jobs) = (Sender(channel: ch), Receiver(channel: ch))
    // #region each-closes
    @Sendable func produce(_ job: Int, _ out: Sender) async throws {
      defer { out.close() }
      try await out.send(build(job))
    }
    // #endregion
    try await withThrowingTaskGroup { group in
      for job in 0..<n {
        group.addTask(name: "producer \(job)") { try await produce(job, out) }
      }
      for try await job in jobs { await use(job) }
      try await group.waitForAll()
    }
  }
}
