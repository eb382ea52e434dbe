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
      "first error cancels the rest", "collect all errors",
      "limit concurrency", "wait for several tasks", "error in a task group",
      "try to start a task",
    ],
    copies: ["Errgroup.swift"],
    examples: [
      Example(
        "plain",
        laws: [.busy, .once, .firstError, .othersEndAtOnce, .allEndedOnReturn],
        wrong: wrongPlain,
        exhausted: [(Jobs(jobs: [1, 1, 2], failing: [0, 1]), 60)],
        body: plain
      ),
      Example(
        "plain-limit",
        laws: [
          .bound, .busy, .onceBeforeStop, .firstError, .othersEndAtOnce,
          .allEndedOnReturn,
        ],
        exhausted: [(three, 12)],
        body: plainLimit
      ),
      Example(
        "limit",
        laws: limited + [.firstError, .othersEndAtOnce],
        wrong: wrongLimits,
        exhausted: [(three, 14)],
        body: limit
      ),
      Example(
        "try",
        laws: [
          .bound, .startsOrIsTurnedAway, .firstError, .othersEndAtOnce,
          .allEndedOnReturn,
        ],
        wrong: wrongTries,
        body: tryToStart
      ),
      Example(
        "keep-first",
        laws: limited + [.firstError, .othersGoOn],
        wrong: wrongKeeping,
        exhausted: [
          (Limited(jobs: [1, 1, 1], failing: [0, 1], cancelAfter: 1), 2_880)
        ],
        body: keepFirst
      ),
      Example(
        "collect",
        laws: limited + [.othersGoOn, .everyError],
        wrong: wrongCollecting,
        exhausted: [(Limited(jobs: [1, 1, 2], failing: [0, 1]), 12)],
        body: collect
      ),
      Example(
        "after-wait",
        .caller(
          "returns",
          go: "throws cancelled",
          because: "`Wait` cancels the context that `WithContext` has made. "
            + "In Swift only the tasks of the group are cancelled."
        ),
        body: afterWait
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  private static func plain(_ input: Jobs, _ stage: Stage) async throws {
    let (_, urls, fetch) = input.perform(stage)
    // #region plain
    try await withThrowingTaskGroup { group in
      for url in urls {
        group.addTask { try await fetch(url) }
      }
      for try await _ in group {}
    }
    // #endregion
  }

  private static func plainLimit(
    _ input: Limited,
    _ stage: Stage
  ) async throws {
    let (n, urls, fetch) = input.perform(stage)
    // #region plainLimit
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (started, url) in urls.enumerated() {
        if started >= n { try await group.next() }
        group.addTask { try await fetch(url) }
      }
      for try await _ in group {}
    }
    // #endregion
  }

  private static func limit(_ input: Limited, _ stage: Stage) async throws {
    let (n, urls, fetch) = input.perform(stage)
    // #region limit
    try await withErrorGroup(limit: n) { group in
      for url in urls {
        await group.add { try await fetch(url) }
      }
    }
    // #endregion
  }

  private static func tryToStart(
    _ input: Requests,
    _ stage: Stage
  ) async throws {
    let (n, _, handle) = input.perform(stage)
    let (requests, isUrgent) = input.arrive(stage)
    let print: (Int) -> Void = stage.print
    // #region try
    try await withErrorGroup(limit: n) { group in
      for await request in requests {
        if group.isCancelled { break }
        if isUrgent(request) {
          await group.add { try await handle(request) }
        } else if !group.tryAdd({ try await handle(request) }) {
          print(request)  // turned away
        }
      }
    }
    // #endregion
  }

  private static func keepFirst(
    _ input: Limited,
    _ stage: Stage
  ) async throws {
    let (n, urls, fetch) = input.perform(stage)
    // #region keepFirst
    try await withErrorGroup(limit: n, policy: .keepFirst) { group in
      for url in urls {
        await group.add { try await fetch(url) }
      }
    }
    // #endregion
  }

  private static func collect(_ input: Limited, _ stage: Stage) async throws {
    let (n, urls, fetch) = input.perform(stage)
    let print: (any Error) -> Void = { stage.print(text($0)) }
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

  private static func afterWait(_ stage: Stage) async throws {
    let fetch = { @Sendable in try await stage.work("fetch", 20) }
    let save = { try await stage.work("save", 20) }
    // #region afterWait
    try await withErrorGroup { group in
      await group.add { try await fetch() }
    }
    try await save()
    // #endregion
  }

  static func text(_ error: any Error) -> String {
    error is CancellationError ? "cancelled" : "\(error)"
  }

  // MARK: The input

  protocol JobInput: ExampleInput {
    var limit: Int { get }
    var jobs: [Int] { get }
    var failing: [Int] { get }
  }

  struct Jobs: JobInput {
    var jobs = [40, 50, 20, 60, 30, 70]
    var failing = [1]
    var cancelAfter: Int?

    var limit: Int { jobs.count }

    static var fields: [Field<Self>] {
      [
        .durations(\.jobs, random: 0...10, "the milliseconds each job takes"),
        .indices(\.failing, of: \.jobs, "the jobs that fail at their end"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }
  }

  struct Limited: JobInput {
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
    var urgent = [3]
    var failing: [Int] = []
    var cancelAfter: Int?

    /// A request may come at the instant at which room is made, and then find
    /// it or not, in both languages.
    static let mayTie = false

    static var fields: [Field<Self>] {
      [
        .count(\.limit, in: 1...1024, random: 1...3, "how many run at once"),
        .durations(\.jobs, random: 0...8, "the milliseconds each takes"),
        .duration(\.gap, repeats: 8, "from one request to the next"),
        .indices(\.urgent, of: \.jobs, "those that wait for room"),
        .indices(\.failing, of: \.jobs, "those that fail at their end"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// The requests, each when it arrives, and which of them wait for room.
    func arrive(
      _ stage: Stage
    ) -> (some AsyncSequence<Int, Never>, isUrgent: (Int) -> Bool) {
      let requests = AsyncStream { all in
        for request in jobs.indices { all.yield(request) }
        all.finish()
      }.prefix { request in
        (try? await stage.sleep(request > 0 ? gap : 0)) != nil
      }
      return (requests, { urgent.contains($0) })
    }
  }

  private static let three = Limited(limit: 2, jobs: [1, 1, 1], failing: [0])

  // MARK: Laws

  private static let limited: [Law<Limited>] = [
    .bound, .busy, .once, .allEndedOnReturn,
  ]
}

extension ErrgroupExamples.JobInput {
  /// The limit, the jobs by their indices, and the job.
  func perform(
    _ stage: Stage
  ) -> (Int, Range<Int>, @Sendable (Int) async throws -> Void) {
    (
      limit, jobs.indices,
      { job in
        let fails = failing.contains(job)
        try await stage.work("job \(job)", jobs[job], fails: fails)
      }
    )
  }
}

extension Law where Input: ErrgroupExamples.JobInput {
  static var bound: Law { .atMost({ $0.limit }, "`limit` jobs") }

  static var busy: Law { .noneIdle(of: { $0.limit }, jobs: { $0.jobs.count }) }

  /// Every job that is added runs, even after an error.
  static var once: Law { once(evenAfterStop: true) }

  static var onceBeforeStop: Law { once(evenAfterStop: false) }

  private static func once(evenAfterStop isStrict: Bool) -> Law {
    Law("each job that is added runs, once") { input, trace in
      for lane in input.jobs.indices.map({ "job \($0)" }) {
        let life = trace.events.filter { $0.lane == lane }.map(\.isOpening)
        let mayBeMissing = life.isEmpty && !isStrict && trace.stop != nil
        if life != [true, false], !mayBeMissing { return "\(lane): \(life)" }
      }
      return nil
    }.untimed
  }

  /// Exact within an instant too, unlike `firstErrorIsThrown`.
  static var firstError: Law {
    Law("the first error in time is the one thrown") { _, trace in
      let first = trace.events.first { $0.error != nil }
      let wanted = first?.error.map(Ending.threw) ?? .returned
      guard let ending = trace.ending, ending != wanted else { return nil }
      return "\(ending) instead of \(wanted)"
    }
  }

  static var everyError: Law {
    Law("every error is kept, in the order of time") { _, trace in
      let wanted = trace.events.compactMap(\.error).map { json($0) }
      let said = trace.outcome.said[Event.caller] ?? []
      return said == wanted ? nil : "\(said) instead of \(wanted)"
    }
  }

  static var othersGoOn: Law {
    Law("only a cancellation of the caller ends the others, at once") {
      _,
      trace in
      let end = trace.events.first { $0.name == "cancel" }?.at ?? .max
      return trace.events.first {
        $0.isClosing && ($0.at > end || $0.name == "cancelled" && $0.at < end)
      }.map { "\($0.lane): \($0.name) at \($0.at) µs" }
    }
  }
}

extension Law<ErrgroupExamples.Requests> {
  /// What an error or a cancellation does has other laws.
  static var startsOrIsTurnedAway: Law {
    Law("a request starts if there is room, else it waits or is turned away") {
      input,
      trace in
      var (now, ends, wanted) = (0, [Int](), [(at: Int, what: String)]())
      for (request, time) in input.jobs.enumerated() {
        now += request > 0 ? input.gap : 0
        ends.removeAll { $0 <= now }
        if ends.count == input.limit, input.urgent.contains(request) {
          now = ends.min() ?? now
          ends.removeAll { $0 == now }
        }
        let hasRoom = ends.count < input.limit
        if hasRoom { ends.append(now + time) }
        let what = hasRoom ? "job \(request) start" : "caller say\(request)"
        wanted.append((now * 1_000, what))
      }
      let events = trace.events.filter { $0.isOpening || $0.name == "say" }
        .map { (at: $0.at, what: "\($0.lane) \($0.name)\($0.item)") }
      func early(_ events: [(at: Int, what: String)]) -> [String] {
        events.filter { $0.at < trace.stop?.at ?? .max }
          .map { "\($0.what) at \($0.at) µs" }
      }
      // Within an instant the order is the scheduler's.
      return Set(early(events)) == Set(early(wanted))
        ? nil : "\(early(events)) instead of \(early(wanted))"
    }
  }
}

extension Event {
  /// The error that the job ends with.
  fileprivate var error: String? {
    switch name {
    case "fail": "\(lane) failed"
    case "cancelled": "cancelled"
    default: nil
    }
  }
}
