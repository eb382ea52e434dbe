import Cookbook
import Foundation
import Simulation

/// `recipe explore NAME [EXAMPLE]`: the laws over many schedules.
enum ExploreCommand: Subcommand {
  static let switches = ["json", "cancel"]

  private struct Report: Encodable {
    var recipe: String
    var example: String
    var schedules = 0
    /// Whether these were all schedules that there are.
    var isComplete: Bool?
    var keep = true
    var digest: String?
    /// What was tried, or what went wrong and how to see it again.
    var text = ""
  }

  static func run(_ arguments: inout Arguments) async throws {
    let recipe = try arguments.takeRecipe()
    let asJSON = try arguments.take(switch: "json")
    let isCancelling = try arguments.take(switch: "cancel")
    let seeds = try arguments.take("seeds", in: 1...100_000_000)
    let limit = try arguments.take("exhaust", in: 1...100_000_000)
    let examples = try arguments.takeExamples(of: recipe)
    var holds = true
    for example in examples where example.isRun {
      let input = try example.input.overridden(by: arguments)
      var report = Report(recipe: recipe.name, example: example.name)
      do {
        if let limit {
          let all = try await ExampleJudge.exhaust(example, input, limit: limit)
          (report.schedules, report.isComplete) =
            (all.schedules, all.isComplete)
          report.text =
            "\(all.schedules.grouped) schedules, "
            + (all.isComplete ? "all there are" : "the bound")
        } else if isCancelling {
          report.schedules = seeds ?? 10
          let runs = try await ExampleJudge.cancelEverywhere(
            example,
            input,
            seeds: 0..<UInt64(report.schedules)
          )
          report.text =
            "\(runs.grouped) cancelled runs, one for each step of "
            + "\(report.schedules.grouped) schedules"
        } else {
          let digest = Digest()
          report.schedules = try await ExampleJudge.explore(
            example,
            input,
            seeds: 0..<UInt64(seeds ?? 1_000)
          ) { digest.add($0) }
          report.digest = digest.description
          report.text = "\(report.schedules.grouped) schedules, each twice"
        }
        report.text +=
          example.laws.isEmpty
          ? ", no law of its own" : ", \(example.laws.count) laws kept"
      } catch let failure as SimulationFailure {
        holds = false
        report.keep = false
        let schedule = failure.shortened ?? failure.schedule
        report.text =
          "\(failure)\nthe same run: recipe \(recipe.name) \(example.name) "
          + "--schedule \(schedule)"
          + (failure.cancelledAtStep.map { " --cancel-at-step \($0)" } ?? "")
          + " --input '\(json(input))'"
      }
      try Terminal.print(
        asJSON
          ? json(report) : "\(recipe.name) \(example.name): \(report.text)"
      )
    }
    if !holds { throw ExitCode.failure }
  }
}
