/// Random programs whose recorded histories are judged, whatever the model,
/// and wrong versions of what they use.
package struct Histories: Sendable {
  /// Runs the program of a seed, and judges what it recorded.
  package typealias Judge =
    @Sendable (_ seed: UInt64, _ clock: any Clock<Duration>) async ->
    HistoryVerdict

  /// Where histories are recorded: each side finds what the other one misses.
  package enum Side: String, Sendable {
    case threads = "on real threads"
    case simulation = "in the simulation"
  }

  package let judge: Judge
  package let wrong: [WrongHistories]
}

/// A wrong version that some histories give away.
package struct WrongHistories: Sendable {
  package let name: String
  package let side: Histories.Side
  package let judge: Histories.Judge

  /// Creates a wrong version; the region of its code has the same name.
  ///
  /// What waits for ever is found in the simulation only; what goes wrong within
  /// a step, on threads only.
  package init<Model>(
    _ name: String,
    _ side: Histories.Side,
    _ program: HistoryProgram<Model>
  ) {
    self.name = name
    self.side = side
    judge = program.judge(seed:clock:)
  }
}

extension Example {
  /// An example whose recorded histories are linearizable.
  package static func history<Model>(
    _ name: String,
    _ program: HistoryProgram<Model>,
    wrong: [WrongHistories] = []
  ) -> Example {
    let histories = Histories(judge: program.judge(seed:clock:), wrong: wrong)
    return Example(name, .history(histories)) { _ in }
  }

  /// What is recorded, where its evidence are histories.
  package var histories: Histories? {
    if case .history(let histories) = evidence { histories } else { nil }
  }
}
