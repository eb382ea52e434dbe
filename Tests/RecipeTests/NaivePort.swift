import Cookbook
import Simulation
import Testing

/// A compiled, plausible, wrong version of a recipe.
struct NaivePort<D: Demo>: Sendable {
  var name: String
  /// The law that must catch it, or the kind of simulation failure.
  var brokenLaw: String
  var input: D.Input
  var run: @Sendable (D.Input, TraceRecorder) async throws -> D.Outcome

  /// The seeds within which it must be caught.
  static var seeds: Range<UInt64> { 0..<1_000 }

  /// Runs the port under every seed.
  ///
  /// - Returns: What the laws make of it.
  func judge() async -> Verdict {
    let (input, run) = (input, run)
    let failures = await Simulation.failures(seeds: Self.seeds) { simulation in
      let recorder = TraceRecorder(clock: simulation.clock)
      let outcome = try await run(input, recorder)
      return DemoTrace(events: recorder.events, outcome: outcome)
    } check: { trace in
      try D.check(trace, of: input)
    }
    var kills: [String: Int] = [:]
    for failure in failures { kills[failure.law, default: 0] += 1 }
    return Verdict(
      port: name,
      recipe: D.recipe.name,
      firstSeed: failures.first?.seed,
      firstLaw: failures.first?.law,
      kills: failures.count,
      killsByLaw: kills,
      seeds: Self.seeds.count
    )
  }
}

/// What became of a naive port.
struct Verdict: CustomStringConvertible {
  var port: String
  var recipe: String
  var firstSeed: UInt64?
  var firstLaw: String?
  var kills: Int
  var killsByLaw: [String: Int]
  var seeds: Int

  var description: String {
    let laws =
      killsByLaw
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.key): \($0.value)" }
      .joined(separator: "; ")
    return "naive port | \(recipe) | \(port) | first seed "
      + "\(firstSeed.map(String.init) ?? "none") | "
      + "kills \(kills) of \(seeds) | \(laws)"
  }
}

extension SimulationFailure {
  /// The law that a run broke, or else how it failed.
  var law: String {
    switch reason {
    case .rejected(let violation as LawViolation): violation.law
    default: reason.name
    }
  }
}

/// Runs every port, prints the table, and expects each law to have bitten.
func expectRejected<D: Demo>(_ ports: [NaivePort<D>]) async {
  for port in ports {
    let verdict = await port.judge()
    print(verdict)
    #expect(
      verdict.killsByLaw[port.brokenLaw] != nil,
      "\(port.name) is not caught by \"\(port.brokenLaw)\": \(verdict)"
    )
  }
}

/// Explores the pattern itself: the laws that reject the ports accept it.
func expectLawful<D: Demo>(
  _ demo: D.Type,
  _ input: D.Input,
  seeds: Range<UInt64>
) async throws {
  _ = try await Simulation.explore(seeds: seeds) { simulation in
    try await demo.trace(input, clock: simulation.clock)
  } check: { trace in
    try demo.check(trace, of: input)
  }
}

/// Cancels a demo at every step of some schedules, judging each run.
///
/// - Returns: The number of cancelled runs.
func cancelEverywhere<D: Demo>(
  _ demo: D.Type,
  _ input: D.Input,
  seeds: Range<UInt64>
) async throws -> Int {
  try await Simulation.cancelEverywhere(seeds: seeds) { simulation in
    try await demo.trace(input, clock: simulation.clock)
  } check: { trace in
    try demo.check(trace, of: input)
  }
}

/// Runs a demo under every schedule of a small input.
///
/// - Returns: The number of schedules, all of them.
func exhaust<D: Demo>(
  _ demo: D.Type,
  _ input: D.Input,
  limit: Int = 200_000
) async throws -> Int {
  let exhaustion = try await Simulation.exhaust(limit: limit) { simulation in
    try await demo.trace(input, clock: simulation.clock)
  } check: { trace in
    try demo.check(trace, of: input)
  }
  #expect(exhaustion.isComplete, "more than \(limit) schedules")
  return exhaustion.schedules
}
