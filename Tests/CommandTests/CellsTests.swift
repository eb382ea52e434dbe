import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("Tables of what examples come to")
struct CellsTests {
  private static let cells = Cells(
    of: planted([
      Example("send-on-open", .outcome) { $0.print("a|b") },
      Example(
        "send-on-nil",
        .caller("null, returns", go: "waits for ever", because: "A rule.")
      ) { $0.print(Int?.none) },
      Example("wrong", .caller("returns", go: "returns", because: "")) {
        $0.print(1)
      },
      Example("failing", .outcome) { _ in throw CancellationError() },
    ])
  )

  @Test("A grid has a row for each verb and a column for each state")
  func grid() async throws {
    #expect(
      try await Self.cells.lines(
        "cells",
        "Swift | send-on=send(v) | open; nil"
      )
        == [
          "| in Swift | open | nil |", "| --- | --- | --- |",
          #"| `send(v)` | `"a\|b"` | `nil` |"#,
        ]
    )
    #expect(
      try await Self.cells.lines("cells", "Go | send-on | nil").last
        == "| send on | waits for ever |"
    )
  }

  @Test("A list has both languages, and rules say why they differ")
  func list() async throws {
    #expect(
      try await Self.cells.lines("cells", "send-on-nil; failing").dropFirst(2)
        == [
          "| `send-on-nil` | waits for ever | `nil` |",
          "| `failing` | throws `cancelled` | throws `cancelled` |",
        ]
    )
    #expect(
      try await Self.cells.lines("rules", "")
        == ["- A rule. Run `send-on-nil`."]
    )
  }

  @Test(
    "What is not declared, or not there, is no cell",
    arguments: [
      ("wrong", "wrong comes to 'caller: 1, returns', not 'caller: returns'"),
      ("send-on-full", "planted has no example 'send-on-full'"),
      ("C | send-on | nil", "cells are"),
    ]
  )
  func refused(request: String, problem: String) async throws {
    let failure = try #require(
      await #expect(throws: UsageError.self) {
        try await Self.cells.lines("cells", request)
      }
    )
    #expect(failure.message.hasPrefix(problem))
  }

  @Test("A wrong cell on a page is found, and so is one that cannot be made")
  func page() async throws {
    let url = checkout.appending(path: "Recipes/channels/closed-and-nil")
    let text = try String(
      contentsOf: url.appending(path: "README.md"),
      encoding: .utf8
    )
    func made(_ text: String) async -> (lines: [String], problems: [String]) {
      let page = Page(
        text.lines,
        at: "Recipes/channels/closed-and-nil/README.md",
        in: checkout
      )
      let made = await page.generated(
        tables: {
          try await Reports.lines(
            $0,
            $1,
            of: try recipe(named: "closed-and-nil")
          )
        },
        vocabulary: ["deadlock", "leak", "lost cancellation"]
      )
      return (made.lines, made.problems.map(\.text))
    }
    let wrong = text.replacing(
      "**panics**: close of nil channel",
      with: "returns"
    )
    #expect(wrong != text)
    #expect(await made(wrong).lines == text.lines)
    let unknown = text.replacing("; cancelled-send;", with: "; cancelled;")
    #expect(
      await made(unknown).problems
        == ["cells: closed-and-nil has no example 'cancelled'"]
    )
  }
}
