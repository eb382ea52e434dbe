package import Cookbook

/// What the recipe shows; see README.md.
package enum ContextCancellationExamples {
  package static let recipe = Recipe(
    name: "context-cancellation",
    chapter: .lifetimes,
    question: "How does context.Context enable clean cancellation, and why is "
      + "`defer cancel()` critical?",
    goConstructs: [
      "context.Context", "context.WithCancel", "context.WithTimeout",
      "context.WithDeadline", "context.WithValue", "context.AfterFunc",
      "ctx.Done()", "ctx.Err()", "ctx.Deadline()", "context.Cause",
      "defer cancel()", "context.DeadlineExceeded", "context.Canceled",
    ],
    swiftConstructs: [
      "withThrowingTaskGroup", "withTaskCancellationHandler", "TaskLocal",
      "Task.isCancelled", "CancellationError", "Clock", "withDeadline",
    ],
    problems: [
      "goroutine leak",
      "cancel a tree of tasks", "stop early", "timeout for async work",
      "deadline for async work", "take the first answer",
      "tell a timeout from a cancellation", "pass a request's values along",
    ],
    copies: ["ContextCancellation.swift"],
    ingredients: ["timers"],
    examples: [
      Example(
        "plain",
        laws: [firstPage],
        wrong: wrongPlains,
        exhausted: [(Pages(pages: [1, 3], limit: 2), 210)],
        body: plain
      ),
      Example(
        "timeout",
        laws: [allPages],
        wrong: wrongTimeouts,
        exhausted: [
          (Pages(pages: [1, 2], limit: 2), 3),
          (Pages(pages: [1, 2], limit: 3), 27),
        ],
        body: timeout
      ),
      Example(
        "tree",
        input: Request.page,
        laws: treeLaws,
        wrong: wrongTrees,
        exhausted: Request.small,
        body: tree
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  private static func plain(_ input: Pages, _ stage: Stage) async throws {
    let (limit, clock, get) = (input.time, stage.clock, input.one(stage))
    let urls = input.pages.indices
    @Sendable func download(_ url: Int) async throws -> String {
      let call = stage.task { try await get(url) }
      return try await withTaskCancellationHandler {
        try await call.value
      } onCancel: {
        call.cancel()
      }
    }
    // #region plain
    let page = try await withThrowingTaskGroup(of: String?.self) { group in
      for url in urls {
        group.addTask { try await download(url) }
      }
      group.addTask {
        try await clock.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }  // or it waits for the others
      return try await group.next()
    }
    // #endregion
    stage.print(page.flatMap(\.self) ?? "too slow")
  }

  private static func timeout(_ input: Pages, _ stage: Stage) async throws {
    let (limit, download) = (input.time, input.one(stage))
    let urls = input.pages.indices
    var pages: [String] = []
    func print(_ value: some Encodable) { stage.print(value) }
    try await TimersExamples.withTimers(stage) { clock in
      // #region timeout
      do {
        try await withDeadline(in: limit, clock: clock) {
          for url in urls { pages.append(try await download(url)) }
        }
      } catch is DeadlineExpired {
        print("too slow")
      }
      print(pages)
      // #endregion
    }
  }

  private static func tree(_ input: Request, _ stage: Stage) async throws {
    try await TimersExamples.withTimers(stage) { clock in
      await Tree(input, stage, clock: clock).load()
    }
    try Task.checkCancellation()
  }

  struct Pages: ExampleInput {
    var pages = [30, 20, 60]
    var limit: Int? = 40
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.pages,
          random: 1...5,
          ties: .race,
          "the milliseconds that each page takes"
        ),
        .limit(\.limit, "the milliseconds after which it is too late"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    var time: Duration { .milliseconds(limit ?? 86_400_000_000) }

    func one(_ stage: Stage) -> @Sendable (Int) async throws -> String {
      { url in
        try await stage.work("page \(url)", pages[url])
        return "page \(url)"
      }
    }
  }

  static let workloads = [
    Workload(
      "timeouts",
      promise: "100,000 calls with a timeout of an hour, which end at once",
      operations: 100_000
    ) { count in
      var sum = 0
      for operation in 0..<count {
        sum += await withDeadline(in: .seconds(3_600)) { operation & 7 }
      }
      return sum
    }
  ]

  // MARK: Laws

  static let firstPage = Law<Pages>.comesFirst("the first page") { input in
    let first = input.pages.min() ?? 0
    let page = json("page \(input.pages.firstIndex(of: first) ?? 0)")
    return [
      (first * 1_000, "\(page), returns"),
      (input.time.microseconds, "\"too slow\", returns"),
    ]
  }

  static let allPages = Law<Pages>.comesFirst("all pages") { input in
    let (pages, limit) = (input.pages, input.time.microseconds)
    let names = pages.indices.map { "page \($0)" }
    let ends = pages.indices.map { pages[...$0].reduce(0, +) * 1_000 }
    // What ends at the instant of the limit may be in time or not.
    let inTime = [ends.count { $0 < limit }, ends.count { $0 <= limit }]
      .map { json(Array(names.prefix($0))) }
    return [(ends.last ?? 0, "\(json(names)), returns")]
      + inTime.map { (limit, "\"too slow\", \($0), returns") }
  }
}
