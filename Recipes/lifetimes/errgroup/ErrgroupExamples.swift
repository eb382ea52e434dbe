package import Cookbook

/// What the recipe shows; see README.md.
package enum ErrgroupExamples {
  package static let recipe = Recipe(
    name: "errgroup",
    chapter: .lifetimes,
    question: "How does golang.org/x/sync/errgroup simplify concurrent error "
      + "handling?",
    goConstructs: [
      "errgroup", "errgroup.Group", "errgroup.WithContext", "errgroup.SetLimit",
      "errgroup.TryGo", "errgroup.Wait", "errors.Join",
      "golang.org/x/sync/errgroup",
    ],
    swiftConstructs: [
      "withThrowingTaskGroup", "withThrowingDiscardingTaskGroup",
      "ThrowingTaskGroup", "waitForAll",
    ],
    problems: [
      "first error cancels the rest", "collect all errors", "limit concurrency",
      "wait and return the error", "error in a task group",
      "try to start a task", "stop at the first error",
    ],
    copies: ["Errgroup.swift"],
    examples: [
      Example(
        "plain",
        input: Jobs(limit: 6),
        laws: stopping + [.busy],
        wrong: wrongPlain,
        exhausted: [(twoFail, 60), (oneFails, 12)],
        body: plain
      ),
      Example(
        "limit",
        laws: stopping + [.busy, .once],
        wrong: wrongLimits,
        exhausted: [(twoFail, 24), (oneFails, 14)],
        body: limit
      ),
      Example(
        "try",
        laws: [
          .bound, .startsUnlessFull, .firstErrorInTime, .othersEndAtOnce,
          .allEndedOnReturn,
        ],
        wrong: wrongTries,
        exhausted: [
          (Requests(gap: 1, jobs: [4, 4, 4], failing: [0], cancelAfter: 3), 8)
        ],
        body: tries
      ),
      Example(
        "keep-first",
        laws: going + [.firstErrorInTime],
        wrong: wrongKeeping,
        exhausted: [
          (Jobs(jobs: [1, 1, 1], failing: [0, 1], cancelAfter: 1), 2_880)
        ],
        body: keepFirst
      ),
      Example(
        "collect",
        laws: going + [.everyErrorIsSaid],
        wrong: wrongCollecting,
        exhausted: [(twoFail, 12)],
        body: collect
      ),
      Example(
        "after-wait",
        .caller(
          "false, returns",
          go: "true, returns",
          because: "`Wait` cancels the context that `WithContext` has made. "
            + "In Swift only the tasks of the group are cancelled."
        )
      ) { stage in
        try await withErrorGroup { _ in }
        stage.print(Task.isCancelled)
      },
    ],
    workloads: workloads
  )

  // MARK: The use

  private static func plain(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, fetch) = input.perform(stage)
    if n < urls.count { return try await window(n, urls, fetch) }
    // #region plain
    try await withThrowingTaskGroup { group in
      for url in urls {
        group.addTask { try await fetch(url) }
      }
      for try await _ in group {}
    }
    // #endregion
  }

  /// The same with a limit.
  static func window(
    _ n: Int,
    _ urls: Range<Int>,
    _ fetch: @escaping Fetch
  ) async throws {
    // #region window
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (started, url) in urls.enumerated() {
        if started >= n { try await group.next() }
        group.addTask { try await fetch(url) }
      }
      for try await _ in group {}
    }
    // #endregion
  }

  private static func limit(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, fetch) = input.perform(stage)
    // #region limit
    try await withErrorGroup(limit: n) { group in
      for url in urls {
        await group.add { try await fetch(url) }
      }
    }
    // #endregion
  }

  private static func tries(_ input: Requests, _ stage: Stage) async throws {
    let (n, _, handle) = input.perform(stage)
    let requests = input.arrive(stage)
    let print: (Int) -> Void = stage.print
    // #region try
    try await withErrorGroup(limit: n) { group in
      for await request in requests {
        if group.isCancelled { break }
        if !group.tryAdd({ try await handle(request) }) {
          print(request)  // turned away
        }
      }
    }
    // #endregion
  }

  private static func keepFirst(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, fetch) = input.perform(stage)
    try await withErrorGroup(limit: n, policy: .keepFirst) { group in
      for url in urls { await group.add { try await fetch(url) } }
    }
  }

  private static func collect(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, fetch) = input.perform(stage)
    let print: (any Error) -> Void = stage.print
    // #region collect
    do {
      try await withErrorGroup(limit: n, policy: .collectAll) { group in
        for url in urls {
          await group.add { try await fetch(url) }
        }
      }
    } catch let errors as ErrorGroup.Errors {
      for error in errors.inOrder { print(error) }
    }
    // #endregion
  }

  // MARK: The input

  typealias Fetch = @Sendable (Int) async throws -> Void

  protocol JobInput: ExampleInput {
    var limit: Int { get }
    var jobs: [Int] { get }
    var failing: [Int] { get }
  }

  struct Jobs: JobInput {
    var limit = 3
    var jobs = [40, 50, 20, 60, 30, 70]
    var failing = [1]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.limit, in: 1...1024, random: 1...5, "how many run at once"),
        .durations(\.jobs, random: 0...10, "the milliseconds each job takes"),
        .indices(\.failing, of: \.jobs, "the jobs that fail at their end"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }
  }

  struct Requests: JobInput {
    var limit = 2
    var gap = 10
    var jobs = [34, 37, 12, 44, 30, 27]
    var failing: [Int] = []
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.limit, in: 1...1024, random: 1...3, "how many run at once"),
        .durations(
          \.jobs,
          least: 1,
          random: 0...8,
          // A request that comes at the instant at which a task ends may find
          // room or not, in both languages.
          ties: .noneOfSums { _ in true },
          "the milliseconds each takes"
        ),
        .duration(\.gap, repeats: 8, "from one request to the next"),
        .indices(\.failing, of: \.jobs, "those that fail at their end"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// The requests, each when it comes in.
    func arrive(_ stage: Stage) -> some AsyncSequence<Int, Never> {
      AsyncStream { requests in
        for request in jobs.indices { requests.yield(request) }
        requests.finish()
      }.prefix { request in
        (try? await stage.sleep(request > 0 ? gap : 0)) != nil
      }
    }
  }

  private static let oneFails = Jobs(limit: 2, jobs: [1, 1, 1], failing: [0])
  private static let twoFail = Jobs(jobs: [1, 1, 2], failing: [0, 1])

  // MARK: Laws

  private static let stopping: [Law<Jobs>] = [
    .bound, .firstErrorInTime, .othersEndAtOnce, .allEndedOnReturn,
  ]
  private static let going: [Law<Jobs>] = [
    .bound, .busy, .once, .othersGoOn, .allEndedOnReturn,
  ]
}

