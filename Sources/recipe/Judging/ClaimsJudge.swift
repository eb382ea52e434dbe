import Cookbook
import Foundation

/// Measures what an example claims, each thing in a process of its own, and
/// holds the claims against the figures.
struct ClaimsJudge {
  typealias Figures = [String: Double]
  typealias Runner = @Sendable (Claims.Step) throws -> Subprocess.Result

  let claims: Claims
  /// Runs the process of a step; what it prints are its figures.
  let run: Runner

  /// Runs the steps, one after the other: together they would disturb each
  /// other.
  ///
  /// - Returns: What they print, and the figure `count` of each.
  func figures(
    of steps: [Claims.Step],
    progress: (String) -> Void = { _ in }
  ) async throws -> Figures {
    var figures: Figures = [:]
    for step in steps {
      progress("\(step.id), \(step.count.grouped)")
      let run = run
      let result = try await onThread { try run(step) }
      let printed = try? JSONDecoder()
        .decode([String: Double?].self, from: result.output)
      let problem: String? =
        if result.isKilled {
          "was ended by signal \(result.status)"
        } else if result.status != 0 {
          "ended with status \(result.status)"
        } else if printed == nil {
          "printed no figures"
        } else { nil }
      if let problem {
        let said = result.text.split(separator: "\n").first.map { ": \($0)" }
        throw Failure(
          "\(step.id) with a count of \(step.count.grouped) "
            + problem + (said ?? "")
        )
      }
      for (name, value) in printed ?? [:] {
        figures["\(step.id).\(name)"] = value ?? .nan
      }
      figures["\(step.id).count"] = Double(step.count)
    }
    return figures
  }

  // MARK: Judging

  /// What became of a claim in one round or, at worst, in several.
  struct Verdict {
    var claim: Claim
    /// The left figure over the right one; `nil` where it is not known.
    var measured: Double?
    /// The same with the mechanism switched off.
    var without: Double?
    /// Why the claim does not hold.
    var problem: String?

    /// How many times the bound was kept.
    var margin: Double? {
      claim.bound.flatMap { bound in measured.map { $0 / bound } }
    }
  }

  /// Holds the claims against the figures of each round.
  ///
  /// - Returns: The worst verdict on each claim.
  func judge(_ rounds: [Figures]) -> [Verdict] {
    claims.claims.map { claim in
      let verdicts = rounds.map { Self.judge(claim, $0) }
      var worst =
        verdicts.min {
          ($0.problem == nil ? 1 : 0, $0.measured ?? .infinity)
            < ($1.problem == nil ? 1 : 0, $1.measured ?? .infinity)
        } ?? Verdict(claim: claim, problem: "nothing was measured")
      worst.without = verdicts.compactMap(\.without).max()
      return worst
    }
  }

  static func judge(_ claim: Claim, _ figures: Figures) -> Verdict {
    var verdict = Verdict(claim: claim)
    /// The figures of both sides; none where the system does not tell one.
    func sides(
      instead: [String: String] = [:]
    ) throws(Failure) -> (left: Double, right: Double)? {
      let left = try value(claim.left, figures, instead)
      let right = try value(claim.right, figures, instead)
      return left.isNaN || right.isNaN ? nil : (left, right)
    }
    do throws(Failure) {
      guard let (left, right) = try sides() else { return verdict }
      verdict.measured = left / right
      if !claim.relation.holds(left, right) {
        verdict.problem =
          "\(claim.left) is \(shown(left)), \(claim.right) is \(shown(right))"
      }
      guard !claim.without.isEmpty,
        let (left, right) = try sides(instead: claim.without)
      else { return verdict }
      verdict.without = left / right
      if verdict.problem == nil, claim.relation.holds(left, right) {
        verdict.problem =
          "it holds without the mechanism too: "
          + "\(shown(left)) over \(shown(right))"
      }
    } catch {
      verdict.problem = error.description
    }
    return verdict
  }

