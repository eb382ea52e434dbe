import Cookbook
import Foundation
import Simulation

/// Holds what an example does in Swift against what it does in Go.
struct ExampleComparison {
  let recipe: Recipe
  let example: Example
  let go: GoTwin

  /// How many of the inputs compared showed what.
  struct Counts: Codable, Equatable {
    var inputs = 0
    var failing = 0
    var cancelled = 0
    var contended = 0
    /// Of a race: how often each language came to what.
    var races: [String: [String: Int]]?

    mutating func add(_ trace: Trace) {
      inputs += 1
      failing += trace.events.contains { $0.name == "fail" } ? 1 : 0
      cancelled += trace.events.contains { $0.name == "cancel" } ? 1 : 0
      contended += trace.isContended ? 1 : 0
    }

    mutating func addRace(swift: Trace, go: Trace) {
      add(swift)
      for (language, trace) in [("Swift", swift), ("Go", go)] {
        races = races ?? [:]
        races?[language, default: [:]]["\(trace.outcome)", default: 0] += 1
      }
    }
  }

  /// An input that the languages disagree on, or that breaks a law.
  struct Finding: Error, CustomStringConvertible {
    var input: any ExampleInput
    var seed: UInt64
    var problem: String
    var swift: Trace?

    var description: String { "\(problem) for \(json(input)), seed \(seed)" }
  }

  /// Random inputs, the same for the same seed.
  func inputs(_ count: Int, seed: UInt64) -> [any ExampleInput] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in example.randomInput(using: &generator) }
  }

  private static func simpler(_ input: some ExampleInput) -> [any ExampleInput]
  {
    input.simpler
  }

  /// Compares both languages on one input after the other.
  ///
  /// - Parameter wrong: A wrong version of Go's to run in its place.
  /// - Returns: What the inputs showed, and the first difference, on an input
  ///   as simple as it goes.
  func compare(
    _ inputs: [any ExampleInput],
    seed: UInt64,
    wrong: String? = nil,
    progress: (Int) -> Void = { _ in }
  ) async throws -> (counts: Counts, finding: Finding?) {
    var counts = Counts()
    var first: Finding?
    for start in stride(from: 0, to: inputs.count, by: 500) {
      let slice = Array(inputs[start..<min(start + 500, inputs.count)])
      let traces = try await go.runs(
        recipe,
        example,
        slice,
        wrong: wrong,
        // Who wins a race in virtual time says nothing.
        isReal: example.isRace || example.isGoReal
      )
      for (offset, (input, trace)) in zip(slice, traces).enumerated() {
        let seed = seed &+ UInt64(start + offset)
        switch await judge(input, seed: seed, go: trace) {
        case .success(let swift) where example.isRace:
          counts.addRace(swift: swift, go: try trace.get())
        case .success(let swift): counts.add(swift)
        case .failure(let finding):
          if example.isRace, let swift = finding.swift,
            case .success(let go) = trace
          {
            // How often is half of the answer, so the other runs go on.
            counts.addRace(swift: swift, go: go)
            first = first ?? finding
            continue
          }
          let simplest = try await simplify(finding, wrong: wrong)
          return (counts, simplest)
        }
      }
      progress(start + slice.count)
    }
    return (counts, first)
  }

  /// Runs one input in Swift and holds it against what Go did.
  ///
  /// - Returns: What Swift did, or what is wrong.
  func judge(
    _ input: any ExampleInput,
    seed: UInt64,
    go: Result<Trace, GoFailure>
  ) async -> Result<Trace, Finding> {
    await Self.judge(example, input, seed: seed, go: go)
  }

  /// The same without Go, where what it did is recorded.
  static func judge(
    _ example: Example,
    _ input: any ExampleInput,
    seed: UInt64,
    go: Result<Trace, GoFailure>
  ) async -> Result<Trace, Finding> {
    var finding = Finding(input: input, seed: seed, problem: "")
    do {
      let swift = try await ExampleJudge.trace(example, input, seed: seed)
      finding.swift = swift
      let go = try go.get()
      if let difference = Difference.between(
        swift: swift,
        go: go,
        evidence: example.evidence
      ) {
        finding.problem = difference.description
        return .failure(finding)
      }
      for (language, trace) in [("Swift", swift), ("Go", go)] {
        do throws(LawViolation) {
          try example.check(trace, of: input, isGo: language == "Go")
        } catch {
          finding.problem = "\(language): \(error)"
          return .failure(finding)
        }
      }
      return .success(swift)
    } catch let error as SimulationFailure {
      finding.problem = "Swift: \(error)"
    } catch {
      finding.problem = "\(error)"
    }
    return .failure(finding)
  }

  /// Looks for a simpler input that still shows a difference.
  private func simplify(
    _ finding: Finding,
    wrong: String?
  ) async throws -> Finding {
    var simplest = finding
    var triesLeft = 2_000
    search: while triesLeft > 0 {
      for input in Self.simpler(simplest.input) {
        guard (try? input.validate()) != nil else { continue }
        triesLeft -= 1
        let traces = try await go.runs(recipe, example, [input], wrong: wrong)
        if let trace = traces.first,
          case .failure(let simpler) = await judge(
            input,
            seed: simplest.seed,
            go: trace
          )
        {
          simplest = simpler
          continue search
        }
      }
      break
    }
    return simplest
  }
}

extension GoTwin {
  /// Runs an example's Go twin, or a wrong version of it.
  ///
  /// - Parameters:
  ///   - inputs: An input for each run.
  ///   - wrong: A wrong version to run in its place.
  ///   - isReal: Whether to run in real time on as many threads as there are;
  ///     by default where the example says so.
  /// - Returns: A trace for each input, or why there is none: a leak or a
  ///   panic.
  func runs(
    _ recipe: Recipe,
    _ example: Example,
    _ inputs: [any ExampleInput],
    wrong: String? = nil,
    isReal: Bool? = nil
  ) async throws -> [Result<Trace, GoFailure>] {
    try await answers(
      inputs.map { input in
        var fields = [
          "\"recipe\":\(recipe.name.quotedForJSON)",
          "\"example\":\(example.name.quotedForJSON)",
          "\"input\":\(json(input))",
        ]
        if let wrong { fields.append("\"wrong\":\(wrong.quotedForJSON)") }
        if isReal ?? example.isGoReal { fields.append("\"real\":true") }
        return "{" + fields.joined(separator: ",") + "}"
      }
    )
  }

  /// What a room has in Go.
  struct Catalog: Decodable {
    var examples: [String]
    /// As `EXAMPLE/MISTAKE`.
    var wrong: [String]
  }

  func catalog(of recipe: Recipe) async throws -> Catalog {
    try await answers(
      ["{\"recipe\":\(recipe.name.quotedForJSON),\"catalog\":true}"]
    )[0].get()
  }
}
