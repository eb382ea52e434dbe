import Cookbook
import Synchronization

/// Wrong groups, each as somebody would write it.
extension ErrgroupExamples {
  private typealias Fetch = @Sendable (Int) async throws -> Void
  private typealias Body =
    @Sendable (Int, Range<Int>, @escaping Fetch, Stage) async throws -> Void

  private static func wrong<Input: JobInput>(
    _ name: String,
    breaks law: Law<Input>,
    _ input: Input,
    _ body: @escaping Body
  ) -> Wrong<Input> {
    Wrong(name, breaks: law, input: input) { input, stage in
      let (n, urls, fetch) = input.perform(stage)
      try await body(n, urls, fetch, stage)
    }
  }

  private static let oneFails = Jobs(jobs: [2, 1], failing: [1])

  static let wrongPlain = [
    wrong("wait-for-all", breaks: .othersEndAtOnce, oneFails) {
      _,
      urls,
      fetch,
      _ in
      // #region wait-for-all
      try await withThrowingTaskGroup { group in
        for url in urls {
          group.addTask { try await fetch(url) }
        }
        try await group.waitForAll()
      }
      // #endregion
    },
    wrong("first-by-index", breaks: .firstError, oneFails) {
      _,
      urls,
      fetch,
      _ in
      let errors = await errors(urls, fetch, cancels: true)
      if let first = errors.min(by: { $0.url < $1.url }) { throw first.error }
    },
    wrong("last-error", breaks: .firstError, oneFails) { _, urls, fetch, _ in
      let errors = await errors(urls, fetch, cancels: true)
      if let last = errors.last { throw last.error }
    },
    wrong("swallowed", breaks: .firstError, Jobs(jobs: [1], failing: [0])) {
      _,
      urls,
      fetch,
      _ in
      await withTaskGroup { group in
        for url in urls { group.addTask { try? await fetch(url) } }
      }
    },
    wrong(
      "noted-late",
      breaks: .firstError,
      Jobs(jobs: [2, 2], failing: [0, 1])
    ) { _, urls, fetch, stage in
      let first = FirstError(stage)
      // #region noted-late
      try? await withThrowingDiscardingTaskGroup { group in
        for url in urls {
          group.addTask(name: "job \(url)") {
            do {
              try await fetch(url)
            } catch {
              await log(error)
              first.note(error)
              throw error
            }
          }
        }
      }
      if let error = first.error { throw error }
      // #endregion
    },
    wrong("not-awaited", breaks: .allEndedOnReturn, Jobs(jobs: [1])) {
      _,
      urls,
      fetch,
      stage in
      let Task = stage.startTask
      for url in urls { Task { try await fetch(url) } }
    },
  ]

  static let wrongLimits = [
    wrong(
      "one-too-many",
      breaks: .bound,
      Limited(limit: 2, jobs: [2, 2, 2], failing: [])
    ) { n, urls, fetch, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (started, url) in urls.enumerated() {
          if started > n { try await group.next() }
          group.addTask { try await fetch(url) }
        }
        for try await _ in group {}
      }
    },
    wrong(
      "batches",
      breaks: .busy,
      Limited(limit: 2, jobs: [1, 2, 1], failing: [])
    ) { n, urls, fetch, _ in
      for start in stride(from: 0, to: urls.count, by: n) {
        try await withThrowingTaskGroup { group in
          for url in urls.dropFirst(start).prefix(n) {
            group.addTask { try await fetch(url) }
          }
          for try await _ in group {}
        }
      }
    },
    wrong(
      "room-first",
      breaks: .firstError,
      Limited(limit: 1, jobs: [1, 0], failing: [0, 1])
    ) { n, urls, fetch, stage in
      let first = FirstError(stage)
      let (room, leave) = AsyncStream.makeStream(of: Void.self)
      for _ in 0..<n { leave.yield() }
      try? await withThrowingDiscardingTaskGroup { group in
        var room = room.makeAsyncIterator()
        for url in urls {
          await room.next()
          group.addTask {
            do {
              try await fetch(url)
              leave.yield()
            } catch {
              leave.yield()
              await log(error)
              first.note(error)
              throw error
            }
          }
        }
      }
      if let error = first.error { throw error }
    },
  ]

  static let wrongTries = [
    Wrong(
      "counts-what-has-ended",
      breaks: .startsOrIsTurnedAway,
      input: Requests(limit: 1, gap: 2, jobs: [1, 1], urgent: [])
    ) { input, stage in
      let (n, _, handle) = input.perform(stage)
      try await withThrowingTaskGroup { group in
        var running = 0
        for await request in input.arrive(stage).0 {
          if running == n {
            stage.print(request)
          } else {
            running += 1
            group.addTask { try await handle(request) }
          }
        }
        for try await _ in group { running -= 1 }
      }
    },
    Wrong(
      "asked-at-the-end",
      breaks: .othersEndAtOnce,
      input: Requests(
        limit: 3,
        gap: 4,
        jobs: [9, 1, 1],
        urgent: [],
        failing: [1]
      )
    ) { input, stage in
      let (_, _, handle) = input.perform(stage)
      let (requests, _) = input.arrive(stage)
      // #region asked-at-the-end
      try await withThrowingTaskGroup { group in
        for await request in requests {
          group.addTask { try await handle(request) }
        }
        for try await _ in group {}
      }
      // #endregion
    },
  ]

  static let wrongKeeping = [
    wrong(
      "others-cancelled",
      breaks: .othersGoOn,
      Limited(limit: 2, jobs: [1, 2], failing: [0])
    ) { n, urls, fetch, _ in
      try await withErrorGroup(limit: n) { group in
        for url in urls { await group.add { try await fetch(url) } }
      }
    },
    wrong(
      "stops-adding",
      breaks: .once,
      Limited(limit: 1, jobs: [1, 1], failing: [0])
    ) { n, urls, fetch, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (started, url) in urls.enumerated() {
          if started >= n { try await group.next() }
          group.addTask { try await fetch(url) }
        }
        for try await _ in group {}
      }
    },
  ]

  static let wrongCollecting = [
    wrong(
      "by-index",
      breaks: .everyError,
      Limited(limit: 2, jobs: [2, 1], failing: [0, 1])
    ) { _, urls, fetch, stage in
      let errors = await errors(urls, fetch, cancels: false)
      for (_, error) in errors.sorted(by: { $0.url < $1.url }) {
        stage.print(text(error))
      }
    }
  ]

  // MARK: What they are made of

  /// All errors, in the order of time.
  private static func errors(
    _ urls: Range<Int>,
    _ fetch: @escaping Fetch,
    cancels: Bool
  ) async -> [(url: Int, error: any Error)] {
    await withTaskGroup(of: (Int, (any Error)?).self) { group in
      for url in urls {
        group.addTask {
          do { try await fetch(url) } catch { return (url, error) }
          return (url, nil)
        }
      }
      var errors: [(url: Int, error: any Error)] = []
      for await (url, error) in group {
        guard let error else { continue }
        errors.append((url, error))
        if cancels { group.cancelAll() }
      }
      return errors
    }
  }

  private final class FirstError: Sendable {
    private let kept = Mutex<(any Error)?>(nil)
    private let stage: Stage

    init(_ stage: Stage) { self.stage = stage }

    var error: (any Error)? { kept.withLock { $0 } }

    func note(_ error: any Error) {
      kept.withLock { $0 = $0 ?? error }
      if let failure = error as? WorkFailure {
        stage.note(failure.lane, "is noted")
      }
    }
  }

  /// Lets other tasks in between, as whatever suspends does.
  private static func log(_ error: any Error) async { await Task.yield() }
}
