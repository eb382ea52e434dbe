import Cookbook
import Foundation

/// `recipe pages`: what pages show is what the sources say.
enum PagesCommand: Subcommand {
  static let switches = ["check", "write"]

  static func run(_ arguments: inout Arguments) async throws {
    let writes = try arguments.take(switch: "write")
    if try arguments.take(switch: "check"), writes {
      throw UsageError("--check and --write exclude each other")
    }
    try arguments.requireEmpty()

    let book = Book(root: try Checkout.root())
    let report = try await book.review()
    if writes {
      for draft in report.drafts {
        try draft.write()
        try Terminal.print("written  \(draft.page.path)")
      }
    } else {
      for draft in report.drafts {
        try Terminal.print(
          try draft.difference(styled: Terminal.isStyled).joined(
            separator: "\n"
          )
        )
      }
    }
    for problem in report.problems { Terminal.complain(problem.description) }
    if !writes, !report.drafts.isEmpty {
      Terminal.complain("'recipe pages --write' brings pages up to date")
      throw ExitCode.failure
    }
    guard report.problems.isEmpty else { throw ExitCode.failure }
    try Terminal.print("\(report.count) pages are as their sources say")
  }
}

/// The README, the hazards and the pages of all recipes.
struct Book {
  /// A page that is not as its sources say.
  struct Draft {
    var page: Page
    var lines: [String]

    func difference(styled: Bool) throws -> [String] {
      try UnifiedDiff.lines(
        from: page.markdown.lines,
        named: page.path,
        to: lines,
        named: "\(page.path), from its sources",
        styled: styled
      )
    }

    func write() throws(ExitCode) {
      try Terminal.write(lines.map { $0 + "\n" }.joined(), to: page.url)
    }
  }

  struct Report {
    var count = 0
    var drafts: [Draft] = []
    var problems: [Page.Problem] = []
  }

  static let hazards = "Recipes/HAZARDS.md"

  let root: URL
  private let recipes = everyRecipe
  /// The pages that can be read, by path.
  private var pages: [Page] = []
  private var unread: [Page.Problem] = []

  /// Reads every page.
  init(root: URL) {
    self.root = root
    for path in ["README.md", Self.hazards] + recipes.map(Self.path) {
      do throws(UsageError) {
        pages.append(try Page(path, in: root))
      } catch {
        unread.append(Page.Problem(path: path, line: 1, text: error.message))
      }
    }
  }

  static func path(of recipe: Recipe) -> String { recipe.folder + "/README.md" }

  /// The words by which hazards go: the headings of their page.
  var vocabulary: [String] {
    pages.first { $0.path == Self.hazards }?.markdown.headings
      .filter { $0.level == 2 }.map(\.title) ?? []
  }

  /// Makes every page anew, and checks what cannot be made.
  func review() async throws -> Report {
    var report = Report(count: pages.count, problems: unread)
    let vocabulary = vocabulary
    let tests = Self.testNames(in: root)
    for page in pages {
      let recipe = recipes.first { Self.path(of: $0) == page.path }
      let made = await page.generated(
        tables: { name, argument in
          switch name {
          case "menu": Index.menuTable(of: recipes)
          case "index": Index.goTable(of: recipes)
          case "cited": citations(of: argument)
          default: try await Reports.lines(name, argument, of: recipe)
          }
        },
        vocabulary: vocabulary
      )
      report.problems += made.problems
      if made.lines != page.markdown.lines {
        report.drafts.append(Draft(page: page, lines: made.lines))
      }
      report.problems += page.problemsOfLinks
      if page.path == "README.md" {
        report.problems += Self.problemsOfReadme(page)
      }
      if let recipe {
        report.problems += page.problemsOfHazards(vocabulary: vocabulary)
        report.problems += page.problemsOfUse(recipe: recipe)
        report.problems += page.problemsOfProofs(
          by: tests.union(recipe.examples.map(\.name))
        )
      }
    }
    return report
  }

  private static func problemsOfReadme(_ page: Page) -> [Page.Problem] {
    ["menu", "index"].filter { name in
      !page.markdown.lines.contains("<!-- \(name) -->")
    }.map { page.problem("there is no <!-- \($0) -->", at: 0) }
  }

  /// The pages that cite a hazard, for the list under its definition.
  private func citations(of word: String) -> [String] {
    let citing = recipes.filter { recipe in
      pages.first { $0.path == Self.path(of: recipe) }?.hazards
        .contains { $0.word == word } ?? false
    }
    let links = citing.map { "[\($0.name)](\($0.chapter.rawValue)/\($0.name))" }
    return links.isEmpty ? [] : ["In: " + links.joined(separator: ", ") + "."]
  }

  /// The names that tests go by, in both languages.
  static func testNames(in root: URL) -> Set<String> {
    var names: Set<String> = []
    for folder in ["Tests", "Recipes"] {
      let files = FileManager.default.enumerator(
        at: root.appending(path: folder),
        includingPropertiesForKeys: nil
      )
      while let file = files?.nextObject() as? URL {
        guard
          file.lastPathComponent.hasSuffix("Tests.swift")
            || file.lastPathComponent.hasSuffix("_test.go"),
          let text = try? String(contentsOf: file, encoding: .utf8)
        else { continue }
        for match in text.matches(of: /@Test\(\s*"((?:[^"\\]|\\.)*)"/) {
          names.insert(String(match.output.1).replacing("\\\"", with: "\""))
        }
        for match in text.matches(of: /\nfunc (Test\w+)\(/) {
          names.insert(String(match.output.1))
        }
      }
    }
    return names
  }
}
