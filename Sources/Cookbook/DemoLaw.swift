/// A promise of a pattern: a named predicate over an input and a trace.
///
/// A law is written once, and judges the traces of both languages.
package struct DemoLaw<Input: Sendable, Outcome: Equatable & Sendable>: Sendable
{
  /// The promise, as a short sentence.
  package let name: String
  private let violation: @Sendable (Input, DemoTrace<Outcome>) -> String?

  /// Creates a law.
  ///
  /// - Parameters:
  ///   - name: The promise, as a short sentence.
  ///   - violation: Says what breaks the promise, or `nil` when it is kept.
  package init(
    _ name: String,
    violation: @escaping @Sendable (Input, DemoTrace<Outcome>) -> String?
  ) {
    self.name = name
    self.violation = violation
  }

  /// Judges one run.
  ///
  /// - Throws: ``LawViolation`` when the run breaks the law.
  package func check(
    _ trace: DemoTrace<Outcome>,
    of input: Input
  ) throws(LawViolation) {
    if let reason = violation(input, trace) {
      throw LawViolation(law: name, reason: reason)
    }
  }
}
