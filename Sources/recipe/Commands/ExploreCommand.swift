import Cookbook
import Foundation
import Simulation

/// `recipe explore NAME [EXAMPLE]`: the laws over many schedules.
enum ExploreCommand: Subcommand {
  static let switches = ["json", "cancel"]

  private struct Report: Encodable {
    var recipe: String
    var example: String
    var schedules: Int
    /// Of the cancelled runs, where there are some.
    var cancelled: Int?
    /// Whether these were all schedules that there are.
    var isComplete: Bool?
    var laws: Int
    var keep = true
    var digest: String?
    var failure: String?
    var again: String?
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
      let input = try ExampleCommand.parse(arguments, defaults: example.input)
      var report = Report(
        recipe: recipe.name,
        example: example.name,
        schedules: 0,
        laws: example.laws.count
      )
      let digest = Digest()
      do {
        if let limit {
          let all = try await ExampleJudge.exhaust(example, input, limit: limit)
          (report.schedules, report.isComplete) =
            (all.schedules, all.isComplete)
        } else if isCancelling {
          report.schedules = seeds ?? 10
          report.cancelled = try await ExampleJudge.cancelEverywhere(
            example,
            input,
            seeds: 0..<UInt64(seeds ?? 10)
          )
        } else {
          report.schedules = try await ExampleJudge.explore(
            example,
            input,
            seeds: 0..<UInt64(seeds ?? 1_000)
          ) { digest.add($0) }
          report.digest = digest.description
        }
      } catch let failure as SimulationFailure {
        report.keep = false
        report.failure = "\(failure)"
        let schedule = failure.shortened ?? failure.schedule
        report.again =
          "recipe \(recipe.name) \(example.name) --schedule \(schedule)"
          + (failure.cancelledAtStep.map { " --cancel-at-step \($0)" } ?? "")
          + " --input '\(json(input))'"
      }
      holds = holds && report.keep
      try Terminal.print(asJSON ? json(report) : describe(report))
    }
    if !holds { throw ExitCode.failure }
  }

  private static func describe(_ report: Report) -> String {
    let name = "\(report.recipe) \(report.example)"
    if let failure = report.failure, let again = report.again {
      return "\(name): \(failure)\nthe same run: \(again)"
    }
    let what =
      if let cancelled = report.cancelled {
        "\(cancelled.grouped) cancelled runs, one for each step of "
          + "\(report.schedules.grouped) schedules"
      } else if let isComplete = report.isComplete {
        "\(report.schedules.grouped) schedules, "
          + (isComplete ? "all there are" : "the bound")
      } else {
        "\(report.schedules.grouped) schedules, each twice"
      }
    return "\(name): \(what), \(report.laws) laws kept"
  }
}
