import BoundedPoolRecipe
import Cookbook

/// Wrong pools, each as somebody would write it.
enum NaivePools {
  typealias Job = BoundedPoolDemo.Pool.Job

  /// A task for each job, which is what `addTask` in a loop does.
  static let unbounded = pool { _, jobs, perform in
    try await withThrowingTaskGroup(of: Int.self) { group in
      for job in jobs { group.addTask { try await perform(job) } }
      var results: [Int] = []
      for try await result in group { results.append(result) }
      return results.sorted()
    }
  }

  // #region counterAcrossAwait
  /// Keeps count in an actor, which a caller can enter while another waits.
  actor Gate {
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter(limit: Int) async {
      while running >= limit {
        await withCheckedContinuation { waiting.append($0) }
      }
      // Whatever suspends here lets others pass the check above.
      await Task.yield()
      running += 1
    }

    func leave() {
      running -= 1
      let woken = waiting
      waiting = []
      for continuation in woken { continuation.resume() }
    }
  }

  static let counterAcrossAwait = pool { limit, jobs, perform in
    let gate = Gate()
    return try await withThrowingTaskGroup(of: Int.self) { group in
      for job in jobs {
        group.addTask {
          await gate.enter(limit: limit)
          let result = try await perform(job)
          await gate.leave()
          return result
        }
      }
      var results: [Int] = []
      for try await result in group { results.append(result) }
      return results.sorted()
    }
  }
  // #endregion

  /// As many jobs as workers, and then the next as many: a worker that is
  /// done waits for the slowest.
  static let batches = pool { limit, jobs, perform in
    var results: [Int] = []
    for start in stride(from: 0, to: jobs.count, by: limit) {
      try await withThrowingTaskGroup(of: Int.self) { group in
        for job in jobs[start..<min(start + limit, jobs.count)] {
          group.addTask { try await perform(job) }
        }
        for try await result in group { results.append(result) }
      }
    }
    return results.sorted()
  }

  /// Awaits the jobs in their order: an early job that takes long hides the
  /// error of a later one.
  static let errorInOrder = pool { limit, jobs, perform in
    try await withThrowingTaskGroup(of: (Int, Result<Int, any Error>).self) {
      group in
      var (next, ended) = (jobs.startIndex, [Int: Result<Int, any Error>]())
      func start() {
        guard next < jobs.endIndex else { return }
        let job = jobs[next]
        next += 1
        group.addTask {
          do { return (job, .success(try await perform(job))) } catch {
            return (job, .failure(error))
          }
        }
      }
      for _ in 0..<limit { start() }
      while let (job, result) = try await group.next() {
        ended[job] = result
        start()
      }
      return try jobs.map { try ended[$0]?.get() ?? 0 }
    }
  }

  /// Takes the results as they come and calls them ordered.
  static let completionOrder = pool { limit, jobs, perform in
    try await withThrowingTaskGroup(of: Int.self) { group in
      var (remaining, results) = (jobs[...], [Int]())
      func start() {
        guard let job = remaining.popFirst() else { return }
        group.addTask {
          try Task.checkCancellation()
          return try await perform(job)
        }
      }
      for _ in 0..<limit { start() }
      while let result = try await group.next() {
        results.append(result)
        start()
      }
      return results
    }
  }

  /// A child that has been added but has not begun when the pool is cancelled
  /// begins all the same.
  static let uncheckedStart = pool { limit, jobs, perform in
    try await withThrowingTaskGroup(of: Int.self) { group in
      var (remaining, results) = (jobs[...], [Int]())
      func start() {
        guard let job = remaining.popFirst() else { return }
        group.addTask { try await perform(job) }
      }
      for _ in 0..<limit { start() }
      while let result = try await group.next() {
        results.append(result)
        start()
      }
      return results.sorted()
    }
  }

  /// `try?` where a job fails: cancellation is an error too, so the worker
  /// goes on to the next job.
  static let swallowedErrors = pool { limit, jobs, perform in
    let source = Source(jobs)
    return try await withThrowingTaskGroup(of: [Int].self) { group in
      for _ in 0..<limit {
        group.addTask {
          var results: [Int] = []
          while let job = await source.next() {
            if let result = try? await perform(job) { results.append(result) }
          }
          return results
        }
      }
      var results: [Int] = []
      for try await part in group { results += part }
      try Task.checkCancellation()
      return results.sorted()
    }
  }

  actor Source {
    private var jobs: ArraySlice<Int>

    init(_ jobs: [Int]) { self.jobs = jobs[...] }

    func next() -> Int? { jobs.popFirst() }
  }

  /// One pool for all three calls of the demo.
  private static func pool(
    _ run: @escaping @Sendable (Int, [Int], @escaping Job) async throws -> [Int]
  ) -> BoundedPoolDemo.Pool {
    BoundedPoolDemo.Pool(
      forEach: { _ = try await run($0, $1, $2) },
      map: { try await run($0, $1, $2) },
      mapUnordered: { workers, jobs, transform, receive in
        for result in try await run(workers, jobs, transform) {
          try await receive(result)
        }
      }
    )
  }

  static func port(
    _ name: String,
    _ pool: BoundedPoolDemo.Pool,
    breaks law: Law<BoundedPoolDemo.Input, BoundedPoolDemo.Outcome>,
    _ change: (inout BoundedPoolDemo.Input) -> Void = { _ in }
  ) -> NaivePort<BoundedPoolDemo> {
    var input = BoundedPoolDemo.Input()
    input.workers = 2
    input.jobs = [3, 1, 2, 2, 1, 3]
    change(&input)
    return NaivePort(name: name, brokenLaw: law.name, input: input) {
      await BoundedPoolDemo.run($0, recorder: $1, pool: pool)
    }
  }

  static let ports: [NaivePort<BoundedPoolDemo>] = [
    port(
      "a task for each job",
      unbounded,
      breaks: BoundedPoolDemo.neverMoreAtOnce
    ),
    port(
      "bound checked across an await",
      counterAcrossAwait,
      breaks: BoundedPoolDemo.neverMoreAtOnce
    ),
    port("batches", batches, breaks: BoundedPoolDemo.noIdleWorker),
    port(
      "errors in the order of jobs",
      errorInOrder,
      breaks: BoundedPoolDemo.firstErrorIsThrown
    ) {
      $0.jobs = [5, 1, 1, 1, 1, 1]
      $0.failing = [0, 2]
    },
    port(
      "results in the order of completion",
      completionOrder,
      breaks: BoundedPoolDemo.resultsInOrder
    ),
    port(
      "swallowed errors",
      swallowedErrors,
      breaks: BoundedPoolDemo.nothingStartsAfterTheEnd
    ) { $0.cancelAfter = 2 },
    port(
      "no check before a job starts",
      uncheckedStart,
      breaks: BoundedPoolDemo.nothingStartsAfterTheEnd
    ) { $0.cancelAfter = 3 },
    port(
      "results handed over at the end",
      batches,
      breaks: BoundedPoolDemo.receivedAsTheyCome
    ) {
      $0.mode = BoundedPoolDemo.Mode.unordered.rawValue
      $0.workers = 6
    },
  ]
}
