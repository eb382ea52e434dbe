import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("recipe show")
struct ShowTests {
  private static func page(_ name: String = "bounded-pool") throws -> Page {
    let recipe = try recipe(named: name)
    return try Page(Book.path(of: recipe), in: checkout)
  }

  /// The characters of a text that are not layout.
  private static func ink(_ lines: some Sequence<String>) -> String {
    lines.joined().filter { !$0.isWhitespace && $0 != "│" }
  }

  @Test("Go is left and Swift right, or in a narrow terminal Go above Swift")
  func sides() throws {
    let page = try Self.page()
    for width in [103, 120, 161] {
      let lines = Layout(width: width, styled: false).use(of: page)
      let column = (width - 3) / 2
      let pairs = lines.filter { $0.dropFirst(column + 1).first == "│" }
      let left = pairs.map { String($0.prefix(column)) }
      let right = pairs.map { String($0.dropFirst(column + 3)) }
      #expect(left.contains { $0.hasPrefix("jobs := make(chan int)") })
      #expect(right.contains { $0.contains("withTaskGroup(of:") })
      // Wide enough for Go, whose lines are then not broken at all.
      if width == 161 {
        let file = page.folder.appending(path: "go/examples.go")
        let go = try Snippet.cut("plain", from: file)
        #expect(Self.ink(left).contains(Self.ink(go)))
      }
    }
    for width in [40, 80, 102] {
      let lines = Layout(width: width, styled: false).use(of: page)
      let go = lines.firstIndex { $0.hasPrefix("    jobs := make") }
      let swift = lines.firstIndex { $0.hasPrefix("    await withT") }
      #expect(try #require(go) < #require(swift))
    }
  }

  @Test("Every recipe can be shown; wrapping loses and repeats no word")
  func everyPage() throws {
    for recipe in everyRecipe {
      let page = try Self.page(recipe.name)
      for width in [40, 80, 103] {
        let use = Layout(width: width, styled: false).use(of: page)
        let command = "swift run recipe \(recipe.name)"
        #expect(Self.ink(use).contains(Self.ink([command])))
        // What a run printed is 80 wide, and stays as it is.
        let widest = max(width, 80)
        #expect(use.allSatisfy { $0.count <= widest || $0.hasPrefix("|") })
      }
      let kept = page.markdown.lines.indices.filter { index in
        let line = page.markdown.lines[index]
        return page.markdown.isFenced[index]
          ? !line.hasPrefix("```")
          : !line.hasPrefix("<")
            && line.wholeMatch(of: Markdown.definition) == nil
      }.map { page.markdown.lines[$0] }
      // Those of a table stand above each piece of its code.
      let titles = page.markdown.lines.flatMap {
        $0.matches(of: /<th>(.*?)<\/th>/).map {
          $0.output.1.replacing(/<[^>]*>/, with: "")
        }
      }
      let lines = Layout(width: 57, styled: false).text(of: page)
        .filter { !titles.contains($0[...]) }
      #expect(
        lines.allSatisfy { $0.count <= 57 || $0.hasPrefix("|") },
        "\(page.path)"
      )
      // The rest of a broken comment begins like a comment.
      func plain(_ lines: [String]) -> String {
        Self.ink(lines).filter { $0 != "/" }
      }
      #expect(plain(lines) == plain(kept), "\(page.path)")
    }
  }

  @Test("Code is no mark, and a broken comment goes on as one")
  func marks() {
    func page(_ lines: String...) -> Page {
      Page(lines, at: "a.md", in: checkout)
    }
    let use = page(
      "Go `New[int]()`, [`Map[K]`](b.md) **or** *c*:",
      "",
      "![a map, lane by lane: Go](a.svg)"
    )
    #expect(
      Layout(width: 80, styled: false).use(of: use)
        == ["Go New[int](), Map[K] or c:", "", "'recipe a map' draws it."]
    )
    let code = page("```go", "f() // eleven, twelve, thirteen", "```")
    #expect(
      Layout(width: 28, styled: false).text(of: code)
        == ["f() // eleven, twelve,", "// thirteen"]
    )
  }

  @Test("Where there is no terminal the page is the Markdown as it is")
  func pageAsItIs() async throws {
    let result = try await Program.run("show bounded-pool --page")
    #expect(result.output.lines == (try Self.page()).markdown.lines)
  }

  @Test("On a terminal it is as wide as that, in colours, through the pager")
  func terminal() async throws {
    let wide = try await onTerminal(
      "show bounded-pool",
      columns: 140,
      pager: "sed 's/^/>/'"
    )
    #expect(wide.lines.allSatisfy { $0.hasPrefix(">") })
    #expect(
      wide.lines.last?.contains("recipe show bounded-pool --page") == true
    )
    #expect(wide.contains("\u{1B}[0;35mfor"))
    #expect(wide.lines.contains { $0.contains("Go") && $0.contains("Swift") })

    let plain = try await onTerminal(
      "show bounded-pool --page",
      columns: 90,
      pager: "cat",
      noColor: "1"
    )
    #expect(!plain.contains("\u{1B}"))
    #expect(!plain.contains("<!--"))
    #expect(plain.lines.allSatisfy { $0.hasPrefix("|") || $0.count <= 90 })
  }

  @Test("A pager that is left early, or is not there, is no failure")
  func pagerIsLeft() async throws {
    let page = "show bounded-pool --page"
    let left = try await onTerminal(page, pager: "head -n 1")
    #expect(left.lines.count == 1)
    let missing = try await onTerminal("show bounded-pool", pager: "/no/pager")
    #expect(missing.contains("boundedpool.Map"))
  }

  /// Lines, and for each character the first letter of its style, or a dot.
  private static let highlighted: [(Highlighter.Language, [String], [String])] =
    [
      (
        .swift, [#"let a = "b // \(c("d")) e" // f"#],
        ["kkk.....ssssssssssssssssss.cccc"]
      ),
      (
        .swift, ["/* a /* b", "c */ d", "*/ let 1.5..<2"],
        ["ccccccccc", "cccccc", "cc.kkk.nnn...n"]
      ),
      (.swift, [##"x = #"a"b"# + e"##], ["....sssssss...."]),
      (
        .swift, ["a = \"\"\"", "let b", "\"\"\" + .default @Sendable"],
        ["....sss", "sssss", "sss............kkkkkkkkk"]
      ),
      (
        .go, ["a := `b", "c` + 'd' /* e", "f */ go g()"],
        [".....ss", "ss...sss.cccc", "cccc.kk...."]
      ),
      (.go, ["\tx.chan(\"\\\"\")"], ["...........ssss."]),
    ]

  @Test("Comments, strings, keywords and numbers are told apart")
  func highlighting() {
    for (language, lines, styles) in Self.highlighted {
      var highlighter = Highlighter(language)
      let found = lines.map { line in
        String(
          highlighter.next(line).map { element in
            element.style == .plain ? "." : "\(element.style)".first ?? "?"
          }
        )
      }
      #expect(found == styles)
    }
  }
}

/// What the program writes to a terminal, which `script` makes.
private func onTerminal(
  _ arguments: String,
  columns: Int = 80,
  pager: String,
  noColor: String = ""
) async throws -> String {
  let line = "'stty cols \(columns); exec \"$recipe\" \(arguments)'"
  let result = try await Program.shell(
    isLinux
      ? "script -qec \(line) /dev/null" : "script -q /dev/null sh -c \(line)",
    environment: ["TERM": "xterm", "PAGER": pager, "NO_COLOR": noColor]
  )
  result.expect(0)
  return result.output
}
