import Cookbook
import Foundation

/// A file that a user copies, as it is and as a user gets it.
struct PatternFile {
  var recipe: Recipe
  var fileName: String
  /// The text in the checkout, with the line ends of Unix.
  var original: String
  /// The recipes whose modules it imports.
  var ingredients: [Recipe]

  var path: String { "\(recipe.folder)/\(fileName)" }

  /// The name of the recipe's module.
  static func module(of recipe: Recipe) -> String {
    typeName(of: recipe) + "Recipe"
  }

  private static func typeName(of recipe: Recipe) -> String {
    recipe.name.split(separator: "-")
      .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }

  /// Reads one of a recipe's pattern files from the checkout.
  ///
  /// - Throws: ``UsageError`` when it cannot be read, or imports a module
  ///   that is no recipe's.
  init(
    _ fileName: String,
    of recipe: Recipe,
    among recipes: [Recipe],
    in root: URL
  ) throws(UsageError) {
    self.recipe = recipe
    self.fileName = fileName
    original = ""
    ingredients = []
    do {
      original = try String(
        contentsOf: root.appending(path: path),
        encoding: .utf8
      ).withUnixLineEnds
    } catch {
      throw UsageError("cannot read \(path): \(error.reason)")
    }
    for module in Self.imports(of: original) {
      guard
        let ingredient = recipes.first(where: {
          Self.module(of: $0) == module
        })
      else {
        throw UsageError("\(path) imports \(module), which is no recipe's")
      }
      ingredients.append(ingredient)
    }
    ingredients += recipes.filter { recipe.ingredients.contains($0.name) }
  }

  /// A recipe's pattern files and, after them, all that they need.
  static func all(
    for recipe: Recipe,
    of recipes: [Recipe],
    in root: URL
  ) throws(UsageError) -> [PatternFile] {
    var files: [PatternFile] = []
    var wanted = [recipe]
    while let next = wanted.first {
      wanted.removeFirst()
      guard !files.contains(where: { $0.recipe.name == next.name }) else {
        continue
      }
      let names =
        next.copies.isEmpty ? [typeName(of: next) + ".swift"] : next.copies
      for name in names {
        let file = try PatternFile(name, of: next, among: recipes, in: root)
        files.append(file)
        wanted += file.ingredients
      }
    }
    return files
  }

  /// The recipes' modules that a text imports.
  private static func imports(of text: String) -> [String] {
    text.lines.compactMap(importedRecipe)
  }

  private static func importedRecipe(_ line: String) -> String? {
    line.wholeMatch(
      of: /\s*(?:\w+ )?import (?:\w+ )?(?<module>\w+Recipe)(?:\.\w+)?\s*/
    ).map { String($0.output.module) }
  }

  /// The text that a user gets, below the header.
  var body: String { Self.body(of: original) }

  /// A pattern's text as one file among others of one module: ingredients
  /// are no modules there, and regions mean nothing.
  static func body(of original: String) -> String {
    let modules = Set(imports(of: original))
    var lines: [String] = []
    for line in original.lines {
      if Snippet.isMarker(line) || importedRecipe(line) != nil { continue }
      // What stood around a line that is left out.
      if line.isBlank, lines.last?.isBlank ?? true { continue }
      var line = line
      for module in modules { line = line.replacing("\(module).", with: "") }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  var copy: Copy {
    Copy(
      name: recipe.name,
      version: Copy.version(of: original),
      page: Book.path(of: recipe),
      body: body
    )
  }
}

/// A pattern file in a user's project: a header of three lines and the code.
struct Copy {
  var name: String
  /// The first digits of the name that git gives to the original: by it the
  /// text that was copied is found again, and a copy of an unchanged
  /// pattern stays the same whatever else is committed.
  var version: String
  var page: String
  var body: String

  static func version(of text: String) -> String {
    String(SHA1.blobName(of: text).prefix(16))
  }

  /// The line that ``versions(in:)`` finds again.
  ///
  /// The second hash is that of what was written: with it alone, and
  /// without git, an edited copy is told from an old one.
  var versionLine: String {
    "// Version \(version), copied as \(Self.version(of: body))."
  }

  private var nameLine: String { "// \(name), from the Concurrency Cookbook." }

  private var licenceLine: String {
    "// MIT-0, no notice to keep. Page: \(page)"
  }

  var text: String {
    [nameLine, versionLine, licenceLine, "", body].joined(separator: "\n")
  }

  /// What the header of a file says, wherever its owner has moved it.
  struct Header {
    var name: String
    var version: String
    var copied: String
    var versionLine: String

    init?(in text: String) {
      guard
        let match = text.firstMatch(
          of:
            /(?m)^\/\/ (\S+), from the Concurrency Cookbook\.\n(\/\/ Version ([0-9a-f]{16}), copied as ([0-9a-f]{16})\.)$/
        )
      else { return nil }
      name = String(match.output.1)
      versionLine = String(match.output.2)
      version = String(match.output.3)
      copied = String(match.output.4)
    }
  }

  /// Whether a file with this header is as it was written.
  static func isUnedited(_ text: String, _ header: Header) -> Bool {
    let copy = Copy(
      name: header.name,
      version: header.version,
      page: "",
      body: ""
    )
    let lines = text.split(
      separator: "\n",
      maxSplits: 4,
      omittingEmptySubsequences: false
    )
    return lines.count == 5
      && lines[0] == copy.nameLine
      && lines[1] == header.versionLine
      && lines[2].hasPrefix(copy.licenceLine)
      && lines[3].isEmpty
      && version(of: String(lines[4])) == header.copied
  }
}
