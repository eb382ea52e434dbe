import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("Tables of what examples come to")
struct CellsTests {
  private static let examples = [
    Example("send-on-open", .outcome) { $0.print("a|b") },
    Example(
      "send-on-nil",
      .caller("null, returns", go: "waits for ever", because: "A rule.")
    ) { $0.print(Int?.none) },
    Example("wrong", .caller("returns", go: "returns", because: "")) {
      $0.print(1)
    },
    Example("failing", .outcome) { _ in throw CancellationError() },
  ]
  private static let cells = Cells(of: planted(examples: examples))

  @Test(
    "A grid has verbs and states, a list both languages, and rules a reason"
  )
  func tables() async throws {
    for (kind, request, lines) in [
      (
        "cells", "Swift | send-on=send(v) | open; nil",
        [
          "| in Swift | open | nil |", "| --- | --- | --- |",
          #"| `send(v)` | `"a\|b"` | `nil` |"#,
        ]
      ),
      ("cells", "Go | send-on | nil", ["| send on | waits for ever |"]),
      (
        "cells", "send-on-nil; failing",
        [
          "| `send-on-nil` | waits for ever | `nil` |",
          "| `failing` | throws `cancelled` | throws `cancelled` |",
        ]
      ),
      ("rules", "", ["- A rule. Run `send-on-nil`."]),
    ] {
      let made = try await Self.cells.lines(kind, request)
      #expect(made.suffix(lines.count) == lines[...])
    }
  }

  @Test("What is not declared, or not there, is no cell")
  func refused() async throws {
    for (request, problem) in [
      ("wrong", "caller: 1, returns"),
      ("send-on-full", "planted has no example"),
      ("C | send-on | nil", "cells are"),
    ] {
      await #expect {
        try await Self.cells.lines("cells", request)
      } throws: {
        "\($0)".contains(problem)
      }
    }
  }
}
