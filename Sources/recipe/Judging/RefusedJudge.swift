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
    var diagnoses: [Diagnosis] = []
    /// Why the file is not refused as it says; `nil` if it is.
    var problem: String?

    var text: String {
      let head = file + (problem == nil ? ": refused" : ": not as expected")
      return
        ([head] + diagnoses.map { "  \($0)" } + [problem].compactMap { $0 })
        .joined(separator: "\n")
    }
  }

  private static func isGo(_ refusal: Refusal) -> Bool {
    refusal.file.hasSuffix(".go")
  }

  // MARK: Expectations

  /// What the comments of a file expect, except for notes.
  private static func expectations(
    in file: URL
  ) throws(UsageError) -> [Diagnosis] {
    let text = try String(file: file, named: file.path)
    return text.lines.enumerated().flatMap { index, line in
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

  // MARK: Swift

  /// Judges a file of Swift, whose content stands under `#if REFUSED`.
  static func judgeSwift(
    _ name: String,
    at file: URL,
    beside others: [URL] = []
  ) throws -> Verdict {
    guard try expectations(in: file).contains(where: { $0.tool == "error" })
    else { return Verdict(file: name, problem: "it expects no error") }
    func compile(_ options: String...) throws -> Subprocess.Result {
      let sdk = ProcessInfo.processInfo.environment["SDKROOT"]
      return try Subprocess.run(
        try Subprocess.require("swiftc"),
        ["-frontend", "-emit-sil", "-o", "/dev/null", "-parse-as-library"]
          + ["-swift-version", "6", "-D", "REFUSED"] + options
          + (sdk.map { ["-sdk", $0] } ?? [])
          + ["-primary-file", file.path] + others.map(\.path)
      )
    }
    let verified = try compile("-verify")
    guard verified.status == 0 else {
      return Verdict(file: name, problem: verified.text)
    }
    // To verify is to print nothing; and `expected-error *{{…}}` is met
    // by no error at all.
    let plain = try compile("-diagnostic-style", "llvm")
    let found = diagnoses(of: "error", in: plain.text, about: file)
    let compiles = plain.status == 0 || found.isEmpty
    return Verdict(
      file: name,
      diagnoses: found,
      problem: compiles ? "it compiles" : nil
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
      return Diagnosis(tool: tool, line: line, message: String(match.output.4))
    }
  }

  // MARK: Go

  private static let tools: KeyValuePairs = [
    "error": ["build", "-o", "/dev/null"], "vet": ["vet"],
    "race": ["run", "-race"], "run": ["run"],
  ]

  /// Judges a file of Go, which begins with `//go:build ignore` and uses the
  /// standard library alone.
  ///
  /// What is recorded of the tools takes the place of running them.
  static func judgeGo(
    _ name: String,
    at file: URL,
    recorded: [Diagnosis]? = nil
  ) throws(UsageError) -> Verdict {
    let expected = try expectations(in: file)
    if expected.isEmpty {
      return Verdict(file: name, problem: "it expects nothing")
    }
    for other in expected where !tools.contains(where: { $0.key == other.tool })
    {
      return Verdict(file: name, problem: "no tool makes a '\(other.tool)'")
    }
    var verdict = Verdict(file: name, diagnoses: recorded ?? [])
    for (tool, command) in tools
    where recorded == nil && expected.contains(where: { $0.tool == tool }) {
      let said = try GoToolchain.output(
        of: command + [file.path],
        environment: GoToolchain.plain
      )
      let found =
        command[0] == "run"
        ? crashes(of: tool, in: said.text, about: file, expected)
        : diagnoses(of: tool, in: said.text, about: file)
      if said.status == 0 {
        verdict.problem = "'\(tool)' accepts it"
      } else if found.isEmpty {
        verdict.problem = said.text
      }
      // Several checks of one tool speak in any order.
      verdict.diagnoses += found.sorted { $0.line < $1.line }
    }
    verdict.problem =
      verdict.problem ?? difference(expected, verdict.diagnoses)
    return verdict
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
    let named = output.lines.compactMap { $0.split(separator: " ").first }
    return expected.filter { crash in
      let place = "/\(file.lastPathComponent):\(crash.line)"
      return crash.tool == tool && named.contains { $0.hasSuffix(place) }
    }.map { Diagnosis(tool: tool, line: $0.line, message: String(message)) }
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
      guard isGo(refusal) else {
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
      let needsRecord = !GoToolchain.isHere && refusals.contains(where: isGo)
      return try judge(
        refusals,
        of: recipe,
        recorded: needsRecord
          ? try CompareCommand.recorded(example, of: recipe) : nil
      )
    }
    let holds = verdicts.allSatisfy { $0.problem == nil }
    return Evidences.Report(verdicts.map(\.text), holds: holds)
  }

  /// What Go's tools say of the files of an example, for its record.
  ///
  /// - Throws: ``Failure`` for a file that is not refused as it says.
  static func goTrace(
    _ refusals: [Refusal],
    of recipe: Recipe
  ) async throws -> Trace {
    let verdicts = try await onThread {
      try judge(refusals.filter(isGo), of: recipe)
    }
    for verdict in verdicts where verdict.problem != nil {
      throw Failure("Go: \(verdict.text)")
    }
    return Trace(
      verdicts.flatMap { verdict in
        verdict.diagnoses.map { diagnosis in
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
