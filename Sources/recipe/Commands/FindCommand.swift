import Cookbook
import Foundation

/// `recipe find WORDS`: recipes by Go construct, Swift name or problem.
enum FindCommand: Subcommand {
  static let switches = ["json"]

  private struct Answer: Encodable {
    var name: String
    var question: String
    /// The term that says most of what was typed.
    var found: String
    var folder: String

    init(_ finding: Search.Finding) {
      name = finding.recipe.name
      question = finding.recipe.question
      found = finding.term.text
      folder = finding.recipe.folder
    }
  }

  static func run(_ arguments: inout Arguments) throws {
    let asJSON = try arguments.take(switch: "json")
    let query = arguments.operands.joined(separator: " ")
    arguments.operands = []
    try arguments.requireEmpty()
    guard !query.isBlank else {
      throw UsageError(
        "'recipe find' needs words to look for",
        hint:
          "such as: recipe find sync.WaitGroup, recipe find limit concurrency"
      )
    }
    guard query.count <= 1_000 else {
      throw UsageError("'recipe find' takes 1,000 characters at the most")
    }
    let findings = find(query)
    try Terminal.print(
      asJSON ? json(findings.map(Answer.init)) : text(for: query, findings)
    )
    if findings.isEmpty { throw ExitCode.failure }
  }

  private static func find(_ query: String) -> [Search.Finding] {
    Search(everyRecipe, page: page).find(query)
  }

  /// The page of a recipe; without the checkout its terms must do.
  static func page(of recipe: Recipe) -> String? {
    guard let root = try? Checkout.root() else { return nil }
    let page = root.appending(path: "\(recipe.folder)/README.md")
    return try? String(contentsOf: page, encoding: .utf8)
  }

  /// What the command prints.
  static func text(for query: String) -> String {
    text(for: query, find(query))
  }

  /// The same of what was found: five recipes at the most.
  private static func text(for query: String, _ findings: [Search.Finding])
    -> String
  {
    guard let first = findings.first else {
      return """
        nothing is found by '\(query)'
        'recipe list' names all recipes, and 'recipe find sync.WaitGroup' finds by a Go construct.
        """
    }
    let shown = findings.prefix(5)
    let width = shown.map(\.recipe.name.count).max() ?? 0
    let indentation = String(repeating: " ", count: width + 2)
    var lines = shown.flatMap { finding in
      let (recipe, term) = (finding.recipe, finding.term)
      return [
        "\(recipe.name.padded(to: width))  \(recipe.question)",
        indentation + "\(term.text) (\(term.kind.rawValue))",
      ]
    }
    if findings.count > shown.count {
      lines.append("and \(findings.count - shown.count) more, less close")
    }
    lines += [
      "", "'recipe show \(first.recipe.name)' shows it in Go and Swift.",
    ]
    return lines.joined(separator: "\n")
  }
}
