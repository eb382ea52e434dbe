import Cookbook
import Foundation
import Synchronization

/// `recipe claims NAME [EXAMPLE]`: measures what examples claim.
enum ClaimsCommand {
  static let switches = ["full", "loaded", "record", "json"]

  static func run(_ recipe: Recipe, arguments: Arguments) async throws {
    var arguments = arguments
    let isFull = try arguments.take(switch: "full")
    let isLoaded = try arguments.take(switch: "loaded")
    let records = try arguments.take(switch: "record")
    let asJSON = try arguments.take(switch: "json")
    let count = try arguments.take("count", in: 1...1_000_000_000)
    let rounds = try arguments.take("rounds", in: 1...1_000) ?? 1
    let (examples, rest) = try ExampleCommand.take(
      arguments.operands,
      of: recipe
    )
    arguments.operands = rest
    try arguments.requireEmpty(known: switches + ["count", "rounds"])
    if isFull, count != nil {
      throw UsageError("--full and --count exclude each other")
    }
    if records { try requireRecordable(isFull, isLoaded) }
    var holds = true
    var isMeasured = false
    for example in examples {
      guard case .claims(let claims) = example.evidence else { continue }
      isMeasured = true
      let largest = claims.measurements.map(\.count).max() ?? 1
      let divisor =
        count.map { max((largest + $0 - 1) / $0, 1) } ?? (isFull ? 1 : 10)
      func measure(_ isLoaded: Bool) async throws -> ClaimsReport {
        let report = try await ClaimsReport.measure(
          claims,
          of: example,
          in: recipe,
          dividedBy: divisor,
          rounds: rounds,
          isLoaded: isLoaded
        )
        try Terminal.print(asJSON ? report.json : report.text)
        holds = holds && report.report.holds
        return report
      }
      let report = try await measure(isLoaded)
      guard records else { continue }
      let loaded = try await measure(true)
      // A record of what does not hold would prove the page wrong.
      if holds {
        try ClaimsRecord(quiet: report, loaded: loaded)
          .write(for: example, of: recipe)
      }
    }
    if !isMeasured { throw UsageError("\(recipe.name) measures nothing") }
    if !holds { throw ExitCode.failure }
  }

  private static func requireRecordable(
    _ isFull: Bool,
    _ isLoaded: Bool
  ) throws {
    #if DEBUG
      throw UsageError(
        "pages show the figures of a release build",
        hint: "swift run -c release recipe claims NAME --full --record"
      )
    #else
      guard isFull, !isLoaded else {
        throw UsageError(
          "--record goes with --full, and measures quiet and loaded by itself"
        )
      }
      guard GoToolchain.isHere else {
        throw UsageError("--record needs Go")
      }
    #endif
  }
}

/// The figures of some rounds, and what became of the claims.
struct ClaimsReport {
  let recipe: Recipe
  let example: Example
  let claims: Claims
  let divisor: Int
  let isLoaded: Bool
  let rounds: [ClaimsJudge.Figures]
  let verdicts: [ClaimsJudge.Verdict]
  let goVersion: String
  /// The machine that Go's figures are from, where there is no Go here.
  let recorded: BenchReport.Machine?

  static func measure(
    _ claims: Claims,
    of example: Example,
    in recipe: Recipe,
    dividedBy divisor: Int = 10,
    rounds: Int = 1,
    isLoaded: Bool = false
  ) async throws -> ClaimsReport {
    var steps = claims.steps(dividedBy: divisor)
    var go: URL?
    var recorded: ClaimsRecord?
    if steps.contains(where: \.measurement.isGo) {
      if GoToolchain.isHere {
        Terminal.showProgress("claims: compiling what is measured in Go")
        go = try await onThread {
          try GoToolchain.build(["build", "./cmd/measure"], named: "measure")
        }
      } else {
        recorded = try ClaimsRecord.read(for: example, of: recipe)
        steps.removeAll(where: \.measurement.isGo)
      }
    }
    let judge = ClaimsJudge(claims, of: example, in: recipe, go: go)
    let version = try go.map { try Subprocess.run($0, []).text }
    let load = isLoaded ? Load() : nil
    defer { load?.end() }
    var measured: [ClaimsJudge.Figures] = []
    for round in 1...rounds {
      let figures = try await judge.figures(of: steps) {
        Terminal.showProgress("claims: round \(round) of \(rounds), \($0)")
      }
      let old = recorded?.figures.filter { $0.key.hasPrefix("go.") } ?? [:]
      measured.append(figures.merging(old) { new, _ in new })
    }
    return ClaimsReport(
      recipe: recipe,
      example: example,
      claims: claims,
      divisor: divisor,
      isLoaded: isLoaded,
      rounds: measured,
      verdicts: judge.judge(measured),
      goVersion: (version ?? recorded?.machine.go ?? "none").collapsed,
      recorded: recorded?.machine
    )
  }

