package import Cookbook

/// What the recipe shows; see README.md.
package enum ChannelExamples {
  package static let recipe = Recipe(
    name: "channel",
    chapter: .channels,
    question: "How do unbuffered and buffered channels work?",
    goConstructs: [
      "make(chan T)", "make(chan T, n)", "ch <- v", "<-ch", "close(ch)",
      "for v := range ch",
    ],
    swiftConstructs: ["AsyncStream", "AsyncSequence", "withTaskGroup"],
    problems: [
      "deadlock", "hand values from task to task", "rendezvous",
      "bounded queue", "many producers", "many consumers",
    ],
    copies: ["Channel.swift", "ChannelState.swift", "ChannelWaiting.swift"],
    examples: [
      Example("plain", body: plain),
      Example("jobs", body: jobs),
      Example(
        "meetings",
        laws: [explained],
        wrong: [askedFirst],
        // Cancelled at any time.
        exhausted: [(0, 297_064), (1, 146_876)].map { capacity, schedules in
          let both = [0, 0]
          return (
            Meetings(
              capacity: capacity,
              sends: both,
              receives: both,
              cancelAfter: 0
            ), schedules
          )
        }
      ) { await $0.run(port(Channel(capacity: $0.capacity)), $1) },
      .history("linearizable", histories(), wrong: wrongHistories),
    ],
    workloads: workloads
  )

  // MARK: A producer and a consumer

  struct Jobs: ExampleInput {
    var capacity = 1
    var jobs = [10, 10, 10, 10, 10, 10]
    var use = 20

    static var fields: [Field<Self>] {
      [
        .count(\.capacity, in: 0...1024, random: 0...3, "how many it holds"),
        .durations(\.jobs, random: 0...8, "the milliseconds to make each job"),
        .duration(\.use, repeats: 8, "the milliseconds to use one"),
      ]
    }

    /// The number of jobs, and what makes and what uses one.
    func perform(_ stage: Stage) -> (Int, Produce, Consume) {
      let produce: Produce = { job in
        try await stage.work("producer", jobs[job])
        return job
      }
      let consume: Consume = { job in
        try await stage.work("consumer", use)
        stage.say("consumer", job)
      }
      return (jobs.count, produce, consume)
    }

    typealias Produce = @Sendable (Int) async throws -> Int
    typealias Consume = @Sendable (Int) async throws -> Void
  }

  private static func plain(_ input: Jobs, _ stage: Stage) async throws {
    let (n, produce, consume) = input.perform(stage)
    // #region plain
    let (jobs, coming) = AsyncStream.makeStream(of: Int.self)
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { coming.finish() }
        for job in 0..<n { coming.yield(try await produce(job)) }
      }
      for await job in jobs { try await consume(job) }
      try await group.waitForAll()
    }
    // #endregion
  }

  private static func jobs(_ input: Jobs, _ stage: Stage) async throws {
    let (n, produce, consume) = input.perform(stage)
    let capacity = input.capacity
    // #region jobs
    let jobs = Channel<Int>(capacity: capacity)
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { jobs.close() }
        for job in 0..<n { try await jobs.send(produce(job)) }
      }
      for try await job in jobs { try await consume(job) }
      try await group.waitForAll()
    }
    // #endregion
  }

  // MARK: Tasks that send, receive or close

  struct Meetings: ExampleInput {
    var capacity = 0
    var sends = [0, 10]
    var receives = [20, 30]
    var closes: [Int] = []
    var patience: Int?
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        Field(
          \.patience,
          "after how many milliseconds of waiting each is cancelled",
          random: { _, source in
            // Nor do two tasks come at one instant, or are cancelled: which
            // of them is the first would be the scheduler's choice.
            source.mayStop = true
            return source.int(in: 0...1 << 25) * 2 + 1
          }
        ),
        .count(\.capacity, in: 0...1024, random: 0...2, "how many it holds"),
        .durations(\.sends, random: 0...8, "when each sender comes"),
        .durations(\.receives, random: 0...8, "when each receiver comes"),
        .durations(\.closes, random: 0...2, "when it is closed"),
        .moment(\.cancelAfter, "cancel all after so many milliseconds"),
      ]
    }

    /// What each task does, and when.
    var tasks: [(lane: String, call: Model.Call, at: Int)] {
      sends.enumerated().map { ("send \($0)", .send($0), $1) }
        + receives.enumerated().map { ("receive \($0)", .receive, $1) }
        + closes.enumerated().map { ("close \($0)", .close, $1) }
    }

    func run(_ port: @escaping Port, _ stage: Stage) async {
      await withThrowingTaskGroup { group in
        for (lane, call, milliseconds) in tasks {
          group.addTask(name: lane) {
            if milliseconds > 0 { try await stage.sleep(milliseconds) }
            try await stage.keep(lane) {
              await stage.cancel(lane, after: patience) {
                stage.say(lane, await port(call))
              }
            }
          }
        }
      }
    }
  }

  /// Nothing is lost, doubled or overtaken, no more is held than fits, nothing
  /// ends before its time, and nobody waits for what is there.
  static let explained = Law<Meetings>.explained {
    Model(capacity: $0.capacity)
  } calls: {
    $0.tasks.map { ($0.lane, $0.call) }
  }
}
