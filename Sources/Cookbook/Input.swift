/// What a run takes; its fields become flags on the command line.
///
/// A field is a `Bool`, `Int`, `String`, an array of `Int` or `String`, or an
/// optional of one of them. Any other field is set through `--input` alone.
package protocol RecipeInput: Codable, Equatable, Sendable {
  /// The input that a run without flags uses.
  init()

  /// Refuses values that cannot be run.
  func validate() throws(InputError)
}

/// An input that is refused, with the field that is to blame.
package struct InputError: Error, Equatable, CustomStringConvertible {
  package var field: String
  package var problem: String

  package init(field: String, problem: String) {
    self.field = field
    self.problem = problem
  }

  package var description: String { "\(field) \(problem)" }
}

extension InputError {
  /// Refuses a number outside of `bounds`.
  package static func require(
    _ value: Int,
    in bounds: ClosedRange<Int>,
    _ field: String
  ) throws(InputError) {
    guard bounds.contains(value) else {
      throw InputError(
        field: field,
        problem: "must be between \(bounds.lowerBound) and "
          + "\(bounds.upperBound), not \(value)"
      )
    }
  }
}
