import Cookbook
import Foundation

/// What was measured once at full size: pages show it, and a machine without
/// Go takes Go's figures from it.
struct ClaimsRecord: Codable {
  /// The least that a claim's quotient came to.
  struct Worst: Codable {
    var quiet: Double
    var loaded: Double
    /// The most that it came to with the mechanism switched off.
    var without: Double?
  }

  var machine: BenchReport.Machine
  /// So many quiet ones, and as many with the other cores busy.
  var rounds: Int
  /// The medians of the quiet rounds.
  var figures: ClaimsJudge.Figures
  /// By the names of the claims.
  var worst: [String: Worst]

  init(quiet: ClaimsReport, loaded: ClaimsReport) {
    machine = .current(go: quiet.goVersion)
    rounds = quiet.rounds.count
    figures = quiet.medians.filter { $0.value.isFinite }
      .mapValues { ($0 * 100).rounded() / 100 }
    worst = [:]
    for (quiet, loaded) in zip(quiet.verdicts, loaded.verdicts) {
      guard let one = quiet.measured, let other = loaded.measured else {
        continue
      }
      func round(_ value: Double) -> Double { (value * 100).rounded() / 100 }
      worst[quiet.claim.name] = Worst(
        quiet: round(one),
        loaded: round(other),
        without: [quiet.without, loaded.without].compactMap(\.self).max()
          .map(round)
      )
    }
  }

  // MARK: The file

  /// The records of a recipe, by example.
  private static func file(
    _ recipe: Recipe,
    in root: URL
  ) -> URL {
    root.appending(
      path: "Tests/EquivalenceTests/Recorded/\(recipe.name).figures.json"
    )
  }

  private static func all(
    _ recipe: Recipe,
    in root: URL
  ) throws -> [String: ClaimsRecord] {
    try JSONDecoder().decode(
      [String: ClaimsRecord].self,
      from: try Data(contentsOf: file(recipe, in: root))
    )
  }

  static func read(
    for example: Example,
    of recipe: Recipe,
    in root: URL? = nil
  ) throws -> ClaimsRecord {
    let root = try root ?? Checkout.root()
    guard let record = (try? all(recipe, in: root))?[example.name] else {
      throw UsageError(
        "nothing is recorded of \(recipe.name) \(example.name)",
        hint: "swift run -c release recipe claims \(recipe.name) --full "
          + "--rounds 5 --record"
      )
    }
    return record
  }

  func write(for example: Example, of recipe: Recipe) throws {
    let root = try Checkout.root()
    var records = (try? Self.all(recipe, in: root)) ?? [:]
    records[example.name] = self
    let encoder = JSONEncoder()
    encoder.outputFormatting = [
      .prettyPrinted, .sortedKeys, .withoutEscapingSlashes,
    ]
    let url = Self.file(recipe, in: root)
    do {
      try (encoder.encode(records) + Data("\n".utf8))
        .write(to: url, options: .atomic)
    } catch {
      Terminal.complain("cannot write \(url.path): \(error.reason)")
      throw ExitCode.output
    }
  }

  // MARK: The page

  /// The claims that the record does not keep with the margin that they need.
  func problems(of claims: Claims) -> [String] {
    claims.claims.compactMap { claim in
      guard let worst = worst[claim.name] else {
        return "it is not recorded that \(claim.name)"
      }
      if let problem = ClaimsJudge.judge(claim, figures).problem {
        return "the record does not show that \(claim.name): \(problem)"
      }
      let least = min(worst.quiet, worst.loaded)
      guard let bound = claim.bound, least < 2 * bound else { return nil }
      return "that \(claim.name) is claimed with \(bound), more than half of "
        + "the worst that was recorded, \(least)"
    }
  }

  /// The figures as a Markdown table.
  func lines(_ claims: Claims) -> [String] {
    func row(_ cells: [String]) -> String {
      "| " + cells.joined(separator: " | ") + " |"
    }
    let rows = claims.table(figures)
    let rule = ["---"] + rows[0].dropFirst().map { _ in "---:" }
    return [row(rows[0]), row(rule)]
      + rows.dropFirst().map { row(["`\($0[0])`"] + $0.dropFirst()) }
      + [
        "",
        "Medians of \(rounds) rounds of a release build. \(machine.processor), "
          + "\(machine.cores) cores, \(machine.system), "
          + "Swift \(machine.swift), \(machine.go).",
      ]
  }
}
