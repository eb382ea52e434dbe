/// A promise of a pattern: a named predicate over an input and a trace.
///
/// A law is written once, and judges the traces of both languages.
public struct Law<Input: Sendable, Outcome: Equatable & Sendable>: Sendable {
  /// The promise, as a short sentence.
  public let name: String
  private let violation: @Sendable (Input, Trace<Outcome>) -> String?

  /// Creates a law.
  ///
  /// - Parameters:
  ///   - name: The promise, as a short sentence.
  ///   - violation: Says what breaks the promise, or `nil` when it is kept.
  public init(
    _ name: String,
    violation: @escaping @Sendable (Input, Trace<Outcome>) -> String?
  ) {
    self.name = name
    self.violation = violation
  }

  /// Judges one run.
  ///
  /// - Throws: ``LawViolation`` when the run breaks the law.
  public func check(
    _ trace: Trace<Outcome>,
    of input: Input
  ) throws(LawViolation) {
    if let reason = violation(input, trace) {
      throw LawViolation(law: name, reason: reason)
    }
  }
}

/// A run broke a law.
public struct LawViolation: Error, Hashable, CustomStringConvertible {
  public var law: String
  public var reason: String

  public init(law: String, reason: String) {
    self.law = law
    self.reason = reason
  }

  public var description: String { "broken law: \(law) (\(reason))" }
}
