import Cookbook
import Foundation
import Simulation

/// `recipe explore NAME`: the laws over many schedules.
enum ExploreCommand {
  private struct Report: Encodable {
    var recipe: String
    var seeds: Int
    var schedules: Int
    var runs: Int
    var laws: Int
    var keep: Bool
    var seconds: Double
    var runsPerSecond: Int
    var digest: String?
    var failure: String?
    var failingSeed: UInt64?
  }

  static func run<D: Demo>(
    _ demo: D.Type,
    arguments: Arguments
  ) async throws {
    var arguments = arguments
    let asJSON = try arguments.take(switch: "json")
    let seeds = try arguments.take("seeds", in: 1...100_000_000)
    let isCancelling = try arguments.take(switch: "cancel")
    let limit = try arguments.take("exhaust", in: 1...100_000_000)
    let input = try D.Input.parse(
      json: try arguments.take("input"),
      flags: arguments.flags,
      operands: arguments.operands
    )
    if isCancelling || limit != nil {
      return try await runWhole(
        demo,
        input: input,
        seeds: UInt64(isCancelling ? seeds ?? 10 : 1),
        limit: isCancelling ? nil : limit,
        asJSON: asJSON
      )
    }
    let count = seeds ?? 1_000
    let name = demo.recipe.name
    let clock = ContinuousClock()
    let start = clock.now
    var schedules = 0
    var runs = 0
    var digest = Digest()
    var failure: SimulationFailure?
    // In portions, so that there is something to say in between.
    let portion = max(1_000, count / 100)
    do throws(SimulationFailure) {
      for first in stride(from: 0, to: count, by: portion) {
        let seeds = UInt64(first)..<UInt64(min(first + portion, count))
        let part = Digest.Accumulator()
        let exploration = try await Simulation.explore(seeds: seeds) {
          simulation in
          try await demo.trace(input, clock: simulation.clock)
        } check: { trace in
          part.add(trace.events)
          try demo.check(trace, of: input)
        }
        schedules += exploration.schedules
        runs += exploration.runs
        digest.combine(part.value)
        Terminal.showProgress("\(name): \(seeds.upperBound) of \(count) seeds")
      }
    } catch {
      failure = error
    }
    let elapsed = max(start.duration(to: clock.now).microseconds, 1)
    let rate = runs * 1_000_000 / elapsed

    if asJSON {
      try Terminal.print(
        jsonLine(
          Report(
            recipe: name,
            seeds: count,
            schedules: schedules,
            runs: runs,
            laws: demo.laws.count,
            keep: failure == nil,
            seconds: Double(elapsed / 1_000) / 1_000,
            runsPerSecond: rate,
            digest: failure == nil ? digest.description : nil,
            failure: failure.map { "\($0)" },
            failingSeed: failure?.seed
          )
        )
      )
    } else if let failure {
      try Terminal.print("\(name): \(failure)")
      if let seed = failure.seed {
        try Terminal.print(
          "the same run: recipe \(name) --seed \(seed) --input '\(input.json)'"
        )
      }
    } else {
      try Terminal.print(
        "\(name): \(count) seeds, each twice, \(demo.laws.count) laws kept "
          + "(\(rate) runs a second)"
      )
    }
    if failure != nil { throw ExitCode.failure }
  }

  private struct WholeReport: Encodable {
    var recipe: String
    var schedules: Int
    var isComplete: Bool
    var keep: Bool
    var failure: String?
  }

  /// Every schedule, or every point of cancellation.
  private static func runWhole<D: Demo>(
    _ demo: D.Type,
    input: D.Input,
    seeds: UInt64,
    limit: Int?,
    asJSON: Bool
  ) async throws {
    let body: @Sendable (Simulation) async throws -> DemoTrace<D.Outcome> = {
      try await demo.trace(input, clock: $0.clock)
    }
    let check: @Sendable (DemoTrace<D.Outcome>) throws -> Void = {
      try demo.check($0, of: input)
    }
    var report = WholeReport(
      recipe: demo.recipe.name,
      schedules: 0,
      isComplete: true,
      keep: true
    )
    do throws(SimulationFailure) {
      if let limit {
        let exhaustion = try await Simulation.exhaust(
          limit: limit,
          body,
          check: check
        )
        report.schedules = exhaustion.schedules
        report.isComplete = exhaustion.isComplete
      } else {
        report.schedules = try await Simulation.cancelEverywhere(
          seeds: 0..<seeds,
          body,
          check: check
        )
      }
    } catch {
      report.keep = false
      report.failure = "\(error)"
    }
    if asJSON {
      try Terminal.print(jsonLine(report))
    } else if let failure = report.failure {
      try Terminal.print("\(report.recipe): \(failure)")
    } else {
      let what =
        limit == nil
        ? "cancelled runs, one for each step of \(seeds) schedules"
        : report.isComplete
          ? "schedules, all there are" : "schedules, the bound"
      try Terminal.print(
        "\(report.recipe): \(report.schedules) \(what), "
          + "\(demo.laws.count) laws kept"
      )
    }
    if !report.keep { throw ExitCode.failure }
  }
}
