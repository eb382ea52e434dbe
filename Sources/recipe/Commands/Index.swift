import Cookbook

/// The recipes as pages list them, and the terms that they declare.
struct Index {
  let recipes: [Recipe]
  /// The page that shows it, to which links are relative.
  let page: String

  /// The recipes by chapter, each with its question.
  var menu: [String] {
    recipes.byChapter.flatMap { chapter, members in
      ["**\(chapter.title)**", ""]
        + members.map { "- \(link($0)): \($0.question)" } + [""]
    }.dropLast()
  }

  /// Every construct of a language with the recipes that declare it.
  func constructs(of language: String) throws(UsageError) -> [String] {
    let constructs: KeyPath<Recipe, [String]>
    switch language {
    case "Go": constructs = \.goConstructs
    case "Swift": constructs = \.swiftConstructs
    default: throw UsageError("there is no index of \(language)")
    }
    var members: [String: [Recipe]] = [:]
    for recipe in recipes {
      for construct in Set(recipe[keyPath: constructs]) {
        members[construct, default: []].append(recipe)
      }
    }
    let rows = members.sorted {
      (Self.sortKey($0.key), $0.key) < (Self.sortKey($1.key), $1.key)
    }.map { construct, recipes in
      let links = recipes.map(link).joined(separator: ", ")
      return "| \(Self.shown(construct)) | \(links) |"
    }
    return ["| in \(language) | recipes |", "| --- | --- |"] + rows
  }

  private func link(_ recipe: Recipe) -> String {
    "[\(recipe.name)](\(Page.link(to: Book.path(of: recipe), on: page)))"
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
    // A bar would end the cell of a table, even in backticks.
    return isProse ? term : "`\(term.replacing("|", with: "\\|"))`"
  }
}

extension [Recipe] {
  /// The chapters that have some, each with its recipes.
  var byChapter: [(chapter: Recipe.Chapter, members: [Recipe])] {
    Recipe.Chapter.allCases.map { chapter in
      (chapter, filter { $0.chapter == chapter })
    }.filter { !$0.members.isEmpty }
  }
}

extension Recipe.Chapter {
  /// As a heading has it.
  var title: String {
    let words = rawValue.replacing("-", with: " ")
    return words.prefix(1).uppercased() + words.dropFirst()
  }
}
