import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("recipe pages", .inScratchFolder)
struct PagesTests {
  @Test("The ratios in the README are those of the pages")
  func ratios() throws {
    let row = /\| \[.+?\]\((Recipes.+?)#cost\) \| (.+) \|/
    let rows = try read("README.md").matches(of: row)
    #expect(rows.count > 10)
    for row in rows {
      let lines = try read(String(row.output.1)).lines
      for ratio in row.output.2.split(separator: ", ") {
        let parts = ratio.split(separator: " ")
        let isThere = lines.contains {
          $0.hasPrefix("| \(parts[0]) | ") && $0.hasSuffix(" | \(parts[1]) |")
        }
        #expect(isThere, "\(row.output.1): \(ratio)")
      }
    }
  }

  @Test("Every page, the README and the hazards are as their sources say")
  func upToDate() async throws {
    let pages = try await Program.run("pages --check", in: checkout)
    pages.expect(0, "\(everyRecipe.count + 4) pages are as their sources say")
  }

  private static let recipe = everyRecipe.first { $0.name == "bounded-pool" }

  private static func page(_ text: String) -> Page {
    Page(
      text.lines,
      at: "Recipes/patterns/bounded-pool/README.md",
      in: checkout
    )
  }

  private static func problems(in text: String) throws -> [String] {
    let page = page(text)
    return
      (page.problemsOfUse(recipe: try #require(recipe))
      + page.problemsOfHazards(vocabulary: [
        "unbounded memory", "lost cancellation", "blocking",
      ])
      + page.problemsOfProofs(by: Book.testNames(in: checkout))
      + page.problemsOfSchedules
      + [MeasuredFigures.problem(on: page)].compactMap { $0 }
      + page.problemsOfLinks).map(\.text)
  }

  /// What stands on a page, what comes in its place, and what is said then.
  private static let damages = [
    ("## Hazards", "## Dangers", "the part 'Hazards' is missing"),
    ("go/examples.go#", "BoundedPool.swift#", "it begins neither with a use"),
    ("<!-- wrong: for-each/open-source -->", "", "no wrong version is shown"),
    ("- [blocking]", "- [bloking]", "'bloking' is not in Recipes/HAZARDS.md"),
    ("- [blocking]", "- [bloking]", "did you mean 'blocking'?"),
    ("`Results that are received do not pile up`", "", "this names no test"),
    ("(../semaphore)", "(../semafore)", "the link '../semafore' leads nowhere"),
    ("S.md#blocking", "S.md#bloking", "no heading for the link '../../HAZARDS"),
    ("(../semaphore)", "(https://)", "'https://' is no address"),
    ("| workload | Swift |", "| jobs | Swift |", "figures stand under"),
    ("⚠ **", "**", "this schedule marks no fault"),
    ("<!-- bars: ", "<!-- bar: ", "figures are drawn by <!-- bars"),
  ]

  @Test("What is wrong on a page is named")
  func damage() throws {
    let page = try read("Recipes/patterns/bounded-pool/README.md")
    #expect(try Self.problems(in: page) == [])
    for (old, new, problem) in Self.damages {
      let damaged = page.replacing(old, with: new)
      try #require(damaged != page)
      let problems = try Self.problems(in: damaged)
      #expect(problems.contains { $0.contains(problem) }, "\(problems)")
    }
  }

  @Test("Figures are read as they stand, and a ratio that is none is named")
  func figures() throws {
    func rows(_ row: String) throws -> [Bars.Row] {
      let head = MeasuredFigures.head
      return try MeasuredFigures(on: Self.page("\(head)\n| --- |\n\(row)\n"))
        .rows
    }
    let row = try #require(rows("| a-b | 1,033 | 286 | ~3.61 |").first)
    #expect(row.name == "a-b")
    #expect((row.swiftFigure, row.goFigure) == (1_033, 286))
    #expect(!row.isConclusive)
    for (line, problem) in [
      ("| a | 1,033 | 286 | 3.51 |", "the ratio of a"),
      ("| a | 1,033 | - | 3.61 |", "the ratio of a"),
      ("| a | 1,033 | 286 |", "has not four cells"),
    ] {
      let failure = #expect(throws: UsageError.self) { try rows(line) }
      #expect(failure?.message.contains(problem) == true, "\(line)")
    }
    #expect(throws: UsageError.self) { try MeasuredFigures(on: Self.page("a")) }
  }

  @Test("Links in code, and to places that exist, are left alone")
  func links() {
    let page = Self.page(
      """
      # A title: with `code`
      `[a](b)` [c](#a-title-with-code) [d](BoundedPool.swift)
      [e](../../HAZARDS.md#lost-wake-up) [f](https://go.dev/blog)
      ```
      [g](h)
      ```
      """
    )
    #expect(page.problemsOfLinks == [])
    #expect(page.markdown.links.count == 4)
  }

  @Test("A block that cannot be made is named and left as it is")
  func impossibleBlock() async {
    for (directive, problem) in [
      ("code: Nowhere.swift#a", "cannot read Nowhere.swift: no such file"),
      ("code: BoundedPool.swift#x", "there is no x in BoundedPool.swift"),
      ("code: go/examples.go#x", "there is no x in examples.go"),
      ("run: bounded-pool", "without --seed no two runs are the same"),
      ("run: bonded-pool --seed 1", "unknown recipe 'bonded-pool'"),
      ("run: bounded-pool --seed 1 --workers 0", "--workers must be from"),
    ] {
      let lines = ["<!-- \(directive) -->", "```text", "old", "```", "end"]
      let made = await Self.page(lines.joined(separator: "\n"))
        .generated(tables: { _, _ in [] }, vocabulary: [])
      #expect(made.lines == lines)
      #expect(made.problems.count == 1)
      #expect(made.problems.first?.text.contains(problem) == true, "\(made)")
    }
  }

  @Test("A recipe's run on a page is what the program prints")
  func run() async throws {
    for command in [
      "bounded-pool map --seed 1 --failing 3", "list",
      "find 'limit concurrency'", "bounded-pool --events --seed 3",
    ] {
      let result = try await Program.run(command)
      #expect(try await Replay.output(of: command) == result.output.lines)
    }
    #expect(Replay.words(of: "a 'b c'  d\"e f\"''") == ["a", "b c", "de f"])
  }

  @Test("A drifted page fails the check, and writing mends it")
  func drift() async throws {
    // A small room, and what else the home page shows.
    let room = "Recipes/lifetimes/loop-capture"
    let page = "\(room)/README.md"
    let shown = "Recipes/patterns/bounded-pool/"
    try copyCheckout([
      "README.md", ".zensical.toml", "Recipes/README.md", "Recipes/INDEX.md",
      "Recipes/HAZARDS.md", "Recipes/llms.txt", "Recipes/recipes.json",
      "Recipes/pictures/bounded-pool-map.svg",
      "Tests/EquivalenceTests/Recorded/bounded-pool.jsonl", "Recipes/go.mod",
      room,
      shown + "go", shown + "BoundedPoolExamples.swift",
    ])
    /// The pages that are not there are problems, and so it fails.
    func expectPages(
      _ flags: String,
      _ output: String...,
      errors: String = "cannot read"
    ) async throws {
      let result = try await Program.run("pages \(flags)")
      result.expect(1, errors: errors)
      #expect(result.output.isEmpty == output.isEmpty, "\(result)")
      for line in output { #expect(result.lines.contains { $0 == line }) }
    }
    // No other page cites a hazard here.
    try await expectPages("--write", "written  Recipes/HAZARDS.md")
    try await expectPages("--check")
    try edit(
      "\(room)/LoopCaptureExamples.swift",
      "for i in 0..<3 {\n        group",
      "for i in 0...2 {\n        group"
    )
    try await expectPages(
      "--check",
      "-  for i in 0..<3 {",
      "+  for i in 0...2 {",
      errors: "'recipe pages --write'"
    )
    // What a report says is drawn anew as well.
    try edit(page, "<!-- /wrong -->", "| x |\n<!-- /wrong -->")
    try await expectPages("--check", "-| x |")
    try await expectPages("--write", "written  \(page)")
    try await expectPages("--check")
    for (page, end) in [
      ("README.md", "\n<!-- /menu -->"),
      ("Recipes/README.md", "\n<!-- /menu -->"),
      ("Recipes/INDEX.md", "\n<!-- /index -->\n\n## Swift"),
      (".zensical.toml", "  # /menu"),
      ("Recipes/pictures/bounded-pool-map.svg", "</svg>"),
    ] {
      try edit(page, end, "| x |\n" + end)
      try await expectPages("", "-| x |")
      try edit(page, "| x |\n" + end, end)
    }
    try write("<svg/>", to: "Recipes/pictures/bounded-pool-gone.svg")
    try await expectPages("--check", errors: "no page shows this picture")
  }

  @Test("Regions nest, lose their markers and their common indentation")
  func regions() throws {
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
    let file = try write(text, to: "a.swift")
    let one = ["func f() {", "", "  g()", "}"]
    let all = ["struct A {", "", "  func f() {", "", "    g()", "  }", "}"]
    #expect(try Snippet.cut("one", from: file) == one)
    #expect(try Snippet.cut("all", from: file) == all)
    #expect(throws: UsageError.self) { try Snippet.cut("open", from: file) }
    try edit("a.swift", "open", "one\n// #endregion")
    let failure = #expect(throws: UsageError.self) {
      try Snippet.cut("one", from: file)
    }
    #expect(failure?.message == "a.swift has two regions one")
  }

  @Test("A Go declaration is found by name, with its comment")
  func declarations() throws {
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
    let file = try write(text, to: "a.go")
    for (name, lines) in [
      ("F", 4...14), ("S", 16...19), ("E", 21...21), ("S.Do", 23...23),
      ("E.Do", 25...26), ("ErrX", 28...28), ("Only", 30...30),
    ] {
      #expect(try Snippet.cut(name, from: file) == Array(text.lines[lines]))
    }
    for (name, problem) in [("Do", "TYPE.Do"), ("D", "there is no D")] {
      let failure = #expect(throws: UsageError.self) {
        try Snippet.cut(name, from: file)
      }
      #expect(failure?.message.contains(problem) == true, "\(name)")
    }
  }

  @Test("The index has every construct once, as code where it is some")
  func index() throws {
    let index = Index(recipes: everyRecipe, page: "Recipes/INDEX.md")
    for (language, constructs) in [
      ("Go", everyRecipe.flatMap(\.goConstructs)),
      ("Swift", everyRecipe.flatMap(\.swiftConstructs)),
    ] {
      let rows = try index.constructs(of: language).dropFirst(2)
      #expect(rows.count == Set(constructs).count)
    }
    #expect(Index.shown("a || b") == "`a \\|\\| b`")
    #expect(Index.shown("select default") == "`select default`")
    #expect(Index.shown("worker pool") == "worker pool")
  }
}
