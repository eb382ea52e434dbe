import Cookbook

/// `recipe list`: the menu.
enum ListCommand: Subcommand {
  static let switches = ["json"]

  private struct Entry: Encodable {
    var name: String
    var chapter: String
    var question: String
    var goConstructs: [String]
    var swiftConstructs: [String]
    var problems: [String]
    var folder: String

    init(_ recipe: Recipe) {
      name = recipe.name
      chapter = recipe.chapter.rawValue
      question = recipe.question
      goConstructs = recipe.goConstructs
      swiftConstructs = recipe.swiftConstructs
      problems = recipe.problems
      folder = recipe.folder
    }
  }

  static func run(_ arguments: inout Arguments) throws {
    let asJSON = try arguments.take(switch: "json")
    try arguments.requireEmpty()
    try Terminal.print(
      asJSON ? menu(asJSON: everyRecipe) : text(of: everyRecipe)
    )
  }

  static func menu(asJSON recipes: [Recipe]) -> String {
    json(recipes.map(Entry.init))
  }

  static func text(of recipes: [Recipe]) -> String {
    let width = recipes.map(\.name.count).max() ?? 0
    var lines: [String] = []
    for (chapter, members) in recipes.byChapter {
      lines.append(chapter.rawValue)
      lines += members.map {
        "  \($0.name.padded(to: width))  \($0.question)"
      }
      lines.append("")
    }
    lines.append("'recipe NAME' runs one, 'recipe help' lists the commands.")
    return lines.joined(separator: "\n")
  }
}
