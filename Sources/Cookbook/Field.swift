/// What an example takes, declared once: flags, help, validation, random
/// inputs and shrinking follow from its ``fields``.
///
/// A field is a `Bool`, `Int`, `String`, an array of `Int` or `String`, or an
/// optional of one of them. Any other field is set through `--input` alone.
package protocol ExampleInput: Codable, Equatable, Sendable {
  /// The input that a run without flags uses.
  init()

  /// A field for each stored property, in the order in which help lists them.
  static var fields: [Field<Self>] { get }

  /// When the runner cancels the example, in milliseconds.
  var cancelAfter: Int? { get }

  /// Files that the example reads; on the command line they need no flag.
  var paths: [String] { get }
}

extension ExampleInput {
  package var cancelAfter: Int? { nil }
  package var paths: [String] { [] }

  /// Refuses values that cannot be run.
  package func validate() throws(InputError) {
    for field in Self.fields { try field.validate(self) }
  }

  /// An input for comparison, different for each state of the generator.
  ///
  /// What ends at the very instant of an error or a cancellation may go
  /// either way, in both languages. So half of the inputs have neither, and
  /// many ties; the others may have both, and no two sums of durations are
  /// equal.
  ///
  /// - Parameters:
  ///   - start: What fields hold that have nothing random.
  ///   - generator: Where the numbers come from.
  /// - Returns: An input that its fields accept.
  package static func random(
    from start: Self = Self(),
    using generator: inout SeededGenerator
  ) -> Self {
    var input = start
    var source = RandomSource(generator: generator)
    source.mayStop = source.isOne(in: 2)
    for field in fields { field.randomize(&input, &source) }
    generator = source.generator
    return input
  }

  /// Inputs that are simpler than this one, the simplest first.
  package var simpler: [Self] {
    Self.fields.flatMap { $0.simplify(self) }.filter { $0 != self }
  }
}

/// The input of an example that takes none.
package struct NoInput: ExampleInput {
  package init() {}
  package static var fields: [Field<NoInput>] { [] }
}

/// An input that is refused, with the field that is to blame.
package struct InputError: Error, CustomStringConvertible {
  package var field: String
  package var problem: String

  package var description: String { "\(field) \(problem)" }
}

/// Random numbers, and what the fields of one input have to agree on.
package struct RandomSource {
  fileprivate var generator: SeededGenerator
  /// Whether jobs may fail and the caller may be cancelled.
  ///
  /// Then no two sums of durations may be equal.
  package var mayStop = false
  /// The sum of all durations so far, in milliseconds.
  fileprivate var total = 0
  private var bits = 0

  fileprivate init(generator: SeededGenerator) { self.generator = generator }

  package mutating func int(in range: ClosedRange<Int>) -> Int {
    .random(in: range, using: &generator)
  }

  /// True once in so many times.
  package mutating func isOne(in times: Int) -> Bool { int(in: 1...times) == 1 }

  /// A duration in milliseconds that keeps what the input has to agree on.
  ///
  /// - Parameter repeats: How often it may count in one sum, at the most.
  /// - Returns: The milliseconds.
  package mutating func duration(repeats: Int = 1) -> Int {
    var duration = int(in: 0...6)
    if mayStop {
      // Each has bits of its own, which say what a sum is made of. The
      // lowest stays free: a cancellation comes at an odd instant.
      let width = Int.bitWidth - repeats.leadingZeroBitCount
      duration = duration << 24 + 2 << bits
      bits += width
      precondition(bits <= 22, "too many durations to tell their sums apart")
    }
    total += duration * repeats
    return duration
  }
}

