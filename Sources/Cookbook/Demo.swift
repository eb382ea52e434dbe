/// A small program around a pattern, the same in Swift and in Go.
package protocol Demo: Sendable {
  associatedtype Input: DemoInput
  associatedtype Outcome: Codable & Equatable & Sendable

  /// What the recipe is and how it is found.
  static var recipe: Recipe { get }

  /// The promises that every run keeps, in either language.
  static var laws: [Law<Input, Outcome>] { get }

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
  ) async throws -> Trace<Outcome> {
    let recorder = TraceRecorder(clock: clock)
    let outcome = try await run(input, recorder: recorder)
    return Trace(events: recorder.events, outcome: outcome)
  }

  /// Holds a run against every law.
  ///
  /// - Throws: ``LawViolation`` for the first law that it breaks.
  package static func check(
    _ trace: Trace<Outcome>,
    of input: Input
  ) throws(LawViolation) {
    for law in laws { try law.check(trace, of: input) }
  }
}

/// What a demo takes; its fields become flags on the command line.
///
/// A field is a `Bool`, `Int`, `String`, an array of `Int` or `String`, or an
/// optional of one of them. Any other field is set through `--input` alone.
package protocol DemoInput: Codable, Equatable, Sendable {
  /// The input that a run without flags uses.
  init()

  /// Refuses values that the demo cannot run.
  func validate() throws(InputError)

  /// What each field means, in the order in which help lists them.
  static var help: KeyValuePairs<String, String> { get }
}

/// An input that a demo refuses, with the field that is to blame.
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

/// How strictly Swift and Go must agree on the same input.
package enum Comparison: String, Sendable {
  /// The same events at each instant, and the same outcome.
  case moments
  /// The same outcome; the traces only have to keep the laws.
  case outcome
  /// The input has a true race: every outcome lies in the declared set.
  case outcomes
}

/// A recipe's line in the menu and the terms it is found by.
package struct Recipe: Sendable, Equatable {
  package enum Chapter: String, Sendable, CaseIterable {
    case lifetimes, channels, patterns
    case sharedState = "shared-state"
    case runtime
  }

  /// Kebab-case: the folder, the command and the page go by it.
  package var name: String
  package var chapter: Chapter
  /// The question that the recipe answers.
  package var question: String
  /// The Go constructs that it answers.
  package var goConstructs: [String]
  /// The Swift constructs that it answers with.
  package var swiftConstructs: [String]
  /// The problems it solves, as a person would say them.
  package var problems: [String]

  package init(
    name: String,
    chapter: Chapter,
    question: String,
    goConstructs: [String],
    swiftConstructs: [String],
    problems: [String]
  ) {
    self.name = name
    self.chapter = chapter
    self.question = question
    self.goConstructs = goConstructs
    self.swiftConstructs = swiftConstructs
    self.problems = problems
  }

  /// The recipe's folder, relative to the root of the package.
  package var folder: String { "Recipes/\(chapter.rawValue)/\(name)" }
}
