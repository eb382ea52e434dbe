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
        laws: [firstAnswer, .allEndedOnReturn],
        wrong: wrongPlains,
        exhausted: [(Mirrors(mirrors: [1, 2]), 2)],
        body: plain
      ),
      Example(
        "handler",
        laws: [answerOrDeadline, .allEndedOnReturn],
        wrong: wrongHandlers,
        body: handler
      ),
      Example(
        "timeout",
        laws: [answerOrDeadline, .allEndedOnReturn],
        wrong: wrongTimeouts,
        exhausted: [
          (Pages(pages: [3], limit: 2), 3), (Pages(pages: [2], limit: 3), 3),
          (Pages(pages: [2], limit: 2), 21),
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
      Example(
        "abandon",
        laws: [doesNotWait],
        wrong: wrongAbandons,
        body: abandon
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  private static func plain(_ input: Mirrors, _ stage: Stage) async throws {
    let (mirrors, download) = input.perform(stage)
    // #region plain
    let page = try await withThrowingTaskGroup(of: String.self) { group in
      for mirror in mirrors {
        group.addTask { try await download(mirror) }
      }
      defer { group.cancelAll() }  // or it waits for the others
      return try await group.next()
    }
    // #endregion
    stage.print(page)
  }

  private static func handler(_ input: Pages, _ stage: Stage) async throws {
    let (limit, clock, download) = input.perform(stage)
    let Task: @Sendable (@escaping Download) -> Task<[String], any Error> =
      stage.task
    do {
      try await withDeadline(in: limit, clock: clock) {
        // #region handler
        let call = Task { try await download() }
        let pages = try await withTaskCancellationHandler {
          try await call.value
        } onCancel: {
          call.cancel()
        }
        // #endregion
        stage.print(pages)
      }
    } catch is DeadlineExpired {
      stage.print("too slow")
    }
  }

  private static func timeout(_ input: Pages, _ stage: Stage) async throws {
    let (limit, clock, download) = input.perform(stage)
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

  private static func abandon(_ input: Pages, _ stage: Stage) async throws {
    let (limit, clock, download) = input.perform(stage)
    // Nobody cancels it.
    let running = stage.task(download)
    let upload: Download = { try await running.value }
    let abandonOnCancellation:
      @Sendable (@escaping Download) async throws -> [String] = { upload in
        try await Recipes.abandonOnCancellation(
          executor: stage.executor,
          body: upload
        )
      }
    func print(_ value: some Encodable) { stage.say("user", value) }
    await stage.attempt("user") {
      // #region abandon
      do {
        let pages = try await withDeadline(in: limit, clock: clock) {
          try await abandonOnCancellation { try await upload() }
        }
        print(pages)
      } catch is DeadlineExpired {
        print("goes on without us")
      }
      // #endregion
    }
    _ = await running.result
    // Until what waits for it has ended too.
    _ = await stage.task { try await stage.sleep(2) }.result
  }

  typealias Download = @Sendable () async throws -> [String]

  struct Mirrors: ExampleInput {
    var mirrors = [50, 30, 60, 40]
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(
          \.mirrors,
          random: 1...5,
          isRace: true,
          "the milliseconds that each mirror takes"
        ),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    func perform(
      _ stage: Stage
    ) -> (Range<Int>, @Sendable (Int) async throws -> String) {
      (
        mirrors.indices,
        { mirror in
          try await stage.work("mirror \(mirror)", mirrors[mirror])
          return "the page"
        }
      )
    }
  }

  struct Pages: ExampleInput {
    var pages = [20, 60, 30]
    var limit: Int? = 40
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(\.pages, random: 0...5, "the milliseconds each page takes"),
        .limit(\.limit, "the milliseconds that all may take together"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    var names: [String] { pages.indices.map { "page \($0)" } }

    /// How long all may take, by which clock, and what loads them at the same
    /// time.
    func perform(_ stage: Stage) -> (Duration, any Clock<Duration>, Download) {
      (
        .milliseconds(limit ?? 86_400_000_000), stage.clock,
        {
          try await withThrowingTaskGroup(of: Void.self) { group in
            for (name, ms) in zip(names, pages) {
              group.addTask { try await stage.work(name, ms) }
            }
            try await group.waitForAll()
          }
          return names
        }
      )
    }
  }

  // MARK: Laws

  static let firstAnswer = Law<Mirrors>(
    "the first answer ends the others at once"
  ) { _, trace in
    guard let first = trace.events.first(where: { $0.name == "end" }) else {
      return nil
    }
    return trace.events.first { $0.isClosing && $0.at > first.at }
      .map { "\($0.lane) went on until \($0.at) µs" }
  }

  static let answerOrDeadline = comesTo(
    "too slow",
    in: Event.caller,
    "a call comes to its answer, its deadline or its cancellation, the first"
  )

  static let doesNotWait = comesTo(
    "goes on without us",
    in: "user",
    "a call does not wait for what it abandons"
  )

  /// Whether a lane ends with whatever comes first, and at that instant.
  private static func comesTo(
    _ late: String,
    in lane: String,
    _ name: String
  ) -> Law<Pages> {
    Law(name) { input, trace in
      let cancel = trace.events.first { $0.name == "cancel" }?.at ?? .max
      let all = [
        ((input.pages.max() ?? 0) * 1_000, "\(json(input.names)), returns"),
        (input.limit.map { $0 * 1_000 } ?? .max, "\(json(late)), returns"),
        (cancel, "throws cancelled"),
      ]
      let first = all.map(\.0).min() ?? 0
      // Of several at one instant any may be the first.
      let wanted = all.filter { $0.0 == first }.map { "\(lane): \($0.1)" }
      let outcome = trace.outcome.description(of: lane)
      let end = trace.events.last { $0.lane == lane && Ending($0) != nil }
      return wanted.contains(outcome) && end?.at == first
        ? nil : "\(outcome) at \(end?.at ?? -1), not \(wanted) at \(first) µs"
    }
  }
}
