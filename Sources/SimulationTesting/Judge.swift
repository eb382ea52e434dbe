internal import Foundation
internal import Simulation
internal import Synchronization
internal import Testing

extension SimulatedTrait {
  /// Runs a test under its schedules, and records at most one failure.
  func judge(
    _ body: @escaping @concurrent @Sendable () async throws -> Void,
    of test: Test
  ) async throws {
    let others = Others()
    let handler = IssueHandlingTrait.compactMapIssues { issue in
      guard let record = Record.current else { return issue }
      return issue.isFailure
        ? record.receive(issue) : others.areNew(issue) ? issue : nil
    }
    try await handler.provideScope(for: test, testCase: nil) {
      try await Trial(trait: self, test: test, body: body).run()
    }
  }

  /// Warnings and known issues, each of which a reader is to see once.
  private final class Others: Sendable {
    private let seen = Mutex<Set<String>>([])

    func areNew(_ issue: Issue) -> Bool {
      seen.withLock { $0.insert("\(issue)").inserted }
    }
  }
}

/// A test under judgement.
private struct Trial: Sendable {
  let trait: SimulatedTrait
  let test: Test
  let body: @concurrent @Sendable () async throws -> Void

  @Sendable private func attempt(_ simulation: Simulation) async throws {
    try await Record().run(body, in: simulation)
  }

  func run() async throws {
    let key = "SIMULATION_REPLAY"
    let replay = ProcessInfo.processInfo.environment[key]
    let plan = replay.map(SimulatedTrait.Plan.one) ?? trait.plan
    do throws(SimulationFailure) {
      switch plan {
      case .one(let text): return await self.replay(text)
      case .seeds(let count):
        _ = try await Simulation.explore(
          seeds: 0..<UInt64(count),
          options: trait.options,
          attempt
        )
      case .all(let limit):
        let all = try await Simulation.exhaust(
          limit: limit,
          options: trait.options,
          attempt
        )
        if !all.isComplete, !Task.isCancelled {
          fail("there are more schedules than \(limit)")
        }
      }
      _ = try await Simulation.cancelEverywhere(
        seeds: 0..<UInt64(trait.cancelling),
        options: trait.options,
        attempt
      )
    } catch {
      // `Test.cancel` cancels the task of the test, and throws.
      if Task.isCancelled, case .thrown(let error) = error.reason {
        throw error
      }
      await report(error)
    }
  }

  private func fail(_ text: String) {
    Issue.record(Comment(rawValue: text), sourceLocation: test.sourceLocation)
  }

  // MARK: One run

  private func replay(_ text: String) async {
    guard let replay = Replay(text) else {
      return fail("'\(text)' is neither 'seed 5' nor 'schedule 0,1'")
    }
    if let failure = await run(replay) { await show(failure, as: replay) }
  }

  private func run(
    _ replay: Replay,
    _ record: Record = Record()
  ) async -> SimulationFailure? {
    let attempt = { @Sendable in try await record.run(body, in: $0) }
    let (step, options) = (replay.cancelAtStep, trait.options)
    do throws(SimulationFailure) {
      if let seed = replay.seed {
        _ = try await Simulation.run(
          seed: seed,
          cancelAtStep: step,
          options: options,
          attempt
        )
      } else {
        _ = try await Simulation.replay(
          schedule: replay.schedule,
          cancelAtStep: step,
          options: options,
          attempt
        )
      }
      return nil
    } catch {
      if step != nil, case .thrown(is CancellationError) = error.reason {
        return nil
      }
      return error
    }
  }

  // MARK: Reports

  /// Tells of a failure by the shortest schedule that fails so.
  private func report(_ failure: SimulationFailure) async {
    let step = failure.cancelledAtStep
    var schedule = failure.shortened ?? failure.schedule
    // A search without grace may take a foreign thread for a deadlock.
    var options = trait.options
    options.grace = .zero
    if step == nil,
      let short = await Simulation.shortestFailure(
        limit: 2_000,
        options: options,
        attempt,
        where: { $0.reason.isLike(failure.reason) }
      )
    {
      schedule = short.schedule
    }
    let replay = Replay(schedule: schedule, cancelAtStep: step)
    if let again = await run(replay), again.reason.isLike(failure.reason) {
      await show(again, foundBy: failure.seed, as: replay)
    } else {
      await show(failure, foundBy: failure.seed)
    }
  }

  /// Records a failure, in the words of Swift Testing where it knows more.
  private func show(
    _ failure: SimulationFailure,
    foundBy seed: UInt64? = nil,
    as replay: Replay? = nil
  ) async {
    let when = "after \(failure.steps) steps, at \(failure.at) of virtual time"
    var lines: [String]
    switch failure.reason {
    case .thrown(is ExpectationsFailed): lines = [when]
    case .thrown(let error as LostCancellation): lines = ["\(error)", when]
    default:
      // How to run it again is said below, in the form that the trait takes.
      lines = "\(failure)".split(separator: "\n").map(String.init)
      let again = /(seed|schedule|shortened|cancelAtStep): .*/
      lines.removeAll { $0.wholeMatch(of: again) != nil }
    }
    if let seed {
      let step = failure.cancelledAtStep.map { " cancelAtStep \($0)" } ?? ""
      lines.append("found by: seed \(seed)\(step)")
    }
    guard let replay else { return fail(lines.joined(separator: "\n")) }
    lines.append(
      "again: SIMULATION_REPLAY='\(replay)' swift test --filter '\(test.name)'"
    )
    let report = lines.joined(separator: "\n")
    let record = Record(report: Comment(rawValue: report))
    _ = await run(replay, record)
    if !record.hasFailures { fail(report) }
  }
}

/// What a failure prints, and the trait takes: `schedule 0,1 cancelAtStep 3`.
private struct Replay: LosslessStringConvertible {
  var seed: UInt64?
  var schedule: Simulation.Schedule = "-"
  var cancelAtStep: Int?

  init(schedule: Simulation.Schedule, cancelAtStep: Int?) {
    (self.schedule, self.cancelAtStep) = (schedule, cancelAtStep)
  }

  init?(_ description: String) {
    let words = description.split { $0 == " " || $0 == ":" }.map(String.init)
    guard !words.isEmpty, words.count.isMultiple(of: 2) else { return nil }
    for index in stride(from: 0, to: words.count, by: 2) {
      let value = words[index + 1]
      switch (words[index], UInt64(value), Simulation.Schedule(value)) {
      case ("seed", let number?, _): seed = number
      case ("cancelAtStep", let number?, _):
        cancelAtStep = Int(clamping: number)
      case ("schedule", _, let list?): schedule = list
      default: return nil
      }
    }
  }

  var description: String {
    (seed.map { "seed \($0)" } ?? "schedule \(schedule)")
      + (cancelAtStep.map { " cancelAtStep \($0)" } ?? "")
  }
}
