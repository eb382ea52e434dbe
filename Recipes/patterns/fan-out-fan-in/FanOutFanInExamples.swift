package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum FanOutFanInExamples {
  package static let recipe = Recipe(
    name: "fan-out-fan-in",
    chapter: .patterns,
    question: "Implement fan-out and fan-in.",
    goConstructs: [
      "fan-out", "fan-in", "merge", "sync.WaitGroup", "close(out)",
      "case <-ctx.Done()",
    ],
    swiftConstructs: [
      "AsyncStream", "AsyncSequence", "withThrowingDiscardingTaskGroup",
      "Channel",
    ],
    problems: [
      "merge several sequences", "combine streams",
      "stop reading early", "leave a loop early",
      "spread work over several tasks", "slow consumer",
    ],
    copies: ["FanOutFanIn.swift"],
    ingredients: ["channel"],
    examples: [
      Example(
        "plain",
        laws: plainChain.steadyLaws,
        exhausted: [(Plain(feeds: 3, fetch: [1, 1, 1], store: [1]), 144)],
        body: plain
      ),
      Example(
        "fan-out",
        laws: outChain.laws,
        wrong: wrongOut,
        exhausted: exhausted,
        body: fanOut
      ),
      Example(
        "fan-in",
        laws: inChain.laws,
        wrong: wrongIn,
        exhausted: exhausted,
        body: fanIn
      ),
    ],
    workloads: workloads
  )

  struct Page: Sendable { var url: Int }

  typealias Fetch = @Sendable (Int) async throws -> Page
  typealias Store = @Sendable (Page) async throws -> Void

  // MARK: The use

  static func plain(_ input: Plain, _ stage: Stage) async {
    let work = input.pages.work(stage)
    // What cannot fail answers a cancellation with what it has.
    let feeds = input.pages.feeds { url in
      (try? await work.fetch(url)) ?? Page(url: url)
    }
    let store: (Page) async -> Void = { try? await work.store($0) }
    // #region plain
    let (pages, merged) = AsyncStream.makeStream(of: Page.self)
    await withTaskGroup { group in
      group.addTask {
        await withDiscardingTaskGroup { readers in
          for feed in feeds {
            readers.addTask { for await page in feed { merged.yield(page) } }
          }
        }
        merged.finish()
      }
      for await page in pages { await store(page) }
    }
    // #endregion
  }

  private static func fanOut(_ input: Pages, _ stage: Stage) async throws {
    let (urls, n, buffer) = (input.fetch.indices, input.workers, input.buffer)
    let (fetch, store) = input.work(stage)
    let wanted = input.wanted ?? .max
    // #region fan-out
    try await withFanOut(over: urls, workers: n, buffer: buffer) { url in
      try await fetch(url)
    } body: { pages in
      for try await page in pages.prefix(wanted) { try await store(page) }
    }
    // #endregion
  }

  private static func fanIn(_ input: Pages, _ stage: Stage) async throws {
    let (fetch, store) = input.work(stage)
    let (feeds, buffer) = (input.feeds(fetch), input.buffer)
    let wanted = input.wanted ?? .max
    // #region fan-in
    try await withFanIn(of: feeds, buffer: buffer) { pages in
      for try await page in pages.prefix(wanted) { try await store(page) }
    }
    // #endregion
  }

  /// Pages that are fetched when they are read, deaf to cancellation.
  struct Feed<Failure: Error>: AsyncSequence, AsyncIteratorProtocol {
    var urls: [Int]
    let fetch: @Sendable (Int) async throws(Failure) -> Page

    func makeAsyncIterator() -> Self { self }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(Failure) -> Page? {
      guard !urls.isEmpty else { return nil }
      return try await fetch(urls.removeFirst())
    }
  }

  // MARK: Input

  struct Plain: ExampleInput {
    var feeds = 2
    var fetch = [30, 70, 50, 20, 40, 60]
    var store = [10]

    static var fields: [Field<Self>] {
      [
        .count(
          \.feeds,
          in: 1...1024,
          random: 1...5,
          "how many feeds there are"
        ),
        .durations(\.fetch, random: 0...9, "the milliseconds of each fetch"),
        .durations(
          \.store,
          like: \.fetch,
          isUntied: true,
          "those of each store, in turn"
        ),
      ]
    }

    var pages: Pages {
      Pages(workers: feeds, fetch: fetch, store: store, failing: [])
    }
  }

  struct Pages: ExampleInput {
    var workers = 3
    var fetch = [30, 70, 50, 20, 40, 60]
    var store = [10]
    var buffer = 1
    var failing = [5]
    var notStored: [Int] = []
    var wanted: Int?
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...1024, random: 1...5, "workers, or feeds"),
        .durations(\.fetch, random: 0...9, "the milliseconds of each fetch"),
        .durations(
          \.store,
          like: \.fetch,
          isUntied: true,
          "those of each store, in turn"
        ),
        .count(\.buffer, in: 0...1024, random: 0...3, "pages that may wait"),
        .indices(\.failing, of: \.fetch, "the pages that fetch fails on"),
        .indices(\.notStored, of: \.fetch, "the pages that store fails on"),
        .leaving(\.wanted, of: \.fetch, "the consumer leaves after so many"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// The work on a page; `store` says when the consumer has enough.
    func work(_ stage: Stage) -> (fetch: Fetch, store: Store) {
      let stored = Atomic(0)
      return (
        { url in
          try await stage.work("fetch", on: url, for: fetch, fails: failing)
          return Page(url: url)
        },
        { @Sendable page in
          let url = page.url
          try await stage.work("store", on: url, for: store, fails: notStored)
          let count = stored.add(1, ordering: .relaxed).newValue
          if count == wanted { stage.leave(Event.caller) }
        }
      )
    }

    /// The pages, dealt out to the feeds like cards.
    func feeds<Failure>(
      _ fetch: @escaping @Sendable (Int) async throws(Failure) -> Page
    ) -> [Feed<Failure>] {
      (0..<workers).map { first in
        let urls = stride(from: first, to: self.fetch.count, by: workers)
        return Feed(urls: Array(urls), fetch: fetch)
      }
    }
  }

  /// Two pages in all but what is changed.
  static func small(_ change: (inout Pages) -> Void = { _ in }) -> Pages {
    var pages = Pages(workers: 2, fetch: [1, 1], store: [1], failing: [])
    change(&pages)
    return pages
  }

  private static let exhausted = [
    (small(three), 108),
    (
      small {
        three(&$0)
        $0.wanted = 1
      }, 108
    ),
    (
      small {
        three(&$0)
        $0.failing = [1]
      }, 132
    ),
  ]

  private static func three(_ pages: inout Pages) {
    (pages.workers, pages.fetch) = (3, [1, 1, 1])
  }

  // MARK: Laws

  private static let plainChain = Chain<Plain>(
    ["fetch", "store"],
    items: \.fetch.count,
    inputs: \.feeds,
    workers: { _ in [1, 1] },
    room: { [$0.fetch.count] }
  )

  static let outChain = Chain<Pages>(
    ["fetch", "store"],
    items: \.fetch.count,
    workers: { [$0.workers, 1] },
    room: { [$0.buffer] }
  )

  static let inChain = Chain<Pages>(
    ["fetch", "store"],
    items: \.fetch.count,
    inputs: \.workers,
    workers: { _ in [1, 1] },
    room: { [$0.buffer] }
  )
}

