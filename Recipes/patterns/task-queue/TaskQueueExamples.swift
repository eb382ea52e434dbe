package import Cookbook

/// What the recipe shows; see README.md.
package enum TaskQueueExamples {
  package static let recipe = Recipe(
    name: "task-queue",
    chapter: .patterns,
    question: "A buffered channel as a task queue with natural backpressure.",
    goConstructs: [
      "make(chan func(), n)", "chan func()", "for job := range jobs",
    ],
    swiftConstructs: [
      "AsyncStream", "withDiscardingTaskGroup", "withCheckedContinuation",
    ],
    problems: [
      "task queue", "job queue", "work queue", "serial queue",
      "DispatchQueue in async code", "run tasks one after another",
      "keep the order of calls", "order of Task {}", "background jobs",
      "graceful shutdown of workers", "drain the queue", "queue is full",
      "submit from synchronous code",
    ],
    copies: ["TaskQueue.swift"],
    examples: [
      Example(
        "plain",
        laws: [oneByOne, each, .allEndedOnReturn],
        wrong: wrongCalls,
        exhausted: [(Calls(jobs: [1, 1, 1]), 1)],
        body: plain
      ),
      Example(
        "submit",
        laws: [atMost, busy, bounded, inTurn, isDone, .allEndedOnReturn],
        wrong: wrongSubmits,
        exhausted: [
          (one(arrivals: [1, 1], jobs: [1, 1]), 144),
          // One waits for room: it is cancelled, or the queue ends, at once.
          (one(arrivals: [1, 2], patience: [0, 2]), 480),
          (one(closing: [2]), 2_400), (one(capacity: 1, abandoning: [2]), 480),
        ],
        body: submit
      ),
      Example(
        "perform",
        laws: [.neverMore, .cancelledLeave, ownResult, .allEndedOnReturn],
        wrong: wrongPerforms,
        exhausted: [
          (two(arrivals: [0, 0], holds: [4, 1]), 276),
          // The second is served, and cancelled, at one instant.
          (two(holds: [4, 1], patience: [0, 3]), 2_442),
        ],
        body: perform
      ),
    ],
    workloads: workloads
  )

  /// One worker, whose first job ends when the last task comes.
  private static func one(
    capacity: Int = 0,
    arrivals: [Int] = [1, 2, 4],
    jobs: [Int] = [3, 1],
    closing: [Int] = [],
    abandoning: [Int] = [],
    patience: [Int] = []
  ) -> Jobs {
    Jobs(
      workers: 1,
      capacity: capacity,
      arrivals: arrivals,
      jobs: jobs,
      closing: closing,
      abandoning: abandoning,
      patience: patience
    )
  }

  // MARK: The use

  typealias Job = @Sendable () async -> Void
  typealias Photo = Int
  typealias URL = Int
  typealias Page = Int

  private static func plain(_ input: Calls, _ stage: Stage) async {
    let (clicks, save) = (input.jobs.indices, input.save(stage))
    // #region plain
    let (jobs, queue) = AsyncStream.makeStream(of: Job.self)

    func onClick(_ click: Int) {  // is not async
      queue.yield { await save(click) }
    }

    await withDiscardingTaskGroup { group in
      group.addTask { for await job in jobs { await job() } }
      for click in clicks { onClick(click) }
      queue.finish()
    }
    // #endregion
  }

  /// Runs a queue while jobs come to it.
  static func run(
    _ queue: TaskQueue,
    while serve: (TaskQueue) async throws -> Void
  ) async throws {
    // #region run
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { await queue.run() }
      try await serve(queue)
      queue.close()
    }
    // #endregion
  }

  private static func submit(_ input: Jobs, _ stage: Stage) async throws {
    let (n, capacity) = (input.workers, input.capacity)
    let store = input.store(stage)
    // #region submit
    let queue = TaskQueue(workers: n, capacity: capacity)

    @Sendable func upload(_ photo: Photo) async throws {
      try await queue.submit { await store(photo) }
    }

    @Sendable func uploadNow(_ photo: Photo) throws {  // is not async
      let isIn = try queue.trySubmit { await store(photo) }
      guard isIn else { throw Full() }
    }
    // #endregion
    try await run(queue) { queue in
      await input.come(stage, to: queue) { photo in
        if input.trying.contains(photo) {
          try uploadNow(photo)
        } else {
          try await upload(photo)
        }
      }
    }
  }

  struct Full: Error, CustomStringConvertible { let description = "full" }

  private static func perform(_ input: Visits, _ stage: Stage) async throws {
    try await fetch(input, stage) { queue, url, download in
      // #region perform
      let page = try await queue.perform { try await download(url) }
      // #endregion
      return page
    }
  }

  typealias Download = @Sendable (URL) async throws -> Page
  typealias Fetch =
    @Sendable (TaskQueue, URL, @escaping Download) async throws -> Page?

  /// Lets tasks come to a queue for pages; what they download of a URL is its
  /// square.
  static func fetch(
    _ input: Visits,
    _ stage: Stage,
    _ fetch: @escaping Fetch
  ) async throws {
    try await run(TaskQueue(workers: input.limit, capacity: 2)) { queue in
      await input.come(stage) { url in
        let page = try await fetch(queue, url) { url in
          try await input.hold(url, stage)
          return url * url
        }
        stage.say("task \(url)", page)
      }
    }
  }

  // MARK: Input

  /// Two tasks that want the only worker.
  static func two(
    arrivals: [Int] = [0, 1],
    holds: [Int] = [9, 9],
    failing: [Int] = [],
    patience: [Int] = []
  ) -> Visits {
    Visits(
      limit: 1,
      arrivals: arrivals,
      holds: holds,
      failing: failing,
      patience: patience
    )
  }

  /// Calls of a function that is not async, all at once.
  struct Calls: ExampleInput {
    var jobs = [30, 10, 20]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(\.jobs, random: 0...6, "the milliseconds each job takes"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// A job that cannot fail: one that is cancelled only ends early.
    func save(_ stage: Stage) -> @Sendable (Int) async -> Void {
      { try? await stage.work("job \($0)", jobs[$0]) }
    }
  }

  /// Tasks that come at their moments; each submits a job or ends the queue.
  struct Jobs: ExampleInput {
    var workers = 2
    var capacity = 2
    var arrivals = [1, 2, 3, 4, 5, 6]
    var jobs = [20, 30, 20, 20, 20, 20]
    var trying: [Int] = []
    var closing: [Int] = []
    var abandoning: [Int] = []
    var patience: [Int] = []
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...1024, random: 1...3, "how many jobs run"),
        .count(\.capacity, in: 0...1024, random: 0...3, "how many are in line"),
        .durations(
          \.arrivals,
          least: 1,
          random: 3...6,
          // Which of two comes first decides who is refused.
          ties: .noneOfSums { _ in true },
          "the millisecond at which each task comes"
        ),
        .each(\.jobs, of: \.arrivals, "the milliseconds that each job takes"),
        .indices(\.trying, of: \.arrivals, "who does not wait for room"),
        .indices(\.closing, of: \.arrivals, "who closes the queue instead"),
        .indices(\.abandoning, of: \.arrivals, "who abandons it instead"),
        .patience(\.patience, of: \.arrivals),
        .moment(\.cancelAfter, "cancel all after so many milliseconds"),
      ]
    }

    func store(_ stage: Stage) -> @Sendable (Int) async -> Void {
      { try? await stage.work("job \($0)", jobs.dropFirst($0).first ?? 0) }
    }

    /// Lets the tasks come, and submit what they come for.
    func come(
      _ stage: Stage,
      to queue: TaskQueue,
      submit: @escaping @Sendable (Photo) async throws -> Void
    ) async {
      let visits = Visits(arrivals: arrivals, patience: patience)
      await visits.come(stage) { task in
        if abandoning.contains(task) {
          stage.say("dropped", queue.abandon().count)
        } else if closing.contains(task) {
          queue.close()
        } else {
          try await submit(task)
        }
      }
    }
  }
}
