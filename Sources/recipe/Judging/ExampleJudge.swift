import Cookbook
import Foundation
import Simulation
import Synchronization

/// Runs examples in the simulation and holds them against their laws.
enum ExampleJudge {
  typealias Program = @Sendable (Stage) async -> Void

  /// Which schedule a run follows.
  enum Source: Sendable {
    case seed(UInt64)
    case schedule(Simulation.Schedule)
  }

  /// What a run left behind, if it did.
  struct Run {
    var trace: Trace
    /// Where in the schedule each event happened.
    var positions: [Simulation.Position?] = []
    /// Why it is no run as it should be: a leak, a foreign thread and so on.
    var failure: SimulationFailure?
    /// How many steps it had, and choices among several jobs.
    var steps = 0
    var choices = 0
    var wasCancelled = false
  }

  typealias Body = @Sendable (Simulation) async -> Trace

  /// No foreign thread has a part in an example, so none is waited for.
  private static let quick = Simulation.Options(grace: .zero)

  private static func body(_ program: @escaping Program) -> Body {
    { simulation in
      let stage = Stage(in: simulation)
      await program(stage)
      return stage.trace
    }
  }

  private static func body(
    _ example: Example,
    _ input: any ExampleInput
  ) -> Body {
    body { await example.run(input, on: $0) }
  }

  /// Runs a program under one schedule.
  ///
  /// One that waits for ever is no failure here: its trace says so.
  static func run(
    _ source: Source,
    cancelAtStep: Int? = nil,
    _ program: @escaping Program
  ) async -> Run {
    // Kept outside, since a run that fails returns nothing.
    let kept = Mutex<Stage?>(nil)
    let body = body { stage in
      kept.withLock { $0 = stage }
      await program(stage)
    }
    var run = Run(trace: Trace([]))
    do throws(SimulationFailure) {
      let done: Simulation.Run<Trace>
      switch source {
      case .seed(let seed):
        done = try await Simulation.run(
          seed: seed,
          cancelAtStep: cancelAtStep,
          options: quick,
          body
        )
      case .schedule(let schedule):
        done = try await Simulation.replay(
          schedule: schedule,
          cancelAtStep: cancelAtStep,
          options: quick,
          body
        )
      }
      (run.steps, run.choices) = (done.steps, done.schedule.choices.count)
      run.wasCancelled = done.wasCancelled
    } catch {
      run.failure = error
      (run.steps, run.choices) = (error.steps, error.schedule.choices.count)
      run.wasCancelled = error.cancelledAtStep != nil
    }
    if let stage = kept.withLock(\.self) {
      (run.trace, run.positions) = (stage.trace, stage.positions)
    }
    if case .deadlock = run.failure?.reason, run.trace.ending == nil {
      run.trace.events.append(
        Event(
          at: run.trace.events.last?.at ?? 0,
          lane: Event.caller,
          name: "wait"
        )
      )
      run.positions.append(nil)
      run.failure = nil
    }
    return run
  }

  /// Runs an example under one schedule.
  ///
  /// - Throws: What keeps the run from its end; waiting for ever does not.
  static func trace(
    _ example: Example,
    _ input: any ExampleInput,
    seed: UInt64
  ) async throws(SimulationFailure) -> Trace {
    let run = await run(.seed(seed)) { await example.run(input, on: $0) }
    if let failure = run.failure { throw failure }
    return run.trace
  }

  /// Holds an example against its laws under many schedules, each twice.
  @discardableResult
  static func explore(
    _ example: Example,
    _ input: any ExampleInput,
    seeds: Range<UInt64>,
    visit: @escaping @Sendable (Trace) -> Void = { _ in }
  ) async throws -> Int {
    try await Simulation.explore(seeds: seeds, body(example, input)) { trace in
      visit(trace)
      try example.check(trace, of: input)
    }.schedules
  }

  /// Cancels an example at every step of some schedules.
  static func cancelEverywhere(
    _ example: Example,
    _ input: any ExampleInput,
    seeds: Range<UInt64>
  ) async throws -> Int {
    try await Simulation.cancelEverywhere(seeds: seeds, body(example, input)) {
      try example.check($0, of: input)
    }
  }

