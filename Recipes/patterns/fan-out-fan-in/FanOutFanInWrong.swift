import Cookbook
import Synchronization

extension FanOutFanInExamples {
  /// The parts of a fan-in by hand, some of which a wrong version replaces.
  private struct Parts {
    let input: Pages
    let stage: Stage
    let (fetch, store): (Fetch, Store)
    let pages = Channel<Page>(capacity: 9)

    init(_ input: Pages, _ stage: Stage) {
      (self.input, self.stage) = (input, stage)
      (fetch, store) = input.work(stage)
    }

    var feeds: [Feed<Page, any Error>] {
      deal(input.fetch.count, to: input.workers, fetch)
    }

    func read(_ feed: Feed<Page, any Error>) async throws {
      for try await page in feed { try await pages.send(page) }
    }

    func readAll() async throws {
      try await withThrowingDiscardingTaskGroup { readers in
        for feed in feeds { readers.addTask { try await read(feed) } }
      }
      pages.close()
    }

    func storeAll() async throws {
      for try await page in pages.prefix(input.wanted ?? .max) {
        try await store(page)
      }
    }
  }

  private static func wrong(
    _ name: String,
    _ law: Law<Pages>? = nil,
    _ change: (inout Pages) -> Void = { _ in },
    pages: @escaping @Sendable (Parts) async throws -> Void
  ) -> Wrong<Pages> {
    let input = small {
      ($0.fetch, $0.buffer) = ([1, 1, 2, 3], 9)
      change(&$0)
    }
    let breach = law.map { Breach.law($0.name) } ?? .deadlock
    return Wrong(name, breaks: breach, input: input) { input, stage in
      try await pages(Parts(input, stage))
    }
  }

  static let wrongOut = [
    wrong("one-worker-too-many", outChain.atMost) { it in
      let (urls, workers) = (it.input.fetch.indices, it.input.workers + 1)
      try await withFanOut(over: urls, workers: workers) {
        try await it.fetch($0)
      } body: {
        for try await page in $0 { try await it.store(page) }
      }
    },
    wrong(
      "cancelled-late",
      outChain.nothingStarts,
      { ($0.fetch, $0.failing) = ([2, 2, 1], [0]) }
    ) { it in
      let (fetch, pages) = (it.fetch, it.pages)
      let source = Mutex(it.input.fetch.indices)
      try await withThrowingTaskGroup { scope in
        scope.addTask { @Sendable in
          defer { pages.close() }
          // #region cancelled-late
          try await withThrowingTaskGroup { workers in
            for worker in 1...2 {
              workers.addTask(name: "worker \(worker)") { @Sendable in
                while let url = source.withLock({ $0.popFirst() }) {
                  try await pages.send(fetch(url))
                }
              }
            }
            while try await workers.next() != nil {}
          }
          // #endregion
        }
        try await it.storeAll()
        try await scope.waitForAll()
      }
    },
  ]

  static let wrongIn = [
    wrong("unbounded", inChain.bound, { ($0.buffer, $0.store) = (0, [9]) }) {
      it in
      let (fetch, store) = (it.input.fetch, it.input.store)
      await plain(Plain(feeds: 2, fetch: fetch, store: store), it.stage)
    },
    wrong("first-closes", inChain.once, { $0.fetch = [1, 9] }) { it in
      try await withThrowingTaskGroup { readers in
        for feed in it.feeds {
          readers.addTask {
            defer { it.pages.close() }
            try await it.read(feed)
          }
        }
        try await it.storeAll()
      }
    },
    wrong("one-after-the-other", inChain.noneIdle) { it in
      for feed in it.feeds {
        for try await page in feed { try await it.store(page) }
      }
    },
    wrong("in-turn", inChain.noneIdle) { it in
      var feeds = it.feeds
      while !feeds.isEmpty {
        for index in feeds.indices.reversed() {
          guard let page = try await feeds[index].next(isolation: nil) else {
            feeds.remove(at: index)
            continue
          }
          try await it.store(page)
        }
      }
    },
    wrong(
      "sorted-batches",
      inChain.inOrder,
      { ($0.fetch, $0.store) = ([1, 3, 1], [5]) }
    ) { it in
      try await withThrowingTaskGroup { readers in
        readers.addTask { try await it.readAll() }
        while let first = try await it.pages.receive() {
          var batch = [first]
          while case .element(let page) = it.pages.tryReceive() {
            batch.append(page)
          }
          for page in batch.sorted(by: { $0.url < $1.url }) {
            try await it.store(page)
          }
        }
      }
    },
    wrong("error-taken-for-the-end", inChain.firstError, failing) { it in
      try await withThrowingTaskGroup { readers in
        readers.addTask {
          defer { it.pages.close() }
          try await it.readAll()
        }
        try await it.storeAll()
      }
    },
    wrong("all-in-one-group", inChain.waitingComeFirst, failing) { it in
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask { try await it.readAll() }
        group.addTask { try await it.storeAll() }
      }
    },
    wrong("closes-its-input", inChain.endAtOnce, leaving) { it in
      try await withThrowingTaskGroup { readers in
        readers.addTask { try await it.readAll() }
        try await it.storeAll()
        it.pages.close()
      }
    },
    wrong("unstructured", inChain.allEnded, leaving) { it in
      let Task = it.stage.startTask
      for feed in it.feeds { Task { try await it.read(feed) } }
      try await it.storeAll()
    },
    wrong("counted-too-early") { it in
      let readers = Atomic(it.input.workers)
      try await withThrowingTaskGroup { group in
        for feed in it.feeds {
          group.addTask { @Sendable in
            let isLast = readers.load(ordering: .relaxed) == 1
            try await it.read(feed)
            readers.subtract(1, ordering: .relaxed)
            if isLast { it.pages.close() }
          }
        }
        try await it.storeAll()
      }
    },
  ]

  private static func failing(_ pages: inout Pages) {
    (pages.failing, pages.store) = ([3], [9])
  }

  private static func leaving(_ pages: inout Pages) {
    (pages.fetch, pages.wanted) = ([1, 9], 1)
  }
}
