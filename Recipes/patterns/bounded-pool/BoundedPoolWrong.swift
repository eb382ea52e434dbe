import Cookbook
import Synchronization

extension BoundedPoolExamples {
  private typealias Parts = (
    n: Int, urls: Range<Int>, download: Download, stage: Stage
  )

  private static func wrong(
    _ name: String,
    breaks law: Law<Jobs>,
    _ input: Jobs = jobs(3, 1, 2, 2, 1, 3),
    _ pool: @escaping @Sendable (Parts) async throws -> Void
  ) -> Wrong<Jobs> {
    Wrong(name, breaks: law, input: input) { input, stage in
      let (n, urls, download) = input.perform(stage)
      try await pool((n, urls, download, stage))
    }
  }

  private static func jobs(_ jobs: Int..., failing: [Int] = []) -> Jobs {
    Jobs(workers: 2, jobs: jobs, failing: failing)
  }

  static let wrongMaps = [
    wrong("task-for-each", breaks: bound) { it in
      let pages = try await withThrowingTaskGroup(of: (Int, Int).self) {
        group in
        for url in it.urls {
          group.addTask { (url, try await it.download(url)) }
        }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      it.stage.print(it.urls.map { pages[$0] })
    },
    wrong("batches", breaks: busy) { it in
      var pages: [Int] = []
      for start in stride(from: 0, to: it.urls.count, by: it.n) {
        pages += try await withThrowingTaskGroup(of: Int.self) { group in
          for url in it.urls.dropFirst(start).prefix(it.n) {
            group.addTask { try await it.download(url) }
          }
          return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
      }
      it.stage.print(pages)
    },
    wrong("completion-order", breaks: inOrder) { it in
      var pages: [Int] = []
      try await BoundedPool(workers: it.n).mapUnordered(it.urls) {
        try await it.download($0)
      } receive: {
        pages.append($0)
      }
      it.stage.print(pages)
    },
  ]

  static let wrongForEaches = [
    wrong("last-error", breaks: .firstErrorIsThrown, jobs(2, 1, failing: [1])) {
      try await awaitAll($0, cancels: true)
    },
    wrong("no-cancel", breaks: .othersEndAtOnce, jobs(2, 1, failing: [1])) {
      try await awaitAll($0, cancels: false)
    },
    wrong(
      "open-source",
      breaks: .nothingStartsAfterStop,
      jobs(2, 2, 1, failing: [0])
    ) { it in
      let (n, source, download) = (it.n, Source(it.urls), it.download)
      // #region open-source
      try await withThrowingTaskGroup { group in
        for worker in 1...n {
          group.addTask(name: "worker \(worker)") {
            while let url = source.next() {
              try Task.checkCancellation()
              _ = try await download(url)
            }
          }
        }
        while try await group.next() != nil {}
      }
      // #endregion
    },
    wrong(
      "swallowed-error",
      breaks: .nothingStartsAfterStop,
      Jobs(workers: 2, jobs: [3, 3, 3, 3, 3], failing: [], cancelAfter: 4)
    ) { it in
      let source = Source(it.urls)
      try await BoundedPool(workers: it.n).forEach(1...it.n) { _ in
        while let url = source.next() { _ = try? await it.download(url) }
      }
      try Task.checkCancellation()
    },
    wrong("taken-when-done", breaks: once, jobs(1, 1)) { it in
      let queue = Source(it.urls)
      try await BoundedPool(workers: it.n).forEach(1...it.n) { _ in
        while let url = queue.first {
          _ = try await it.download(url)
          _ = queue.next()
        }
      }
    },
    wrong("not-awaited", breaks: .allEndedOnReturn, jobs(1, 1)) { it in
      let Task = it.stage.startTask
      for url in it.urls { Task { _ = try await it.download(url) } }
    },
  ]

  static let wrongReceivers = [
    wrong("at-the-end", breaks: whenItEnds) { it in
      let pages = try await BoundedPool(workers: it.n)
        .map(it.urls) { try await it.download($0) }
      for page in pages { it.stage.print(page) }
    },
    wrong(
      "received-by-the-group",
      breaks: .othersEndAtOnce,
      Jobs(workers: 2, jobs: [1, 3, 9], failing: [1], receive: 5)
    ) { it in
      var urls = it.urls.makeIterator()
      try await withThrowingTaskGroup(of: Int.self) { group in
        func startNext() {
          guard let url = urls.next() else { return }
          group.addTask { try await it.download(url) }
        }
        for _ in 0..<it.n { startNext() }
        while let page = try await group.next() {
          startNext()
          it.stage.print(page)
          try await it.stage.sleep(5)
        }
      }
    },
  ]

  /// Awaits all results, whatever they are, and throws the last error.
  private static func awaitAll(_ it: Parts, cancels: Bool) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for url in it.urls {
        group.addTask { _ = try await it.download(url) }
      }
      var failure: (any Error)?
      while let result = await group.nextResult() {
        guard case .failure(let error) = result else { continue }
        failure = error
        if cancels { group.cancelAll() }
      }
      if let failure { throw failure }
    }
  }

  /// An iterator that nobody closes.
  private final class Source: Sendable {
    private let urls: Mutex<Range<Int>>

    init(_ urls: Range<Int>) { self.urls = Mutex(urls) }

    var first: Int? { urls.withLock(\.first) }

    func next() -> Int? { urls.withLock { $0.popFirst() } }
  }
}
