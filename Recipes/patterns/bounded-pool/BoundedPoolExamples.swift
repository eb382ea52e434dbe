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
    swiftConstructs: ["withThrowingTaskGroup", "TaskGroup", "Mutex"],
    problems: [
      "limit concurrency", "limit the number of concurrent tasks",
      "at most 10 at once", "process many jobs", "concurrent map",
    ],
    copies: ["BoundedPool.swift"],
    examples: [
      Example("plain", laws: plainLaws, body: plain),
      Example(
        "map",
        input: Jobs(),
        laws: laws + [inOrder],
        wrong: wrongMaps,
        body: map
      ),
      Example("for-each", laws: laws, wrong: wrongForEaches, body: forEach),
      Example(
        "as-they-come",
        laws: laws + [whenItEnds],
        wrong: wrongReceivers,
        body: receive
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  private static func plain(_ input: PlainJobs, _ stage: Stage) async {
    let (n, images) = (input.workers, input.jobs.indices)
    let print: (Int) -> Void = stage.print
    let thumbnail: @Sendable (Int) async -> Int = { image in
      // Nobody cancels it, and it does not fail.
      try? await stage.work("job \(image)", input.jobs[image])
      return image * image
    }
    typealias Thumbnail = Int
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
    let warm: @Sendable (Int) async throws -> Void = {
      _ = try await download($0)
    }
    // #region forEach
    try await BoundedPool(workers: n)
      .forEach(urls) { try await warm($0) }
    // #endregion
  }

  private static func receive(_ input: Jobs, _ stage: Stage) async throws {
    let (n, urls, download) = input.perform(stage)
    let print: (Int) -> Void = stage.print
    // #region asTheyCome
    try await BoundedPool(workers: n)
      .mapUnordered(urls) {
        try await download($0)
      } receive: { page in
        print(page)
      }
    // #endregion
  }

  // MARK: Inputs

  struct PlainJobs: ExampleInput {
    var workers = 3
    var jobs = [60, 30, 50, 20, 40, 10, 30, 50]

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...1024, random: 1...5, "how many run at once"),
        .durations(\.jobs, random: 0...10, "the milliseconds each job takes"),
      ]
    }
  }

  struct Jobs: ExampleInput {
    var workers = 4
    var jobs = [60, 30, 50, 20, 60, 40, 30, 50]
    var failing = [2]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...1024, random: 1...5, "how many run at once"),
        .durations(\.jobs, random: 0...10, "the milliseconds each job takes"),
        .indices(\.failing, of: \.jobs, "the jobs that fail at their end"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// The bound, the jobs by their indices, and the job: what it downloads
    /// of a number is its square.
    func perform(
      _ stage: Stage
    ) -> (Int, Range<Int>, @Sendable (Int) async throws -> Int) {
      (
        workers, jobs.indices,
        { [jobs, failing] job in
          let fails = failing.contains(job)
          try await stage.work("job \(job)", jobs[job], fails: fails)
          return job * job
        }
      )
    }
  }

  // MARK: Laws

  private static let plainLaws: [Law<PlainJobs>] = [
    .atMost(\.workers, "`workers` jobs"),
    .noneIdle(of: \.workers, jobs: \.jobs.count),
    .eachOnce { $0.jobs.indices.map { "job \($0)" } },
    .allEndedOnReturn, receivedWhenItEnds(),
  ]

  static let laws: [Law<Jobs>] = [
    .atMost(\.workers, "`workers` jobs"),
    .noneIdle(of: \.workers, jobs: \.jobs.count),
    .eachOnce { $0.jobs.indices.map { "job \($0)" } },
    .firstErrorIsThrown, .nothingStartsAfterStop, .othersEndAtOnce,
    .allEndedOnReturn,
  ]

  static let inOrder = Law<Jobs>.says("results are in the order of the jobs") {
    $0.jobs.indices.map { $0 * $0 }
  }

  static let whenItEnds: Law<Jobs> = receivedWhenItEnds()

  private static func receivedWhenItEnds<Input: ExampleInput>() -> Law<Input> {
    Law("a result is received when its job ends") { _, trace in
      var ended: [String: Int] = [:]
      for event in trace.events {
        if event.isClosing, let job = Int(event.lane.dropFirst(4)) {
          ended["\(job * job)"] = event.at
        } else if event.name == "say",
          ended.removeValue(forKey: event.item)
            != event.at
        {
          return "\(event.item) came at \(event.at) µs"
        }
      }
      // What ends at the very instant of a stop may be dropped.
      let lost = ended.filter { $0.value < trace.stop?.at ?? .max }.keys
      return lost.min().map { "\($0) never came" }
    }
  }
}