/// A property of an input: its flag, its bounds, its random values.
///
/// Whatever its kind, `path` is where the input has it, `meaning` what help
/// says of it, and `random` what it is in a random input.
package struct Field<Input: ExampleInput>: Sendable {
  package typealias Path<Value> = any WritableKeyPath<Input, Value> & Sendable

  /// The name of the property.
  package let name: String
  /// What it means, with its bounds.
  package let meaning: String
  /// Whether it has a value for each of several lanes, of which several end
  /// at one instant in many random inputs.
  package private(set) var isForLanes = false
  package let validate: @Sendable (Input) throws(InputError) -> Void
  package let randomize: @Sendable (inout Input, inout RandomSource) -> Void
  /// Inputs in which this field is simpler.
  package let simplify: @Sendable (Input) -> [Input]

  /// Creates a field of a kind of its own.
  ///
  /// `validate` says what is wrong with a value, or `nil`. When `random` is
  /// asked the fields before this one have theirs already; without it the field
  /// keeps what it has. `simplify` returns simpler values, the simplest first.
  package init<Value>(
    _ path: Path<Value>,
    _ meaning: String,
    validate: @escaping @Sendable (Input, Value) -> String? = { _, _ in nil },
    random: (@Sendable (Input, inout RandomSource) -> Value)? = nil,
    simplify: @escaping @Sendable (Value) -> [Value] = { _ in [] }
  ) {
    let name = Self.name(of: path)
    self.name = name
    self.meaning = meaning
    self.validate = { input throws(InputError) in
      if let problem = validate(input, input[keyPath: path]) {
        throw InputError(field: name, problem: problem)
      }
    }
    self.randomize = { input, source in
      if let random { input[keyPath: path] = random(input, &source) }
    }
    self.simplify = { input in
      simplify(input[keyPath: path]).map { value in
        var copy = input
        copy[keyPath: path] = value
        return copy
      }
    }
  }

  /// A key path of a stored property prints as `\Jobs.workers`.
  private static func name(of path: AnyKeyPath) -> String {
    String("\(path)".split(separator: ".").last ?? "")
  }
}

extension Field {
  /// A whole number; if it `isUntied`, the least of the random ones wherever
  /// two sums of durations may be equal.
  package static func count(
    _ path: Path<Int>,
    in bounds: ClosedRange<Int>,
    random: ClosedRange<Int>,
    isUntied: Bool = false,
    _ meaning: String
  ) -> Field {
    Field(
      path,
      "\(meaning), \(bounds.lowerBound) to \(bounds.upperBound)",
      validate: { problem($1, in: bounds) },
      random: { _, source in
        isUntied && !source.mayStop
          ? random.lowerBound : source.int(in: random)
      },
      simplify: { value in
        [value / 2, value - 1].filter { bounds.contains($0) }
      }
    )
  }

  /// Which durations of a random input may be equal.
  package enum Ties: Sendable {
    case allowed
    /// No two, for instance because it is when lanes come.
    case none
    /// No two, and there is one: the first one to end stops the others.
    case race
    /// No two sums of durations, here and in the fields that follow, in inputs
    /// in which the order of two events at one instant would decide what comes
    /// out.
    ///
    /// Where the least duration is 0, some are 0 then: what comes together is
    /// in the order of the list.
    case noneOfSums(@Sendable (Input) -> Bool)
  }

  /// A list of durations in milliseconds, each at least `least`; in a random
  /// input there are `random`, ten or fewer.
  package static func durations(
    _ path: Path<[Int]>,
    least: Int = 0,
    random: ClosedRange<Int>,
    ties: Ties = .allowed,
    _ meaning: String
  ) -> Field {
    var field = durations(path, least: least, ties: ties, meaning) {
      _,
      source in source.int(in: random)
    }
    field.isForLanes =
      switch ties {
      case .allowed, .none: true
      case .race, .noneOfSums: false
      }
    return field
  }

  /// A list of durations in milliseconds, in a random input as many as those
  /// of a field before it; if they are `isUntied`, none wherever two sums of
  /// durations may be equal.
  package static func durations(
    _ path: Path<[Int]>,
    like other: Path<[Int]>,
    isUntied: Bool = false,
    _ meaning: String
  ) -> Field {
    durations(path, meaning) { input, source in
      isUntied && !source.mayStop ? 0 : input[keyPath: other].count
    }
  }

