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
    func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
    machine = .current(go: quiet.goVersion)
    rounds = quiet.rounds.count
    figures = quiet.medians.filter { $0.value.isFinite }.mapValues(rounded)
    worst = [:]
    for (quiet, loaded) in zip(quiet.verdicts, loaded.verdicts) {
      guard let one = quiet.measured, let other = loaded.measured else {
        continue
      }
      worst[quiet.claim.name] = Worst(
        quiet: rounded(one),
        loaded: rounded(other),
        without: [quiet.without, loaded.without].compactMap(\.self).max()
          .map(rounded)
      )
    }
  }

  // MARK: The file

  /// The records of a recipe, by example, and where they are.
  private static func all(
    _ recipe: Recipe
  ) throws(UsageError) -> (URL, [String: ClaimsRecord]) {
    let file = try Checkout.root().appending(
      path: "Tests/EquivalenceTests/Recorded/\(recipe.name).figures.json"
    )
    let records = try? JSONDecoder()
      .decode([String: ClaimsRecord].self, from: Data(contentsOf: file))
    return (file, records ?? [:])
  }

  static func read(
    for example: Example,
    of recipe: Recipe
  ) throws(UsageError) -> ClaimsRecord {
    if let record = try all(recipe).1[example.name] { return record }
    throw UsageError(
      "nothing is recorded of \(recipe.name) \(example.name)",
      hint: "swift run -c release recipe claims \(recipe.name) --full "
        + "--rounds 5 --record"
    )
  }

  func write(for example: Example, of recipe: Recipe) throws {
    var (file, records) = try Self.all(recipe)
    records[example.name] = self
    let encoder = JSONEncoder()
    encoder.outputFormatting = [
      .prettyPrinted, .sortedKeys, .withoutEscapingSlashes,
    ]
    let text = String(decoding: try encoder.encode(records), as: UTF8.self)
    try Terminal.write(text + "\n", to: file)
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
    let rows = claims.table(figures)
    return Markdown.table(
      rows[0],
      rows.dropFirst().map { ["`\($0[0])`"] + $0.dropFirst() },
      numbers: 1..<rows[0].count
    )
      + [
        "",
        "Medians of \(rounds) rounds of a release build. \(machine.processor), "
          + "\(machine.cores) cores, \(machine.system), "
          + "Swift \(machine.swift)"
          + (machine.go == "none" ? "." : ", \(machine.go)."),
      ]
  }
}
