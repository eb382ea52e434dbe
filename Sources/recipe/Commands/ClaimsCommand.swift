import Cookbook
import Foundation
import Synchronization

/// `recipe claims NAME [EXAMPLE]`: measures what examples claim.
enum ClaimsCommand: Subcommand {
  static let switches = ["full", "loaded", "record"]

  static func run(_ arguments: inout Arguments) async throws {
    let recipe = try arguments.takeRecipe()
    let isFull = try arguments.take(switch: "full")
    let isLoaded = try arguments.take(switch: "loaded")
    let records = try arguments.take(switch: "record")
    let count = try arguments.take("count", in: 1...1_000_000_000)
    let rounds = try arguments.take("rounds", in: 1...1_000) ?? 1
    let examples = try arguments.takeExamples(of: recipe)
    try arguments.requireEmpty()
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
        try Terminal.print(report.report.text)
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
  /// What was measured, and how.
  let head: [String]
  let claims: Claims
  let rounds: [ClaimsJudge.Figures]
  let verdicts: [ClaimsJudge.Verdict]
  let goVersion: String

  static func measure(
    _ claims: Claims,
    of example: Example,
    in recipe: Recipe,
    dividedBy divisor: Int = 10,
    rounds: Int = 1,
    isLoaded: Bool = false
  ) async throws -> ClaimsReport {
    var head = [
      "\(recipe.name) \(example.name): "
        + (divisor == 1 ? "at full size, " : "at 1/\(divisor) of full size, ")
        + (rounds == 1 ? "once" : "\(rounds) times, medians")
        + (isLoaded ? ", with the other cores busy" : "")
    ]
    var steps = claims.steps(dividedBy: divisor)
    var go: URL?
    var goVersion = "none"
    var recorded: ClaimsJudge.Figures = [:]
    if steps.contains(where: \.measurement.isGo) {
      if GoToolchain.isHere {
        Terminal.showProgress("claims: compiling what is measured in Go")
        let program = try await onThread {
          try GoToolchain.build(["build", "./cmd/measure"], named: "measure")
        }
        go = program
        goVersion = try Subprocess.run(program, []).text.collapsed
      } else {
        let record = try ClaimsRecord.read(for: example, of: recipe)
        let machine = record.machine
        recorded = record.figures.filter { $0.key.hasPrefix("go.") }
        steps.removeAll(where: \.measurement.isGo)
        head.append(
          "there is no Go here: its figures are recorded ones, of "
            + "\(machine.go) on \(machine.system) with \(machine.cores) cores"
        )
      }
    }
    let judge = ClaimsJudge(claims, of: example, in: recipe, go: go)
    let load = isLoaded ? Load() : nil
    defer { load?.end() }
    var measured: [ClaimsJudge.Figures] = []
    for round in 1...rounds {
      let figures = try await judge.figures(of: steps) {
        Terminal.showProgress("claims: round \(round) of \(rounds), \($0)")
      }
      measured.append(figures.merging(recorded) { new, _ in new })
    }
    return ClaimsReport(
      head: head,
      claims: claims,
      rounds: measured,
      verdicts: judge.judge(measured),
      goVersion: goVersion
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
    let lines =
      head + [""] + inColumns(claims.table(medians)) + [""]
      + verdicts.flatMap {
        ["\($0.sign) \($0.claim.name)", "    \($0.explanation)"]
      }
    let holds = verdicts.allSatisfy { $0.problem == nil }
    return Evidences.Report(lines, holds: holds)
  }
}

extension ClaimsJudge.Verdict {
  fileprivate var sign: String {
    problem != nil ? "✗" : measured == nil ? "?" : "✓"
  }

  fileprivate var explanation: String {
    if let problem { return problem }
    guard let measured else { return "this system does not tell" }
    var text = "equal"
    if let bound = claim.bound, let margin {
      text =
        "\(ClaimsJudge.shown(measured)), claimed are "
        + "\(ClaimsJudge.shown(bound)): \(ClaimsJudge.shown(margin)) times that"
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
    let names = ["count"] + shown
    return [["process"] + names]
      + steps().map { step in
        [step.id]
          + names.map { name in
            figures["\(step.id).\(name)"]
              .map { $0.isNaN ? "" : ClaimsJudge.shown($0) } ?? ""
          }
      }
  }
}

/// Threads that compute, on all cores but one.
private final class Load: Sendable {
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
