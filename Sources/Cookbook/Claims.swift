/// Measured facts and the relations between them.
package struct Claims: Sendable {
  package let measurements: [Measurement]
  /// The figures that tables show, in order; claims may be about others.
  package let shown: [String]
  package let claims: [Claim]

  package init(
    _ measurements: [Measurement],
    showing shown: [String],
    claims: [Claim]
  ) {
    self.measurements = measurements
    self.shown = shown
    self.claims = claims
  }

  /// One run of one measurement.
  package struct Step: Sendable {
    package let measurement: Measurement
    package let count: Int
    /// What its figures are named after: `swift.tasks`, or `swift.tasks/10`
    /// at a tenth of the measurement's size.
    package let id: String
  }

  /// All that is to be run, at a part of the full size.
  package func steps(dividedBy divisor: Int = 1) -> [Step] {
    measurements.flatMap { measurement in
      measurement.parts.map { part in
        Step(
          measurement: measurement,
          count: max(measurement.count / part / divisor, 1),
          id: measurement.id + (part == 1 ? "" : "/\(part)")
        )
      }
    }
  }
}

/// Something that is measured in a process of its own.
package struct Measurement: Sendable {
  /// Measures so many, and returns the figures by their names.
  ///
  /// A figure that this system does not tell is not a number; one that is
  /// left out is a mistake.
  package typealias Body = @Sendable (Int) async throws -> [String: Double]

  package enum Program: Sendable {
    case swift(Body)
    /// The name of a measurement of the Go room.
    case go(String)
  }

  package let name: String
  /// At full size.
  package let count: Int
  /// The parts of the size that are measured too: `[1, 10]` is all of it and
  /// a tenth.
  package let parts: [Int]
  /// How much memory each takes, roughly: none begins that would not end.
  package let bytesEach: Int
  /// What the process is started with.
  package var environment: [String: String] = [:]
  package let program: Program

  package static func swift(
    _ name: String,
    count: Int,
    parts: [Int] = [1],
    bytesEach: Int = 0,
    body: @escaping Body
  ) -> Measurement {
    Measurement(
      name: name,
      count: count,
      parts: parts,
      bytesEach: bytesEach,
      program: .swift(body)
    )
  }

  /// A measurement of the Go room, which may have another name there.
  package static func go(
    _ name: String,
    running original: String? = nil,
    count: Int,
    parts: [Int] = [1],
    bytesEach: Int = 0,
    environment: [String: String] = [:]
  ) -> Measurement {
    Measurement(
      name: name,
      count: count,
      parts: parts,
      bytesEach: bytesEach,
      environment: environment,
      program: .go(original ?? name)
    )
  }

  /// What its figures are named after.
  package var id: String { (isGo ? "go." : "swift.") + name }

  package var isGo: Bool {
    if case .go = program { true } else { false }
  }
}

/// A relation between two figures, such as `swift.tasks.bytes`.
///
/// Beside what a measurement returns, each has the figure `count`.
package struct Claim: Sendable {
  package enum Relation: Sendable {
    case equal
    /// The left one over the right one is at least so much.
    case atLeast(Double)
  }

  /// A short sentence.
  package let name: String
  package let left: String
  package let right: String
  package let relation: Relation
  /// Measurements, and those that are like them without the mechanism.
  ///
  /// With these in their place the claim must fail.
  package let without: [String: String]

  /// Claims that one figure is several times another.
  ///
  /// The bound is at most half of the least that was ever measured.
  package init(
    _ name: String,
    _ left: String,
    over right: String,
    atLeast bound: Double,
    without: [String: String] = [:]
  ) {
    self.name = name
    self.left = left
    self.right = right
    relation = .atLeast(bound)
    self.without = without
  }

  /// Claims that two counts are equal.
  package init(
    _ name: String,
    _ left: String,
    equals right: String
  ) {
    self.name = name
    self.left = left
    self.right = right
    relation = .equal
    without = [:]
  }
}

extension Example {
  /// An example whose facts are measured.
  package static func claims(
    _ name: String,
    _ measurements: [Measurement],
    showing shown: [String],
    _ claims: [Claim]
  ) -> Example {
    let claims = Claims(measurements, showing: shown, claims: claims)
    return Example(name, .claims(claims)) { _ in }
  }
}
