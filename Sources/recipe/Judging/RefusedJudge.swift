import Cookbook
import Foundation

/// Judges code that must not compile, or that a tool must report.
///
/// Comments in the code say what is expected, in the form of the Swift
/// compiler's own mode: `// expected-error {{a part of the message}}`, or
/// `expected-error@-1` for the line before. A file of Go names the tool:
/// `expected-error` is `go build`, `expected-vet` is `go vet`, `expected-race`
/// is `go run -race`, and `expected-run` is `go run`, which alone reports that
/// all goroutines wait. Only these tools are run.
enum RefusedJudge {
  /// What a tool says of a line, or is expected to say.
  struct Diagnosis: Hashable, CustomStringConvertible {
    /// `error`, `vet`, `race` or `run`.
    var tool: String
    var line: Int
    var message: String

    var description: String { "\(line): \(tool): \(message)" }
  }

  /// What became of a file.
  struct Verdict {
    /// Relative to the folder of the recipe.
    var file: String
    var diagnoses: [Diagnosis]
    /// Why the file is not refused as it says; `nil` if it is.
    var problem: String?

    var text: String {
      let head = file + (problem == nil ? ": refused" : ": not as expected")
      return
        ([head] + diagnoses.map { "  \($0)" } + [problem].compactMap { $0 })
        .joined(separator: "\n")
    }
  }

  static func isGo(_ file: String) -> Bool { file.hasSuffix(".go") }

  // MARK: Expectations

  /// What the comments of a file expect, except for notes.
  static func expectations(in text: String) -> [Diagnosis] {
    text.lines.enumerated().flatMap { index, line in
      line.matches(
        of: /expected-(\w+)(?:@([+-]\d+))?[ 0-9+*-]*\{\{(.+?)\}\}/
      ).filter { $0.output.1 != "note" }.map { match in
        Diagnosis(
          tool: String(match.output.1),
          line: index + 1 + (match.output.2.flatMap { Int($0) } ?? 0),
          message: String(match.output.3)
        )
      }
    }
  }

  private static func read(_ file: URL) throws(UsageError) -> String {
    do {
      return try String(contentsOf: file, encoding: .utf8)
    } catch {
      throw UsageError("cannot read \(file.path): \(error.reason)")
    }
  }

  // MARK: Swift

  /// Judges a file of Swift, whose content stands under `#if REFUSED`.
  static func judgeSwift(
    _ name: String,
    at file: URL,
    beside others: [URL] = []
  ) throws -> Verdict {
    var verdict = Verdict(file: name, diagnoses: [])
    guard
      expectations(in: try read(file)).contains(where: { $0.tool == "error" })
    else {
      verdict.problem = "it expects no error"
      return verdict
    }
    let verified = try compile(file, others, ["-verify"])
    guard verified.status == 0 else {
      verdict.problem = verified.text
      return verdict
    }
    // To verify is to print nothing; and `expected-error *{{…}}` is met
    // by no error at all.
    let plain = try compile(file, others, ["-diagnostic-style", "llvm"])
    verdict.diagnoses = diagnoses(of: "error", in: plain.text, about: file)
    if plain.status == 0 || verdict.diagnoses.isEmpty {
      verdict.problem = "it compiles"
    }
    return verdict
  }

  private static func compile(
    _ file: URL,
    _ others: [URL],
    _ options: [String]
  ) throws -> Subprocess.Result {
    guard let compiler = Subprocess.find("swiftc") else {
      throw UsageError("this needs 'swiftc' on the PATH")
    }
    let environment = ProcessInfo.processInfo.environment
    return try Subprocess.run(
      compiler,
      ["-frontend", "-emit-sil", "-o", "/dev/null", "-parse-as-library"]
        + ["-swift-version", "6", "-D", "REFUSED"] + options
        + (environment["SDKROOT"].map { ["-sdk", $0] } ?? [])
        + ["-primary-file", file.path] + others.map(\.path)
    )
  }

  /// What a compiler says of a file: `FILE:LINE:COLUMN: error: MESSAGE`.
  private static func diagnoses(
    of tool: String,
    in output: String,
    about file: URL
  ) -> [Diagnosis] {
    output.lines.compactMap { line in
      guard
        let match = line.wholeMatch(
          of: /(?:vet: )?(.+?):(\d+):\d+: (?:(error|warning|note): )?(.*)/
        ),
        URL(filePath: String(match.output.1)).lastPathComponent
          == file.lastPathComponent,
        match.output.3 == nil || match.output.3 == "error",
        let line = Int(match.output.2)
      else { return nil }
      return Diagnosis(
        tool: tool,
        line: line,
        message: String(match.output.4)
      )
    }
  }

  // MARK: Go

