package import Cookbook

/// Timed jobs whose results one consumer takes, perhaps not all of them.
package enum FanOutFanInDemo: Demo {
  /// Where workers take their jobs from.
  package enum Source: String, Codable, CaseIterable, Sendable {
    /// All from one: fan-out, then fan-in.
    case shared
    /// Each from its own: fan-in alone.
    case own
  }

  /// What to run.
  package struct Input: DemoInput {
    /// How many workers, or inputs, there are.
    package var workers = 3
    /// The milliseconds that each job takes.
    package var jobs = [31, 72, 53, 24, 45, 16, 37, 58, 29, 40, 61, 22]
    /// Where the workers take their jobs from.
    package var source = Source.shared.rawValue
    /// How many results wait for the consumer.
    package var buffer = 2
    /// The milliseconds that the consumer takes for each result, in turn.
    package var consume = [5, 11, 43]
    /// The jobs that fail at their end.
    package var failing: [Int] = []
    /// Where the consumer leaves.
    package var stopAfter: Int?
    /// When the caller is cancelled.
    package var cancelAfter: Int?

    /// Creates the input of a run without flags.
    package init() {}

    /// What each field means.
    package static let help: KeyValuePairs = [
      "workers": "how many workers or inputs there are, 1 to 1024",
      "jobs": "the milliseconds that each job takes",
      "source": "shared: all workers take from one; own: each from its own",
      "buffer": "how many results wait for the consumer, 0 to 1024",
      "consume": "the milliseconds that each turn of the consumer takes",
      "failing": "the jobs that fail at their end, counted from 0",
      "stopAfter": "the consumer leaves after so many results",
      "cancelAfter": "cancel the caller after so many milliseconds",
    ]

    /// Refuses what is out of bounds.
    package func validate() throws(InputError) {
      try InputError.require(workers, in: 1...1024, "workers")
      try InputError.require(buffer, in: 0...1024, "buffer")
      guard jobs.count <= 100_000 else {
        throw InputError(
          field: "jobs",
          problem: "must be at most 100000, not \(jobs.count)"
        )
      }
      guard Source(rawValue: source) != nil else {
        let sources = Source.allCases.map(\.rawValue).joined(separator: ", ")
        throw InputError(
          field: "source",
          problem: "must be one of \(sources), not \(source)"
        )
      }
      let most = 86_400_000_000
      for milliseconds in jobs {
        try InputError.require(milliseconds, in: 0...most, "jobs")
      }
      for milliseconds in consume {
        try InputError.require(milliseconds, in: 0...most, "consume")
      }
      for job in failing where !jobs.indices.contains(job) {
        throw InputError(
          field: "failing",
          problem: "must name jobs from 0 to \(jobs.count - 1), not \(job)"
        )
      }
      if let stopAfter {
        try InputError.require(stopAfter, in: 1...100_000, "stopAfter")
      }
      if let cancelAfter {
        try InputError.require(cancelAfter, in: 0...most, "cancelAfter")
      }
    }

    var hasOwnSources: Bool { source == Source.own.rawValue }

    /// The jobs of each source, dealt out like cards.
    package var sources: [[Int]] {
      guard hasOwnSources else { return [Array(jobs.indices)] }
      return (0..<workers).map {
        Array(stride(from: $0, to: jobs.count, by: workers))
      }
    }
  }

  /// What the consumer got.
  package struct Outcome: Codable, Equatable, Sendable {
    /// Why the results ended early, if that was not the consumer's wish.
    package var error: String?
    /// The results that were received, ascending.
    package var results: [Int] = []
  }

  /// A job that fails.
  package struct JobFailure: Error {
    /// Its index.
    package var job: Int
  }

  /// A job: given its index, returns its result.
  package typealias Job = @Sendable (Int) async throws -> Int

  /// Takes a result; returns `false` when it wants no other.
  package typealias Consume = (Int) async throws -> Bool

  /// The jobs of one input, done as it is read.
  package struct JobSequence: AsyncSequence, Sendable {
    /// The jobs that are left.
    package var jobs: [Int]
    /// What each of them does.
    package var job: Job

    /// Creates an input.
    package init(jobs: [Int], job: @escaping Job) {
      self.jobs = jobs
      self.job = job
    }

    /// Does one job after the other.
    package struct Iterator: AsyncIteratorProtocol, Sendable {
      var jobs: ArraySlice<Int>
      var job: Job

      /// Does the next job.
      package mutating func next() async throws -> Int? {
        guard let index = jobs.popFirst() else { return nil }
        return try await job(index)
      }
    }

    /// Begins with the first job.
    package func makeAsyncIterator() -> Iterator {
      Iterator(jobs: jobs[...], job: job)
    }
  }

  /// The pattern's two calls, so that tests can put others in their place.
  package struct Forms: Sendable {
    /// Workers, buffer, jobs, what a job does, the consumer.
    package typealias FanOut =
      @Sendable (Int, Int, [Int], @escaping Job, Consume) async throws -> Void
    /// Buffer, inputs, the consumer.
    package typealias FanIn =
      @Sendable (Int, [JobSequence], Consume) async throws -> Void

    var fanOut: FanOut
    var fanIn: FanIn

    /// Creates forms.
    package init(fanOut: @escaping FanOut, fanIn: @escaping FanIn) {
      self.fanOut = fanOut
      self.fanIn = fanIn
    }

    /// The pattern of this recipe.
    package static let pattern = Forms(
      fanOut: { workers, buffer, jobs, job, consume in
        try await withFanOut(
          over: jobs,
          workers: workers,
          buffer: buffer,
          transform: job
        ) { results in
          for try await result in results {
            guard try await consume(result) else { break }
          }
        }
      },
      fanIn: { buffer, inputs, consume in
        try await withFanIn(of: inputs, buffer: buffer) { results in
          for try await result in results {
            guard try await consume(result) else { break }
          }
        }
      }
    )
  }

  /// Runs the pattern.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder, forms: .pattern)
  }

  /// The demo around any fan-out and fan-in, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    forms: Forms
  ) async -> Outcome {
    await withTaskCancellationHandler {
      guard let milliseconds = input.cancelAfter else {
        return await outcome(of: input, recorder, forms)
      }
      return await withTaskGroup(of: Outcome?.self) { group in
        group.addTask { await outcome(of: input, recorder, forms) }
        group.addTask {
          try? await recorder.sleep(milliseconds: milliseconds)
          return nil
        }
        var result = await group.next() ?? nil
        // Either the consumer is done, and the timer must not outlive it,
        // or the time is up.
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
    _ forms: Forms
  ) async -> Outcome {
    // #region job
    let job: Job = { index in
      let lane =
        input.hasOwnSources ? "input \(index % input.workers)" : "job \(index)"
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
      return index
    }
    // #endregion

    var outcome = Outcome()
    // #region consume
    let consume: Consume = { result in
      let item = "\(result)"
      recorder.record("receive", lane: "consumer", item: item)
      let turn = outcome.results.count
      outcome.results.append(result)
      do {
        if !input.consume.isEmpty {
          let milliseconds = input.consume[turn % input.consume.count]
          try await recorder.sleep(milliseconds: milliseconds)
        }
      } catch {
        recorder.record("interrupted", lane: "consumer", item: item)
        throw error
      }
      recorder.record("done", lane: "consumer", item: item)
      guard turn + 1 == input.stopAfter else { return true }
      recorder.record("stop", lane: "consumer")
      return false
    }
    // #endregion

    do {
      if input.hasOwnSources {
        let inputs = input.sources.map { JobSequence(jobs: $0, job: job) }
        try await forms.fanIn(input.buffer, inputs, consume)
      } else {
        let jobs = Array(input.jobs.indices)
        try await forms.fanOut(
          input.workers,
          input.buffer,
          jobs,
          job,
          consume
        )
      }
    } catch let failure as JobFailure {
      outcome.error = "job \(failure.job) failed"
    } catch {
      outcome.error = "cancelled"
    }
    recorder.record("return", lane: "caller")
    outcome.results.sort()
    return outcome
  }
}
