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
      "limit concurrent requests", "limit concurrency",
      "semaphore", "permits", "rate of concurrent access",
      "DispatchSemaphore in async code", "fair lock", "weighted limit",
      "limit goroutines",
    ],
    copies: ["Semaphore.swift"],
    examples: [
      Example(
        "plain",
        laws: laws,
        exhausted: [(Visits(limit: 1, arrivals: [0, 0]), 320)],
        body: plain
      ),
      Example(
        "with-permits",
        input: Visits(sizes: [1]),
        laws: laws
          + [.triesAreExact(refusal: Busy()), .cancelledLeave, .held],
        wrong: wrong,
        exhausted: [
          // Two waiters behind a holder.
          (Visits(limit: 1, arrivals: [0, 0, 0]), 360),
          // The second is cancelled when the first releases.
          (Visits(limit: 1, arrivals: [0, 1], patience: [0, 39]), 198),
          // One that wants too much leaves, and the one behind it fits.
          (.pair(arrivals: [0, 1, 2], sizes: [1, 2], patience: [0, 9]), 96),
          // The same at the instant of a release.
          (
            .pair(arrivals: [0, 1, 1], sizes: [2, 2], patience: [0, 39]), 8_808
          ),
        ],
        body: withPermits
      ),
      Example(
        "cancelled",
        .race(
          ["acquire: throws cancelled; caller: returns"],
          go: [
            "Weighted: throws cancelled; caller: returns; "
              + "channel: throws cancelled; select: returns",
            "Weighted: throws cancelled; caller: returns; "
              + "channel: throws cancelled; select: throws cancelled",
          ],
          because: "Where both cases of a `select` are ready, chance decides. "
            + "`Weighted` and the channel look whether the context is done."
        ),
        body: cancelled
      ),
    ],
    workloads: workloads
  )

  private static let laws: [Law<Visits>] = [
    .neverMore, .inTurn, .firstIsServed, .allFree, .allEndedOnReturn,
  ]

  // MARK: The use

  typealias URL = Int
  typealias Page = Int

  private static func plain(_ input: Visits, _ stage: Stage) async {
    let (n, download) = (input.limit, input.download(stage))
    // #region plain
    let permits = Permits(n)

    @Sendable func fetch(_ url: URL) async -> Page {
      await permits.acquire()
      let page = await download(url)
      await permits.release()
      return page
    }
    // #endregion
    await input.come(stage) { _ = await fetch($0) }
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

  private static func withPermits(_ input: Visits, _ stage: Stage) async {
    let n = input.limit
    let download: @Sendable (URL) async throws -> Page = { url in
      try await input.hold(url, stage)
      return url
    }
    // #region with-permits
    let permits = Semaphore(permits: n)

    @Sendable func fetch(_ url: URL) async throws -> Page {
      try await permits.withPermit { try await download(url) }
    }

    @Sendable func fetch(_ url: URL, size: Int) async throws -> Page {
      try await permits.withPermits(size) { try await download(url) }
    }

    @Sendable func fetchNow(_ url: URL, size: Int) async throws -> Page {
      guard permits.tryAcquire(size) else { throw Busy() }
      defer { permits.release(size) }
      return try await download(url)
    }
    // #endregion
    await input.come(stage) { url in
      let size = input.size(of: url)
      _ =
        input.trying.contains(url)
        ? try await fetchNow(url, size: size)
        : size > 1 ? try await fetch(url, size: size) : try await fetch(url)
    }
    stage.print(input.free(permits))
  }

  struct Busy: Error, CustomStringConvertible { let description = "busy" }

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
}

extension Visits {
  /// Tasks that want the two permits that there are.
  fileprivate static func pair(
    arrivals: [Int],
    sizes: [Int],
    patience: [Int]
  ) -> Visits {
    Visits(limit: 2, arrivals: arrivals, sizes: sizes, patience: patience)
  }

  /// A job that cannot fail: one that is cancelled only ends early.
  func download(_ stage: Stage) -> @Sendable (Int) async -> Int {
    { url in
      try? await hold(url, stage)
      return url
    }
  }

  /// How many permits can be had; one more than there are is enough to see.
  func free(_ semaphore: Semaphore) -> Int {
    (0...limit).prefix { _ in semaphore.tryAcquire() }.count
  }
}
