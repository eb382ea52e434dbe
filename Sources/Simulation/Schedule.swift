extension Simulation {
  /// The choices that decide a run: which of the ready jobs ran next.
  ///
  /// A choice is made, and listed, only where two or more jobs are ready. The
  /// job that has been ready longest is number 0; a list that ends early goes
  /// on with zeros, and a choice beyond the ready jobs is taken modulo their
  /// number. Where a run interrupts jobs, number 0 is the one that has just made
  /// a step, if it can go on. As text, the choices are joined by commas, and
  /// none is `-`.
  public struct Schedule: Sendable, Hashable {
    /// The choices, first to last.
    public let choices: [Int]

    /// Creates a schedule; a negative choice counts as 0.
    public init(choices: [Int] = []) {
      self.choices = choices.map { max(0, $0) }
    }

    /// The same schedule without the zeros at its end.
    var trimmed: Self {
      let zeros = choices.reversed().prefix { $0 == 0 }.count
      return Self(choices: choices.dropLast(zeros))
    }
  }
}

extension Simulation.Schedule: LosslessStringConvertible {
  /// Reads the text of a schedule; nil if it is none.
  public init?(_ description: String) {
    let parts =
      description == "-"
      ? []
      : description.split(separator: ",", omittingEmptySubsequences: false)
    let choices = parts.compactMap { Int($0) }
    guard choices.count == parts.count, choices.allSatisfy({ $0 >= 0 }) else {
      return nil
    }
    self.init(choices: choices)
  }

  /// The choices joined by commas, or `-`.
  public var description: String {
    choices.isEmpty ? "-" : choices.map(String.init).joined(separator: ",")
  }
}

extension Simulation.Schedule: ExpressibleByStringLiteral {
  /// Creates a schedule from its text; traps if it is none.
  public init(stringLiteral value: String) {
    guard let schedule = Self(value) else {
      preconditionFailure("\(value) is not a schedule.")
    }
    self = schedule
  }
}

/// Makes the choices of one run, from a list as far as it goes and then from
/// a generator or, without one, with zeros.
struct Chooser {
  struct Decision {
    var choice: Int
    let count: Int
  }

  private let given: [Int]
  let seed: UInt64?
  /// The state of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
  private var state: UInt64?
  private(set) var decisions: [Decision] = []

  init(seed: UInt64) {
    given = []
    self.seed = seed
    state = seed
    decisions.reserveCapacity(32)
  }

  init(schedule: Simulation.Schedule) {
    given = schedule.choices
    seed = nil
  }

  var schedule: Simulation.Schedule {
    Simulation.Schedule(choices: decisions.map(\.choice))
  }

  mutating func choose(among count: Int) -> Int {
    guard count > 1 else { return 0 }
    var choice = 0
    if decisions.count < given.count {
      choice = given[decisions.count] % count
    } else if let seed = state {
      state = seed &+ 0x9E37_79B9_7F4A_7C15
      var random = seed &+ 0x9E37_79B9_7F4A_7C15
      random = (random ^ (random >> 30)) &* 0xBF58_476D_1CE4_E5B9
      random = (random ^ (random >> 27)) &* 0x94D0_49BB_1331_11EB
      random ^= random >> 31
      choice = Int(random.multipliedFullWidth(by: UInt64(count)).high)
    }
    decisions.append(Decision(choice: choice, count: count))
    return choice
  }
}
