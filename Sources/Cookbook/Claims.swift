/// Measured facts and the relations between them.
package struct Claims: Sendable {
  /// What is measured in Swift; each runs in a process of its own.
  package let measurements: [Measurement]
  /// The names of what is measured in Go.
  package let go: [String]
  package let claims: [Claim]

  package init(
    _ measurements: [Measurement],
    go: [String],
    claims: [Claim]
  ) {
    self.measurements = measurements
    self.go = go
    self.claims = claims
  }
}

/// Something that is measured in a process of its own.
package struct Measurement: Sendable {
  package let name: String
  /// At full size.
  package let count: Int
  /// Measures at a size, and names the figures, for instance `bytes`.
  package let run: @Sendable (Int) async throws -> [String: Double]

  package init(
    _ name: String,
    count: Int,
    run: @escaping @Sendable (Int) async throws -> [String: Double]
  ) {
    self.name = name
    self.count = count
    self.run = run
  }
}

/// A relation between figures, with a margin.
package struct Claim: Sendable {
  /// A short sentence.
  package let name: String
  /// The least that the quotient may be.
  package let atLeast: Double
  /// The quotient of figures by their names, such as `swift.tasks.bytes`.
  package let quotient: @Sendable ([String: Double]) -> Double?

  package init(
    _ name: String,
    _ left: String,
    over right: String,
    atLeast: Double
  ) {
    self.name = name
    self.atLeast = atLeast
    quotient = { figures in
      guard let left = figures[left], let right = figures[right] else {
        return nil
      }
      return left / right
    }
  }
}

extension Example {
  /// An example whose facts are measured.
  package static func claims(
    _ name: String,
    _ measurements: [Measurement],
    go: [String],
    _ claims: Claim...
  ) -> Example {
    Example(name, .claims(Claims(measurements, go: go, claims: claims))) { _ in
    }
  }
}