extension ErrgroupExamples.JobInput {
  /// The limit, the jobs by their indices, and the job.
  func perform(
    _ stage: Stage
  ) -> (Int, Range<Int>, ErrgroupExamples.Fetch) {
    let fetch: ErrgroupExamples.Fetch = { job in
      let fails = failing.contains(job)
      try await stage.work("job \(job)", jobs[job], fails: fails)
    }
    return (limit, jobs.indices, fetch)
  }
}

extension Law where Input: ErrgroupExamples.JobInput {
  static var bound: Law { .atMost({ $0.limit }, "`limit` jobs") }

  static var busy: Law { .noneIdle(of: { $0.limit }, jobs: { $0.jobs.count }) }

  static var once: Law {
    .eachOnce(evenAfterStop: true) { $0.jobs.indices.map { "job \($0)" } }
  }
}

extension Law<ErrgroupExamples.Requests> {
  /// What an error or a cancellation does has other laws.
  static var startsUnlessFull: Law {
    Law("each request starts, unless the group is full") { input, trace in
      let stop = trace.stop?.at ?? .max
      var ends: [Int] = []
      var wanted: Set<[String]> = []
      for (request, time) in input.jobs.enumerated() {
        let now = request * input.gap * 1_000
        if now >= stop { break }
        ends.removeAll { $0 <= now }
        let hasRoom = ends.count < input.limit
        if hasRoom { ends.append(now + time * 1_000) }
        let event =
          hasRoom ? ["job \(request)", ""] : ["caller", "\(request)"]
        wanted.insert(["\(now)"] + event)
      }
      let events = trace.events
        .filter { $0.at < stop && ($0.isOpening || $0.name == "say") }
        .map { ["\($0.at)", $0.lane, $0.item] }
      return wanted == Set(events) ? nil : "\(events) instead of \(wanted)"
    }
  }
}
