package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum WaitGroupExamples {
  package static let recipe = Recipe(
    name: "wait-group",
    chapter: .lifetimes,
    question: "How does WaitGroup work, and what are the common mistakes?",
    goConstructs: [
      "sync.WaitGroup", "wg.Add", "wg.Done", "wg.Wait", "WaitGroup.Go",
      "wg.Go", "go vet waitgroup",
    ],
    swiftConstructs: [
      "withTaskGroup", "async let", "Task.value", "DispatchGroup",
      "withTaskCancellationHandler",
    ],
    problems: [
      "wait for all goroutines to finish", "wait for tasks to finish",
      "WaitGroup with timeout", "WaitGroup with context", "count down latch",
      "negative WaitGroup counter", "WaitGroup is reused", "graceful shutdown",
      "wait for tasks that somebody else started",
    ],
    copies: ["WaitGroup.swift"],
    examples: [
      Example(
        "plain",
        laws: [.othersEndAtOnce, .allEndedOnReturn],
        wrong: wrongGroups,
        exhausted: [(Jobs(jobs: [1, 1]), 8)],
        body: plain
      ),
      Example("two", laws: [together], wrong: wrongTwo, body: two),
      Example("handles", laws: [noneEarly, noneLate], body: handles),
      Example(
        "wait",
        laws: [noneEarly, noneLate, .cancelledLeave],
        wrong: wrongWaits,
        exhausted: [
          (Waits(jobs: [1], failing: [], arrivals: [0], patience: [1]), 100),
          (
            Waits(jobs: [1, 1], failing: [], arrivals: [0, 0], patience: []),
            1_440
          ),
          (
            Waits(jobs: [1], failing: [], arrivals: [0, 0], patience: [1]),
            18_060
          ),
        ],
        body: wait
      ),
    ] + mistakes
  )

  // MARK: The caller starts the tasks

  private static func plain(_ input: Jobs, _ stage: Stage) async {
    let (jobs, run) = (input.jobs, input.run(on: stage))
    let print: (String) -> Void = stage.print
    // #region plain
    await withTaskGroup { group in
      for job in jobs.indices {
        group.addTask { await run(job) }
      }
    }
    print("all done")
    // #endregion
  }

  private static func two(_ stage: Stage) async {
    let count = counter(on: stage)
    let (left, right, print): (Int, Int, (Int) -> Void) = (30, 50, stage.print)
    // #region two
    async let lines = count(left)
    let words = await count(right)
    print(await lines + words)
    // #endregion
  }

  // MARK: Somebody else starts the tasks

  static func handles(_ input: Waits, _ stage: Stage) async {
    let all = Tasks(input, stage)
    let (requests, Task, handle) = (input.jobs.indices, all.task, all.handle)
    // #region start-handles
    let tasks = requests.map { request in
      Task { try await handle(request) }
    }
    // #endregion
    await all.areAwaited {
      // #region handles
      for task in tasks { _ = await task.result }
      // #endregion
    }
  }

  private static func wait(_ input: Waits, _ stage: Stage) async {
    let all = Tasks(input, stage)
    let (requests, Task, handle) = (input.jobs.indices, all.start, all.handle)
    // #region start
    let jobs = WaitGroup()
    for request in requests {
      jobs.add()
      Task {
        defer { jobs.done() }
        try await handle(request)
      }
    }
    // #endregion
    await all.areAwaited {
      // #region wait
      try await jobs.wait()
      // #endregion
    }
  }

  // MARK: Mistakes, and what looks like one

  private static let mistakes = [
    Example("wait-on-zero", .outcome) { _ in try await WaitGroup().wait() },
    Example("done-forgotten", .waits()) { _ in
      let jobs = WaitGroup()
      jobs.add(2)
      jobs.done()
      try await jobs.wait()
    },
    Example("wait-inside", .waits()) { _ in
      let jobs = WaitGroup()
      jobs.add()
      defer { jobs.done() }
      try await jobs.wait()
    },
    Example(
      "done-twice",
      .caller(
        "returns",
        go: "dies of sync: negative WaitGroup counter",
        because: "With the file, one `done()` too many ends the program "
          + "(`A count below 0 ends the program`). Without it, a task ends "
          + "once, however often one waits for it."
      )
    ) { stage in
      let task = stage.task {}
      for _ in 1...2 { try await task.value }
    },
    Example("reuse", .outcome) { stage in
      let jobs = WaitGroup()
      try await withThrowingTaskGroup { group in
        for round in 1...2 {
          jobs.add()
          group.addTask {
            defer { jobs.done() }
            stage.say("job", round)
          }
          try await jobs.wait()
        }
      }
    },
    Example(
      "reuse-too-early",
      .race(
        ["caller: returns; waiter: returns"],
        go: [
          "caller: returns; waiter: returns",
          "caller: returns; waiter: dies of sync: WaitGroup is reused before "
            + "previous Wait has returned",
        ],
        because: "In Go, the count must not rise again before each `Wait` has "
          + "returned. The file lets a waiter go when the count comes to 0."
      )
    ) { stage in
      let jobs = WaitGroup()
      jobs.add()
      await withTaskGroup { group in
        group.addTask {
          await stage.attempt("waiter") { try await jobs.wait() }
        }
        try? await stage.sleep(1)
        jobs.done()
        jobs.add()
        try? await stage.sleep(1)
        jobs.done()
      }
    },
    Example("nested", .outcome) { stage in
      let print: @Sendable (String) -> Void = { stage.print($0) }
      // #region nested
      await withTaskGroup { group in
        group.addTask {
          print("a job")
          await withTaskGroup { group in
            group.addTask { print("a job of the job") }
          }
        }
      }
      // #endregion
    },
    Example(
      "wait-before-receive",
      .caller(
        "3, returns",
        go: "waits for ever",
        because: "A send on an unbuffered channel waits for a receiver. An "
          + "`AsyncStream` keeps what nobody has received."
      )
    ) { stage in
      let (results, output) = AsyncStream.makeStream(of: Int.self)
      await withTaskGroup { group in
        for job in 1...2 { group.addTask { output.yield(job) } }
      }
      output.finish()
      stage.print(await results.reduce(0, +))
    },
    .refused("misuse", "go/refused/misuse.go", "WaitGroupRefused.swift"),
  ]

  // MARK: Inputs

  struct Jobs: ExampleInput {
    var jobs = [40, 20, 60]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(\.jobs, random: 1...5, "the milliseconds each job takes"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    func run(on stage: Stage) -> @Sendable (Int) async -> Void {
      { [jobs] in try? await stage.work("job \($0)", jobs[$0]) }
    }
  }

  /// Counts so many things, in as many milliseconds.
  static func counter(on stage: Stage) -> @Sendable (Int) async -> Int {
    { things in
      try? await stage.work("count \(things)", things)
      return things
    }
  }

  struct Waits: ExampleInput {
    var jobs = [40, 25, 60]
    var failing = [1]
    var arrivals = [0, 10, 70]
    var patience = [0, 20]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(\.jobs, random: 1...4, "the milliseconds each job takes"),
        .indices(\.failing, of: \.jobs, "the jobs that fail at their end"),
        .durations(
          \.arrivals,
          random: 1...4,
          ties: .none,
          "the millisecond at which each task comes to wait"
        ),
        .patience(\.patience, of: \.arrivals),
        .moment(
          \.cancelAfter,
          "cancel all who wait after so many milliseconds"
        ),
      ]
    }
  }

  /// Tasks that somebody else starts: nobody cancels them.
  final class Tasks: Sendable {
    private let (input, stage): (Waits, Stage)
    private let started = Mutex<[Task<Void, any Error>]>([])

    init(_ input: Waits, _ stage: Stage) {
      (self.input, self.stage) = (input, stage)
    }

    func handle(_ job: Int) async throws {
      let fails = input.failing.contains(job)
      try await stage.work("job \(job)", input.jobs[job], fails: fails)
    }

    func start(_ body: @escaping @Sendable () async throws -> Void) {
      _ = task(body)
    }

    func task(
      _ body: @escaping @Sendable () async throws -> Void
    ) -> Task<Void, any Error> {
      let task = stage.task(body)
      started.withLock { $0.append(task) }
      return task
    }

    /// Lets others come and wait for them, each at its moment, and returns
    /// when all tasks have ended.
    func areAwaited(
      by wait: @escaping @Sendable () async throws -> Void
    ) async {
      let visits = Visits(arrivals: input.arrivals, patience: input.patience)
      await visits.come(stage) { _ in try await wait() }
      for task in started.withLock(\.self) { _ = await task.result }
    }
  }

  // MARK: Laws

  static let together = Law<NoInput>.noneIdle(of: { _ in 2 }, jobs: { _ in 2 })

  static let noneEarly = Law<Waits>(
    "nobody goes on before the last job has ended"
  ) { input, trace in
    var ended = 0
    for event in trace.events {
      if event.isClosing { ended += 1 }
      if event.isWaiter, event.name == "return", ended < input.jobs.count {
        return "\(event.lane) after \(ended) of \(input.jobs.count)"
      }
    }
    return nil
  }.untimed

  static let noneLate = Law<Waits>(
    "a waiter goes on as soon as the last job has ended"
  ) { input, trace in
    let last = trace.events.last(where: \.isClosing)?.at ?? 0
    var came: [String: Int] = [:]
    for event in trace.events where event.isWaiter {
      if event.name == Event.come { came[event.lane] = event.at }
      let latest = max(last, came[event.lane] ?? 0)
      if Ending(event) != nil, event.at > latest {
        return "\(event.lane) at \(event.at) µs, not \(latest) µs"
      }
    }
    return nil
  }
}

extension Event {
  fileprivate var isWaiter: Bool { lane.hasPrefix("task ") }
}
