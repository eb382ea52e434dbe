import Cookbook
import Foundation

/// A file that a user copies: a header of three lines and the code.
struct PatternFile {
  let recipe: Recipe
  let fileName: String
  /// The first digits of the name that git gives to the original: by it the
  /// text that was copied is found again, and a copy of an unchanged
  /// pattern stays the same whatever else is committed.
  let version: String
  /// The text that a user gets, below the header.
  let body: String
  let header: Header

  var path: String { "\(recipe.folder)/\(fileName)" }

  /// The file as it is in a user's project.
  var text: String { text(with: body) }

  /// The same with another text below the header.
  func text(with body: String) -> String {
    [
      "// \(recipe.name), from the Concurrency Cookbook.", header.versionLine,
      "// MIT-0, no notice to keep. Page: \(Book.path(of: recipe))", "", body,
    ].joined(separator: "\n")
  }

  /// Reads one of a recipe's pattern files from the checkout.
  init(_ fileName: String, of recipe: Recipe, in root: URL) throws(UsageError) {
    self.recipe = recipe
    self.fileName = fileName
    let path = "\(recipe.folder)/\(fileName)"
    let original = try String(file: root.appending(path: path), named: path)
      .withUnixLineEnds
    body = Self.body(of: original)
    version = try Self.version(of: original)
    header = Header(
      name: recipe.name,
      version: version,
      copied: try Self.version(of: body)
    )
  }

  /// A recipe's pattern files and, after them, all that they need.
  static func all(
    for recipe: Recipe,
    of recipes: [Recipe],
    in root: URL
  ) throws(UsageError) -> [PatternFile] {
    var files: [PatternFile] = []
    var wanted = [recipe]
    while !wanted.isEmpty {
      let next = wanted.removeFirst()
      if files.contains(where: { $0.recipe.name == next.name }) { continue }
      for name in next.copies {
        files.append(try PatternFile(name, of: next, in: root))
      }
      wanted += recipes.filter { next.ingredients.contains($0.name) }
    }
    return files
  }

  /// A pattern's text without its regions, which mean nothing to a user.
  static func body(of original: String) -> String {
    var lines: [String] = []
    for line in original.lines where !Snippet.isMarker(line) {
      // What stood around a line that is left out.
      if line.isBlank, lines.last?.isBlank ?? true { continue }
      lines.append(line)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The first digits of the name that git gives to a text.
  static func version(of text: String) throws(UsageError) -> String {
    let named = Subprocess.git(
      ["hash-object", "--stdin"],
      input: Data(text.utf8)
    )
    guard let named, named.status == 0 else {
      throw UsageError("this needs 'git' on the PATH")
    }
    return String(named.text.prefix(16))
  }

  /// What the header of a copy says, wherever its owner has moved it.
  struct Header {
    var name: String
    var version: String
    /// The name of what was written: by it an edited copy is told from an
    /// old one.
    var copied: String

    var versionLine: String { "// Version \(version), copied as \(copied)." }

    init(name: String, version: String, copied: String) {
      (self.name, self.version, self.copied) = (name, version, copied)
    }

    init?(in text: String) {
      let header =
        /(?m)^\/\/ (\S+), from the Concurrency Cookbook\.\n\/\/ Version ([0-9a-f]{16}), copied as ([0-9a-f]{16})\.$/
      guard let match = text.firstMatch(of: header) else { return nil }
      self.init(
        name: String(match.output.1),
        version: String(match.output.2),
        copied: String(match.output.3)
      )
    }

    /// Whether a file with this header is as it was written.
    func isUnedited(_ text: String) throws(UsageError) -> Bool {
      let start =
        "// \(name), from the Concurrency Cookbook.\n\(versionLine)\n"
      guard text.hasPrefix(start) else { return false }
      let rest = text.dropFirst(start.count)
      guard
        let licence = rest.prefixMatch(
          of: /\/\/ MIT-0, no notice to keep\. Page: .*\n\n/
        )
      else { return false }
      return try PatternFile.version(
        of: String(rest[licence.range.upperBound...])
      )
        == copied
    }
  }
}