  private static func durations(
    _ path: Path<[Int]>,
    least: Int = 0,
    ties: Ties = .allowed,
    _ meaning: String,
    count: @escaping @Sendable (Input, inout RandomSource) -> Int
  ) -> Field {
    let areDistinct =
      switch ties {
      case .none, .race: true
      case .allowed, .noneOfSums: false
      }
    return Field(
      path,
      meaning,
      validate: { _, list in
        if list.count > mostJobs {
          return "must be at most \(mostJobs), not \(list.count)"
        }
        if case .race = ties, list.isEmpty || Set(list).count < list.count {
          return "must be one or more, of which no two are equal"
        }
        let each = list.lazy.compactMap {
          problem($0, in: least...mostMilliseconds)
        }
        return each.first
          // Go's virtual time ends in the year 2262, and began in 2000.
          ?? problem(list.reduce(0, +), in: 0...mostMilliseconds * 80)
          .map { "together \($0)" }
      },
      random: { input, source in
        var mayBeZero = false
        if case .noneOfSums(let isMeant) = ties, isMeant(input) {
          source.mayStop = true
          mayBeZero = least == 0
        }
        let indices = 0..<count(input, &source)
        if areDistinct, !source.mayStop {
          return indices.map { $0 + 1 }.shuffled(using: &source.generator)
        }
        return indices.map { index in
          mayBeZero && index > 0 && source.isOne(in: 3)
            ? 0 : max(least, source.duration())
        }
      },
      simplify: { list in
        let half = list.count > 1 ? [Array(list.prefix(list.count / 2))] : []
        let simpler =
          half + list.withoutOne + list.replacingOne(with: simplerDurations)
        return areDistinct
          ? simpler.filter { Set($0).count == $0.count } : simpler
      }
    )
  }

  /// A duration in milliseconds, which may be absent if `least` is 0; a run
  /// lasts that long `repeats` times at the most.
  package static func duration(
    _ path: Path<Int>,
    least: Int = 0,
    repeats: Int,
    _ meaning: String
  ) -> Field {
    Field(
      path,
      meaning,
      validate: { problem($1, in: least...mostMilliseconds) },
      random: { _, source in
        // Absent in two thirds of the inputs, as it is by default.
        let isThere = least > 0 || source.isOne(in: 3)
        return isThere ? max(least, source.duration(repeats: repeats)) : 0
      },
      simplify: { [least] + simplerDurations(than: $0) }
    )
  }

  /// The indices of some elements of another field, counted from 0; in a random
  /// input that has some, one in so many.
  package static func indices(
    _ path: Path<[Int]>,
    of list: Path<[Int]>,
    oneIn share: Int = 4,
    _ meaning: String
  ) -> Field {
    Field(
      path,
      "\(meaning), counted from 0",
      validate: { input, indices in
        let count = input[keyPath: list].count
        return indices.first { !(0..<count).contains($0) }.map {
          count == 0
            ? "must be empty where \(name(of: list)) is"
            : "must be from 0 to \(count - 1), not \($0)"
        }
      },
      random: { input, source in
        // Drawn once for all, or most inputs would have one.
        let isThere = source.mayStop && !source.isOne(in: 3)
        return input[keyPath: list].indices.filter { _ in
          isThere && source.isOne(in: share)
        }
      },
      simplify: { indices in
        // What lies behind the last index can be left out.
        let earlier = indices.replacingOne { index in
          Set([0, index / 2]).filter { $0 < index }.sorted()
        }
        return indices.withoutOne
          + earlier.filter { Set($0).count == indices.count }
      }
    )
  }

  /// A whole number for each element of another field before it, within
  /// `bounds`, by default those of a duration; further ones are not used.
  package static func each(
    _ path: Path<[Int]>,
    of list: Path<[Int]>,
    in bounds: @escaping @Sendable (Input) -> ClosedRange<Int> = {
      _ in 0...mostMilliseconds
    },
    random: @escaping @Sendable (Input, inout RandomSource) -> Int = {
      $1.duration()
    },
    _ meaning: String
  ) -> Field {
    Field(
      path,
      meaning,
      validate: { input, values in
        values.lazy.compactMap { problem($0, in: bounds(input)) }.first
      },
      random: { input, source in
        input[keyPath: list].map { _ in random(input, &source) }
      },
      simplify: { values in
        values.withoutOne
          + values.replacingOne { value in
            ([0, 1] + simplerDurations(than: value)).filter { $0 < value }
          }
      }
    )
  }

  /// After how many milliseconds each of several lanes is cancelled, if it is;
  /// in a random input none where `isMeant` says no.
  package static func patience(
    _ path: Path<[Int]>,
    of list: Path<[Int]>,
    isMeant: @escaping @Sendable (Input) -> Bool = { _ in true }
  ) -> Field {
    each(
      path,
      of: list,
      random: {
        isMeant($0) && $1.mayStop && $1.isOne(in: 3) ? $1.duration() : 0
      },
      "cancel each so many milliseconds after it came; 0: never"
    )
  }

