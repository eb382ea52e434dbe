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
    if let failure = await run(replay, Record()) {
      await show(failure, [], as: replay)
    }
  }

  private func run(
    _ replay: Replay,
    _ record: Record
  ) async -> SimulationFailure? {
    do throws(SimulationFailure) {
      let attempt = { @Sendable in try await record.run(body, in: $0) }
      if let seed = replay.seed {
        _ = try await Simulation.run(
          seed: seed,
          cancelAtStep: replay.cancelAtStep,
          options: trait.options,
          attempt
        )
      } else {
        _ = try await Simulation.replay(
          schedule: replay.schedule,
          cancelAtStep: replay.cancelAtStep,
          options: trait.options,
          attempt
        )
      }
      return nil
    } catch {
      if replay.cancelAtStep != nil,
        case .thrown(is CancellationError) = error.reason
      {
        return nil
      }
      return error
    }
  }

  // MARK: Reports

  /// Tells of a failure by the shortest schedule that fails so.
  private func report(_ failure: SimulationFailure) async {
    var shown = failure
    if failure.cancelledAtStep == nil,
      let short = await Simulation.shortestFailure(
        limit: 2_000,
        options: trait.options.withoutGrace,
        attempt,
        where: { $0.reason.isLike(failure.reason) }
      ), short.reason.isLike(failure.reason)
    {
      shown = short
    }
    let schedule = shown.shortened ?? shown.schedule
    let replay = Replay(
      schedule: schedule,
      cancelAtStep: failure.cancelledAtStep
    )
    var found: [String] = []
    if let seed = failure.seed {
      found = ["found by: seed \(seed)" + replay.cancellation]
    }
    if let again = await run(replay, Record()),
      again.reason.isLike(failure.reason)
    {
      await show(again, found, as: replay)
    } else {
      await show(failure, found, as: nil)
    }
  }

  /// Records a failure, in the words of Swift Testing where it knows more.
  private func show(
    _ failure: SimulationFailure,
    _ found: [String],
    as replay: Replay?
  ) async {
    var lines = "\(failure)".split(separator: "\n").map(String.init)
    // How to run it again is said below, in the form that the trait takes.
    lines.removeAll { line in
      ["seed: ", "schedule: ", "shortened: ", "cancelAtStep: "]
        .contains { line.hasPrefix($0) }
    }
    // The words of these errors say all.
    let when = "after \(failure.steps) steps, at \(failure.at) of virtual time"
    switch failure.reason {
    case .thrown(is ExpectationsFailed): lines = [when]
    case .thrown(let error as LostCancellation): lines = ["\(error)", when]
    default: break
    }
    lines += found
    let name = test.name
    if let replay {
      lines.append(
        "again: SIMULATION_REPLAY='\(replay)' swift test --filter '\(name)'"
      )
    }
    let comment = Comment(rawValue: lines.joined(separator: "\n"))
    if let replay, case .thrown(is ExpectationsFailed) = failure.reason {
      let record = Record(report: comment)
      _ = await run(replay, record)
      if record.hasShown { return }
    }
    Issue.record(comment, sourceLocation: test.sourceLocation)
  }
}

extension Simulation.Options {
  /// For a search, in which a foreign thread may count as a deadlock.
  fileprivate var withoutGrace: Self {
    var options = self
    options.grace = .zero
    return options
  }
}

extension SimulationFailure.Reason {
  fileprivate func isLike(_ other: Self) -> Bool {
    if case .thrown(let left) = self, case .thrown(let right) = other {
      return type(of: left) == type(of: right)
    }
    return name == other.name
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
      switch words[index] {
      case "seed":
        guard let number = UInt64(value) else { return nil }
        seed = number
      case "schedule":
        guard let list = Simulation.Schedule(value) else { return nil }
        schedule = list
      case "cancelAtStep":
        guard let number = Int(value) else { return nil }
        cancelAtStep = number
      default: return nil
      }
    }
  }

  var cancellation: String {
    cancelAtStep.map { " cancelAtStep \($0)" } ?? ""
  }

  var description: String {
    (seed.map { "seed \($0)" } ?? "schedule \(schedule)") + cancellation
  }
}
