/// A small program around a pattern, the same in Swift and in Go.
package protocol Demo: Sendable {
  associatedtype Input: DemoInput
  associatedtype Outcome: Codable & Equatable & Sendable

  /// What the recipe is and how it is found.
  static var recipe: Recipe { get }

  /// The promises that every run keeps, in either language.
  static var laws: [DemoLaw<Input, Outcome>] { get }

  /// How the timeline draws this demo's events.
  static var legend: Timeline.Legend { get }

  /// How strictly the two languages must agree.
  static var comparison: Comparison { get }

  /// Runs the pattern on `input`, recording what happens.
  ///
  /// A demo whose task is cancelled says so in its outcome, so that the
  /// laws can judge a cancelled run too.
  ///
  /// - Throws: Only what makes an outcome impossible.
  static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome

  /// The outcome, for a person to read.
  static func describe(_ outcome: Outcome) -> String

  /// What went wrong in a run that went through, a line each.
  static func problems(in outcome: Outcome) -> [String]

  /// An input for comparison, different for each state of the generator.
  static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input

  /// Inputs that are simpler than `input`, the simplest first.
  static func simplerInputs(than input: Input) -> [Input]

  /// What is timed against Go.
  static var workloads: [Workload] { get }
}

extension Demo {
  package static var workloads: [Workload] { [] }

  package static func problems(in outcome: Outcome) -> [String] { [] }

  /// Runs the demo and pairs its outcome with what was recorded.
  package static func trace(
    _ input: Input,
    clock: some Clock<Duration>
  ) async throws -> DemoTrace<Outcome> {
    let recorder = TraceRecorder(clock: clock)
    let outcome = try await run(input, recorder: recorder)
    return DemoTrace(events: recorder.events, outcome: outcome)
  }

  /// Holds a run against every law.
  ///
  /// - Throws: ``LawViolation`` for the first law that it breaks.
  package static func check(
    _ trace: DemoTrace<Outcome>,
    of input: Input
  ) throws(LawViolation) {
    for law in laws { try law.check(trace, of: input) }
  }
}

/// What a demo takes.
package protocol DemoInput: RecipeInput {
  /// What each field means, in the order in which help lists them.
  static var help: KeyValuePairs<String, String> { get }
}

/// How strictly Swift and Go must agree on the same input.
package enum Comparison: String, Sendable {
  /// The same events at each instant, and the same outcome.
  case moments
  /// The same outcome; the traces only have to keep the laws.
  case outcome
  /// The input has a true race: every outcome lies in the declared set.
  case outcomes
}