  /// After how many results the consumer leaves, if it does; there is a result
  /// for each element of `list`.
  package static func leaving(
    _ path: Path<Int?>,
    of list: Path<[Int]>,
    _ meaning: String
  ) -> Field {
    optional(path, in: 1...mostJobs, meaning) { input, source in
      let count = input[keyPath: list].count
      return count > 0 && source.isOne(in: 3) ? source.int(in: 1...count) : nil
    } simplify: {
      $0 > 1 ? [$0 - 1] : []
    }
  }

  /// The millisecond at which something happens that need not happen.
  package static func moment(
    _ path: Path<Int?>,
    _ meaning: String
  ) -> Field {
    optional(path, in: 0...mostMilliseconds, meaning) { _, source in
      // Beyond that, most are over before.
      let latest = source.total / 6
      return source.isOne(in: 3) ? nil : source.int(in: 0...latest) * 2 + 1
    }
  }

  /// The milliseconds after which something is stopped, which need not be.
  package static func limit(
    _ path: Path<Int?>,
    _ meaning: String
  ) -> Field {
    optional(path, in: 0...mostMilliseconds, meaning) { _, source in
      source.isOne(in: 3) ? nil : source.duration()
    } simplify: {
      simplerDurations(than: $0)
    }
  }

  /// A number that is there only where an input may stop.
  private static func optional(
    _ path: Path<Int?>,
    in bounds: ClosedRange<Int>,
    _ meaning: String,
    random: @escaping @Sendable (Input, inout RandomSource) -> Int?,
    simplify: @escaping @Sendable (Int) -> [Int] = { _ in [] }
  ) -> Field {
    Field(
      path,
      meaning,
      validate: { $1.flatMap { problem($0, in: bounds) } },
      random: { $1.mayStop ? random($0, &$1) : nil },
      simplify: { $0.map { [nil] + simplify($0) } ?? [] }
    )
  }

  /// One of several words.
  package static func choice(
    _ path: Path<String>,
    of words: [String],
    _ meaning: String
  ) -> Field {
    let all = words.joined(separator: ", ")
    return Field(
      path,
      "\(meaning): \(all)",
      validate: { _, word in
        words.contains(word) ? nil : "must be one of \(all), not \(word)"
      },
      random: { words[$1.int(in: 0...words.count - 1)] },
      simplify: { word in Array(words.prefix { $0 != word }) }
    )
  }

  /// A list of texts, one for each element of another field; random ones are
  /// made of `parts`.
  package static func texts(
    _ path: Path<[String]>,
    of list: Path<[Int]>,
    parts: [String],
    _ meaning: String
  ) -> Field {
    Field(
      path,
      meaning,
      random: { input, source in
        input[keyPath: list].map { _ in
          (0..<source.int(in: 0...24)).map { _ in
            parts[source.int(in: 0...parts.count - 1)]
          }.joined()
        }
      },
      simplify: { texts in
        [texts.map { String($0.prefix(1)) }]
          + texts.replacingOne { [String($0.prefix($0.count / 2))] }
      }
    )
  }

  private static func problem(
    _ value: Int,
    in bounds: ClosedRange<Int>
  ) -> String? {
    bounds.contains(value)
      ? nil
      : "must be from \(bounds.lowerBound) to \(bounds.upperBound), "
        + "not \(value)"
  }

  /// Durations that tell sums apart keep the bits that do; what lies above
  /// them is noise.
  private static func simplerDurations(than duration: Int) -> [Int] {
    let noise = 1 << 24
    return duration >= noise
      ? [duration % noise] : duration > 1 && duration <= 6 ? [1] : []
  }
}

extension Array {
  /// The lists that lack one element, the last one first.
  package var withoutOne: [[Element]] {
    indices.reversed().map { index in
      var copy = self
      copy.remove(at: index)
      return copy
    }
  }

  /// The lists in which one element is another one.
  fileprivate func replacingOne(
    with others: (Element) -> [Element]
  ) -> [[Element]] {
    indices.flatMap { index in
      others(self[index]).map { other in
        var copy = self
        copy[index] = other
        return copy
      }
    }
  }
}

/// A thousand days.
package let mostMilliseconds = 86_400_000_000
private let mostJobs = 100_000
