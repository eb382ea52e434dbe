import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("recipe pages")
struct PagesTests {
  @Test("Every page, the README and the hazards are as their sources say")
  func upToDate() async throws {
    let report = try await Book(root: checkout).review()
    #expect(report.problems.map(\.description) == [])
    for draft in report.drafts {
      Issue.record("\(draft.difference(styled: false).joined(separator: "\n"))")
    }
    #expect(report.count == everyRecipe.count + 2)
  }

  private static let text = """
    # pipeline

    \(Page.parts.map { part in
      switch part {
      case "Side by side":
        """
        ## \(part)

        <!-- code: pipeline.go#run -->
        ```go
        ```

        <!-- code: Pipeline.swift#run -->
        ```swift
        ```
        """
      case "The tempting wrong version":
        """
        ## \(part)

        It breaks *never more than `n` at
        once*.

        <!-- code: Pipeline.swift#run -->
        """
      case "Timeline":
        """
        ## \(part)

        <!-- run: pipeline --seed 1 -->
        """
      case "Hazards": "## \(part)\n\n- **leak**: one."
      case "Check yourself":
        """
        ## \(part)

        1. Does it? Yes, as `A test
           proves it` says.
        """
      default: "## \(part)\n\nText."
      }
    }.joined(separator: "\n\n"))
    """

  private static func page(_ text: String) -> Page {
    Page(
      text.lines,
      at: "Recipes/patterns/pipeline/README.md",
      in: checkout
    )
  }

  private static func problems(in page: Page) -> [String] {
    (page.problemsOfParts
      + page.problemsOfHazards(vocabulary: ["leak", "deadlock"])
      + page.problemsOfProofs(
        tests: ["A test proves it"],
        laws: ["never more than `n` at once"]
      )
      + page.problemsOfLinks).map(\.text)
  }

  private static func generated(_ page: Page) async -> [String] {
    let made = await page.generated(
      tables: { _, _ in nil },
      vocabulary: ["leak", "deadlock"]
    )
    #expect(made.problems == [])
    return made.lines
  }

  @Test("A page with all its parts has no problem, before or after it is made")
  func complete() async {
    #expect(Self.problems(in: Self.page(Self.text)) == [])
    let lines = await Self.generated(Self.page(Self.text))
    #expect(lines.count > Self.text.lines.count + 50)
    let made = Self.page(lines.joined(separator: "\n"))
    #expect(Self.problems(in: made) == [])
    #expect(await Self.generated(made) == lines)
  }

