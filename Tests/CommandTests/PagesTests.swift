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
      Issue.record(
        "\(try draft.difference(styled: false).joined(separator: "\n"))"
      )
    }
    #expect(report.count == everyRecipe.count + 2)
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
      + page.problemsOfLinks).map(\.text)
  }

  /// What stands on a page, what comes in its place, and what is said then.
  private static let damages = [
    ("## Hazards", "## Dangers", "the part 'Hazards' is missing"),
    (
      "go/examples.go#", "BoundedPool.swift#",
      "it begins neither with a use in both languages nor with an answer"
    ),
    (
      "<!-- wrong: for-each/open-source -->", "",
      "no wrong version is shown, though there is"
    ),
    (
      "- [blocking]", "- [bloking]",
      "'bloking' is not in Recipes/HAZARDS.md; did you mean 'blocking'?"
    ),
    (
      "`Results that are received do not pile up`", "",
      "this names no test that proves it"
    ),
    ("(../semaphore)", "(../semafore)", "the link '../semafore' leads nowhere"),
    (
      "HAZARDS.md#blocking", "HAZARDS.md#bloking",
      "there is no heading for the link '../../HAZARDS.md#bloking'"
    ),
    ("(../semaphore)", "(https://)", "'https://' is no address"),
  ]

  @Test("What is wrong on a page is named")
  func damage() throws {
    let page = try read("Recipes/patterns/bounded-pool/README.md")
    #expect(try Self.problems(in: page) == [])
    for (old, new, problem) in Self.damages {
      let damaged = page.replacing(old, with: new)
      try #require(damaged != page)
      let problems = try Self.problems(in: damaged)
      #expect(problems.contains { $0.hasPrefix(problem) }, "\(problems)")
    }
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
    let commands = [
      "bounded-pool map --seed 1 --failing 3", "list",
      "find 'limit concurrency'", "bounded-pool --events --seed 3",
    ]
    for command in commands {
      let result = try await Program.run(command)
      #expect(try await Replay.output(of: command) == result.output.lines)
    }
    #expect(Replay.words(of: "a 'b c'  d\"e f\"''") == ["a", "b c", "de f"])
  }

  @Test("A drifted page fails the check, and writing mends it")
  func drift() async throws {
    try await withScratchFolder { folder in
      // A small room, and what else the home page shows.
      let room = "Recipes/lifetimes/loop-capture"
      let page = "\(room)/README.md"
      let shown = "Recipes/patterns/bounded-pool/"
      try copyCheckout(
        [
          "README.md", "Recipes/HAZARDS.md", "Recipes/go.mod", room,
          shown + "go", shown + "BoundedPoolExamples.swift",
        ],
        to: folder
      )
      func replace(_ old: String, _ new: String, in path: String) throws {
        let original = try read(path, in: folder)
        let changed = original.replacing(old, with: new)
        try #require(changed != original)
        try Data(changed.utf8).write(to: folder.appending(path: path))
      }
      /// The pages that are not there are problems, and so it fails.
      func expectPages(
        _ flags: String,
        _ output: [String],
        errors: String = "cannot read"
      ) async throws {
        let result = try await Program.run("pages \(flags)", in: folder)
        result.expect(1, errors: errors)
        #expect(result.output.isEmpty == output.isEmpty, "\(result)")
        for line in output { #expect(result.lines.contains { $0 == line }) }
      }
      // No other page cites a hazard here.
      try await expectPages("--write", ["written  Recipes/HAZARDS.md"])
      try await expectPages("--check", [])
      try replace(
        "for i in 0..<3 {\n        group",
        "for i in 0...2 {\n        group",
        in: "\(room)/LoopCaptureExamples.swift"
      )
      try await expectPages(
        "--check",
        ["-  for i in 0..<3 {", "+  for i in 0...2 {"],
        errors: "'recipe pages --write'"
      )
      // What a report says is drawn anew as well.
      try replace("<!-- /wrong -->", "| x |\n<!-- /wrong -->", in: page)
      try await expectPages("--check", ["-| x |"])
      try await expectPages("--write", ["written  \(page)"])
      try await expectPages("--check", [])
      for name in ["menu", "index"] {
        let end = "\n<!-- /\(name) -->"
        try replace(end, "| x |\n" + end, in: "README.md")
        try await expectPages("", ["-| x |"])
        try replace("| x |\n" + end, end, in: "README.md")
      }
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
      #expect(throws: UsageError.self) {
        try Snippet.cut("open", from: file)
      }
      try Data(text.replacing("open", with: "one\n// #endregion").utf8)
        .write(to: file)
      let failure = #expect(throws: UsageError.self) {
        try Snippet.cut("one", from: file)
      }
      #expect(failure?.message == "a.swift has two regions one")
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
      let failure = #expect(throws: UsageError.self) {
        try Snippet.cut("Do", from: file)
      }
      #expect(failure?.message.contains("TYPE.Do") == true)
      #expect(throws: UsageError.self) { try Snippet.cut("D", from: file) }
    }
  }

  @Test("Differences have colours where they are wanted")
  func unifiedDiff() throws {
    let lines = try UnifiedDiff.lines(
      from: [],
      named: "a",
      to: ["x"],
      named: "b",
      styled: true
    )
    #expect(lines.last == "\u{1B}[32m+x\u{1B}[0m")
  }

  @Test("The index has every Go construct once, as code where it is some")
  func index() {
    let rows = Index.goTable(of: everyRecipe).dropFirst(2)
    #expect(rows.count == Set(everyRecipe.flatMap(\.goConstructs)).count)
    #expect(Index.shown("a || b") == "`a \\|\\| b`")
    #expect(Index.shown("select default") == "`select default`")
    #expect(Index.shown("worker pool") == "worker pool")
  }
}
