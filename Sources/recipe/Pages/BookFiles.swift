import Cookbook
import Foundation

/// The files of the book that are no pages, made from the menu.
struct BookFiles {
  let recipes: [Recipe]
  let root: URL

  /// What each file should be, by its path.
  func lines() throws -> [(path: String, lines: [String])] {
    let configuration = ".zensical.toml"
    let text = try String(
      file: root.appending(path: configuration),
      named: configuration
    )
    return [
      (configuration, try navigating(text.lines)),
      ("Recipes/recipes.json", ListCommand.menu(asJSON: recipes).lines),
      ("Recipes/llms.txt", llms),
    ]
  }

  /// The configuration with the recipes in the order of the menu.
  private func navigating(_ lines: [String]) throws(UsageError) -> [String] {
    guard let start = lines.firstIndex(of: "  # menu"),
      let end = lines.firstIndex(of: "  # /menu"), start < end
    else { throw UsageError(".zensical.toml has no menu") }
    let chapters = recipes.byChapter.flatMap { chapter, members in
      ["  { \"\(chapter.title)\" = ["]
        + members.map { recipe in
          "    { \"\(recipe.name)\" = \"\(chapter.rawValue)/\(recipe.name)/README.md\" },"
        } + ["  ] },"]
    }
    return lines[...start] + chapters + lines[end...]
  }

  /// A map of the book in the form of llmstxt.org.
  private var llms: [String] {
    let head = [
      "# The Concurrency Cookbook", "",
      "> Go's concurrency patterns in Swift 6, with actors, task groups and AsyncStream.",
      "> Go and Swift are executed on the same inputs and compared. `recipes.json` has",
      "> the terms of each recipe. The files to copy are under MIT-0.",
    ]
    return head
      + recipes.byChapter.flatMap { chapter, members in
        ["", "## \(chapter.title)", ""]
          + members.map { recipe in
            let folder = "\(chapter.rawValue)/\(recipe.name)/"
            let files = recipe.copies.map { " [\($0)](\(folder)\($0))" }
            return "- [\(recipe.name)](\(folder)): \(recipe.question)"
              + files.joined()
          }
      }
  }
}
