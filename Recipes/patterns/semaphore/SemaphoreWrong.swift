import Cookbook

/// Wrong semaphores and wrong uses, each as somebody would write it.
extension SemaphoreExamples {
  static let wrongPlain = [
    Wrong(
      "counts-across-await",
      breaks: Law<Downloads>.neverMore(than: \.permits),
      input: Downloads(permits: 1, arrivals: [0, 0], holds: [4, 4])
    ) { input, stage in
      let condition = Condition(input.permits, .awaitsBetween)
      let download = input.download(stage)
      await stage.visit(arrivals: input.arrivals) { url in
        try await condition.acquire(1)
        _ = await download(url)
        await condition.release(1)
      }
      await stage.print(condition.free)
    }
  ]

  static let wrongPermits = [
    // The second gets its permit, and is cancelled, at one instant.
    wrong(
      "checked-too-late",
      breaks: allFree(of: \.permits),
      input(permits: 1, arrivals: [0, 1], holds: [3, 1], patience: [0, 2])
    ) { input, stage in
      let (n, load) = (input.permits, input.load(stage))
      let download: @Sendable (URL) async -> Page = { url in
        try? await load(url)
        return url
      }
      // #region checked-too-late
      let permits = Permits(n)

      @Sendable func fetch(_ url: URL) async throws -> Page {
        await permits.acquire()
        try Task.checkCancellation()
        let page = await download(url)
        await permits.release()
        return page
      }
      // #endregion
      await input.visit(stage) { _ = try await fetch($0) }
      await stage.print(permits.free)
    },
    condition(
      "too-many",
      breaks: laws[0],
      .awaitsBetween,
      input(permits: 2, arrivals: [0, 0], sizes: [2, 1])
    ),
    condition(
      "wakes-all",
      breaks: .inTurn,
      .none,
      input(permits: 1, arrivals: [0, 1, 2])
    ),
    condition("any-that-fits", breaks: .inTurn, .none, input(sizes: [1, 2, 1])),
    condition(
      "overtaking-try",
      breaks: .inTurn,
      .none,
      input(sizes: [1, 2, 1], trying: [2])
    ),
    // The one that is woken is cancelled, and the next one is not told.
    condition(
      "silent-leaving",
      breaks: laws[2],
      .wakesOne,
      input(arrivals: [0, 0, 1, 2], holds: [4, 9], patience: [0, 0, 3])
    ),
    use("deaf", breaks: .cancelledLeave) { permits, stage, size, work in
      // The wait for another task's value cannot be cancelled.
      try await stage.task { try await permits.acquire(size) }.value
      defer { permits.release(size) }
      try await work()
    },
    use(
      "abandoned-wait",
      breaks: allFree(of: \.permits),
      input(arrivals: [0, 0, 1], holds: [4, 9], patience: [0, 0, 1])
    ) { permits, stage, size, work in
      let (grants, grant) = AsyncStream<Void>.makeStream()
      stage.startTask {
        try await permits.acquire(size)
        grant.yield()
      }
      guard await grants.first(where: { true }) != nil else {
        throw CancellationError()
      }
      defer { permits.release(size) }
      try await work()
    },
    use("swallowed-cancellation", breaks: held) { permits, _, size, work in
      try? await permits.withPermits(size) { try await work() }
    },
    use(
      "try-by-cancelling",
      breaks: laws[3],
      input(arrivals: [0], trying: [0])
    ) { permits, stage, size, work in
      let acquisition = stage.task { try await permits.acquire(size) }
      acquisition.cancel()
      do { try await acquisition.value } catch { throw Busy() }
      defer { permits.release(size) }
      try await work()
    },
    use("not-awaited", breaks: .allEndedOnReturn) {
      permits,
      stage,
      size,
      work in
      stage.startTask {
        try await permits.withPermits(size) { try await work() }
      }
    },
  ]

  // MARK: What they are made of

  private typealias Use =
    @Sendable (
      _ permits: Semaphore, Stage, _ size: Int,
      _ work: @escaping @Sendable () async throws -> Void
    ) async throws -> Void

  private static func input(
    permits: Int = 2,
    arrivals: [Int] = [0, 1, 3],
    holds: [Int] = [6, 6, 6],
    sizes: [Int] = [],
    trying: [Int] = [],
    patience: [Int] = []
  ) -> Requests {
    Requests(
      permits: permits,
      arrivals: arrivals,
      holds: holds,
      form: "weighted",
      sizes: sizes,
      trying: trying,
      patience: patience
    )
  }

  private static func wrong(
    _ name: String,
    breaks law: Law<Requests>,
    _ input: Requests,
    _ body: @escaping @Sendable (Requests, Stage) async throws -> Void
  ) -> Wrong<Requests> {
    Wrong(name, breaks: law, input: input, body: body)
  }

  /// A wrong use of the right semaphore.
  private static func use(
    _ name: String,
    breaks law: Law<Requests>,
    _ input: Requests = input(
      permits: 1,
      arrivals: [0, 1],
      patience: [0, 1]
    ),
    _ use: @escaping Use
  ) -> Wrong<Requests> {
    wrong(name, breaks: law, input) { input, stage in
      let permits = Semaphore(permits: input.permits)
      let load = input.load(stage)
      await input.visit(stage) { task in
        try await use(permits, stage, input.size(of: task)) {
          try await load(task)
        }
      }
      stage.print(input.free { permits.tryAcquire() })
    }
  }

  /// The wrong semaphore.
  private static func condition(
    _ name: String,
    breaks law: Law<Requests>,
    _ flaw: Condition.Flaw,
    _ input: Requests
  ) -> Wrong<Requests> {
    wrong(name, breaks: law, input) { input, stage in
      let condition = Condition(input.permits, flaw)
      let load = input.load(stage)
      await input.visit(stage) { task in
        let size = input.size(of: task)
        if input.trying.contains(task) {
          guard await condition.tryAcquire(size) else { throw Busy() }
        } else {
          try await condition.acquire(size)
        }
        try? await load(task)
        await condition.release(size)
      }
      await stage.print(condition.free)
    }
  }

  /// A condition variable: waiters are woken, and look again.
  private actor Condition {
    enum Flaw {
      /// Who is woken first is served first.
      case none
      /// Wakes one only, who may leave instead.
      case wakesOne
      /// Awaits something between looking and taking.
      case awaitsBetween
    }

    private let flaw: Flaw
    private(set) var free: Int
    private var line: [CheckedContinuation<Void, Never>] = []

    init(_ permits: Int, _ flaw: Flaw) {
      free = permits
      self.flaw = flaw
    }

    func acquire(_ count: Int) async throws {
      while free < count {
        await withCheckedContinuation { line.append($0) }
        if flaw == .wakesOne { try Task.checkCancellation() }
      }
      if flaw == .awaitsBetween { await Task.yield() }
      free -= count
    }

    func tryAcquire(_ count: Int) -> Bool {
      guard free >= count else { return false }
      free -= count
      return true
    }

    func release(_ count: Int) {
      free += count
      let woken = flaw == .wakesOne ? line.prefix(1) : line[...]
      line.removeFirst(woken.count)
      for waiter in woken { waiter.resume() }
    }
  }
}