  private static func value(
    _ name: String,
    _ figures: Figures,
    _ instead: [String: String]
  ) throws(Failure) -> Double {
    let end = name.lastIndex(of: ".") ?? name.endIndex
    let id = String(name[..<end])
    let known = (instead[id] ?? id) + name[end...]
    guard let value = figures[known] else {
      throw Failure("there is no figure \(known)")
    }
    return value
  }

  /// A figure as people read it.
  static func shown(_ value: Double) -> String {
    guard value.isFinite else { return "unknown" }
    guard abs(value) < 10 else { return Int(value.rounded()).grouped }
    return "\((value * 10).rounded() / 10)"
  }
}

extension Claim.Relation {
  func holds(_ left: Double, _ right: Double) -> Bool {
    switch self {
    case .equal: left == right
    case .atLeast(let bound): left / right >= bound
    }
  }
}

// MARK: Processes

extension ClaimsJudge {
  /// Creates a judge whose measurements are this program's and, by `go`, the
  /// program that measures in Go.
  init(_ claims: Claims, of example: Example, in recipe: Recipe, go: URL?) {
    self.init(claims: claims) { step in
      try Self.requireMemory(for: step)
      let measurement = step.measurement
      var (program, arguments) = (Subprocess.thisProgram, ["\(step.count)"])
      switch measurement.program {
      case .swift:
        arguments =
          ["measure", recipe.name, example.name, measurement.name] + arguments
      case .go(let name):
        guard let go else { throw Failure("there is no Go") }
        (program, arguments) = (go, [recipe.name, name] + arguments)
      }
      func run() throws(UsageError) -> Subprocess.Result {
        try Subprocess.run(
          program,
          arguments,
          environment: measurement.environment
        )
      }
      do throws(UsageError) {
        return try run()
      } catch {
        // Now and then the system does not start a process; a run of minutes
        // is not worth losing for that.
        Terminal.complain("\(step.id): \(error.message); once more")
        Thread.sleep(forTimeInterval: 1)
        return try run()
      }
    }
  }

  /// Refuses what would be killed for want of memory.
  private static func requireMemory(for step: Claims.Step) throws(Failure) {
    let needed = step.count * step.measurement.bytesEach
    guard let free = freeMemory, needed + needed / 4 > free else { return }
    throw Failure(
      "\(step.id) with a count of \(step.count.grouped) takes "
        + "some \((needed >> 20).grouped) MiB, and "
        + "\((free >> 20).grouped) MiB are free; a smaller --count may do"
    )
  }

  /// What Linux can give, and the container lets it.
  private static var freeMemory: Int? {
    let available = ProcFile("meminfo")["MemAvailable"]
    guard available.isFinite else { return nil }
    func read(_ file: String) -> Int? {
      let text = try? String(
        contentsOfFile: "/sys/fs/cgroup/memory.\(file)",
        encoding: .utf8
      )
      return text.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    }
    let free = Int(available) << 10
    guard let limit = read("max"), let used = read("current") else {
      return free
    }
    return min(free, max(limit - used, 0))
  }
}

/// `recipe measure NAME EXAMPLE MEASUREMENT COUNT`: the Swift side of a
/// measurement, which prints its figures as JSON.
enum MeasureCommand: Subcommand {
  static func run(_ arguments: inout Arguments) async throws {
    let words = arguments.operands
    guard words.count == 4, let count = Int(words[3]), count > 0 else {
      throw UsageError("usage: recipe measure NAME EXAMPLE MEASUREMENT COUNT")
    }
    let example = try recipe(named: words[0]).example(named: words[1])
    guard case .claims(let claims) = example.evidence,
      let measurement = claims.measurements.first(where: {
        $0.name == words[2] && !$0.isGo
      }), case .swift(let body) = measurement.program
    else {
      throw UsageError("\(words[1]) has no measurement '\(words[2])'")
    }
    let figures = try await body(count)
    // JSON has no word for what is not a number.
    try Terminal.print(
      json(figures.mapValues { $0.isNaN ? nil : Optional($0) })
    )
  }
}
