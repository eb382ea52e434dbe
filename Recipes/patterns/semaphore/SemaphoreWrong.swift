import Cookbook

extension SemaphoreExamples {
  static let wrong = [
    Wrong(
      "checked-too-late",
      breaks: .allFree,
      // The second gets its permit, and is cancelled, at one instant.
      input: Visits(limit: 1, arrivals: [0, 1], holds: [3], patience: [0, 2])
    ) { input, stage in
      let n = input.limit
      let download = input.download(stage)
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
      await input.come(stage) { _ = try await fetch($0) }
      await stage.print(permits.free)
    },
    condition("counts-across-await", breaks: .neverMore, .awaitsBetween) {
      $0.arrivals = [0, 0]
      $0.sizes = [2]
    },
    condition("wakes-all", breaks: .inTurn) { $0.limit = 1 },
    condition("any-that-fits", breaks: .inTurn) { $0.sizes = [1, 2, 1] },
    condition("overtaking-try", breaks: .inTurn) {
      $0.sizes = [1, 2, 1]
      $0.trying = [2]
    },
    // The one that is woken is cancelled, and the next one is not told.
    condition("silent-leaving", breaks: .firstIsServed, .wakesOne) {
      $0.arrivals = [0, 0, 1, 2]
      $0.patience = [0, 0, 3]
    },
    use("deaf", breaks: .cancelledLeave) { permits, stage, work in
      // The wait for another task's value cannot be cancelled.
      try await stage.task { try await permits.acquire() }.value
      defer { permits.release() }
      try await work()
    },
    use("abandoned-wait", breaks: .allFree) { permits, stage, work in
      let (grants, grant) = AsyncStream<Void>.makeStream()
      stage.startTask {
        try await permits.acquire()
        grant.yield()
      }
      guard await grants.first(where: { true }) != nil else {
        throw CancellationError()
      }
      defer { permits.release() }
      try await work()
    },
    use("swallowed-cancellation", breaks: .held) { permits, _, work in
      try? await permits.withPermit(work)
    },
    use("not-awaited", breaks: .allEndedOnReturn) { permits, stage, work in
      stage.startTask { try await permits.withPermit(work) }
    },
    use(
      "try-by-cancelling",
      breaks: .triesAreExact(refusal: Busy()),
      { $0.trying = [0] }
    ) { permits, stage, work in
      let acquisition = stage.task { try await permits.acquire() }
      acquisition.cancel()
      do { try await acquisition.value } catch { throw Busy() }
      defer { permits.release() }
      try await work()
    },
  ]

  // MARK: What they are made of

  private typealias Change = (inout Visits) -> Void
  private typealias Work = @Sendable () async throws -> Void
  private typealias Use =
    @Sendable (Semaphore, Stage, @escaping Work) async throws -> Void

  /// A wrong use of the right semaphore.
  ///
  /// Of two permits one comes back at 4 ms, when a third task waits for it, or
  /// has waited.
  private static func use(
    _ name: String,
    breaks law: Law<Visits>,
    _ change: Change = { _ in },
    _ use: @escaping Use
  ) -> Wrong<Visits> {
    var input = Visits(limit: 2, arrivals: [0, 1, 2], holds: [4, 9, 4])
    input.patience = [0, 0, 1]
    change(&input)
    return Wrong(name, breaks: law, input: input) { input, stage in
      let permits = Semaphore(permits: input.limit)
      await input.come(stage) { task in
        try await use(permits, stage) { try await input.hold(task, stage) }
      }
      stage.print(input.free(permits))
    }
  }

  /// A wrong semaphore.
  private static func condition(
    _ name: String,
    breaks law: Law<Visits>,
    _ flaw: Condition.Flaw = .none,
    _ change: Change
  ) -> Wrong<Visits> {
    var input = Visits(limit: 2, arrivals: [0, 1, 2], holds: [4, 9, 4])
    change(&input)
    return Wrong(name, breaks: law, input: input) { input, stage in
      let condition = Condition(input.limit, flaw)
      await input.come(stage) { task in
        let size = input.size(of: task)
        if input.trying.contains(task) {
          guard await condition.tryAcquire(size) else { throw Busy() }
        } else {
          try await condition.acquire(size)
        }
        try? await input.hold(task, stage)
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
