import Cookbook

/// Wrong versions, each as somebody would write it.
extension ContextCancellationExamples {
  static let wrongPlains = [
    Wrong(
      "forgotten-cancel",
      breaks: firstAnswer,
      input: Mirrors(mirrors: [1, 2])
    ) { input, stage in
      let (mirrors, download) = input.perform(stage)
      stage.print(
        try await withThrowingTaskGroup(of: String.self) { group in
          for mirror in mirrors { group.addTask { try await download(mirror) } }
          return try await group.next()
        }
      )
    },
    Wrong(
      "left-behind",
      breaks: .allEndedOnReturn,
      input: Mirrors(mirrors: [1, 2])
    ) { input, stage in
      let (mirrors, download) = input.perform(stage)
      let (pages, page) = AsyncStream<String>.makeStream()
      let Task = stage.startTask
      for mirror in mirrors { Task { page.yield(try await download(mirror)) } }
      for await page in pages { return stage.print(page) }
    },
  ]

  static let wrongHandlers = [
    late("no-handler", cancelAfter: 1) { _, _, download, stage in
      try await stage.task(download).value
    }
  ]

  static let wrongTimeouts = [
    late("swallowed-sleep", cancelAfter: 1) { limit, clock, download, _ in
      // #region swallowed-sleep
      let pages = try await withThrowingTaskGroup { group in
        group.addTask(name: "work") { Optional(try await download()) }
        group.addTask(name: "timer") {
          try? await clock.sleep(for: limit)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
      // #endregion
      return pages
    },
    late("forgotten-cancel") { limit, clock, download, _ in
      try await withThrowingTaskGroup(of: [String]?.self) { group in
        group.addTask { try await download() }
        group.addTask {
          try await clock.sleep(for: limit)
          return nil
        }
        return try await group.next() ?? nil
      }
    },
    late("every-cancellation", cancelAfter: 1) { limit, clock, download, _ in
      do {
        return try await withDeadline(in: limit, clock: clock) {
          try await download()
        }
      } catch is CancellationError {
        return nil
      }
    },
  ]

  /// One whose call returns `nil` when it is too slow.
  private static func late(
    _ name: String,
    cancelAfter: Int? = nil,
    call:
      @escaping @Sendable (
        Duration, any Clock<Duration>, @escaping Download, Stage
      ) async throws -> [String]?
  ) -> Wrong<Pages> {
    let input = Pages(pages: [2], limit: 3, cancelAfter: cancelAfter)
    return Wrong(name, breaks: answerOrDeadline, input: input) { input, stage in
      let (limit, clock, download) = input.perform(stage)
      let pages = try await call(limit, clock, download, stage)
      if let pages { stage.print(pages) } else { stage.print("too slow") }
    }
  }

  static let wrongAbandons = [
    Wrong(
      "waited-for",
      breaks: doesNotWait,
      input: Pages(pages: [3], limit: 1)
    ) { input, stage in
      let (limit, clock, download) = input.perform(stage)
      let upload = stage.task(download)
      await stage.attempt("user") {
        let pages = try await withDeadline(in: limit, clock: clock) {
          try await upload.value
        }
        stage.say("user", pages)
      }
    }
  ]

  static let wrongTrees = [
    // It tells a server its own limit, though less may be left.
    tree(
      "own-limit",
      breaks: deadlineIsTheEarliest,
      Request(work: [1, 9], limits: [5, 8], limited: [0], dated: [1])
    ) { tree, right in
      tree.deadline = { part in
        right.input.isDated(part)
          ? right.input.limits[part] : right.deadline(part)
      }
    },
    tree(
      "outermost-value",
      breaks: nearestValue,
      Request(work: [1, 1], values: [0, 1])
    ) { tree, _ in
      tree.value = { user ?? $0 }
    },
    tree(
      "unstructured",
      breaks: reachesAll,
      Request(work: [1, 9], limits: [3], limited: [0])
    ) { tree, right in
      tree.loadAll = { parts in
        let tasks = parts.map { part in right.stage.task { await part() } }
        for task in tasks { _ = await task.result }
      }
    },
    tree(
      "first-ends-all",
      breaks: othersGoOn,
      Request(work: [1, 5, 9], limits: [0, 2], limited: [1])
    ) { tree, _ in
      tree.loadAll = { parts in
        await withTaskGroup { group in
          for part in parts { group.addTask { await part() } }
          await group.next()
          group.cancelAll()
        }
      }
    },
    tree(
      "reason-not-asked",
      breaks: firstReason,
      Request(work: [5], limits: [3], limited: [0])
    ) { tree, _ in
      tree.reason = { Task.isCancelled ? .unspecified : nil }
    },
    tree(
      "anyones-deadline",
      breaks: ownDeadline,
      Request(work: [1, 9], limits: [3, 5], limited: [0, 1])
    ) { tree, _ in
      tree.isOwn = { true }
    },
    tree(
      "waited-for-timer",
      breaks: endsWithItsParts,
      Request(work: [1], limits: [3], limited: [0])
    ) { tree, right in
      tree.within = { part, load in
        try await right.within(part) {
          try await load()
          try? await right.stage.sleep(9)
        }
      }
    },
  ]

  private static func tree(
    _ name: String,
    breaks law: Law<Request>,
    _ input: Request,
    change: @escaping @Sendable (inout Tree, Tree) -> Void
  ) -> Wrong<Request> {
    Wrong(name, breaks: law, input: input) { input, stage in
      let right = Tree(input, stage, clock: stage.clock)
      var tree = right
      change(&tree, right)
      await tree.load()
      try Task.checkCancellation()
    }
  }
}