  /// Runs an example under every schedule.
  static func exhaust(
    _ example: Example,
    _ input: any ExampleInput,
    limit: Int,
    visit: @escaping @Sendable (Trace) -> Void = { _ in }
  ) async throws -> Simulation.Exploration {
    try await Simulation.exhaust(limit: limit, body(example, input)) { trace in
      visit(trace)
      try example.check(trace, of: input)
    }
  }
}

// MARK: Wrong versions

extension ExampleJudge {
  /// What became of a wrong version.
  struct Verdict: CustomStringConvertible {
    var name: String
    /// In how many schedules it broke what it should, and how many there were.
    var kills = 0
    var seeds: Int
    /// In how many it broke something else.
    var others: [String: Int] = [:]

    var frequency: String {
      isAlways ? "always" : "in \(kills) of \(seeds.grouped) schedules"
    }

    var isAlways: Bool { kills == seeds }

    var description: String {
      "\(name): \(frequency)" + (others.isEmpty ? "" : ", but also \(others)")
    }
  }

  /// Runs a wrong version under many schedules.
  static func judge(
    _ wrong: WrongVersion,
    of example: Example,
    seeds: Int = 1_000
  ) async -> Verdict {
    var verdict = Verdict(name: wrong.name, seeds: seeds)
    let right = await run(.seed(0)) { await example.run(wrong.input, on: $0) }
    for seed in 0..<seeds {
      let run = await run(.seed(UInt64(seed))) { await wrong.run(on: $0) }
      let breaches = breaches(run, of: example, wrong.input, right.trace)
      if breaches.contains(where: { isPart($0, of: wrong.breaks) }) {
        verdict.kills += 1
      }
      // Where all is about one thing, it differs from the right one too.
      for breach in breaches
      where breach != .outcome && !isPart(breach, of: wrong.breaks) {
        verdict.others["\(breach)", default: 0] += 1
      }
    }
    return verdict
  }

  /// The failing schedule with the fewest switches.
  ///
  /// - Returns: The run, or `nil` where 20,000 schedules have none.
  static func shortestFailure(
    _ wrong: WrongVersion,
    of example: Example
  ) async -> Run? {
    let right = await run(.seed(0)) { await example.run(wrong.input, on: $0) }
    struct Broken: Error {}
    let body = body { await wrong.run(on: $0) }
    let failure = await Simulation.shortestFailure(limit: 20_000, body) {
      trace in
      let breaches = breaches(
        Run(trace: trace),
        of: example,
        wrong.input,
        right.trace
      )
      if breaches.contains(where: { isPart($0, of: wrong.breaks) }) {
        throw Broken()
      }
    } where: { failure in
      switch failure.reason {
      case .rejected: true
      case .deadlock: wrong.breaks == .deadlock
      case .outlived: isPart(.leak, of: wrong.breaks)
      default: false
      }
    }
    guard let failure else { return nil }
    return await run(.schedule(failure.schedule)) { await wrong.run(on: $0) }
  }

  /// Who is left on return is what a leak consists of.
  private static func isPart(_ breach: Breach, of whole: Breach) -> Bool {
    let left: Set<Breach> = [.leak, .law(Law<NoInput>.allEndedOnReturn.name)]
    return breach == whole || left.contains(breach) && left.contains(whole)
  }

  /// All that a run has broken.
  static func breaches(
    _ run: Run,
    of example: Example,
    _ input: any ExampleInput,
    _ right: Trace
  ) -> Set<Breach> {
    var breaches: Set<Breach> = []
    for law in example.laws where law.problem(input, run.trace) != nil {
      breaches.insert(.law(law.name))
    }
    // Its trace is cut off: what it lacks is no breach of its own.
    if case .outlived = run.failure?.reason { return [.leak] }
    if run.trace.ending == .waits, right.ending != .waits {
      return [.deadlock]
    }
    // In a race the right one has several.
    let outcome = run.trace.outcome.description
    let allowed =
      example.evidence.declared(isGo: false) ?? [right.outcome.description]
    if !allowed.contains(outcome) { breaches.insert(.outcome) }
    return breaches
  }
}

extension Int {
  /// With a comma between thousands.
  var grouped: String {
    let digits = String(magnitude)
    let groups = stride(from: digits.count, to: 0, by: -3).map {
      digits.prefix($0).suffix(3)
    }
    return (self < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
  }
}
