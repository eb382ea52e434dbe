import Cookbook
import Synchronization

extension TaskQueueExamples {
  static let wrongSerials = [
    Wrong("task-for-each", breaks: oneByOne, input: Calls(jobs: [1, 1])) {
      input,
      stage in
      let log = Log(stage)
      await withDiscardingTaskGroup { group in
        var tasks = 0
        func Task(_ body: @escaping @Sendable () async -> Void) {
          group.addTask(name: "task \(tasks)") { await body() }
          tasks += 1
        }
        // #region task-for-each
        func onClick(_ click: Int) {
          Task { await log.write(click) }
        }
        // #endregion
        for click in input.jobs.indices { onClick(click) }
      }
    },
    Wrong("newest-only", breaks: each, input: Calls(jobs: [1, 1, 1])) {
      let save = $0.save($1)
      let (jobs, queue) = AsyncStream.makeStream(
        of: Job.self,
        bufferingPolicy: .bufferingNewest(1)
      )
      for click in $0.jobs.indices { queue.yield { await save(click) } }
      queue.finish()
      for await job in jobs { await job() }
    },
  ]

  private actor Log {
    let stage: Stage

    init(_ stage: Stage) { self.stage = stage }

    func write(_ click: Int) {
      stage.record("start", lane: "job \(click)")
      stage.record("end", lane: "job \(click)")
    }
  }

  // MARK: Several workers

  static let wrongTries = [
    stream("no-bound", breaks: bounded, .unbounded, 2) {
      await work(on: $0, $1)
    },
    stream("task-for-each", breaks: atMost) { jobs, _ in
      await withDiscardingTaskGroup { group in
        for await job in jobs { group.addTask { await job() } }
      }
    },
    stream("waits-for-all", breaks: busy) { jobs, n in
      await withTaskGroup { group in
        var running = 0
        for await job in jobs {
          group.addTask { await job() }
          running += 1
          if running < n { continue }
          await group.waitForAll()
          running = 0
        }
      }
    },
    stream("last-first", breaks: inOrder) { jobs, n in
      let stack = Stack()
      let (turns, queue) = AsyncStream.makeStream(of: Job.self)
      await withDiscardingTaskGroup { group in
        group.addTask { await work(on: turns, n) }
        for await job in jobs {
          stack.jobs.withLock { $0.append(job) }
          queue.yield { await stack.jobs.withLock { $0.popLast() }?() }
        }
        queue.finish()
      }
    },
  ]

  static let wrongSubmits = [
    queue(
      "refuses-when-busy",
      breaks: refusedIfFull,
      Jobs(trying: [0, 1, 2, 3, 4, 5]),
      capacity: 0
    ),
    queue(
      "asks-again",
      breaks: waitsIfFull,
      Jobs(arrivals: [1, 2, 3, 4, 5]),
      submit: { queue, stage, job in
        while try !queue.trySubmit(job) { try await stage.sleep(7) }
      }
    ),
    queue(
      "deaf",
      breaks: .cancelledEndsAtOnce,
      Jobs(patience: [0, 0, 0, 0, 9]),
      submit: { queue, stage, job in
        try await stage.task { try await queue.submit(job) }.value
      }
    ),
    queue(
      "abandoned-wait",
      breaks: isDone,
      Jobs(patience: [0, 0, 0, 0, 9]),
      submit: { queue, stage, job in
        let (places, place) = AsyncStream<Void>.makeStream()
        stage.startTask {
          try await queue.submit(job)
          place.yield()
        }
        guard await places.first(where: { true }) != nil else {
          throw CancellationError()
        }
      }
    ),
    queue("abandons", breaks: busy, end: { $0.abandon() }),
    queue("not-awaited", breaks: .allEndedOnReturn, isAwaited: false),
  ]