  @Test(
    "A part that is missing, empty or misplaced is named",
    arguments: Page.parts
  )
  func missingPart(part: String) throws {
    let page = Self.page(Self.text)
    let section = try #require(page.markdown.section(part))
    var lines = page.markdown.lines
    lines.removeSubrange(section)
    let empty = Self.page(lines.joined(separator: "\n"))
    #expect(
      empty.problemsOfParts.contains {
        $0.text == "the part '\(part)' is empty"
      }
    )
    lines.remove(at: section.lowerBound - 1)
    let missing = Self.page(lines.joined(separator: "\n"))
    #expect(
      missing.problemsOfParts.map(\.text) == ["the part '\(part)' is missing"]
    )
    guard part != Page.parts.last else { return }
    let moved = lines + ["", "## \(part)", "", "Text."]
    #expect(
      Self.page(moved.joined(separator: "\n")).problemsOfParts
        .contains { $0.text.hasSuffix("is out of order") }
    )
  }

  private static let damages: [(from: String, to: String, problem: String)] = [
    ("pipeline.go", "Pipeline.swift", "'Side by side' has no Go code"),
    (
      "- **leak**", "- **leek**",
      "'leek' is not in Recipes/HAZARDS.md; did you mean 'leak'?"
    ),
    ("- **leak**: one.", "None.", "no hazard is named: '- **leak**: …'"),
    ("proves it", "is gone", "this names no test that proves it"),
    ("1. Does", "Does", "'Check yourself' has no questions"),
    ("never more", "always more", "no law is named that it breaks"),
    ("Text.", "[a](b.md)", "the link 'b.md' leads nowhere"),
    (
      "Text.", "[a](#the-problm)",
      "there is no heading for the link '#the-problm'"
    ),
    (
      "Text.", "[a](../../HAZARDS.md#leek)",
      "there is no heading for the link '../../HAZARDS.md#leek'"
    ),
    ("Text.", "[a]: nowhere", "the link 'nowhere' leads nowhere"),
    ("Text.", "[a](https://)", "'https://' is no address"),
    ("<!-- run: pipeline --seed 1 -->", "Text.", "'Timeline' has no run"),
  ]

  @Test("What is wrong on a page is named", arguments: damages)
  func damage(from: String, to: String, problem: String) throws {
    let range = try #require(Self.text.range(of: from))
    let text = Self.text.replacingCharacters(in: range, with: to)
    #expect(Self.problems(in: Self.page(text)) == [problem])
  }

  @Test("Links in code, and to places that exist, are left alone")
  func links() {
    let page = Self.page(
      """
      # A title: with `code`
      `[a](b)` [c](#a-title-with-code) [d](Demo.swift)
      [e](../../HAZARDS.md#lost-wake-up) [f](https://go.dev/blog)
      ```
      [g](h)
      ```
      """
    )
    #expect(page.problemsOfLinks == [])
    #expect(page.markdown.links.count == 4)
  }

  private static let impossible: [(directive: String, problem: String)] = [
    (
      "code: Nowhere.swift#a",
      "cannot read Nowhere.swift: no such file or directory"
    ),
    (
      "code: Pipeline.swift#nothing",
      "there is no nothing in Pipeline.swift"
    ),
    ("code: pipeline.go#nothing", "there is no nothing in pipeline.go"),
    ("run: bounded-pool", "without --seed no two runs are the same"),
    ("run: bonded-pool --seed 1", "unknown recipe 'bonded-pool'"),
    ("run: bounded-pool --seed 1 --workers 0", "--workers must be from"),
  ]

  @Test(
    "A block that cannot be made is named and left as it is",
    arguments: impossible
  )
  func impossibleBlock(directive: String, problem: String) async {
    let lines = ["<!-- \(directive) -->", "```text", "old", "```", "end"]
    let made = await Self.page(lines.joined(separator: "\n"))
      .generated(tables: { _, _ in nil }, vocabulary: [])
    #expect(made.lines == lines)
    #expect(made.problems.count == 1)
    #expect(made.problems.first?.text.contains(problem) == true)
  }

  @Test("A recipe's run on a page is what the program prints")
  func run() async throws {
    let commands = [
      "bounded-pool map --seed 1 --failing 3", "list",
      "find 'limit concurrency'", "bounded-pool --events --seed 3",
    ]
    for command in commands {
      let result = try await Program.run(Replay.words(of: command))
      #expect(try await Replay.output(of: command) == result.output.lines)
    }
    #expect(Replay.words(of: "a 'b c'  d\"e f\"''") == ["a", "b c", "de f"])
  }

  @Test("A drifted page fails the check, and writing mends it")
  func drift() async throws {
    try await withScratchFolder { folder in
      for name in ["Recipes", "README.md", "Tests"] {
        try FileManager.default.copyItem(
          at: checkout.appending(path: name),
          to: folder.appending(path: name)
        )
      }
      for name in ["Sources", "LICENSE"] {
        try FileManager.default.createSymbolicLink(
          at: folder.appending(path: name),
          withDestinationURL: checkout.appending(path: name)
        )
      }
      func pages(_ flag: String) async throws -> Program.Result {
        try await Program.shell(
          "cd \(folder.path) && \"$recipe\" pages \(flag)"
        )
      }
      let clean = try await pages("--check")
      try #require(clean.status == 0, "\(clean.errors)")

      let source = folder.appending(
        path: "Recipes/patterns/bounded-pool/BoundedPoolExamples.swift"
      )
      let text = try String(contentsOf: source, encoding: .utf8)
      let changed = text.replacing("if started >= n,", with: "if n <= started,")
      try #require(changed != text)
      try Data(changed.utf8).write(to: source)
      let drifted = try await pages("--check")
      #expect(drifted.status == 1)
      #expect(drifted.output.contains("-    if started >= n,"))
      #expect(drifted.output.contains("+    if n <= started,"))
      #expect(drifted.errors.contains("'recipe pages --write'"))

      let written = try await pages("--write")
      #expect(written.status == 0, "\(written.errors)")
      #expect(
        written.output.contains(
          "written  Recipes/patterns/bounded-pool/README.md"
        )
      )
      #expect(try await pages("--check").status == 0)

      for name in ["menu", "index"] {
        let readme = folder.appending(path: "README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        let end = "\n<!-- /\(name) -->"
        try Data(text.replacing(end, with: "| x |\n" + end).utf8)
          .write(to: readme)
        let drifted = try await pages("")
        #expect(drifted.status == 1)
        #expect(drifted.output.contains("-| x |"))
        try Data(text.utf8).write(to: readme)
      }
      #expect(try await pages("").status == 0)
      let both = try await pages("--check --write")
      #expect(both.status == 64)
    }
  }

  @Test("Regions nest, lose their markers and their common indentation")
  func regions() async throws {
    try await withScratchFolder { folder in
      let file = folder.appending(path: "a.swift")
      let text = """
        // #region all
        struct A {
          // #region one

          func f() {

            g()
          }
          // #endregion
        }
        // #endregion
        // #region open
        """
      try Data(text.utf8).write(to: file)
      #expect(
        try Snippet.cut("one", from: file) == ["func f() {", "", "  g()", "}"]
      )
      #expect(
        try Snippet.cut("all", from: file)
          == ["struct A {", "", "  func f() {", "", "    g()", "  }", "}"]
      )
      #expect(throws: Snippet.Failure.self) {
        try Snippet.cut("open", from: file)
      }
      try Data(text.replacing("open", with: "one\n// #endregion").utf8)
        .write(to: file)
      let failure = #expect(throws: Snippet.Failure.self) {
        try Snippet.cut("one", from: file)
      }
      #expect(failure?.problem == "a.swift has two regions one")
    }
  }

  @Test("A Go declaration is found by name, with its comment")
  func declarations() async throws {
    try await withScratchFolder { folder in
      let file = folder.appending(path: "a.go")
      let text = """
        package a

        // not this

        // F does
        // what.
        func F[T any](
        \tx T,
        ) error {
        \ts := "}" // }
        \tr := `
        }
        `
        \treturn nil
        }

        // S is.
        type S struct {
        \tn int
        }

        type E int

        func (s *S) Do() {}

        func (E) Do() {
        }

        var ErrX = errors.New("x")

        func (g *G[T]) Only() int { return 1 }
        """
      try Data(text.utf8).write(to: file)
      let lines = text.lines
      #expect(try Snippet.cut("F", from: file) == Array(lines[4...14]))
      #expect(try Snippet.cut("S", from: file) == Array(lines[16...19]))
      #expect(try Snippet.cut("E", from: file) == ["type E int"])
      #expect(try Snippet.cut("S.Do", from: file) == ["func (s *S) Do() {}"])
      #expect(try Snippet.cut("E.Do", from: file) == ["func (E) Do() {", "}"])
      #expect(try Snippet.cut("ErrX", from: file).count == 1)
      #expect(try Snippet.cut("Only", from: file).count == 1)
      let failure = #expect(throws: Snippet.Failure.self) {
        try Snippet.cut("Do", from: file)
      }
      #expect(failure?.problem.contains("TYPE.Do") == true)
      #expect(throws: Snippet.Failure.self) { try Snippet.cut("D", from: file) }
    }
  }

  @Test("Differences are those that diff -u would print")
  func unifiedDiff() {
    let old = (1...20).map(String.init)
    var new = old
    new[4] = "five"
    new.remove(at: 17)
    new.append("21")
    #expect(
      UnifiedDiff.lines(from: old, named: "a", to: new, named: "b") == [
        "--- a", "+++ b",
        "@@ -2,7 +2,7 @@", " 2", " 3", " 4", "-5", "+five", " 6", " 7", " 8",
        "@@ -15,6 +15,6 @@", " 15", " 16", " 17", "-18", " 19", " 20", "+21",
      ]
    )
    #expect(UnifiedDiff.lines(from: old, named: "a", to: old, named: "b") == [])
    #expect(
      UnifiedDiff.lines(from: [], named: "a", to: ["x"], named: "b")[2]
        == "@@ -0,0 +1,1 @@"
    )
  }

  @Test("The hazards are the ten words that pages use")
  func vocabulary() throws {
    #expect(
      try Book(root: checkout).vocabulary == [
        "ordering", "re-entrancy", "blocking", "unbounded memory",
        "data race", "leak", "lost wake-up", "lost cancellation",
        "priority inversion", "deadlock",
      ]
    )
  }

  @Test("The index has every Go construct once, with all its recipes")
  func index() {
    let recipes = menu.map { $0.recipe }
    let rows = Index.goTable(of: recipes).dropFirst(2)
    let constructs = Set(recipes.flatMap(\.goConstructs))
    #expect(rows.count == constructs.count)
    for construct in constructs {
      let start = "| \(Index.shown(construct)) | "
      let row = rows.filter { $0.hasPrefix(start) }
      #expect(row.count == 1)
      for recipe in recipes where recipe.goConstructs.contains(construct) {
        #expect(
          row.first?.contains("[\(recipe.name)](\(recipe.folder))") == true
        )
      }
    }
    #expect(Index.shown("a || b") == "`a \\|\\| b`")
    #expect(Index.shown("select default") == "`select default`")
    #expect(Index.shown("worker pool") == "worker pool")
  }
}
