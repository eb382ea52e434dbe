/// Asks several replicas, and takes the answer that comes first.
enum Replicas {
  typealias Ask = @Sendable () async throws -> String

  // #region leaky
  static func leaky(
    _ asks: [Ask],
    on executor: (any TaskExecutor)? = nil
  ) async throws -> String {
    let (answers, box) = AsyncStream.makeStream(of: String.self)
    for (n, ask) in asks.enumerated() {
      Task(name: "ask \(n)", executorPreference: executor) {
        box.yield(try await ask())
      }
    }
    for await answer in answers { return answer }
    throw CancellationError()
  }
  // #endregion

  // #region first
  static func first(_ asks: [Ask]) async throws -> String {
    try await withThrowingTaskGroup(of: String.self) { group in
      for ask in asks { group.addTask { try await ask() } }
      defer { group.cancelAll() }
      var problem: any Error = CancellationError()  // if there is nobody to ask
      var failures = 0
      while let reply = await group.nextResult() {
        switch reply {
        case .success(let answer): return answer
        case .failure(let error):
          if failures == 0 { problem = error }
          failures += 1
        }
      }
      throw problem
    }
  }
  // #endregion

  // #region late
  static func late(
    _ asks: [Ask],
    on executor: (any TaskExecutor)? = nil
  ) async throws -> String {
    let (answers, box) = AsyncStream.makeStream(of: String.self)
    let losers = Losers()
    Task(name: "starter", executorPreference: executor) {
      for (n, ask) in asks.enumerated() {
        await losers.add(
          Task(name: "ask \(n)", executorPreference: executor) {
            box.yield(try await ask())
          }
        )
      }
    }
    for await answer in answers {
      await losers.end()
      return answer
    }
    throw CancellationError()
  }

  actor Losers {
    private var tasks: [Task<Void, any Error>] = []

    func add(_ task: Task<Void, any Error>) { tasks.append(task) }

    func end() async {
      for task in tasks { task.cancel() }
      for task in tasks { _ = await task.result }
    }
  }
  // #endregion

  static func deaf(
    _ asks: [Ask],
    on executor: (any TaskExecutor)? = nil
  ) async throws -> String? {
    try await Task(executorPreference: executor) { try await first(asks) }.value
  }
}
