package import Cookbook

/// A group of timed jobs, some of which fail.
package enum ErrgroupDemo: Demo {
  /// Which Swift construct runs the jobs; Go's is errgroup for both.
  package enum Form: String, Codable, CaseIterable, Sendable {
    case errorGroup, taskGroup
  }

  package struct Input: DemoInput {
    package var limit: Int?
    package var jobs = [50, 80, 30, 60, 70, 40]
    package var failing = [3]
    package var gaps: [Int] = []
    package var trying: [Int] = []
    package var cancelAfter: Int?
    package var policy = "cancelOthers"
    package var form = Form.errorGroup.rawValue

    package init() {}

    package static let help: KeyValuePairs = [
      "limit": "how many jobs run at once; none: as many as there are",
      "jobs": "the milliseconds that each job takes",
      "failing": "the jobs that fail at their end, counted from 0",
      "gaps": "the milliseconds between adding a job and the next; or empty",
      "trying": "the jobs that are added only if there is room",
      "cancelAfter": "cancel the caller after so many milliseconds",
      "policy": "on an error: cancelOthers, keepFirst or collectAll",
      "form":
        "errorGroup, or the plain taskGroup (no gaps, no tries, cancelOthers)",
    ]

    /// What an error does.
    var errorPolicy: ErrorGroup.Policy? {
      switch policy {
      case "cancelOthers": .cancelOthers
      case "keepFirst": .keepFirst
      case "collectAll": .collectAll
      default: nil
      }
    }

    package func validate() throws(InputError) {
      if let limit { try InputError.require(limit, in: 1...1024, "limit") }
      guard jobs.count <= 100_000 else {
        throw InputError(
          field: "jobs",
          problem: "must be at most 100000, not \(jobs.count)"
        )
      }
      guard gaps.isEmpty || gaps.count == jobs.count else {
        throw InputError(
          field: "gaps",
          problem: "must have one element for each of the \(jobs.count) "
            + "jobs, not \(gaps.count)"
        )
      }
      for (name, list) in [("jobs", jobs), ("gaps", gaps)] {
        for milliseconds in list {
          try InputError.require(milliseconds, in: 0...86_400_000_000, name)
        }
      }
      for (name, list) in [("failing", failing), ("trying", trying)] {
        for job in list where !jobs.indices.contains(job) {
          throw InputError(
            field: name,
            problem: "must name jobs from 0 to \(jobs.count - 1), not \(job)"
          )
        }
      }
      if let cancelAfter {
        try InputError.require(
          cancelAfter,
          in: 0...86_400_000_000,
          "cancelAfter"
        )
      }
      guard errorPolicy != nil else {
        throw InputError(
          field: "policy",
          problem: "must be cancelOthers, keepFirst or collectAll, "
            + "not \(policy)"
        )
      }
      guard let form = Form(rawValue: form) else {
        throw InputError(
          field: "form",
          problem: "must be errorGroup or taskGroup, not \(form)"
        )
      }
      let isPlain = gaps.isEmpty && trying.isEmpty && policy == "cancelOthers"
      guard form == .errorGroup || isPlain else {
        throw InputError(
          field: "form",
          problem: "taskGroup takes neither gaps nor trying, "
            + "and its policy is cancelOthers"
        )
      }
    }
  }

  package struct Outcome: Codable, Equatable, Sendable {
    /// The first error.
    package var error: String?
    /// All errors, where the policy keeps them.
    package var errors: [String] = []
    /// The jobs that found no room.
    package var refused: [Int] = []
  }

  /// A job has failed.
  package struct JobFailure: Error {
    /// Which.
    package var job: Int
  }

  /// What the demo asks of a group, so that tests can put others in the
  /// pattern's place.
  package protocol Group {
    typealias Operation = @Sendable () async throws -> Void

    var isCancelled: Bool { get }
    nonisolated(nonsending) mutating func add(
      _ operation: @escaping Operation
    ) async throws
    mutating func tryAdd(_ operation: @escaping Operation) -> Bool
  }

  /// Makes a group, gives it to a body, and waits for its tasks.
  package typealias Runner =
    @Sendable (
      _ input: Input,
      _ body: nonisolated(nonsending) (inout any Group) async throws -> Void
    ) async throws -> Void

  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder) { input, body in
      try await withErrorGroup(
        limit: input.limit,
        policy: input.errorPolicy ?? .cancelOthers
      ) { group in
        var group: any Group = group
        try await body(&group)
      }
    }
  }

  /// The demo around any group, right or wrong.
  package static func run(
    _ input: Input,
    _ recorder: TraceRecorder,
    runner: @escaping Runner
  ) async -> Outcome {
    await withTaskCancellationHandler {
      guard let milliseconds = input.cancelAfter else {
        return await outcome(of: input, recorder, runner)
      }
      return await withTaskGroup(of: Outcome?.self) { group in
        group.addTask { await outcome(of: input, recorder, runner) }
        group.addTask {
          try? await recorder.sleep(milliseconds: milliseconds)
          return nil
        }
        var result = await group.next() ?? nil
        // Either the jobs are done, and the timer must not outlive them, or
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
    _ runner: Runner
  ) async -> Outcome {
    var outcome = Outcome()
    do {
      if input.form == Form.taskGroup.rawValue {
        try await runTaskGroup(input, recorder)
      } else {
        try await runner(input) { group in
          outcome.refused = await add(input, to: &group, recorder)
        }
      }
    } catch let errors as ErrorGroup.Errors {
      outcome.errors = errors.inOrder.map(text)
      outcome.error = outcome.errors.first
    } catch {
      outcome.error = text(error)
    }
    recorder.record("return", lane: "caller")
    return outcome
  }

  private static func text(_ error: any Error) -> String {
    if let failure = error as? JobFailure {
      "job \(failure.job) failed"
    } else if error is CancellationError {
      "cancelled"
    } else {
      "\(error)"
    }
  }

  // #region add
  /// Adds the jobs one by one; returns those that found no room.
  private static func add(
    _ input: Input,
    to group: inout any Group,
    _ recorder: TraceRecorder
  ) async -> [Int] {
    var refused: [Int] = []
    for job in input.jobs.indices {
      if group.isCancelled { break }
      let lane = "job \(job)"
      if input.trying.contains(job) {
        recorder.record("try", lane: lane, item: "\(job)")
        if !group.tryAdd({ try await perform(job, input, recorder) }) {
          recorder.record("refused", lane: lane, item: "\(job)")
          refused.append(job)
        }
      } else {
        recorder.record("add", lane: lane, item: "\(job)")
        do {
          try await group.add { try await perform(job, input, recorder) }
        } catch {
          break
        }
      }
      if !input.gaps.isEmpty {
        do {
          try await recorder.sleep(milliseconds: input.gaps[job])
        } catch {
          break
        }
      }
    }
    return refused
  }
  // #endregion

  // #region taskGroup
  /// The same without a helper, for a body that does nothing but add.
  private static func runTaskGroup(
    _ input: Input,
    _ recorder: TraceRecorder
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for job in input.jobs.indices {
        // Room is made by asking for a result. The first error is thrown
        // here, and leaving the closure with it cancels the rest.
        recorder.record("add", lane: "job \(job)", item: "\(job)")
        if let limit = input.limit, job >= limit { try await group.next() }
        group.addTask { try await perform(job, input, recorder) }
      }
      // Not `waitForAll()`, which throws only after all have ended, and
      // cancels nobody.
      while try await group.next() != nil {}
    }
  }
  // #endregion

  private static func perform(
    _ job: Int,
    _ input: Input,
    _ recorder: TraceRecorder
  ) async throws {
    // With a limit a job may get its room from the one whose failure has
    // cancelled the group.
    try Task.checkCancellation()
    let lane = "job \(job)"
    recorder.record("start", lane: lane, item: "\(job)")
    do {
      try await recorder.sleep(milliseconds: input.jobs[job])
    } catch {
      recorder.record("cancelled", lane: lane, item: "\(job)")
      throw error
    }
    if input.failing.contains(job) {
      recorder.record("fail", lane: lane, item: "\(job)")
      throw JobFailure(job: job)
    }
    recorder.record("end", lane: lane, item: "\(job)")
  }
}

extension ErrorGroup: ErrgroupDemo.Group {}
