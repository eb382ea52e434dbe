package import Cookbook

/// What the recipe shows; see README.md.
package enum SemaphoreExamples {
  package static let recipe = Recipe(
    name: "semaphore",
    chapter: .patterns,
    question: "Use a buffered channel as a semaphore to limit concurrency.",
    goConstructs: [
      "make(chan struct{}, n)", "semaphore.Weighted",
      "golang.org/x/sync/semaphore", "semaphore.NewWeighted", "TryAcquire",
    ],
    swiftConstructs: [
      "actor", "withCheckedContinuation", "withTaskCancellationHandler",
      "Mutex",
    ],
    problems: [
      "limit concurrency", "semaphore", "permits", "rate of concurrent access",
      "DispatchSemaphore in async code", "fair lock", "weighted limit",
    ],
    copies: ["Semaphore.swift"],
    examples: [
      Example(
        "plain",
        laws: [
          .neverMore(than: \.permits), .inTurn, .firstIsServed(of: \.permits),
          allFree(of: \.permits), .allEndedOnReturn,
        ],
        wrong: wrongPlain,
        exhausted: [(Downloads(permits: 1, arrivals: [0, 0], holds: []), 320)],
        body: plain
      ),
      Example(
        "with-permits",
        laws: laws,
        wrong: wrongPermits,
        exhausted: [
          // Two waiters behind a holder.
          (Requests(permits: 1, arrivals: [0, 0, 0], holds: [2, 2, 2]), 360),
          // The second is cancelled when the first releases.
          (tie(arrivals: [0, 1], patience: [0, 1]), 198),
          // The same, with a third that fits once the second has left.
          (
            tie(permits: 2, arrivals: [0, 1, 1], sizes: [2, 2], patience: [0, 1]),
            8_808
          ),
        ],
        body: withPermits
      ),
      Example(
        "cancelled",
        .race(
          ["acquire: throws cancelled; caller: returns"],
          go: [
            "Weighted: throws cancelled; caller: returns; select: returns",
            "Weighted: throws cancelled; caller: returns; "
              + "select: throws cancelled",
          ],
          because: "Where both cases of a `select` are ready, chance decides. "
            + "`Weighted` asks first whether its context is done."
        ),
        body: cancelled
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  typealias URL = Int
  typealias Page = Int

  private static func plain(_ input: Downloads, _ stage: Stage) async {
    let (n, download) = (input.permits, input.download(stage))
    // #region plain
    let permits = Permits(n)

    @Sendable func fetch(_ url: URL) async -> Page {
      await permits.acquire()
      let page = await download(url)
      await permits.release()
      return page
    }
    // #endregion
    await stage.visit(arrivals: input.arrivals) { _ = await fetch($0) }
    await stage.print(permits.free)
  }

  // #region Permits
  actor Permits {
    private(set) var free: Int
    private var line: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func acquire() async {
      if free > 0 {
        free -= 1
      } else {
        await withCheckedContinuation { line.append($0) }
      }
    }

    func release() {
      if line.isEmpty {
        free += 1
      } else {
        line.removeFirst().resume()
      }
    }
  }
  // #endregion

  private static func withPermits(_ input: Requests, _ stage: Stage) async {
    let (n, load) = (input.permits, input.load(stage))
    let download: @Sendable (URL) async throws -> Page = { url in
      try await load(url)
      return url
    }
    let convert: @Sendable (Video) async throws -> Void = {
      try await load($0.task)
    }
    // #region with-permit
    let permits = Semaphore(permits: n)

    @Sendable func fetch(_ url: URL) async throws -> Page {
      try await permits.withPermit { try await download(url) }
    }
    // #endregion
    // #region weighted
    @Sendable func share(_ video: Video) async throws {
      try await permits.withPermits(video.size) {
        try await convert(video)
      }
    }

    @Sendable func preview(_ video: Video) async throws {
      guard permits.tryAcquire(video.size) else { throw Busy() }
      defer { permits.release(video.size) }
      try await convert(video)
    }
    // #endregion
    await input.visit(stage) { task in
      let video = Video(task: task, size: input.size(of: task))
      if input.trying.contains(task) {
        try await preview(video)
      } else if video.size == 1 {
        _ = try await fetch(task)
      } else {
        try await share(video)
      }
    }
    stage.print(input.free { permits.tryAcquire() })
  }

  struct Busy: Error, CustomStringConvertible {
    var description: String { "busy" }
  }

  struct Video {
    let task: Int
    let size: Int
  }

  /// A task that is cancelled already asks for a permit that is free.
  private static func cancelled(_ stage: Stage) async {
    await withTaskGroup(of: Void.self) { group in
      group.cancelAll()
      group.addTask {
        await stage.attempt("acquire") {
          try await Semaphore(permits: 1).acquire()
        }
      }
    }
  }

  // MARK: Laws

  static let laws: [Law<Requests>] = [
    .neverMore(than: \.permits, size: size), .inTurn,
    .firstIsServed(of: \.permits, size: size),
    .triesAreExact(of: \.permits, size: size, refusal: Busy()),
    .cancelledLeave, held, allFree(of: \.permits), .allEndedOnReturn,
  ]

  private static let size: Law<Requests>.Size = { $0.size(of: $1) }

  static let held = Law<Requests>(
    "a task that returns has held its permits, once"
  ) { _, trace in
    let lanes = Set(trace.events.filter { $0.task != nil }.map(\.lane))
    return lanes.sorted().first { lane in
      let life = trace.events.filter { $0.lane == lane }
      let starts = life.count(where: \.isOpening)
      return starts != life.count(where: \.isClosing) || starts > 1
        || starts == 0 && life.contains { $0.name == "return" }
    }
  }.untimed

  static func allFree<Input>(
    of permits: @escaping @Sendable (Input) -> Int
  ) -> Law<Input> {
    .says("every permit is free when all tasks have ended", permits)
  }
}

// MARK: Inputs

extension SemaphoreExamples {
  struct Downloads: ExampleInput {
    var permits = 3
    var arrivals = [0, 2, 4, 6, 8, 30, 32]
    var holds = [40, 27, 33, 20, 26, 30, 24]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.permits, in: 1...1024, random: 1...4, "how many there are"),
        .durations(
          \.arrivals,
          random: 3...7,
          areDistinct: true,
          "the millisecond at which each comes"
        ),
        .each(
          \.holds,
          of: \.arrivals,
          random: { $1.duration() },
          "the milliseconds that each takes; further ones: 0"
        ),
        .moment(\.cancelAfter, "cancel all after so many milliseconds"),
      ]
    }

    /// What cannot fail answers a cancellation with what it has.
    func download(_ stage: Stage) -> @Sendable (URL) async -> Page {
      { url in
        let time = holds.dropFirst(url).first ?? 0
        try? await stage.work("task \(url)", time)
        return url
      }
    }
  }

  /// Tasks that want several permits, or none if they would have to wait.
  struct Requests: ExampleInput {
    var permits = 3
    var arrivals = [0, 2, 4, 6, 8, 30, 32]
    var holds = [40, 27, 33, 20, 26, 30, 24]
    var form = "channel"
    var sizes: [Int] = []
    var trying: [Int] = []
    var failing: [Int] = []
    var patience = [0, 0, 0, 0, 14]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.permits, in: 1...1024, random: 1...4, "how many there are"),
        .durations(
          \.arrivals,
          random: 3...7,
          areDistinct: true,
          "the millisecond at which each comes"
        ),
        .each(
          \.holds,
          of: \.arrivals,
          random: { $1.duration() },
          "the milliseconds that each holds its permits; further ones: 0"
        ),
        .choice(
          \.form,
          of: ["channel", "weighted"],
          "what Go uses; a channel has sizes of 1 only"
        ),
        .each(
          \.sizes,
          of: \.arrivals,
          in: { 1...($0.form == "channel" ? 1 : $0.permits) },
          random: { $0.form == "channel" ? 1 : $1.int(in: 1...$0.permits) },
          "the permits that each wants; further ones: 1"
        ),
        .indices(\.trying, of: \.arrivals, "who does not wait"),
        .indices(\.failing, of: \.arrivals, "whose work fails at its end"),
        .each(
          \.patience,
          of: \.arrivals,
          random: { $1.mayStop && $1.isOne(in: 3) ? $1.duration() : 0 },
          "cancel each so many milliseconds after it came; 0: never"
        ),
        .moment(\.cancelAfter, "cancel all after so many milliseconds"),
      ]
    }

    func size(of task: Int) -> Int { sizes.dropFirst(task).first ?? 1 }

    func visit(
      _ stage: Stage,
      _ body: @escaping @Sendable (_ task: Int) async throws -> Void
    ) async {
      await stage.visit(arrivals: arrivals, patience: patience, body)
    }

    func load(_ stage: Stage) -> @Sendable (_ task: Int) async throws -> Void {
      { task in
        let time = holds.dropFirst(task).first ?? 0
        let fails = failing.contains(task)
        try await stage.work("task \(task)", time, fails: fails)
      }
    }

    /// How many permits can be had; one more than there are is enough to see.
    func free(_ tryAcquire: () -> Bool) -> Int {
      (0...permits).prefix { _ in tryAcquire() }.count
    }
  }

  /// Tasks that hold two milliseconds.
  static func tie(
    permits: Int = 1,
    arrivals: [Int],
    sizes: [Int] = [],
    patience: [Int]
  ) -> Requests {
    Requests(
      permits: permits,
      arrivals: arrivals,
      holds: [2, 2, 2],
      form: "weighted",
      sizes: sizes,
      patience: patience
    )
  }
}
