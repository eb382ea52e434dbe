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
  ]

  @Test("What is declared and there is a cell, and nothing else")
  func cells() async throws {
    let cells = Cells(of: planted(examples: Self.examples))
    for (request, row) in [
      (
        "Swift | send-on=send(v) | open; nil",
        #"| `send(v)` | `"a\|b"` | `nil` |"#
      ),
      ("Go | send-on | nil", "| send on | waits for ever |"),
    ] {
      #expect(try await cells.lines("cells", request).last == row)
    }
    for (request, problem) in [
      ("wrong", "caller: 1, returns"),
      ("send-on-full", "planted has no example"),
      ("C | send-on | nil", "cells are"),
    ] {
      await #expect {
        try await cells.lines("cells", request)
      } throws: {
        "\($0)".contains(problem)
      }
    }
  }
}
