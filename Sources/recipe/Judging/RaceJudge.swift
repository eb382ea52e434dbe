import Cookbook
import Foundation
import Simulation
import Synchronization

/// Judges a true race: what Swift comes to under every schedule there is, and
/// what Go comes to in many runs on as many threads as there are.
struct RaceJudge {
  /// How often each outcome was seen, and what is wrong with that.
  struct Verdict: Encodable {
    var recipe: String
    var example: String
    /// The number of schedules by outcome.
    var swift: [String: Int] = [:]
    /// Whether these were all schedules.
    var isComplete: Bool
    /// The number of runs by outcome; empty without Go.
    var go: [String: Int] = [:]
    var problems: [String] = []

    var agree: Bool { problems.isEmpty }
  }

  let recipe: Recipe
  let example: Example

  /// Runs both languages, or Swift alone where there is no Go.
  ///
  /// To need more schedules than the limit is a problem: then nobody knows
  /// what cannot happen.
  ///
  /// - Throws: What keeps a run from its end, such as a deadlock, and a law
  ///   that is broken.
  func judge(
    go: GoTwin?,
    runs: Int = 10_000,
    limit: Int = 200_000,
    wrong: String? = nil
  ) async throws -> Verdict {
    let seen = Mutex<[String: Int]>([:])
    let all = try await ExampleJudge.exhaust(
      example,
      example.input,
      limit: limit
    ) { trace in
      seen.withLock { $0[trace.outcome.description, default: 0] += 1 }
    }
    var verdict = Verdict(
      recipe: recipe.name,
      example: example.name,
      swift: seen.withLock { $0 },
      isComplete: all.isComplete
    )
    if let go {
      for start in stride(from: 0, to: runs, by: 500) {
        let traces = try await go.runs(
          recipe,
          example,
          Array(repeating: example.input, count: min(500, runs - start)),
          wrong: wrong,
          isReal: true
        )
        for trace in traces {
          let trace = try trace.get()
          try example.check(trace, of: example.input)
          verdict.go[trace.outcome.description, default: 0] += 1
        }
        Terminal.showProgress(
          "\(recipe.name) \(example.name): \(start + traces.count) runs of Go"
        )
      }
    }
    verdict.problems = problems(of: verdict)
    return verdict
  }

  /// What should not have been seen, and what should.
  func problems(of verdict: Verdict) -> [String] {
    let ofSwift = example.evidence.declared(isGo: false) ?? []
    let ofGo = example.evidence.declared(isGo: true) ?? []
    var problems: [String] = []
    if !verdict.isComplete {
      let schedules = verdict.swift.values.reduce(0, +)
      problems.append("there are more than \(schedules.grouped) schedules")
    }
    for (language, seen, allowed) in [
      ("Swift", verdict.swift, ofSwift), ("Go", verdict.go, ofGo),
    ] {
      for outcome in seen.keys.sorted() where !allowed.contains(outcome) {
        problems.append("\(language) comes to '\(outcome)', which is forbidden")
      }
    }
    // Of Go no such thing can be said: what it did not do, it may do yet.
    for outcome in ofSwift.sorted() where verdict.swift[outcome] == nil {
      problems.append("no schedule of Swift comes to '\(outcome)'")
    }
    return problems
  }
}

extension RaceJudge.Verdict: CustomStringConvertible {
  /// A line for each outcome, with how often each language came to it.
  var description: String {
    func sum(_ counts: [String: Int]) -> Int { counts.values.reduce(0, +) }
    func cell(_ counts: [String: Int], _ outcome: String) -> String {
      counts[outcome]?.grouped ?? (counts.isEmpty ? "" : "-")
    }
    var rows = [("Swift", "Go", "outcome")]
    rows += Set(swift.keys).union(go.keys).sorted().map {
      (cell(swift, $0), cell(go, $0), $0)
    }
    let head =
      "\(recipe) \(example): \(sum(swift).grouped) schedules of Swift"
      + (isComplete ? ", all there are" : "")
      + (go.isEmpty ? "" : ", \(sum(go).grouped) runs of Go")
    let table = rows.map { swift, go, outcome in
      "\(swift.leftPadded(to: 9))\(go.leftPadded(to: 9))  \(outcome)"
    }
    return ([head] + table + problems).joined(separator: "\n")
  }
}