// MARK: - What is timed

extension FanOutFanInExamples {
  private static let workloads =
    [
      ("fan-out-fan-in", "100 results may wait", 5_000_000, 100),
      ("rendezvous", "no result may wait", 1_000_000, 0),
    ].map { name, promise, operations, buffer in
      Workload(
        name,
        promise: "\(operations) elements through 4 workers, \(promise)",
        operations: operations
      ) { count in
        try await withFanOut(over: 0..<count, workers: 4, buffer: buffer) {
          $0 & 7
        } body: { results in
          try await results.reduce(0, &+)
        }
      }
    } + [
      Workload(
        "fan-in",
        promise: "1,000,000 elements of 4 inputs, 100 may wait",
        operations: 1_000_000
      ) { count in
        let inputs = (0..<4).map { Numbers(next: $0, end: count) }
        return try await withFanIn(of: inputs, buffer: 100) { numbers in
          try await numbers.reduce(0) { $0 &+ $1 & 7 }
        }
      }
    ]

  private struct Numbers: AsyncSequence, AsyncIteratorProtocol {
    var next: Int
    let end: Int

    func makeAsyncIterator() -> Self { self }

    mutating func next(isolation actor: isolated (any Actor)?) async -> Int? {
      guard next < end else { return nil }
      defer { next += 4 }
      return next
    }
  }
}
