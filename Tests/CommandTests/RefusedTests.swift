import Cookbook
import Foundation
import Testing

@testable import recipe

/// Whether to run Go's tools: always in CI, where its absence is a failure.
private let isGoUsable =
  ProcessInfo.processInfo.environment["CI"] == "true" || GoToolchain.isHere

/// What becomes of a file of Swift.
private func judgeSwift(
  _ code: String,
  beside others: [String: String] = [:]
) throws -> RefusedJudge.Verdict {
  let name = "SomeRefused.swift"
  return try RefusedJudge.judgeSwift(
    name,
    at: write("#if REFUSED\n\(code)\n#endif\n", to: name),
    beside: others.map { try write($0.value, to: $0.key) }
  )
}

/// The same for a program of Go, whose first line is `line`.
private func judgeGo(
  _ body: String,
  line: String = "//go:build ignore",
  recorded: [RefusedJudge.Diagnosis]? = nil
) throws -> RefusedJudge.Verdict {
  let text = "\(line)\n\npackage main\n\nfunc main() {\n\(body)\n}\n"
  let file = try write(text, to: "some.go")
  return try RefusedJudge.judgeGo("some.go", at: file, recorded: recorded)
}

@Suite("What a compiler or a tool refuses", .inScratchFolder)
struct RefusedTests {
  @Test("What is refused as expected is reported with its message")
  func refused() throws {
    let verdict = try judgeSwift(
      "let a: Int = word // expected-error {{cannot convert value of type}}",
      beside: ["Other.swift": "let word = \"\""]
    )
    #expect(verdict.problem == nil)
    let error = try #require(verdict.diagnoses.first)
    #expect(error.line == 2)
    #expect(error.message.contains("'String' to specified type 'Int'"))
  }

  @Test("What Swift does not refuse as expected is found")
  func notRefused() throws {
    for (code, problem) in [
      ("let a = 1", "expects no error"),
      ("let a: Int = \"\"", "expects no error"),
      ("let a = 1 // expected-warning {{unused}}", "expects no error"),
      ("let a = 1 // expected-error {{nonesuch}}", "error not produced"),
      ("let a = 1 // expected-error *{{nonesuch}}", "it compiles"),
      ("let a: Int = \"\" // expected-error {{nonesuch}}", "incorrect message"),
      (
        "let a: Int = \"\" // expected-error {{cannot}}\nlet b: Int = \"\"",
        "unexpected error"
      ),
    ] {
      let verdict = try judgeSwift(code)
      #expect(verdict.problem?.contains(problem) == true, "\(code)")
      #expect(verdict.text.contains("not as expected"))
    }
  }

  /// For each tool a program that it refuses, why, and one that it accepts.
  private static let programs = [
    ("error", "var a int = \"\"; _ = a", "cannot use", "var a int; _ = a"),
    (
      "vet", "for i := 0; i < 3; i++ { go func() { println(i) }() }",
      "captured by func literal", "for i := 0; i < 3; i++ { println(i) }"
    ),
    (
      "race",
      "n, c := 0, make(chan int); go func() { n++; c <- n }(); n++; <-c",
      "DATA RACE", "n := 0; n++"
    ),
    ("run", "select {}", "goroutines are asleep", "select { default: }"),
  ]

  @Test(
    "Each tool of Go's refuses what it should, and what it accepts is found",
    .enabled(if: isGoUsable)
  )
  func tools() throws {
    for (tool, bad, message, good) in Self.programs {
      // From Go 1.22 on each iteration has a variable of its own.
      let line = "//go:build ignore" + (tool == "vet" ? " && go1.21" : "")
      let expectation = " // expected-\(tool) {{\(message)}}"
      let refused = try judgeGo(bad + expectation, line: line)
      #expect(refused.problem == nil)
      #expect(refused.diagnoses.map(\.line) == [6])
      #expect(refused.diagnoses.first?.message.contains(message) == true)

      let accepted = try judgeGo(good + expectation, line: line)
      #expect(accepted.problem?.contains("accepts it") == true)

      for comment in [
        " // expected-\(tool) {{nonesuch}}",
        "\n// expected-\(tool) {{\(message)}}",
      ] {
        let other = try judgeGo(bad + comment, line: line)
        #expect(other.problem != nil, "\(comment)")
      }
    }
  }

  @Test("A tool that cannot be run is not a refusal", .enabled(if: isGoUsable))
  func brokenTool() throws {
    let verdict = try judgeGo("} // expected-race {{DATA RACE}}")
    #expect(try #require(verdict.problem).contains("syntax error"))
  }

  @Test("A program without an expectation, or with one of no tool, is found")
  func noExpectation() throws {
    for (body, problem) in [
      ("var a int = \"\"", "expects nothing"),
      ("var a int // expected-lint {{unused}}", "no tool makes a 'lint'"),
    ] {
      #expect(try judgeGo(body).problem?.contains(problem) == true)
    }
  }

  @Test("Without Go the record is judged")
  func record() throws {
    let body = "n++ // expected-vet {{a part}}"
    let message = "says a part of it"
    for (lines, holds) in [
      ([6], true), ([], false), ([7], false), ([6, 7], false),
    ] as [([Int], Bool)] {
      let recorded = lines.map {
        RefusedJudge.Diagnosis(tool: "vet", line: $0, message: message)
      }
      let verdict = try judgeGo(body, recorded: recorded)
      #expect((verdict.problem == nil) == holds, "\(lines)")
    }
  }

  @Test("Each refused file of a recipe is refused as it says, and as recorded")
  func examples() async throws {
    for recipe in everyRecipe {
      for example in recipe.examples {
        guard case .refused(let refusals) = example.evidence else { continue }
        let report = try await RefusedJudge.report(
          refusals,
          example,
          of: recipe
        )
        #expect(report.holds, "\(report.text)")
        guard isGoUsable else { continue }
        let recorded = try CompareCommand.recorded(example, of: recipe)
        let today = try await RefusedJudge.goTrace(refusals, of: recipe)
        #expect(recorded == today, "\(recipe.name) \(example.name)")
      }
    }
  }

  @Test("A page shows expectations as a reader writes them")
  func readable() throws {
    let text = """
      // expected-error@+2 {{sending 'x' risks}} {{documentation-file=a}}
      // expected-note@+1 *{{}}
      run(x) // expected-note {{here}} expected-note *{{}}

      go() // expected-vet {{captured}}
      """
    let shown = [
      "// error: sending 'x' risks", "run(x) // note: here", "",
      "go() // vet: captured",
    ]
    #expect(try Snippet.cut(nil, from: write(text, to: "a.swift")) == shown)
  }
}