  /// The median of each figure.
  var medians: ClaimsJudge.Figures {
    var medians: ClaimsJudge.Figures = [:]
    for name in rounds.first?.keys.map({ $0 }) ?? [] {
      let values = rounds.compactMap { $0[name] }.sorted()
      medians[name] = values[values.count / 2]
    }
    return medians
  }

  var report: Evidences.Report {
    Evidences.Report(
      text: text,
      holds: verdicts.allSatisfy { $0.problem == nil }
    )
  }

  var text: String {
    let size = divisor == 1 ? "at full size" : "at 1/\(divisor) of full size"
    var lines = [
      "\(recipe.name) \(example.name): \(size), "
        + (rounds.count == 1 ? "once" : "\(rounds.count) times, medians")
        + (isLoaded ? ", with the other cores busy" : ""), "",
    ]
    if let recorded {
      lines.insert(
        "there is no Go here: its figures are recorded ones, of \(recorded.go)"
          + " on \(recorded.system) with \(recorded.cores) cores",
        at: 1
      )
    }
    let rows = claims.table(medians)
    let widths = rows[0].indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    lines += rows.map { row in
      row.indices.map { column in
        column == 0
          ? row[column].padded(to: widths[column])
          : row[column].leftPadded(to: widths[column])
      }.joined(separator: "  ")
    }
    lines.append("")
    for verdict in verdicts {
      lines.append("\(verdict.sign) \(verdict.claim.name)")
      lines.append("    \(verdict.explanation)")
    }
    return lines.joined(separator: "\n")
  }

  var json: String {
    jsonLine(
      Lines(
        recipe: recipe.name,
        example: example.name,
        rounds: rounds.count,
        isLoaded: isLoaded,
        figures: medians.filter { !$0.value.isNaN },
        claims: verdicts.map {
          Lines.Line(
            claim: $0.claim.name,
            holds: $0.problem == nil,
            measured: $0.measured,
            bound: $0.claim.bound,
            without: $0.without,
            problem: $0.problem
          )
        }
      )
    )
  }

  private struct Lines: Encodable {
    struct Line: Encodable {
      var claim: String
      var holds: Bool
      var measured: Double?
      var bound: Double?
      var without: Double?
      var problem: String?
    }

    var recipe: String
    var example: String
    var rounds: Int
    var isLoaded: Bool
    var figures: ClaimsJudge.Figures
    var claims: [Line]
  }
}

extension ClaimsJudge.Verdict {
  fileprivate var sign: String {
    problem != nil ? "✗" : measured == nil ? "?" : "✓"
  }

  fileprivate var explanation: String {
    if let problem { return problem }
    guard let measured else { return "this system does not tell" }
    var text = ClaimsJudge.shown(measured)
    if let bound = claim.bound, let margin {
      text +=
        ", claimed are \(ClaimsJudge.shown(bound)): "
        + "\(ClaimsJudge.shown(margin)) times that"
    } else {
      text = "equal"
    }
    if let without {
      text += "; without the mechanism \(ClaimsJudge.shown(without))"
    }
    return text
  }
}

extension Claim {
  /// What the quotient is claimed to be at least.
  var bound: Double? {
    guard case .atLeast(let bound) = relation else { return nil }
    return bound
  }
}

extension Claims {
  /// The figures with their headings, a row for each step.
  func table(_ figures: ClaimsJudge.Figures) -> [[String]] {
    [[""] + ["count"] + shown]
      + steps().map { step in
        [step.id]
          + (["count"] + shown).map { name in
            figures["\(step.id).\(name)"].map(ClaimsJudge.shown) ?? ""
          }
      }
  }
}

/// Threads that compute, on all cores but one.
final class Load: Sendable {
  private let isOver = Atomic(false)

  init() {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    for _ in 1..<max(cores, 2) {
      Thread.detachNewThread { [self] in
        while !isOver.load(ordering: .relaxed) {}
      }
    }
  }

  func end() { isOver.store(true, ordering: .relaxed) }
}
