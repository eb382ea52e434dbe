import Cookbook

/// The terms that recipes declare, as the README lists them.
enum Index {
  /// The menu as a Markdown table.
  static func menuTable(of recipes: [Recipe]) -> [String] {
    var lines = [
      "| recipe | the question | in Go | in Swift |",
      "| --- | --- | --- | --- |",
    ]
    for chapter in Recipe.Chapter.allCases {
      let members = recipes.filter { $0.chapter == chapter }
      guard !members.isEmpty else { continue }
      lines.append("| **\(chapter.rawValue)** | | | |")
      lines += members.map { recipe in
        let cells = [
          "[\(recipe.name)](\(recipe.folder))",
          cell(recipe.question),
          // Three say what it is about; the index has them all.
          list(recipe.goConstructs.prefix(3)),
          list(recipe.swiftConstructs.prefix(3)),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
      }
    }
    return lines
  }

  /// Every Go construct with the recipes that answer it.
  static func goTable(of recipes: [Recipe]) -> [String] {
    var members: [String: [Recipe]] = [:]
    for recipe in recipes {
      for construct in Set(recipe.goConstructs) {
        members[construct, default: []].append(recipe)
      }
    }
    let rows = members.sorted {
      (sortKey($0.key), $0.key) < (sortKey($1.key), $1.key)
    }.map { construct, recipes in
      let links = recipes.map { "[\($0.name)](\($0.folder))" }
      return "| \(shown(construct)) | \(links.joined(separator: ", ")) |"
    }
    return ["| in Go | recipes |", "| --- | --- |"] + rows
  }

  private static func list(_ terms: some Sequence<String>) -> String {
    terms.map(shown).joined(separator: ", ")
  }

  private static func sortKey(_ term: String) -> String {
    String(term.lowercased().drop { !$0.isLetter })
  }

  /// The term, in backticks if it is code.
  static func shown(_ term: String) -> String {
    let words = term.split(separator: " ")
    let isProse =
      words.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "-" } }
      && !words.allSatisfy {
        Highlighter.Language.goKeywords.contains(String($0))
      }
    return isProse ? term : "`\(cell(term))`"
  }

  /// A bar would end the cell of a table, even in backticks.
  private static func cell(_ text: String) -> String {
    text.replacing("|", with: "\\|")
  }
}