  /// Judges a file of Go, which begins with `//go:build ignore` and uses the
  /// standard library alone.
  ///
  /// What is recorded of the tools takes the place of running them.
  static func judgeGo(
    _ name: String,
    at file: URL,
    recorded: [Diagnosis]? = nil
  ) throws -> Verdict {
    var verdict = Verdict(file: name, diagnoses: recorded ?? [])
    let expected = expectations(in: try read(file))
    let tools = ["error", "vet", "race", "run"].filter { tool in
      expected.contains { $0.tool == tool }
    }
    if expected.isEmpty {
      verdict.problem = "it expects nothing"
    } else if let other = expected.first(where: { !tools.contains($0.tool) }) {
      verdict.problem = "no tool makes a '\(other.tool)'"
    }
    guard verdict.problem == nil else { return verdict }
    for tool in tools where recorded == nil {
      let said = try run(tool, on: file)
      var found = diagnoses(of: tool, in: said.text, about: file)
      if tool == "race" || tool == "run" {
        found = crashes(of: tool, in: said.text, about: file, expected)
      }
      if said.status == 0 {
        verdict.problem = "'\(tool)' accepts it"
      } else if found.isEmpty {
        verdict.problem = said.text
      }
      verdict.diagnoses += found
    }
    verdict.problem =
      verdict.problem ?? difference(expected, verdict.diagnoses)
    return verdict
  }

  private static func run(
    _ tool: String,
    on file: URL
  ) throws(UsageError) -> Subprocess.Result {
    let command =
      switch tool {
      case "error": ["build", "-o", "/dev/null"]
      case "vet": ["vet"]
      case "race": ["run", "-race"]
      default: ["run"]
      }
    return try GoToolchain.output(
      of: command + [file.path],
      environment: GoToolchain.plain
    )
  }

  /// The expected lines that the report of a race or a crash names.
  ///
  /// Which further lines it names is a matter of luck.
  private static func crashes(
    of tool: String,
    in output: String,
    about file: URL,
    _ expected: [Diagnosis]
  ) -> [Diagnosis] {
    let report = output.lines.first { line in
      line.hasPrefix("WARNING: ") || line.hasPrefix("fatal error: ")
    }
    guard let report else { return [] }
    let message = report.split(separator: ": ", maxSplits: 1)[1]
    return expected.filter { $0.tool == tool }.compactMap { crash in
      guard
        output.lines.contains(where: {
          let words = $0.split(separator: " ")
          return words.first?
            .hasSuffix("/\(file.lastPathComponent):\(crash.line)") ?? false
        })
      else { return nil }
      return Diagnosis(
        tool: tool,
        line: crash.line,
        message: String(message)
      )
    }
  }

  /// What is expected and not said, or said and not expected.
  private static func difference(
    _ expected: [Diagnosis],
    _ said: [Diagnosis]
  ) -> String? {
    func meets(_ diagnosis: Diagnosis, _ wanted: Diagnosis) -> Bool {
      diagnosis.tool == wanted.tool && diagnosis.line == wanted.line
        && diagnosis.message.contains(wanted.message)
    }
    if let missing = expected.first(where: { wanted in
      !said.contains { meets($0, wanted) }
    }) {
      return "nothing says '\(missing)'"
    }
    return said.first { diagnosis in
      !expected.contains { meets(diagnosis, $0) }
    }.map { "nobody expects '\($0)'" }
  }
}

// MARK: Examples

extension RefusedJudge {
  /// Judges the files of an example.
  ///
  /// What is recorded of Go's tools takes the place of running them.
  static func judge(
    _ refusals: [Refusal],
    of recipe: Recipe,
    recorded: Trace? = nil
  ) throws -> [Verdict] {
    let room = try Checkout.root().appending(path: recipe.folder)
    return try refusals.map { refusal in
      let file = room.appending(path: refusal.file)
      guard isGo(refusal.file) else {
        return try judgeSwift(
          refusal.file,
          at: file,
          beside: recipe.copies.map { room.appending(path: $0) }
        )
      }
      return try judgeGo(
        refusal.file,
        at: file,
        recorded: recorded?.events.filter { $0.lane == refusal.file }
          .compactMap(Diagnosis.init)
      )
    }
  }

  /// The report of an example; what Go's tools say comes from the record
  /// where there is no Go.
  static func report(
    _ refusals: [Refusal],
    _ example: Example,
    of recipe: Recipe
  ) async throws -> Evidences.Report {
    let verdicts = try await onThread {
      let needsRecord =
        !GoToolchain.isHere && refusals.contains { isGo($0.file) }
      return try judge(
        refusals,
        of: recipe,
        recorded: needsRecord
          ? try ExampleComparing.recorded(example, of: recipe) : nil
      )
    }
    return Evidences.Report(
      text: verdicts.map(\.text).joined(separator: "\n"),
      holds: verdicts.allSatisfy { $0.problem == nil }
    )
  }

  /// What Go's tools say of the files of an example, for its record.
  ///
  /// - Throws: ``GoFailure`` for a file that is not refused as it says.
  static func goTrace(
    _ refusals: [Refusal],
    of recipe: Recipe
  ) async throws -> Trace {
    let verdicts = try await onThread {
      try judge(refusals.filter { isGo($0.file) }, of: recipe)
    }
    return Trace(
      try verdicts.flatMap { verdict in
        if verdict.problem != nil { throw GoFailure(answer: verdict.text) }
        return verdict.diagnoses.map { diagnosis in
          Event(
            at: 0,
            lane: verdict.file,
            name: diagnosis.tool,
            item: "\(diagnosis.line): \(diagnosis.message)"
          )
        }
      }
    )
  }
}

extension RefusedJudge.Diagnosis {
  /// Reads what stands in a record.
  init?(_ event: Event) {
    let parts = event.item.split(separator: ": ", maxSplits: 1)
    guard parts.count == 2, let line = Int(parts[0]) else { return nil }
    self.init(tool: event.name, line: line, message: String(parts[1]))
  }
}
