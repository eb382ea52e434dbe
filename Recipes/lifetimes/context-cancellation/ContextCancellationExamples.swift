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
      "cancel a tree of tasks", "stop early", "timeout for async work",
      "call with a timeout", "deadline for async work",
      "cancel without cancelling the caller", "take the first answer",
      "tell a timeout from a cancellation", "pass a request's values along",
    ],
    copies: ["ContextCancellation.swift"],
    examples: [
      Example(
        "plain",
        laws: [firstPage, .allEndedOnReturn],
        wrong: wrongPlains,
        exhausted: [(Pages(pages: [1, 3], limit: 2), 210)],
        body: plain
      ),
      Example(
        "timeout",
        laws: [allPages, .allEndedOnReturn],
        wrong: wrongTimeouts,
        exhausted: [
          (Pages(pages: [3], limit: 2), 3), (Pages(pages: [2], limit: 2), 21),
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
    let Task: @Sendable (@escaping Get) -> Task<String, any Error> = stage.task
    // #region handler
    @Sendable func download(_ url: Int) async throws -> String {
      let call = Task { try await get(url) }
      return try await withTaskCancellationHandler {
        try await call.value
      } onCancel: {
        call.cancel()
      }
    }
    // #endregion
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
      return try await group.next() ?? nil
    }
    // #endregion
    stage.print(page ?? "too slow")
  }

  private static func timeout(_ input: Pages, _ stage: Stage) async throws {
    let (limit, clock, download) = (input.time, stage.clock, input.all(stage))
    func print(_ value: some Encodable) { stage.print(value) }
    // #region timeout
    do {
      let pages = try await withDeadline(in: limit, clock: clock) {
        try await download()
      }
      print(pages)
    } catch is DeadlineExpired {
      print("too slow")
    }
    // #endregion
  }

  private static func tree(_ input: Request, _ stage: Stage) async throws {
    await Tree(input, stage, clock: stage.clock).load()
    try Task.checkCancellation()
  }

  typealias Get = @Sendable () async throws -> String
  typealias Download = @Sendable () async throws -> [String]

  struct Pages: ExampleInput {
    var pages = [30, 20, 60]
    var limit: Int? = 40
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.pages,
          random: 1...5,
          isRace: true,
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

    /// All pages at the same time.
    func all(_ stage: Stage) -> Download {
      {
        try await withThrowingTaskGroup(of: String.self) { group in
          for url in pages.indices {
            group.addTask { try await one(stage)(url) }
          }
          return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
      }
    }
  }

  // MARK: Laws

  static let firstPage = comesTo("the first page") { pages in
    let first = pages.min() ?? 0
    return (first, json("page \(pages.firstIndex(of: first) ?? 0)"))
  }

  static let allPages = comesTo("all pages") { pages in
    (pages.max() ?? 0, json(pages.indices.map { "page \($0)" }))
  }

  /// The caller says the answer, says that it is late, or throws, and ends at
  /// that instant.
  private static func comesTo(
    _ what: String,
    _ answer: @escaping @Sendable ([Int]) -> (at: Int, said: String)
  ) -> Law<Pages> {
    Law("\(what), the deadline or the cancellation, whichever comes first") {
      input,
      trace in
      let answer = answer(input.pages)
      let late = input.limit.map { $0 * 1_000 } ?? .max
      let all = [
        (answer.at * 1_000, "caller: \(answer.said), returns"),
        (late, "caller: \"too slow\", returns"),
        (trace.stop?.at ?? .max, "caller: throws cancelled"),
      ]
      // Of several at one instant any may be the first.
      let first = all.map(\.0).min() ?? 0
      let wanted = all.filter { $0.0 == first }.map(\.1)
      let found = trace.outcome.description(of: Event.caller)
      let end = trace.events.last { Ending($0) != nil }?.at ?? -1
      return wanted.contains(found) && end == first
        ? nil : "\(found) at \(end), not \(wanted) at \(first) µs"
    }
  }
}
