package import Cookbook

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
      "collect results from goroutines", "merge several sequences",
      "combine streams", "stop reading early", "leave a loop early",
      "spread work over several tasks",
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
    let feeds = deal(input.fetch.count, to: input.feeds) { url in
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
    let feeds = deal(input.fetch.count, to: input.workers, fetch)
    let (buffer, wanted) = (input.buffer, input.wanted ?? .max)
    // #region fan-in
    try await withFanIn(of: feeds, buffer: buffer) { pages in
      for try await page in pages.prefix(wanted) { try await store(page) }
    }
    // #endregion
  }

  /// What is fetched when it is read, deaf to cancellation.
  struct Feed<Element: Sendable, Failure: Error>: AsyncSequence,
    AsyncIteratorProtocol, Sendable
  {
    var urls: StrideTo<Int>.Iterator
    let fetch: @Sendable (Int) async throws(Failure) -> Element

    func makeAsyncIterator() -> Self { self }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(Failure) -> Element? {
      guard let url = urls.next() else { return nil }
      return try await fetch(url)
    }
  }

  /// Deals out numbers to feeds like cards.
  static func deal<Element, Failure>(
    _ count: Int,
    to feeds: Int,
    _ fetch: @escaping @Sendable (Int) async throws(Failure) -> Element
  ) -> [Feed<Element, Failure>] {
    (0..<feeds).map { first in
      let urls = stride(from: first, to: count, by: feeds)
      return Feed(urls: urls.makeIterator(), fetch: fetch)
    }
  }

  // MARK: Input

  struct Plain: ExampleInput {
    var feeds = 2
    var fetch = [30, 70, 50, 25, 35, 60]
    var store = [20]

    static var fields: [Field<Self>] {
      [
        .count(\.feeds, in: 1...1024, random: 1...5, "how many feeds"),
        .durations(\.fetch, random: 0...9, "the milliseconds of each fetch"),
        .durations(\.store, like: \.fetch, isUntied: true, "those of store"),
      ]
    }

    var pages: Pages {
      Pages(workers: feeds, fetch: fetch, store: store, failing: [])
    }
  }

  struct Pages: ExampleInput {
    var workers = 3
    var fetch = [30, 70, 50, 25, 35, 60]
    var store = [20]
    var buffer = 1
    var failing = [4]
    var notStored: [Int] = []
    var wanted: Int?
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...1024, random: 1...5, "workers, or feeds"),
        .durations(\.fetch, random: 0...9, "the milliseconds of each fetch"),
        .durations(\.store, like: \.fetch, isUntied: true, "those of store"),
        .count(\.buffer, in: 0...1024, random: 0...3, "pages that may wait"),
        .indices(\.failing, of: \.fetch, "the pages that fetch fails on"),
        .indices(\.notStored, of: \.fetch, "the pages that store fails on"),
        .leaving(\.wanted, of: \.fetch, "the consumer leaves after so many"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    func work(_ stage: Stage) -> (fetch: Fetch, store: Store) {
      let (lane, fails) = ("store", notStored)
      let store = stage.consumer(lane, for: store, fails: fails, wanted: wanted)
      return (
        { url in
          try await stage.work("fetch", on: url, for: fetch, fails: failing)
          return Page(url: url)
        },
        { page in try await store(page.url) }
      )
    }
  }

  /// Two pages in all but what is changed.
  static func small(_ change: (inout Pages) -> Void = { _ in }) -> Pages {
    var pages = Pages(workers: 2, fetch: [1, 1], store: [1], failing: [])
    change(&pages)
    return pages
  }

  private static let exhausted = [
    (small { ($0.workers, $0.fetch) = (3, [1, 1, 1]) }, 108),
    (small { ($0.workers, $0.fetch, $0.wanted) = (3, [1, 1, 1], 1) }, 108),
    (small { ($0.fetch, $0.failing) = ([1, 1, 1, 1], [0]) }, 12),
  ]

  // MARK: Laws

  private static let plainChain = Chain<Plain>(
    ["fetch", "store"],
    items: \.fetch.count,
    inputs: \.feeds,
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
    room: { [$0.buffer] }
  )

  // MARK: What is timed

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
        let inputs = deal(count, to: 4) { $0 & 7 }
        return try await withFanIn(of: inputs, buffer: 100) { numbers in
          try await numbers.reduce(0, &+)
        }
      }
    ]
}
