package import Cookbook

/// A dozen tasks that come, wait for permits, hold them and leave.
package enum SemaphoreDemo: Demo {
  package enum Form: String, Codable, CaseIterable, Sendable {
    case channel, weighted
  }

  package struct Input: DemoInput {
    package var permits = 3
    package var arrivals = [0, 1, 2, 3, 4, 5, 31, 32, 33, 34]
    package var holds = [40, 27, 33, 20, 26, 38, 30, 24, 36, 22]
    package var weights: [Int] = []
    package var patience = [0, 0, 0, 0, 14, 0, 0, 0, 0, 0]
    package var trying = [6]
    package var cancelAfter: Int?
    package var form = Form.channel.rawValue

    package init() {}

    package static let help: KeyValuePairs = [
      "permits": "how many permits there are, 1 to 1024",
      "arrivals": "the millisecond at which each task comes",
      "holds": "the milliseconds for which each holds its permits",
      "weights": "the permits that each wants; empty: one each",
      "patience":
        "cancel each so many milliseconds after it came; 0 or empty: never",
      "trying": "the tasks that do not wait, counted from 0",
      "cancelAfter": "cancel all tasks after so many milliseconds",
      "form": "what Go uses: channel (weights of one only) or weighted",
    ]

    /// What the task wants.
    func weight(of task: Int) -> Int { weights.isEmpty ? 1 : weights[task] }

    /// How long the task lasts before it is cancelled, if it ever is.
    func patience(of task: Int) -> Int? {
      patience.isEmpty || patience[task] == 0 ? nil : patience[task]
    }

    package func validate() throws(InputError) {
      try InputError.require(permits, in: 1...1024, "permits")
      guard arrivals.count <= 10_000 else {
        throw InputError(
          field: "arrivals",
          problem: "must be at most 10000, not \(arrivals.count)"
        )
      }
      let lists = [
        ("holds", holds, false), ("weights", weights, true),
        ("patience", patience, true),
      ]
      for (name, list, mayBeEmpty) in lists
      where list.count != arrivals.count && !(mayBeEmpty && list.isEmpty) {
        throw InputError(
          field: name,
          problem: "must have one element for each of the "
            + "\(arrivals.count) arrivals, not \(list.count)"
        )
      }
      for (name, list) in [
        ("arrivals", arrivals), ("holds", holds), ("patience", patience),
      ] {
        for milliseconds in list {
          try InputError.require(milliseconds, in: 0...86_400_000_000, name)
        }
      }
      guard let form = Form(rawValue: form) else {
        throw InputError(
          field: "form",
          problem: "must be channel or weighted, not \(form)"
        )
      }
      let most = form == .channel ? 1 : permits
      for weight in weights {
        try InputError.require(weight, in: 1...most, "weights")
      }
      for task in trying where !arrivals.indices.contains(task) {
        throw InputError(
          field: "trying",
          problem: "must name tasks from 0 to \(arrivals.count - 1), "
            + "not \(task)"
        )
      }
      if let cancelAfter {
        try InputError.require(
          cancelAfter,
          in: 0...86_400_000_000,
          "cancelAfter"
        )
      }
    }
  }

  package struct Outcome: Codable, Equatable, Sendable {
    /// The permits that are free when every task has ended.
    package var free = 0
    /// What became of each task.
    package var results: [String] = []
  }

  /// What the demo asks of a semaphore, so that tests can put others in the
  /// pattern's place.
  package protocol Gate: Sendable {
    nonisolated(nonsending) func acquire(_ count: Int) async throws
    func tryAcquire(_ count: Int) -> Bool
    func release(_ count: Int)
    nonisolated(nonsending) func withPermits<Result>(
      _ count: Int,
      _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result
  }

  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder, Semaphore(permits: input.permits))
  }

  /// The demo around any semaphore, right or wrong.
  package static func run(
    _ input: Input,
    _ recorder: TraceRecorder,
    _ gate: some Gate
  ) async -> Outcome {
    var outcome = Outcome()
    outcome.results = await withTaskCancellationHandler {
      await cancelling(after: input.cancelAfter, recorder) {
        await withTaskGroup(of: (task: Int, result: String).self) { group in
          for task in input.arrivals.indices {
            group.addTask { (task, await visit(task, input, recorder, gate)) }
          }
          var results = [String](repeating: "", count: input.arrivals.count)
          for await (task, result) in group { results[task] = result }
          return results
        }
      } onCancel: {
        recorder.record("cancel", lane: "caller")
      }
    } onCancel: {
      recorder.record("cancel", lane: "caller")
    }
    recorder.record("return", lane: "caller")
    while outcome.free < input.permits, gate.tryAcquire(1) { outcome.free += 1 }
    return outcome
  }

  /// A task comes, and leaves when it is done or its patience has ended.
  private static func visit(
    _ task: Int,
    _ input: Input,
    _ recorder: TraceRecorder,
    _ gate: some Gate
  ) async -> String {
    do {
      try await recorder.sleep(milliseconds: input.arrivals[task])
    } catch {
      return "absent"
    }
    return await cancelling(after: input.patience(of: task), recorder) {
      await use(task, input, recorder, gate)
    }
  }

  // #region use
  private static func use(
    _ task: Int,
    _ input: Input,
    _ recorder: TraceRecorder,
    _ gate: some Gate
  ) async -> String {
    let lane = "task \(task)"
    let weight = input.weight(of: task)
    func hold() async -> String {
      recorder.record("start", lane: lane, item: "\(task)")
      do {
        try await recorder.sleep(milliseconds: input.holds[task])
        recorder.record("end", lane: lane, item: "\(task)")
        return "done"
      } catch {
        recorder.record("cancelled", lane: lane, item: "\(task)")
        return "cancelled"
      }
    }

    if input.trying.contains(task) {
      recorder.record("try", lane: lane, item: "\(task)")
      guard gate.tryAcquire(weight) else {
        recorder.record("refused", lane: lane, item: "\(task)")
        return "refused"
      }
      defer { gate.release(weight) }
      return await hold()
    }

    recorder.record("wait", lane: lane, item: "\(task)")
    do {
      return try await gate.withPermits(weight) { await hold() }
    } catch {
      recorder.record("leave", lane: lane, item: "\(task)")
      return "left"
    }
  }
  // #endregion

  /// Runs `work`, and cancels it when the time is up.
  private static func cancelling<Value: Sendable>(
    after milliseconds: Int?,
    _ recorder: TraceRecorder,
    _ work: @escaping @Sendable () async -> Value,
    onCancel: () -> Void = {}
  ) async -> Value {
    guard let milliseconds else { return await work() }
    return await withTaskGroup(of: Value?.self) { group in
      group.addTask { await work() }
      group.addTask {
        try? await recorder.sleep(milliseconds: milliseconds)
        return nil
      }
      var result = await group.next() ?? nil
      // Either the work is done, and the timer must not outlive it, or the
      // time is up.
      if result == nil, !Task.isCancelled { onCancel() }
      group.cancelAll()
      while let other = await group.next() { result = result ?? other }
      guard let result else { preconditionFailure("the work has no value") }
      return result
    }
  }
}

extension SemaphoreDemo.Gate {
  nonisolated(nonsending) package func withPermits<Result>(
    _ count: Int,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await acquire(count)
    defer { release(count) }
    return try await body()
  }
}

extension Semaphore: SemaphoreDemo.Gate {}
