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

/// The README, the pages of all recipes and those that lead to them.
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
    /// The texts of pictures, by their path.
    var pictures: [String: String] = [:]
  }

  static let hazards = "Recipes/HAZARDS.md"
  private static let pictures = "Recipes/pictures"
  /// Pages that are none of a recipe, and what each must list.
  private static let lists = [
    "README.md": ["menu"],
    "Recipes/README.md": ["menu"],
    "Recipes/INDEX.md": ["index: Go", "index: Swift"],
    hazards: [],
  ]

  let root: URL
  private let recipes = everyRecipe
  /// The pages that can be read, by path.
  private var pages: [Page] = []
  private var unread: [Page.Problem] = []

  /// Reads every page.
  init(root: URL) {
    self.root = root
    for path in Self.lists.keys.sorted() + recipes.map(Self.path) {
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
      let index = Index(recipes: recipes, page: page.path)
      let made = await page.generated(
        tables: { name, argument in
          switch name {
          case "menu": index.menu
          case "index": try index.constructs(of: argument)
          case "cited": citations(of: argument)
          case "picture":
            try await picture(argument, on: page, in: &report)
          case "bars":
            try bars(argument, on: page, of: recipe, in: &report)
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
      for name in Self.lists[page.path] ?? []
      where !page.markdown.lines.contains("<!-- \(name) -->") {
        report.problems.append(
          page.problem("there is no <!-- \(name) -->", at: 0)
        )
      }
      if let recipe {
        report.problems += page.problemsOfHazards(vocabulary: vocabulary)
        report.problems += page.problemsOfUse(recipe: recipe)
        report.problems += page.problemsOfSchedules
        MeasuredFigures.problem(on: page).map { report.problems.append($0) }
        report.problems += page.problemsOfProofs(
          by: tests.union(recipe.examples.map(\.name))
        )
      }
    }
    let drawn = try? FileManager.default.contentsOfDirectory(
      atPath: root.appending(path: Self.pictures).path
    )
    for name in (drawn ?? []).sorted()
    where report.pictures["\(Self.pictures)/\(name)"] == nil {
      let path = "\(Self.pictures)/\(name)"
      report.problems.append(
        Page.Problem(path: path, line: 1, text: "no page shows this picture")
      )
    }
    let files =
      try BookFiles(recipes: recipes, root: root).lines()
      + report.pictures.sorted { $0.key < $1.key }
      .map { (path: $0.key, lines: $0.value.lines) }
    for (path, lines) in files {
      let text = try? String(
        contentsOf: root.appending(path: path),
        encoding: .utf8
      )
      let page = Page((text ?? "").lines, at: path, in: root)
      if page.markdown.lines != lines {
        report.drafts.append(Draft(page: page, lines: lines))
      }
    }
    return report
  }

  /// Draws what both languages do in an example without flags.
  private func picture(
    _ argument: String,
    on page: Page,
    in report: inout Report
  ) async throws -> [String] {
    let words = argument.split(separator: " ").map(String.init)
    guard words.count == 2 else {
      throw UsageError("a picture is of RECIPE EXAMPLE, not '\(argument)'")
    }
    let recipe = try recipe(named: words[0])
    let example = try recipe.example(named: words[1])
    let run = await ExampleJudge.run(.seed(1)) {
      await example.run(example.input, on: $0)
    }
    if let failure = run.failure { throw failure }
    let picture = Picture(of: example, recipe, example.input, run.trace)
    guard picture.tracks.count == 2 else {
      throw UsageError("what Go does in it is not recorded")
    }
    let path = "\(Self.pictures)/\(recipe.name)-\(example.name).svg"
    report.pictures[path] = picture.svg
    let outcome = ExampleCommand.outcome(of: run.trace)
    return [
      "![\(picture.title)](\(Page.link(to: path, on: page.path)))", "",
      "```text",
    ]
      + outcome + ["```"]
  }

  /// Draws the measured figures of a page.
  private func bars(
    _ unit: String,
    on page: Page,
    of recipe: Recipe?,
    in report: inout Report
  ) throws -> [String] {
    guard let recipe else { throw UsageError("this is no recipe's page") }
    let bars = Bars(
      title: "\(recipe.name), \(unit): Go and Swift",
      unit: unit,
      try MeasuredFigures(on: page).rows
    )
    let path = "\(Self.pictures)/\(recipe.name)-bench.svg"
    report.pictures[path] = bars.svg
    return ["![\(bars.title)](\(Page.link(to: path, on: page.path)))"]
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
