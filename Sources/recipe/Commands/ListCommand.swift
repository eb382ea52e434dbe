import Cookbook

/// `recipe list`: the menu.
enum ListCommand {
  struct Entry: Encodable {
    var name: String
    var chapter: String
    var question: String
    var goConstructs: [String]
    var swiftConstructs: [String]
    var problems: [String]
    var folder: String
  }

  static func run(_ arguments: some Sequence<String>) throws {
    var arguments = try Arguments(arguments, switches: ["json", "help"])
    if try arguments.take(switch: "help") {
      return try HelpCommand.run(["list"])
    }
    let asJSON = try arguments.take(switch: "json")
    try arguments.requireEmpty(known: ["json"])
    let recipes = everyRecipe
    if asJSON {
      try Terminal.print(
        jsonLine(
          recipes.map {
            Entry(
              name: $0.name,
              chapter: $0.chapter.rawValue,
              question: $0.question,
              goConstructs: $0.goConstructs,
              swiftConstructs: $0.swiftConstructs,
              problems: $0.problems,
              folder: $0.folder
            )
          }
        )
      )
    } else {
      try Terminal.print(text(of: recipes))
    }
  }

  static func text(of recipes: [Recipe]) -> String {
    let width = recipes.map(\.name.count).max() ?? 0
    var lines: [String] = []
    var listed: Set<Recipe.Chapter> = []
    // Chapters stand in the order of the menu, as in the README.
    for chapter in recipes.map(\.chapter)
    where listed.insert(chapter).inserted {
      let members = recipes.filter { $0.chapter == chapter }
      if !lines.isEmpty { lines.append("") }
      lines.append(chapter.rawValue)
      for recipe in members {
        lines.append("  \(recipe.name.padded(to: width))  \(recipe.question)")
      }
    }
    lines.append("")
    lines.append("'recipe NAME' runs one, 'recipe help' lists the commands.")
    return lines.joined(separator: "\n")
  }
}