  static let wrongPerforms = [
    Wrong("actor", breaks: .neverMore, input: two(holds: [1, 1])) {
      input,
      stage in
      let downloader = Downloader { url in
        try await input.hold(url, stage)
        return url * url
      }
      await input.come(stage) { url in
        stage.say("task \(url)", try await downloader.fetch(url))
      }
    },
    perform("no-handler", breaks: .cancelledLeave, patience: [0, 4]) {
      tasks,
      url,
      download in
      let queue = Yielding(tasks)
      // #region no-handler
      return try await withCheckedThrowingContinuation { caller in
        queue.yield {
          do {
            caller.resume(returning: try await download(url))
          } catch {
            caller.resume(throwing: error)
          }
        }
      }
      // #endregion
    },
    perform("swallowed-error", breaks: ownResult, failing: [0]) {
      queue,
      url,
      download in
      try await queue.perform { (try? await download(url)) ?? 0 }
    },
  ]

  // #region actor
  actor Downloader {
    private let download: Download

    init(_ download: @escaping Download) { self.download = download }

    func fetch(_ url: URL) async throws -> Page {
      try await download(url)  // other calls come in
    }
  }
  // #endregion

  // MARK: What they are made of

  /// A queue with the name of a stream's method.
  private struct Yielding {
    let queue: TaskQueue

    init(_ queue: TaskQueue) { self.queue = queue }

    func yield(_ job: @escaping Job) { _ = try? queue.trySubmit(job) }
  }

  private final class Stack: Sendable { let jobs = Mutex<[Job]>([]) }

  private static func stream(
    _ name: String,
    breaks law: Law<Jobs>,
    _ policy: AsyncStream<Job>.Continuation.BufferingPolicy = .unbounded,
    _ capacity: Int = 9,
    _ work: @escaping @Sendable (AsyncStream<Job>, Int) async -> Void
  ) -> Wrong<Jobs> {
    var input = Jobs(capacity: capacity, trying: [0, 1, 2, 3, 4, 5])
    input.jobs = [20, 30, 9, 20, 20, 20]
    return Wrong(name, breaks: law, input: input) { input, stage in
      let store = input.store(stage)
      let (jobs, queue) = AsyncStream.makeStream(
        of: Job.self,
        bufferingPolicy: policy
      )
      await withDiscardingTaskGroup { group in
        group.addTask { await work(jobs, input.workers) }
        await input.come(stage) { task in
          if case .dropped = queue.yield({ await store(task) }) { throw Full() }
        }
        queue.finish()
      }
    }
  }

  private static func queue(
    _ name: String,
    breaks law: Law<Jobs>,
    _ input: Jobs = Jobs(),
    capacity: Int? = nil,
    isAwaited: Bool = true,
    end: @escaping @Sendable (TaskQueue) -> Void = { $0.close() },
    submit:
      @escaping @Sendable (TaskQueue, Stage, @escaping Job) async throws -> Void =
      { queue, _, job in
        try await queue.submit(job)
      }
  ) -> Wrong<Jobs> {
    return Wrong(name, breaks: law, input: input) { input, stage in
      let store = input.store(stage)
      let queue = TaskQueue(
        workers: input.workers,
        capacity: capacity ?? input.capacity
      )
      await withDiscardingTaskGroup { group in
        if isAwaited {
          group.addTask { await queue.run() }
        } else {
          stage.startTask { await queue.run() }
        }
        await input.come(stage) { task in
          if input.trying.contains(task) {
            let isIn = try queue.trySubmit { await store(task) }
            guard isIn else { throw Full() }
          } else {
            try await submit(queue, stage) { await store(task) }
          }
        }
        end(queue)
      }
    }
  }

  private static func perform(
    _ name: String,
    breaks law: Law<Visits>,
    failing: [Int] = [],
    patience: [Int] = [],
    _ perform:
      @escaping @Sendable (TaskQueue, URL, @escaping Download) async throws ->
      Page
  ) -> Wrong<Visits> {
    let input = two(holds: [9, 9], failing: failing, patience: patience)
    return Wrong(name, breaks: law, input: input) { input, stage in
      await come(input, stage) { queue, url, download in
        let page = try await perform(queue, url, download)
        stage.say("task \(url)", page)
      }
    }
  }

  private static func two(
    holds: [Int],
    failing: [Int] = [],
    patience: [Int] = []
  ) -> Visits {
    Visits(
      limit: 1,
      arrivals: [0, 1],
      holds: holds,
      failing: failing,
      patience: patience
    )
  }
}
