package import Cookbook

/// What the recipe shows; see README.md.
package enum BoundedPoolExamples {
  package static let recipe = Recipe(
    name: "bounded-pool",
    chapter: .patterns,
    question: "Implement a bounded worker pool.",
    goConstructs: [
      "worker pool", "for job := range jobs", "sync.WaitGroup", "close(jobs)",
    ],
    swiftConstructs: ["withThrowingTaskGroup", "TaskGroup"],
    problems: [
      "limit concurrency", "limit the number of concurrent tasks",
      "at most 10 at once", "process many jobs", "concurrent map",
      "limit goroutines",
    ],
    copies: ["BoundedPool.swift"],
    examples: [
      Example(
        "plain",
        laws: [bound, busy, once, .allEndedOnReturn, whenItEnds],
        body: plain
      ),
      Example(
        "map",
        laws: laws + [inOrder],
        wrong: wrongMaps,
        exhausted: [(three, 4), (Jobs(workers: 9, jobs: [1], failing: []), 1)],
        body: map
      ),
      Example(
        "for-each",
        laws: laws,
        wrong: wrongForEaches,
        exhausted: [(three, 4)],
        body: forEach
      ),
      Example(
        "as-they-come",
        laws: laws + [whenItEnds],
        wrong: wrongReceivers,
        exhausted: [(three, 108)],
        body: asTheyCome
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  typealias Download = @Sendable (Int) async throws -> Int

  private static func plain(_ input: Jobs, _ stage: Stage) async {
    let (n, images, download) = input.perform(stage)
    let print: (Thumbnail) -> Void = stage.print
    typealias Thumbnail = Int
    // What cannot fail answers a cancellation with what it has.
    let thumbnail: @Sendable (Int) async -> Thumbnail = { image in
      (try? await download(image)) ?? image * image
    }
    // #region plain
    await withTaskGroup(of: Thumbnail.self) { group in
      for (started, image) in images.enumerated() {
        if started >= n, let done = await group.next() {
          print(done)
        }
        group.addTask { await thumbnail(image) }
      }
      for await done in group { print(done) }
    }
    // #endregion
  }

  private static func map(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, download) = input.perform(stage)
    // #region map
    let pages = try await BoundedPool(workers: n)
      .map(urls) { try await download($0) }
    // #endregion
    stage.say("caller", pages)
  }

  private static func forEach(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, download) = input.perform(stage)
    try await BoundedPool(workers: n).forEach(urls) {
      _ = try await download($0)
    }
  }

  private static func asTheyCome(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, download) = input.perform(stage)
    // #region asTheyCome
    try await BoundedPool(workers: n).mapUnordered(urls) {
      try await download($0)
    } receive: { page in
      try await save(page)
    }
    // #endregion
    func save(_ page: Int) async throws {
      stage.print(page)
      try await stage.sleep(input.receive)
    }
  }

  struct Jobs: ExampleInput {
    var workers = 4
    var jobs = [60, 30, 50, 20, 60, 40, 30, 50]
    var failing = [2]
    var receive = 0
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...1024, random: 1...5, "how many run at once"),
        .durations(\.jobs, random: 0...10, "the milliseconds each job takes"),
        .indices(\.failing, of: \.jobs, "the jobs that fail at their end"),
        Field(
          \.receive,
          "the milliseconds that `as-they-come` needs to save a result",
          random: { $1.mayStop ? $1.duration(repeats: 10) : 0 }
        ),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// The bound, the jobs by their indices, and the job, which returns the
    /// square of its index.
    func perform(_ stage: Stage) -> (Int, Range<Int>, Download) {
      let download: Download = { job in
        try await stage.work("job", on: job, for: jobs, fails: failing)
        return job * job
      }
      return (workers, jobs.indices, download)
    }
  }

  private static let three = Jobs(workers: 2, jobs: [1, 1, 1], failing: [])

  // MARK: Laws

  static let bound = Law<Jobs>.atMost(\.workers, "`workers` jobs")
  static let busy = unlessHeldBack(
    .noneIdle(of: \.workers, jobs: \.jobs.count)
  )
  static let once = Law<Jobs>.eachOnce { $0.jobs.indices.map { "job \($0)" } }

  static let laws: [Law<Jobs>] = [
    bound, busy, once, .firstErrorIsThrown, .nothingStartsAfterStop,
    .othersEndAtOnce, .allEndedOnReturn,
  ]

  static let inOrder = Law<Jobs>.says("results are in the order of the jobs") {
    $0.jobs.indices.map { $0 * $0 }
  }

  static let whenItEnds = unlessHeldBack(
    .saidAtTheEnd("a result is received when its job ends") { lane in
      Int(lane.dropFirst("job ".count)).map { $0 * $0 }
    }
  )

  /// The law where each result is taken when it comes.
  private static func unlessHeldBack(_ law: Law<Jobs>) -> Law<Jobs> {
    Law(law.name) { $0.receive > 0 ? nil : law.problem($0, $1) }
  }
}
