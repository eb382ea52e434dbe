import Cookbook
import Foundation

/// `recipe find WORDS`: recipes by Go construct, Swift name or problem.
enum FindCommand {
  private struct Answer: Encodable {
    var name: String
    var question: String
    var found: [String]
    var folder: String
  }

  static func run(_ arguments: some Sequence<String>) throws {
    var arguments = try Arguments(arguments, switches: ["json", "help"])
    if try arguments.take(switch: "help") {
      return try HelpCommand.run(["find"])
    }
    let asJSON = try arguments.take(switch: "json")
    let query = arguments.operands.joined(separator: " ")
    arguments.operands = []
    try arguments.requireEmpty(known: ["json"])
    guard !query.isBlank else {
      throw UsageError(
        "'recipe find' needs words to look for",
        hint:
          "such as: recipe find sync.WaitGroup, recipe find limit concurrency"
      )
    }
    let recipes = everyRecipe
    let findings = Search(recipes).find(query)
    if asJSON {
      try Terminal.print(
        jsonLine(
          findings.map {
            Answer(
              name: $0.recipe.name,
              question: $0.recipe.question,
              found: $0.terms.map(\.text),
              folder: $0.recipe.folder
            )
          }
        )
      )
    } else {
      try Terminal.print(text(for: query, in: recipes))
    }
    if findings.isEmpty { throw ExitCode.failure }
  }

  /// What the command prints.
  static func text(for query: String, in recipes: [Recipe]) -> String {
    let search = Search(recipes)
    let findings = search.find(query)
    guard !findings.isEmpty else { return excuse(for: query, search) }
    let width = findings.map(\.recipe.name.count).max() ?? 0
    let indentation = String(repeating: " ", count: width + 2)
    var lines: [String] = []
    for finding in findings {
      let recipe = finding.recipe
      lines.append("\(recipe.name.padded(to: width))  \(recipe.question)")
      let note = finding.match.note.map { "\($0): " } ?? ""
      lines.append(indentation + note + reason(finding))
    }
    lines.append("")
    lines.append(
      "'recipe show \(findings[0].recipe.name)' shows it in Go and Swift."
    )
    return lines.joined(separator: "\n")
  }

  private static func reason(_ finding: Search.Finding) -> String {
    finding.terms.map { "\($0.text) (\($0.kind.rawValue))" }
      .joined(separator: ", ")
  }

  private static func excuse(for query: String, _ search: Search) -> String {
    var lines = ["nothing is found by '\(query)'"]
    let alternatives = search.alternatives(to: query)
    if alternatives.contains(where: { !$0.found.isEmpty }) {
      lines.append("it would have found by one of the words:")
      for (word, findings) in alternatives {
        let names = findings.prefix(4).map(\.recipe.name)
        lines.append(
          "  '\(word)': "
            + (names.isEmpty ? "nothing" : names.joined(separator: ", "))
        )
      }
      return lines.joined(separator: "\n")
    }
    let nearest = search.nearest(to: query, count: 3)
    if !nearest.isEmpty {
      lines.append("it would have found by the terms most like it:")
      lines += nearest.map { "  \($0.terms[0].text): \($0.recipe.name)" }
    } else {
      lines.append("it would have found by a Go construct, such as:")
      lines += search.constructs(.go).prefix(3).map {
        "  \($0.terms[0].text): \($0.recipe.name)"
      }
    }
    lines.append("'recipe list' names them all.")
    return lines.joined(separator: "\n")
  }
}
