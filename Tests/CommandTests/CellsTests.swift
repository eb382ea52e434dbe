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

  @Test("What is not declared, or not there, is no cell")
  func refused() async throws {
    for (request, problem) in [
      ("wrong", "wrong comes to 'caller: 1, returns', not 'caller: returns'"),
      ("send-on-full", "planted has no example 'send-on-full'"),
      ("C | send-on | nil", "cells are"),
    ] {
      let failure = await #expect(throws: Snippet.Failure.self) {
        try await Self.cells.lines("cells", request)
      }
      #expect(failure?.problem.hasPrefix(problem) == true, "\(request)")
    }
  }

  @Test("A wrong cell on a page is found, and so is one that cannot be made")
  func page() async throws {
    let path = "Recipes/channels/closed-and-nil/README.md"
    let text = try read(path)
    func made(_ text: String) async -> (lines: [String], problems: [String]) {
      let made = await Page(text.lines, at: path, in: checkout).generated(
        tables: { _, _ in nil },
        reports: {
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
