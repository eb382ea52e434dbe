import Cookbook

extension ContextCancellationExamples {
  static let wrongPlains = [
    pages("swallowed-sleep", breaks: firstPage, cancelAfter: 1) {
      input,
      stage in
      let (limit, download) = (input.time, input.one(stage))
      let sleep: @Sendable (Duration) async throws -> Void = { limit in
        defer { stage.note("timer", "wakes") }
        try await stage.clock.sleep(for: limit)
      }
      // #region swallowed-sleep
      let page = try await withThrowingTaskGroup(of: String?.self) { group in
        group.addTask(name: "page 0") { try await download(0) }
        group.addTask(name: "timer") {
          try? await sleep(limit)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next()
      }
      // #endregion
      stage.print(page.flatMap(\.self) ?? "too slow")
    },
    pages("forgotten-cancel", breaks: firstPage) { input, stage in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { stage.print(try await input.one(stage)(0)) }
        group.addTask { try await stage.clock.sleep(for: input.time) }
        try await group.next()
      }
    },
    pages("no-handler", breaks: firstPage, cancelAfter: 1) { input, stage in
      let call = stage.task { try await input.one(stage)(0) }
      stage.print(try await call.value)
    },
  ]

  static let wrongTimeouts = [
    pages("every-cancellation", breaks: allPages, cancelAfter: 1) {
      input,
      stage in
      do {
        try await withDeadline(in: input.time, clock: stage.clock) {
          stage.print([try await input.one(stage)(0)])
        }
      } catch is CancellationError {
        stage.print("too slow")
      }
    }
  ]

  private static func pages(
    _ name: String,
    breaks law: Law<Pages>,
    cancelAfter: Int? = nil,
    body: @escaping @Sendable (Pages, Stage) async throws -> Void
  ) -> Wrong<Pages> {
    let input = Pages(pages: [2], limit: 3, cancelAfter: cancelAfter)
    return Wrong(name, breaks: law, input: input, body: body)
  }

  static let wrongTrees = [
    // It tells a server its own limit, though less may be left.
    tree("own-limit", breaks: deadlineIsTheEarliest) { tree, right in
      tree.deadline = { part in
        right.input.limited.contains(part)
          ? right.input.limits[part] : right.deadline(part)
      }
    },
    tree("outermost-value", breaks: nearestValue) { tree, _ in
      tree.value = { user ?? $0 }
    },
    tree(
      "unstructured",
      breaks: stopsInTime,
      Request(work: [1, 9], limits: [3], limited: [0])
    ) { tree, _ in
      tree.loadAll = { tree, parts in
        let tasks = parts.map { part in
          tree.stage.task { await tree.load(part) }
        }
        for task in tasks { _ = await task.result }
      }
    },
    tree(
      "first-ends-all",
      breaks: stopsInTime,
      Request(work: [1, 5, 9], limits: [0, 2], limited: [1])
    ) { tree, _ in
      tree.loadAll = { tree, parts in
        await withTaskGroup { group in
          for part in parts { group.addTask { await tree.load(part) } }
          await group.next()
          group.cancelAll()
        }
      }
    },
    tree("reason-not-asked", breaks: firstReason) { tree, _ in
      tree.reason = { Task.isCancelled ? .unspecified : nil }
    },
    tree("anyones-deadline", breaks: ownDeadline) { tree, _ in
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

  /// An outer deadline at 3 ms, an inner one at 6, and a value each.
  private static let nested =
    Request(work: [1, 9], limits: [3, 5], limited: [0, 1], values: [0, 1])

  private static func tree(
    _ name: String,
    breaks law: Law<Request>,
    _ input: Request = nested,
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
