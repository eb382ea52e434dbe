import Cookbook

extension TaskQueueExamples {
  static let wrongCalls = [
    Wrong("task-for-each", breaks: oneByOne, input: Calls(jobs: [1, 1])) {
      let (clicks, log) = ($0.jobs.indices, Log(stage: $1))
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
        for click in clicks { onClick(click) }
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
    private let stage: Stage

    init(stage: Stage) { self.stage = stage }

    func write(_ click: Int) {
      stage.record("start", lane: "job \(click)")
      stage.record("end", lane: "job \(click)")
    }
  }

  static let wrongSubmits = [
    submits("no-bound", breaks: bounded, capacity: .max),
    submits("more-workers", breaks: atMost, arrivals: [1, 2, 3], workers: 9),
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
    submits(
      "dropped-at-the-end",
      breaks: busy,
      arrivals: [1, 2, 3],
      drains: false
    ),
    submits("not-awaited", breaks: .allEndedOnReturn, arrivals: [1]) {
      queue,
      stage,
      job in
      try await queue.submit { stage.startTask { await job() } }
    },
  ]

  private static func submits(
    _ name: String,
    breaks law: Law<Jobs>,
    arrivals: [Int] = [1, 2, 3, 4, 5, 60],
    patience: [Int] = [],
    workers: Int? = nil,
    capacity: Int? = nil,
    drains: Bool = true,
    submit:
      @escaping @Sendable (TaskQueue, Stage, @escaping Job) async throws -> Void =
      { queue, _, job in
        try await queue.submit(job)
      }
  ) -> Wrong<Jobs> {
    let input = Jobs(arrivals: arrivals, patience: patience)
    return Wrong(name, breaks: law, input: input) { input, stage in
      let store = input.store(stage)
      let queue = TaskQueue(
        workers: workers ?? input.workers,
        capacity: capacity ?? input.capacity
      )
      try await run(queue) { queue in
        await input.come(stage, to: queue) { task in
          try await submit(queue, stage) { await store(task) }
        }
        if !drains { queue.abandon() }
      }
    }
  }

  static let wrongPerforms = [
    Wrong("actor", breaks: .neverMore, input: two()) {
      let downloader = Downloader()
      try await fetch($0, $1) { _, url, download in
        try await downloader.fetch(url, by: download)
      }
    },
    Wrong("no-handler", breaks: .cancelledLeave, input: two(patience: [0, 4])) {
      try await fetch($0, $1) { queue, url, download in
        try await withCheckedThrowingContinuation { caller in
          _ = try? queue.trySubmit {
            do {
              caller.resume(returning: try await download(url))
            } catch {
              caller.resume(throwing: error)
            }
          }
        }
      }
    },
    Wrong("swallowed-error", breaks: ownResult, input: two(failing: [0])) {
      try await fetch($0, $1) { queue, url, download in
        try await queue.perform { try? await download(url) }
      }
    },
  ]

  // #region actor
  actor Downloader {
    func fetch(_ url: URL, by download: Download) async throws -> Page {
      try await download(url)  // other calls come in
    }
  }
  // #endregion
}
