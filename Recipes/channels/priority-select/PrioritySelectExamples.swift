package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum PrioritySelectExamples {
  package static let recipe = Recipe(
    name: "priority-select",
    chapter: .channels,
    question: "How does select treat several ready cases, and how do you "
      + "implement true priority?",
    goConstructs: ["nested select with default", "select"],
    swiftConstructs: ["actor", "AsyncStream"],
    problems: [
      "prefer one channel over another",
      "urgent messages first", "priority between channels", "starvation",
      "priority queue", "weighted round robin",
    ],
    copies: ["PrioritySelect.swift"],
    ingredients: ["select"],
    examples: [
      example("plain", urgentFirst) { _ in plain() },
      example("strict", urgentFirst, wrongStricts) { _ in strict() },
      example("weighted", inTurn, wrongWeighteds) { weighted($0.ratio) },
      example("queue", urgentFirst, wrongQueues) { _ in queue() },
    ],
    workloads: workloads
  )

  private static func example(
    _ name: String,
    _ law: Law<Jobs>,
    _ wrong: [Wrong<Jobs>] = [],
    _ source: @escaping @Sendable (Jobs) -> Source
  ) -> Example {
    Example(name, laws: [onceEach, notIdle, law], wrong: wrong) {
      try await work($0, $1, source($0))
    }
  }

  /// What jobs are put into, and a worker takes them from.
  struct Source: Sendable {
    typealias Run = @Sendable (_ job: String) async throws -> Void

    /// `nil` is the end of a kind.
    var put: @Sendable (_ job: String?, _ isHigh: Bool) async throws -> Void
    /// The end of both.
    var finish: @Sendable () async -> Void = {}
    /// Runs one job after the other, until there are no more.
    var run: @Sendable (@escaping Run) async throws -> Void
  }

  // MARK: The use

  // #region plain
  actor Inbox<Job> {
    private var urgent: [Job] = []
    private var ordinary: [Job] = []

    func add(_ job: Job, isUrgent: Bool) {
      if isUrgent { urgent.append(job) } else { ordinary.append(job) }
    }

    func next() -> Job {
      urgent.isEmpty ? ordinary.removeFirst() : urgent.removeFirst()
    }
  }
  // #endregion

  private static func plain() -> Source {
    let inbox = Inbox<String>()
    let (signals, signal) = AsyncStream.makeStream(of: Void.self)
    return Source { job, isHigh in
      guard let job else { return }
      await inbox.add(job, isUrgent: isHigh)
      signal.yield()
    } finish: {
      signal.finish()
    } run: { run in
      // #region plain-use
      for await _ in signals {
        let job = await inbox.next()
        try await run(job)
      }
      // #endregion
    }
  }

  /// A source of two channels without a buffer.
  static func source(
    _ run:
      @escaping @Sendable (
        _ high: Channel<String>, _ low: Channel<String>,
        @escaping Source.Run
      ) async throws -> Void
  ) -> Source {
    let (high, low) = (Channel<String>(), Channel<String>())
    return Source { job, isHigh in
      let channel = isHigh ? high : low
      if let job { try await channel.send(job) } else { channel.close() }
    } run: {
      try await run(high, low, $0)
    }
  }

  private static func strict() -> Source {
    source { high, low, run in
      var (high, low) = (Optional(high), Optional(low))
      // #region strict
      while high != nil || low != nil {
        let job = try await prioritySelect {
          Select.receive(from: high) { job in
            if job == nil { high = nil }
            return job
          }
          Select.receive(from: low) { job in
            if job == nil { low = nil }
            return job
          }
        }
        if let job { try await run(job) }
      }
      // #endregion
    }
  }

  static func weighted(_ ratio: Int) -> Source {
    source { high, low, run in
      // #region weighted
      let jobs = WeightedReceiver(high: high, low: low, ratio: ratio)
      while let job = try await jobs.next() {
        try await run(job)
      }
      // #endregion
    }
  }

  static func queue() -> Source {
    let jobs = PriorityQueue<String>()
    return Source { job, isHigh in
      if let job { try await jobs.send(job, isUrgent: isHigh) }
    } finish: {
      await jobs.finish()
    } run: { run in
      while let job = try await jobs.next() { try await run(job) }
    }
  }

  // MARK: One worker, and jobs of two kinds

  struct Jobs: ExampleInput {
    var high = [2, 2, 2, 14]
    var low = [5, 5, 5]
    var work = 10
    var ratio = 2
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.high,
          random: 0...5,
          ties: .noneOfSums { _ in true },
          "the milliseconds before each urgent job is put"
        ),
        .durations(
          \.low,
          random: 0...5,
          ties: .noneOfSums { _ in true },
          "the milliseconds before each ordinary job is put"
        ),
        .duration(
          \.work,
          least: 1,
          repeats: 10,
          "the milliseconds that each job takes, at least 1"
        ),
        .count(
          \.ratio,
          in: 1...1_000,
          random: 1...3,
          "how many urgent jobs go before one that waits"
        ),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }
  }

  /// Puts jobs of either kind one after the other, and lets a worker take them.
  static func work(
    _ input: Jobs,
    _ stage: Stage,
    _ source: Source
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await withThrowingTaskGroup(of: Void.self) { senders in
          for (kind, pauses) in [
            ("high", input.high), ("low", input.low),
          ] {
            senders.addTask(name: kind) {
              for (number, pause) in pauses.enumerated() {
                try await stage.sleep(pause)
                stage.record(Event.come, lane: "\(kind) \(number)")
                try await source.put("\(kind) \(number)", kind == "high")
              }
              try await source.put(nil, kind == "high")
            }
          }
          try await senders.waitForAll()
        }
        await source.finish()
      }
      defer { group.cancelAll() }
      let order = Mutex<[String]>([])
      try await source.run { job in
        order.withLock { $0.append(job) }
        try await stage.work(job, input.work)
      }
      try Task.checkCancellation()
      stage.print(order.withLock { $0 })
    }
  }

  // MARK: Laws

  static let onceEach = Law<Jobs>(
    "each job is done once, and those of a kind in order"
  ) { input, trace in
    for (kind, pauses) in [
      ("high", input.high), ("low", input.low),
    ] {
      let done = trace.events.map { $0.isOpening ? $0.lane : "" }
        .filter { $0.hasPrefix(kind) }
      let all = pauses.indices.map { "\(kind) \($0)" }
      let count = trace.ending == .returned ? all.count : done.count
      if done != Array(all.prefix(count)) { return "\(done)" }
    }
    return nil
  }.untimed

  static let notIdle = Law<Jobs>("the worker is not idle while a job waits") {
    _,
    trace in
    var (waiting, busy) = (0, 0)
    for instant in trace.instants {
      if instant.events.contains(where: \.isStop) { return nil }
      let started = instant.events.count(where: \.isOpening)
      waiting += instant.events.count { $0.name == Event.come } - started
      busy += started - instant.events.count(where: \.isClosing)
      if waiting > 0, busy == 0 { return "\(waiting) at \(instant.at) µs" }
    }
    return nil
  }

  static let urgentFirst = Law<Jobs>(
    "an urgent job that waits is done before any other"
  ) { _, trace in
    starts(trace).first { $0.isChoice && !$0.isHigh && $0.others > 0 }
      .map { "a job at \($0.at) µs, while \($0.others) wait" }
  }

  static let inTurn = Law<Jobs>(
    "a job that waits lets only `ratio` urgent ones go before it"
  ) { input, trace in
    var streak = 0
    for start in starts(trace) {
      let isOver = streak >= input.ratio
      if start.isChoice, start.isHigh == isOver, start.others > 0 {
        return "a job at \(start.at) µs, after \(streak) urgent ones"
      }
      streak = start.isHigh ? streak + 1 : 0
    }
    return nil
  }

  private struct Start {
    let at: Int
    let isHigh: Bool
    /// Whether the worker ends another job: one that is idle takes what comes.
    let isChoice: Bool
    /// How many of the other kind wait.
    let others: Int
  }

  private static func starts(_ trace: Trace) -> [Start] {
    var (starts, waiting) = ([Start](), [String]())
    for event in trace.events {
      if event.isStop { break }
      if event.name == Event.come { waiting.append(event.lane) }
      guard event.isOpening else { continue }
      waiting.removeAll { $0 == event.lane }
      let isHigh = event.lane.hasPrefix("high")
      starts.append(
        Start(
          at: event.at,
          isHigh: isHigh,
          isChoice: trace.events.contains {
            $0.isClosing && $0.at == event.at
          },
          others: waiting.count { $0.hasPrefix("high") != isHigh }
        )
      )
    }
    return starts
  }
}
