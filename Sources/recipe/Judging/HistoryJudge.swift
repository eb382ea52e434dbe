import Cookbook
import Simulation

/// Records histories on real threads and in the simulation, and judges them.
enum HistoryJudge {
  /// How many are recorded on real threads unless a command says otherwise.
  static let count = 10_000

  /// What became of the histories of one side.
  struct Verdict {
    var side: Histories.Side
    var firstSeed: UInt64
    var histories = 0
    var operations = 0
    var overlapping = 0
    var rejected = 0
    /// Of those that are rejected, the first with the fewest operations.
    fileprivate var shortest: (seed: UInt64, history: HistoryVerdict)?
    /// What kept the first run from its end that did not come to one.
    fileprivate var failure: String?

    /// Why the first was rejected, or one that is easier to read.
    var why: String? {
      if let (seed, history) = shortest {
        return "seed \(seed):\n" + (history.counterexample ?? "")
      }
      return failure
    }

    var summary: String {
      "\(histories.grouped) histories \(side.rawValue), "
        + "\(operations.grouped) operations, seeds from \(firstSeed), "
        + "\(overlapping.grouped) overlap, \(rejected.grouped) rejected"
    }

    /// What is wrong with what should be right.
    var problem: String? {
      if let why { return why }
      // In the simulation one task after the other is a schedule like others.
      return side == .threads && overlapping * 2 < histories
        ? "fewer than half overlap: too little was at stake" : nil
    }
  }

  /// Judges a history for each seed; with a limit of time, until the first
  /// that is rejected.
  static func judge(
    _ judge: @escaping Histories.Judge,
    _ side: Histories.Side,
    seeds: Range<UInt64>,
    limit: Duration? = nil
  ) async -> Verdict {
    var verdict = Verdict(side: side, firstSeed: seeds.lowerBound)
    let end = limit.map { ContinuousClock.now + $0 }
    for seed in seeds {
      if let end, ContinuousClock.now > end || verdict.rejected > 0 { break }
      verdict.histories += 1
      do throws(SimulationFailure) {
        let history =
          switch side {
          case .threads: await judge(seed, ContinuousClock())
          case .simulation: try await simulate(judge, seed)
          }
        verdict.operations += history.operations
        if history.hasOverlap { verdict.overlapping += 1 }
        guard !history.isLinearizable else { continue }
        if history.operations < verdict.shortest?.history.operations ?? .max {
          verdict.shortest = (seed, history)
        }
      } catch {
        verdict.failure = verdict.failure ?? "\(error)"
      }
      verdict.rejected += 1
    }
    return verdict
  }

  private static func simulate(
    _ judge: @escaping Histories.Judge,
    _ seed: UInt64
  ) async throws(SimulationFailure) -> HistoryVerdict {
    // Without grace: what waits for ever would cost it each time.
    try await Simulation.run(seed: seed, options: .init(grace: .zero)) {
      await judge(seed, $0.clock)
    }.value
  }

  /// Cancels the program of each seed at every step.
  static func cancelEverywhere(
    _ judge: @escaping Histories.Judge,
    seeds: Range<UInt64>
  ) async throws -> Int {
    var runs = 0
    for seed in seeds {
      runs += try await Simulation.cancelEverywhere(seeds: seed..<seed + 1) {
        await judge(seed, $0.clock)
      } check: { history in
        if let why = history.counterexample { throw Failure(why) }
      }
    }
    return runs
  }

  /// What the simulation records for a seed.
  static func drawing(
    _ judge: @escaping Histories.Judge,
    seed: UInt64
  ) async throws -> [String] {
    let history = try await simulate(judge, seed)
    return (history.counterexample ?? history.drawing).lines
  }

  /// Judges both sides.
  static func report(
    _ histories: Histories,
    count: Int
  ) async -> Evidences.Report {
    let seed = UInt64.random(in: 0..<1 << 32)
    let simulated = UInt64(max(1, count / 10))
    let verdicts = [
      await judge(
        histories.judge,
        .threads,
        seeds: seed..<seed + UInt64(count)
      ),
      await judge(histories.judge, .simulation, seeds: 0..<simulated),
    ]
    let problems = verdicts.compactMap(\.problem)
    return Evidences.Report(
      verdicts.map(\.summary) + problems,
      holds: problems.isEmpty
    )
  }
}

// MARK: Wrong versions

extension HistoryJudge {
  /// Judges a wrong version where it is found: in 1,000 simulated runs, or on
  /// threads until the first history that is rejected.
  static func judge(_ wrong: WrongHistories) async -> Verdict {
    switch wrong.side {
    case .simulation:
      return await judge(wrong.judge, .simulation, seeds: 0..<1_000)
    case .threads:
      let seed = UInt64.random(in: 0..<1 << 32)
      return await judge(
        wrong.judge,
        .threads,
        seeds: seed..<seed + 200_000,
        limit: .seconds(300)
      )
    }
  }

  /// What a page says of a wrong version that the simulation finds.
  static func report(on wrong: WrongHistories) async throws -> [String] {
    guard wrong.side == .simulation else {
      throw UsageError("on threads \(wrong.name) is not found twice alike")
    }
    let verdict = await judge(wrong)
    let count =
      "\(verdict.rejected.grouped) of "
      + "\(verdict.histories.grouped) histories in the simulation are rejected."
    guard let (seed, history) = verdict.shortest,
      let lines = history.counterexample?.lines, let reason = lines.last
    else { return [count] }
    return ["\(count) The shortest, of seed \(seed):", "", "```text"]
      + lines.dropLast() + ["```", "", reason]
  }
}
