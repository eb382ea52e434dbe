package import Cookbook

/// A dozen timed jobs in a pool.
package enum BoundedPoolDemo: Demo {
  package enum Mode: String, Codable, CaseIterable, Sendable {
    case ordered, unordered, forEach
  }

  package struct Input: DemoInput {
    package var workers = 3
    package var jobs = [60, 30, 50, 20, 40, 10, 30, 50, 20, 40, 30, 60]
    package var failing: [Int] = []
    package var cancelAfter: Int?
    package var mode = Mode.ordered.rawValue

    package init() {}

    package static let help: KeyValuePairs = [
      "workers": "how many jobs run at once, 1 to 1024",
      "jobs": "the milliseconds that each job takes",
      "failing": "the jobs that fail at their end, counted from 0",
      "cancelAfter": "cancel the pool after so many milliseconds",
      "mode": "ordered, unordered or forEach",
    ]

    package func validate() throws(InputError) {
      try InputError.require(workers, in: 1...1024, "workers")
      guard jobs.count <= 100_000 else {
        throw InputError(
          field: "jobs",
          problem: "must be at most 100000, not \(jobs.count)"
        )
      }
      for milliseconds in jobs {
        try InputError.require(milliseconds, in: 0...86_400_000_000, "jobs")
      }
      for job in failing where !jobs.indices.contains(job) {
        throw InputError(
          field: "failing",
          problem: "must name jobs from 0 to \(jobs.count - 1), not \(job)"
        )
      }
      if let cancelAfter {
        try InputError.require(
          cancelAfter,
          in: 0...86_400_000_000,
          "cancelAfter"
        )
      }
      guard Mode(rawValue: mode) != nil else {
        let modes = Mode.allCases.map(\.rawValue).joined(separator: ", ")
        throw InputError(
          field: "mode",
          problem: "must be one of \(modes), not \(mode)"
        )
      }
    }
  }

  package struct Outcome: Codable, Equatable, Sendable {
    package var results: [Int] = []
    package var error: String?
  }

  package struct JobFailure: Error {
    package var job: Int

    package init(job: Int) {
      self.job = job
    }
  }

  /// The pattern's three calls, so that tests can put others in their place.
  package struct Pool: Sendable {
    package typealias Job = @Sendable (Int) async throws -> Int
    package typealias Receive = (Int) async throws -> Void

    package typealias ForEach =
      @Sendable (Int, [Int], @escaping Job) async throws -> Void
    package typealias Map =
      @Sendable (Int, [Int], @escaping Job) async throws -> [Int]
    package typealias MapUnordered =
      @Sendable (Int, [Int], @escaping Job, Receive) async throws -> Void

    var forEach: ForEach
    var map: Map
    var mapUnordered: MapUnordered

    package init(
      forEach: @escaping ForEach,
      map: @escaping Map,
      mapUnordered: @escaping MapUnordered
    ) {
      self.forEach = forEach
      self.map = map
      self.mapUnordered = mapUnordered
    }

    package static let pattern = Pool(
      forEach: { workers, jobs, perform in
        try await BoundedPool(workers: workers).forEach(jobs) { job in
          _ = try await perform(job)
        }
      },
      map: { workers, jobs, transform in
        try await BoundedPool(workers: workers)
          .map(jobs, transform: transform)
      },
      mapUnordered: { workers, jobs, transform, receive in
        try await BoundedPool(workers: workers)
          .mapUnordered(jobs, transform: transform, receive: receive)
      }
    )
  }

  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder, pool: .pattern)
  }

  /// The demo around any pool, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    pool: Pool
  ) async -> Outcome {
    // #region job
    let job: Pool.Job = { index in
      let lane = "job \(index)"
      let item = "\(index)"
      recorder.record("start", lane: lane, item: item)
      do {
        try await recorder.sleep(milliseconds: input.jobs[index])
      } catch {
        recorder.record("cancelled", lane: lane, item: item)
        throw error
      }
      if input.failing.contains(index) {
        recorder.record("fail", lane: lane, item: item)
        throw JobFailure(job: index)
      }
      recorder.record("end", lane: lane, item: item)
      return index * index
    }
    // #endregion

    return await withTaskCancellationHandler {
      guard let milliseconds = input.cancelAfter else {
        return await outcome(of: input, recorder, pool, job)
      }
      return await withTaskGroup(of: Outcome?.self) { group in
        group.addTask {
          await outcome(of: input, recorder, pool, job)
        }
        group.addTask {
          try? await recorder.sleep(milliseconds: milliseconds)
          return nil
        }
        var result = await group.next() ?? nil
        // Either the pool is done, and the timer must not outlive it, or
        // the time is up.
        if result == nil, !Task.isCancelled {
          recorder.record("cancel", lane: "caller")
        }
        group.cancelAll()
        for await other in group { result = result ?? other }
        return result ?? Outcome()
      }
    } onCancel: {
      recorder.record("cancel", lane: "caller")
    }
  }

  private static func outcome(
    of input: Input,
    _ recorder: TraceRecorder,
    _ pool: Pool,
    _ job: @escaping Pool.Job
  ) async -> Outcome {
    var outcome = Outcome()
    let jobs = Array(input.jobs.indices)
    do {
      switch Mode(rawValue: input.mode) {
      case .forEach: try await pool.forEach(input.workers, jobs, job)
      case .unordered:
        try await pool.mapUnordered(input.workers, jobs, job) { result in
          recorder.record("receive", lane: "caller", item: "\(result)")
          outcome.results.append(result)
        }
      case .ordered, nil:
        outcome.results = try await pool.map(input.workers, jobs, job)
      }
    } catch let failure as JobFailure {
      outcome.error = "job \(failure.job) failed"
    } catch {
      outcome.error = "cancelled"
    }
    recorder.record("return", lane: "caller")
    if input.mode == Mode.unordered.rawValue { outcome.results.sort() }
    return outcome
  }
}
