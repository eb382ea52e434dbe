import Cookbook
import Simulation

/// Runs a demo in the simulation and holds it against its Go original.
enum Equivalence {
  /// The simulated run of one schedule.
  static func trace<D: Demo>(
    _ demo: D.Type,
    _ input: D.Input,
    seed: UInt64
  ) async throws(SimulationFailure) -> DemoTrace<D.Outcome> {
    try await Simulation.run(seed: seed) { simulation in
      try await demo.trace(input, clock: simulation.clock)
    }.value
  }

  /// An input that the languages disagree on, or that breaks a law.
  struct Finding<D: Demo>: Error {
    var input: D.Input
    var seed: UInt64
    var problem: String
    var swift: DemoTrace<D.Outcome>?
    var go: DemoTrace<D.Outcome>?
  }

  /// A recipe's random inputs, the same for the same seed.
  static func inputs<D: Demo>(
    for demo: D.Type,
    count: Int,
    seed: UInt64
  ) -> [D.Input] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in demo.randomInput(using: &generator) }
  }

  /// Compares both languages on one input after the other.
  ///
  /// - Returns: The first input that shows a difference, made as simple as
  ///   it goes, or `nil`.
  static func compare<D: Demo>(
    _ demo: D.Type,
    inputs: [D.Input],
    seed: UInt64,
    go: GoTwin,
    mutant: String? = nil,
    progress: (Int) -> Void = { _ in }
  ) async throws -> Finding<D>? {
    let batch = 500
    for start in stride(from: 0, to: inputs.count, by: batch) {
      let slice = Array(inputs[start..<min(start + batch, inputs.count)])
      let runs = try await go.runs(of: demo, inputs: slice, mutant: mutant)
      for (offset, (input, run)) in zip(slice, runs).enumerated() {
        let seed = seed &+ UInt64(start + offset)
        if let finding = await judge(demo, input, seed: seed, go: run) {
          return try await simplify(finding, demo, go: go, mutant: mutant)
        }
      }
      progress(start + slice.count)
    }
    return nil
  }

  /// Runs one input in Swift and compares it with what Go did.
  static func judge<D: Demo>(
    _ demo: D.Type,
    _ input: D.Input,
    seed: UInt64,
    go: DemoTrace<D.Outcome>
  ) async -> Finding<D>? {
    var finding = Finding<D>(input: input, seed: seed, problem: "", go: go)
    do throws(SimulationFailure) {
      let swift = try await trace(demo, input, seed: seed)
      finding.swift = swift
      let difference = Difference.between(
        swift: swift,
        go: go,
        comparison: demo.comparison
      )
      if let difference {
        finding.problem = difference.description
        return finding
      }
      for (language, trace) in [("Swift", swift), ("Go", go)] {
        do throws(LawViolation) {
          try demo.check(trace, of: input)
        } catch {
          finding.problem = "\(language): \(error)"
          return finding
        }
      }
      return nil
    } catch {
      finding.problem = "Swift: \(error)"
      return finding
    }
  }

  /// The same for a Go run that may not have come to its end.
  private static func judge<D: Demo>(
    _ demo: D.Type,
    _ input: D.Input,
    seed: UInt64,
    go: Result<DemoTrace<D.Outcome>, GoFailure>
  ) async -> Finding<D>? {
    switch go {
    case .success(let go):
      return await judge(demo, input, seed: seed, go: go)
    case .failure(let failure):
      return Finding(
        input: input,
        seed: seed,
        problem: "\(failure)",
        swift: try? await trace(demo, input, seed: seed)
      )
    }
  }

  /// Looks for a simpler input that still shows a difference.
  private static func simplify<D: Demo>(
    _ finding: Finding<D>,
    _ demo: D.Type,
    go: GoTwin,
    mutant: String?
  ) async throws -> Finding<D> {
    var simplest = finding
    var triesLeft = 2_000
    search: while triesLeft > 0 {
      for input in demo.simplerInputs(than: simplest.input) {
        guard (try? input.validate()) != nil else { continue }
        triesLeft -= 1
        let runs = try await go.runs(
          of: demo,
          inputs: [input],
          mutant: mutant
        )
        guard let run = runs.first else { continue }
        if let simpler = await judge(
          demo,
          input,
          seed: simplest.seed,
          go: run
        ) {
          simplest = simpler
          continue search
        }
      }
      break
    }
    return simplest
  }
}
