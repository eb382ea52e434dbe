import Cookbook
import Synchronization

/// Wrong pools, each as somebody would write it.
extension BoundedPoolExamples {
  private typealias Download = @Sendable (Int) async throws -> Int

  private static func jobs(
    _ change: (inout Jobs) -> Void = { _ in }
  ) -> Jobs {
    var input = Jobs()
    (input.workers, input.jobs, input.failing) = (2, [3, 1, 2, 2, 1, 3], [])
    change(&input)
    return input
  }

  // MARK: map

  static let wrongMaps: [Wrong<Jobs>] = [
    Wrong("task-for-each", breaks: .law(laws[0].name), input: jobs()) {
      input,
      stage in
      let (_, urls, download) = input.perform(stage)
      // #region task-for-each
      let pages = try await withThrowingTaskGroup(of: (Int, Int).self) {
        group in
        for url in urls {
          group.addTask { (url, try await download(url)) }
        }
        var pages: [Int: Int] = [:]
        for try await (url, page) in group { pages[url] = page }
        return urls.map { pages[$0] }
      }
      // #endregion
      stage.say("caller", pages)
    },
    Wrong("batches", breaks: .law(laws[1].name), input: jobs()) {
      input,
      stage in
      let (n, urls, download) = input.perform(stage)
      // #region batches
      var pages: [Int] = []
      for start in stride(from: 0, to: urls.count, by: n) {
        let batch = urls[start..<min(start + n, urls.count)]
        pages += try await withThrowingTaskGroup(of: Int.self) { group in
          for url in batch { group.addTask { try await download(url) } }
          return try await group.reduce(into: []) { $0.append($1) }.sorted()
        }
      }
      // #endregion
      stage.say("caller", pages)
    },
    Wrong("completion-order", breaks: .law(inOrder.name), input: jobs()) {
      input,
      stage in
      let (n, urls, download) = input.perform(stage)
      // #region completion-order
      var pages: [Int] = []
      try await withThrowingTaskGroup(of: Int.self) { group in
        for (started, url) in urls.enumerated() {
          if started >= n, let page = try await group.next() {
            pages.append(page)
          }
          group.addTask { try await download(url) }
        }
        for try await page in group { pages.append(page) }
      }
      // #endregion
      stage.say("caller", pages)
    },
  ]

  // MARK: forEach

  static let wrongForEaches: [Wrong<Jobs>] = [
    Wrong(
      "last-error",
      breaks: .law(Law<Jobs>.firstErrorIsThrown.name),
      input: jobs { $0.failing = [1] }
    ) { input, stage in
      let (n, urls, download) = input.perform(stage)
      // #region last-error
      try await withThrowingTaskGroup(of: Void.self) { group in
        var failure: (any Error)?
        for (started, url) in urls.enumerated() where failure == nil {
          if started >= n, case .failure(let error) = await group.nextResult() {
            failure = error
            group.cancelAll()
            continue
          }
          group.addTask { _ = try await download(url) }
        }
        while let result = await group.nextResult() {
          if case .failure(let error) = result { failure = error }
        }
        if let failure { throw failure }
      }
      // #endregion
    },
    Wrong(
      "no-cancel",
      breaks: .law(Law<Jobs>.othersEndAtOnce.name),
      input: jobs { $0.failing = [1] }
    ) { input, stage in
      let (n, urls, download) = input.perform(stage)
      // #region no-cancel
      try await withThrowingTaskGroup(of: Void.self) { group in
        var failure: (any Error)?
        for (started, url) in urls.enumerated() where failure == nil {
          if started >= n, case .failure(let error) = await group.nextResult() {
            failure = error
          } else {
            group.addTask { _ = try await download(url) }
          }
        }
        while let result = await group.nextResult() {
          if case .failure(let error) = result { failure = failure ?? error }
        }
        if let failure { throw failure }
      }
      // #endregion
    },
    Wrong(
      "open-source",
      breaks: .law(Law<Jobs>.nothingStartsAfterStop.name),
      input: jobs { ($0.jobs, $0.failing) = ([2, 2, 1], [0]) }
    ) { input, stage in
      let (n, urls, download) = input.perform(stage)
      let source = Source(urls)
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
    Wrong(
      "swallowed-error",
      breaks: .law(Law<Jobs>.nothingStartsAfterStop.name),
      input: jobs { $0.cancelAfter = 4 }
    ) { input, stage in
      let (n, urls, download) = input.perform(stage)
      let source = Source(urls)
      // #region swallowed-error
      await withTaskGroup { group in
        for worker in 1...n {
          group.addTask(name: "worker \(worker)") {
            while let url = source.next() { _ = try? await download(url) }
          }
        }
      }
      try Task.checkCancellation()
      // #endregion
    },
    Wrong(
      "unchecked-start",
      breaks: .law(Law<Jobs>.nothingStartsAfterStop.name),
      input: jobs { $0.cancelAfter = 3 }
    ) { input, stage in
      let (n, urls, download) = input.perform(stage)
      // #region unchecked-start
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (started, url) in urls.enumerated() {
          if started >= n { try await group.next() }
          group.addTask(name: "task \(started)") {
            _ = try await download(url)
          }
        }
        while try await group.next() != nil {}
      }
      // #endregion
    },
    Wrong(
      "taken-when-done",
      breaks: .law("each job runs once"),
      input: jobs { ($0.workers, $0.jobs) = (2, [1, 1]) }
    ) { input, stage in
      let (n, urls, download) = input.perform(stage)
      // #region taken-when-done
      actor Queue {
        private var urls: ArraySlice<Int>
        init(_ urls: Range<Int>) { self.urls = Array(urls)[...] }
        var first: Int? { urls.first }
        func removeFirst() { urls = urls.dropFirst() }
      }
      let queue = Queue(urls)
      try await withThrowingTaskGroup { group in
        for worker in 1...n {
          group.addTask(name: "worker \(worker)") {
            while let url = await queue.first {
              _ = try await download(url)
              await queue.removeFirst()
            }
          }
        }
        try await group.waitForAll()
      }
      // #endregion
    },
    Wrong(
      "not-awaited",
      breaks: .law(Law<Jobs>.allEndedOnReturn.name),
      input: jobs { ($0.workers, $0.jobs) = (2, [1, 1]) }
    ) { input, stage in
      let (_, urls, download) = input.perform(stage)
      let Task = stage.startTask
      // #region not-awaited
      for url in urls {
        Task { _ = try await download(url) }
      }
      // #endregion
    },
  ]

  /// An iterator that nobody closes.
  private final class Source: Sendable {
    private let urls: Mutex<Range<Int>>

    init(_ urls: Range<Int>) { self.urls = Mutex(urls) }

    func next() -> Int? { urls.withLock { $0.popFirst() } }
  }

  // MARK: mapUnordered

  static let wrongReceivers: [Wrong<Jobs>] = [
    Wrong("at-the-end", breaks: .law(whenItEnds.name), input: jobs()) {
      input,
      stage in
      let (n, urls, download) = input.perform(stage)
      let print: (Int) -> Void = stage.print
      // #region at-the-end
      let pages = try await BoundedPool(workers: n)
        .map(urls) { try await download($0) }
      for page in pages { print(page) }
      // #endregion
    }
  ]
}
