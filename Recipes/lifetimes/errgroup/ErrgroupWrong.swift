import Cookbook
import Synchronization

extension ErrgroupExamples {
  private static func wrong<Input: JobInput>(
    _ name: String,
    breaks law: Law<Input>,
    _ input: Input,
    _ body:
      @escaping @Sendable (Int, Range<Int>, @escaping Fetch) async throws
      -> Void
  ) -> Wrong<Input> {
    Wrong(name, breaks: law, input: input) { input, stage in
      let (n, urls, fetch) = input.perform(stage)
      try await body(n, urls, fetch)
    }
  }

  private static let first = Jobs(limit: 1, jobs: [1, 1], failing: [0])
  private static let second = Jobs(jobs: [2, 1], failing: [1])
  private static let both = Jobs(jobs: [2, 2], failing: [0, 1])
  private static let three = Jobs(limit: 2, jobs: [1, 2, 1], failing: [])

  static let wrongPlain = [
    wrong("wait-for-all", breaks: .othersEndAtOnce, second) { _, urls, fetch in
      try await withThrowingTaskGroup { group in
        for url in urls {
          group.addTask { try await fetch(url) }
        }
        try await group.waitForAll()
      }
    },
    wrong("by-index", breaks: .firstErrorInTime, both) { _, urls, fetch in
      let errors = await errors(urls, fetch)
      if let first = errors.min(by: { $0.url < $1.url }) { throw first.error }
    },
    wrong("last-error", breaks: .firstErrorInTime, both) { _, urls, fetch in
      let errors = await errors(urls, fetch)
      if let last = errors.last { throw last.error }
    },
    wrong("swallowed", breaks: .firstErrorInTime, both) { _, urls, fetch in
      await withTaskGroup { group in
        for url in urls { group.addTask { try? await fetch(url) } }
      }
    },
    Wrong("log-first", breaks: .firstErrorInTime, input: both) { input, stage in
      let (_, urls, fetch) = input.perform(stage)
      let log: @Sendable (any Error) async -> Void = { error in
        await Task.yield()
        stage.note((error as? WorkFailure)?.lane ?? "", "has logged")
      }
      // #region log-first
      let first = Mutex<(any Error)?>(nil)
      try? await withThrowingDiscardingTaskGroup { group in
        for url in urls {
          group.addTask(name: "job \(url)") { @Sendable in
            do { try await fetch(url) } catch {
              await log(error)
              first.withLock { $0 = $0 ?? error }
              throw error
            }
          }
        }
      }
      if let error = first.withLock({ $0 }) { throw error }
      // #endregion
    },
    Wrong("unawaited", breaks: .allEndedOnReturn, input: both) { input, stage in
      let (_, urls, fetch) = input.perform(stage)
      let Task = stage.startTask
      for url in urls { Task { try await fetch(url) } }
    },
  ]

  static let wrongLimits = [
    wrong("one-too-many", breaks: .bound, three) { n, urls, fetch in
      try await window(n + 1, urls, fetch)
    },
    wrong("batches", breaks: .busy, three) { n, urls, fetch in
      for start in stride(from: 0, to: urls.count, by: n) {
        try await window(n, urls.dropFirst(start).prefix(n), fetch)
      }
    },
  ]

  static let wrongTries = [
    Wrong(
      "counts-what-has-ended",
      breaks: .startsUnlessFull,
      input: Requests(limit: 1, gap: 2, jobs: [1, 1])
    ) { input, stage in
      let (n, _, handle) = input.perform(stage)
      try await withThrowingTaskGroup { group in
        var running = 0
        for await request in input.arrive(stage) {
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
      input: Requests(limit: 3, gap: 4, jobs: [9, 1, 1], failing: [1])
    ) { input, stage in
      let (_, _, handle) = input.perform(stage)
      try await withThrowingTaskGroup { group in
        for await request in input.arrive(stage) {
          group.addTask { try await handle(request) }
        }
        for try await _ in group {}
      }
    },
  ]

  static let wrongKeeping = [
    wrong("others-cancelled", breaks: .othersGoOn, second, window),
    wrong("stops-adding", breaks: .once, first, window),
  ]

  static let wrongCollecting = [
    Wrong("by-index", breaks: .everyErrorIsSaid, input: both) { input, stage in
      let (_, urls, fetch) = input.perform(stage)
      let errors = await errors(urls, fetch)
      for (_, error) in errors.sorted(by: { $0.url < $1.url }) {
        stage.print(error)
      }
    }
  ]

  /// All errors, in the order of time.
  private static func errors(
    _ urls: Range<Int>,
    _ fetch: @escaping Fetch
  ) async -> [(url: Int, error: any Error)] {
    await withTaskGroup(of: (Int, (any Error)?).self) { group in
      for url in urls {
        group.addTask {
          do { try await fetch(url) } catch { return (url, error) }
          return (url, nil)
        }
      }
      return await group.reduce(into: []) { errors, result in
        if let error = result.1 { errors.append((result.0, error)) }
      }
    }
  }
}
