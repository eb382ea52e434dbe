package import Cookbook

/// What the recipe shows; see README.md.
package enum TaskQueueExamples {
  package static let recipe = Recipe(
    name: "task-queue",
    chapter: .patterns,
    question: "A buffered channel as a task queue with natural backpressure.",
    goConstructs: [
      "make(chan func(), n)", "chan func()", "for job := range jobs",
      "select with default", "close(jobs)",
    ],
    swiftConstructs: [
      "AsyncStream", ".bufferingOldest", "withTaskGroup",
      "addTaskUnlessCancelled", "withCheckedContinuation",
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
        "serial",
        laws: serialLaws,
        wrong: wrongSerials,
        exhausted: [(Calls(jobs: [1, 1, 1]), 1)],
        body: serial
      ),
      Example(
        "serial-queue",
        laws: serialLaws,
        exhausted: [(Calls(jobs: [1, 1, 1]), 1)],
        body: serialQueue
      ),
      Example(
        "plain",
        input: Jobs(trying: [0, 1, 2, 3, 4, 5]),
        laws: laws,
        wrong: wrongTries,
        body: plain
      ),
      Example("submit", laws: laws, wrong: wrongSubmits, body: submit),
      Example(
        "perform",
        laws: performLaws,
        wrong: wrongPerforms,
        body: perform
      ),
    ],
    workloads: workloads
  )

  // MARK: In order, from synchronous code

  typealias Photo = Int
  typealias URL = Int
  typealias Page = Int
  typealias Job = TaskQueue.Job

  private static func serial(_ input: Calls, _ stage: Stage) async {
    let (clicks, save) = (input.jobs.indices, input.save(stage))
    // #region serial
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

  private static func serialQueue(_ input: Calls, _ stage: Stage) async {
    let (clicks, save) = (input.jobs.indices, input.save(stage))
    let report: (any Error) -> Void = { stage.print($0) }
    // #region serial-queue
    let queue = TaskQueue(workers: 1, capacity: .max)

    func onClick(_ click: Int) {
      do {
        _ = try queue.trySubmit { await save(click) }
      } catch {
        report(error)
      }
    }
    // #endregion
    await withDiscardingTaskGroup { group in
      group.addTask { await queue.run() }
      for click in clicks { onClick(click) }
      queue.close()
    }
  }

  struct Calls: ExampleInput {
    var jobs = [30, 10, 20]
    var cancelAfter: Int?

    init() {}
    init(jobs: [Int]) { self.jobs = jobs }

    static var fields: [Field<Self>] {
      [
        .durations(\.jobs, random: 0...6, "the milliseconds each job takes"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// A job that cannot fail: one that is cancelled only ends early.
    func save(_ stage: Stage) -> @Sendable (Int) async -> Void {
      { [jobs] in try? await stage.work("job \($0)", jobs[$0]) }
    }
  }

  static let serialLaws = [oneByOne, each, .allEndedOnReturn]

  static let each = Law<Calls>.eachOnce {
    $0.jobs.indices.map { "job \($0)" }
  }

  static let oneByOne = Law<Calls>(
    "jobs run one after the other, in the order of the calls"
  ) { _, trace in
    let started = trace.events.filter(\.isOpening).compactMap(\.number)
    let isAlone = trace.busy.allSatisfy { $0.count <= 1 }
    return isAlone && started == started.sorted() ? nil : "\(started)"
  }.untimed

  // MARK: Several workers

  private static func plain(_ input: Jobs, _ stage: Stage) async {
    let (n, capacity) = (input.workers, input.capacity)
    let store = input.store(stage)
    // #region plain
    let (jobs, queue) = AsyncStream.makeStream(
      of: Job.self,
      bufferingPolicy: .bufferingOldest(capacity)
    )

    @Sendable func upload(_ photo: Photo) throws {
      let result = queue.yield { await store(photo) }
      if case .dropped = result { throw Full() }
    }

    // #endregion
    await withDiscardingTaskGroup { group in
      group.addTask { await work(on: jobs, n) }
      await input.come(stage, submit: upload)
      queue.finish()
    }
  }

  // #region work
  static func work(on jobs: AsyncStream<Job>, _ n: Int) async {
    await withTaskGroup { group in
      var running = 0
      for await job in jobs {
        let isOpen = group.addTaskUnlessCancelled { await job() }
        guard isOpen else { break }
        running += 1
        if running < n { continue }
        await group.next()
        running -= 1
      }
    }
  }
  // #endregion

  struct Full: Error, CustomStringConvertible { let description = "full" }

  private static func submit(_ input: Jobs, _ stage: Stage) async {
    let (n, capacity) = (input.workers, input.capacity)
    let store = input.store(stage)
    // #region submit
    let queue = TaskQueue(workers: n, capacity: capacity)

    @Sendable func upload(_ photo: Photo) async throws {
      try await queue.submit { await store(photo) }
    }

    @Sendable func uploadNow(_ photo: Photo) throws {
      let isIn = try queue.trySubmit { await store(photo) }
      guard isIn else { throw Full() }
    }

    // #endregion
    func serve() async {
      await input.come(stage, to: queue) { photo in
        if input.trying.contains(photo) {
          try uploadNow(photo)
        } else {
          try await upload(photo)
        }
      }
    }
    // #region run
    await withDiscardingTaskGroup { group in
      group.addTask { await queue.run() }
      await serve()
      queue.close()
    }
    // #endregion
  }

  private static func perform(_ input: Visits, _ stage: Stage) async {
    await come(input, stage) { queue, url, download in
      // #region perform
      let page = try await queue.perform { try await download(url) }
      // #endregion
      stage.say("task \(url)", page)
    }
  }

  typealias Download = @Sendable (URL) async throws -> Page

  static func come(
    _ input: Visits,
    _ stage: Stage,
    fetch:
      @escaping @Sendable (TaskQueue, URL, @escaping Download) async throws ->
      Void
  ) async {
    let queue = TaskQueue(workers: input.limit, capacity: 2)
    await withDiscardingTaskGroup { group in
      group.addTask { await queue.run() }
      await input.come(stage) { url in
        try await fetch(queue, url) { url in
          try await input.hold(url, stage)
          return url * url
        }
      }
      queue.close()
    }
  }
}
