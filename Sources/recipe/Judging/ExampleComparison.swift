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

    /// What too few of the inputs show, of what the input can show: that a job
    /// fails, that the caller is cancelled, that several want the same thing.
    func shortfalls(of example: Example, oneIn share: Int = 10) -> [String] {
      guard !example.isInstant else { return [] }
      let fields = InputField.all(of: example.input).map(\.name)
      let wanted = [
        ("fail", failing, fields.contains("failing")),
        ("are cancelled", cancelled, fields.contains("cancelAfter")),
        ("are contended", contended, example.input.hasLanes),
      ]
      return wanted.filter { $0.2 && $0.1 < inputs / share }.map {
        "only \($0.1) of \(inputs) inputs \($0.0), which is less than one in "
          + "\(share): change what is random in the input's fields"
      }
    }

    mutating func add(_ trace: Trace) {
      inputs += 1
      failing += trace.events.contains { $0.name == "fail" } ? 1 : 0
      cancelled += trace.events.contains { $0.name == "cancel" } ? 1 : 0
      contended += trace.isContended ? 1 : 0
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

  /// Compares both languages on one input after the other.
  ///
  /// A race needs ``RaceJudge``: one run of it says little. The first run
  /// follows the schedule of `seed`, each further one the next.
  ///
  /// - Returns: What the inputs showed, and the first difference, on an input
  ///   as simple as it goes.
  func compare(
    _ inputs: [any ExampleInput],
    seed: UInt64,
    wrong: String? = nil,
    progress: (Int) -> Void = { _ in }
  ) async throws -> (counts: Counts, finding: Finding?) {
    var counts = Counts()
    for start in stride(from: 0, to: inputs.count, by: 500) {
      let slice = Array(inputs[start..<min(start + 500, inputs.count)])
      let traces = try await go.runs(recipe, example, slice, wrong: wrong)
      for (offset, (input, trace)) in zip(slice, traces).enumerated() {
        let seed = seed &+ UInt64(start + offset)
        switch await Self.judge(example, input, seed: seed, go: trace) {
        case .success(let swift): counts.add(swift)
        case .failure(let finding):
          return (counts, try await simplify(finding, wrong: wrong))
        }
      }
      progress(start + slice.count)
    }
    return (counts, nil)
  }

  /// Runs one input in Swift and holds it against what Go did.
  ///
  /// - Returns: What Swift did, or what is wrong.
  static func judge(
    _ example: Example,
    _ input: any ExampleInput,
    seed: UInt64,
    go: Result<Trace, Failure>
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
        finding.problem = difference
        return .failure(finding)
      }
      for (language, trace) in [("Swift", swift), ("Go", go)] {
        if let ending = trace.ending, !example.mayEnd(ending) {
          finding.problem = "\(language): \(ending), which is not declared"
          return .failure(finding)
        }
        do throws(LawViolation) {
          try example.check(trace, of: input)
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
      for input in simplest.input.simpler {
        guard (try? input.validate()) != nil else { continue }
        triesLeft -= 1
        let traces = try await go.runs(recipe, example, [input], wrong: wrong)
        if let trace = traces.first,
          case .failure(let simpler) = await Self.judge(
            example,
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

extension Example {
  /// Random inputs, the same for the same seed.
  func inputs(_ count: Int, seed: UInt64) -> [any ExampleInput] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in randomInput(using: &generator) }
  }

  /// Whether a run may end so: whoever waits for ever, or dies, may leave
  /// code behind that nobody has executed.
  fileprivate func mayEnd(_ ending: Ending) -> Bool {
    switch (evidence, ending) {
    case (.moments, .waits), (.moments, .died),
      (.outcome, .waits), (.outcome, .died):
      false
    // The others declare what they come to.
    default: true
    }
  }
}

extension GoTwin {
  /// Runs an example's Go twin, or a wrong version of it, in real time on as
  /// many threads as there are if `isReal`.
  ///
  /// - Returns: A trace for each input, or why there is none: a leak or a
  ///   panic.
  func runs(
    _ recipe: Recipe,
    _ example: Example,
    _ inputs: [any ExampleInput],
    wrong: String? = nil,
    isReal: Bool? = nil
  ) async throws -> [Result<Trace, Failure>] {
    try await answers(
      inputs.map { input in
        var fields = [
          "\"recipe\":\(json(recipe.name))",
          "\"example\":\(json(example.name))",
          "\"input\":\(json(input))",
        ]
        if let wrong { fields.append("\"wrong\":\(json(wrong))") }
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
      ["{\"recipe\":\(json(recipe.name)),\"catalog\":true}"]
    )[0].get()
  }
}

extension ExampleInput {
  /// Whether it has a list of durations, one for each lane: lanes then end at
  /// the same instant, and want the same thing.
  fileprivate var hasLanes: Bool { Self.fields.contains(where: \.isForLanes) }

  fileprivate var declaredFields: [String] { Self.fields.map(\.name) }
}

extension Example {
  /// Properties of the input that stand in no field, and the other way round.
  var undeclaredFields: [String] {
    Set(input.declaredFields)
      .symmetricDifference(InputField.all(of: input).map(\.name)).sorted()
  }
}
