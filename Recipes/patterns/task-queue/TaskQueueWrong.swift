import Cookbook

extension TaskQueueExamples {
  static let wrongCalls = [
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

  static let wrongSubmits = [
    submits("no-bound", breaks: bounded, capacity: .max),
    submits("more-workers", breaks: atMost, workers: 9),
    submits("asks-again", breaks: inTurn) { queue, stage, job in
      while try !queue.trySubmit(job) { try await stage.sleep(7) }
    },
    // The task leaves, and what waits in its place goes on.
    submits("abandoned-wait", breaks: isDone, patience: [0, 0, 0, 0, 9]) {
      queue,
      stage,
      job in
      let (places, place) = AsyncStream<Void>.makeStream()
      stage.startTask {
        try await queue.submit(job)
        place.yield()
      }
      guard await places.first(where: { true }) != nil else {
        throw CancellationError()
      }
    },
    submits("dropped-at-the-end", breaks: busy, drains: false),
    submits("not-awaited", breaks: .allEndedOnReturn, isAwaited: false),
  ]

  private static func submits(
    _ name: String,
    breaks law: Law<Jobs>,
    patience: [Int] = [],
    workers: Int? = nil,
    capacity: Int? = nil,
    isAwaited: Bool = true,
    drains: Bool = true,
    submit:
      @escaping @Sendable (TaskQueue, Stage, @escaping Job) async throws -> Void =
      { queue, _, job in
        try await queue.submit(job)
      }
  ) -> Wrong<Jobs> {
    let input = Jobs(arrivals: [1, 2, 3, 4, 5, 60], patience: patience)
    return Wrong(name, breaks: law, input: input) { input, stage in
      let store = input.store(stage)
      let queue = TaskQueue(
        workers: workers ?? input.workers,
        capacity: capacity ?? input.capacity
      )
      await withDiscardingTaskGroup { group in
        if isAwaited {
          group.addTask { await queue.run() }
        } else {
          stage.startTask { await queue.run() }
        }
        await input.come(stage, to: queue) { task in
          try await submit(queue, stage) { await store(task) }
        }
        if drains { queue.close() } else { queue.abandon() }
      }
    }
  }

  static let wrongPerforms = [
    performs("actor", breaks: .neverMore, holds: [1, 1]) { input, stage in
      let downloader = Downloader(input.page(stage))
      await input.come(stage) { url in
        stage.say("task \(url)", try await downloader.fetch(url))
      }
    },
    performs("no-handler", breaks: .cancelledLeave, patience: [0, 4]) {
      input,
      stage in
      await come(input, stage) { queue, url, download in
        let page = try await withCheckedThrowingContinuation { caller in
          _ = try? queue.trySubmit {
            do {
              caller.resume(returning: try await download(url))
            } catch {
              caller.resume(throwing: error)
            }
          }
        }
        stage.say("task \(url)", page)
      }
    },
    performs("swallowed-error", breaks: ownResult, failing: [0]) {
      input,
      stage in
      await come(input, stage) { queue, url, download in
        let page = try await queue.perform { try? await download(url) }
        stage.say("task \(url)", page)
      }
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

  private static func performs(
    _ name: String,
    breaks law: Law<Visits>,
    holds: [Int] = [9, 9],
    failing: [Int] = [],
    patience: [Int] = [],
    _ body: @escaping @Sendable (Visits, Stage) async -> Void
  ) -> Wrong<Visits> {
    let input = Visits(
      limit: 1,
      arrivals: [0, 1],
      holds: holds,
      failing: failing,
      patience: patience
    )
    return Wrong(name, breaks: law, input: input, body: body)
  }
}
