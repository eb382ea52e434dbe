/// A question, the terms it is found by, and what answers it.
package struct Recipe: Sendable {
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
  /// The files that a user copies, relative to the folder; the first has the
  /// name of the recipe.
  package var copies: [String] = []
  /// Recipes whose files this one's need.
  package var ingredients: [String] = []
  package var examples: [Example] = []
  package var workloads: [Workload] = []

  package init(
    name: String,
    chapter: Chapter,
    question: String,
    goConstructs: [String],
    swiftConstructs: [String],
    problems: [String],
    copies: [String] = [],
    ingredients: [String] = [],
    examples: [Example] = [],
    workloads: [Workload] = []
  ) {
    self.name = name
    self.chapter = chapter
    self.question = question
    self.goConstructs = goConstructs
    self.swiftConstructs = swiftConstructs
    self.problems = problems
    self.copies = copies
    self.ingredients = ingredients
    self.examples = examples
    self.workloads = workloads
  }

  /// The recipe's folder, relative to the root of the package.
  package var folder: String { "Recipes/\(chapter.rawValue)/\(name)" }
}
