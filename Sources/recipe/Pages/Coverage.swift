import Foundation

/// How often each stretch of the sources was executed.
struct Coverage {
  /// Lines and columns count from 1, columns in bytes.
  struct Position: Equatable {
    var line: Int
    var column: Int
  }

  /// Code with a counter, up to where the next one takes over.
  struct Stretch: Equatable {
    var start: Position
    var end: Position
    var count: Int
  }

  /// A profile that says something else than it should.
  struct Malformed: Error, CustomStringConvertible {
    var description: String
  }

  /// By file; in order and without overlap.
  private(set) var files: [String: [Stretch]] = [:]

  /// Reads what `llvm-cov export` prints.
  ///
  /// Where regions nest, and where several copies of a function have the same
  /// ones, it has worked out already which counter is whose.
  init(llvm json: Data) throws {
    let export = try JSONDecoder().decode(Export.self, from: json)
    for file in export.data.flatMap(\.files) {
      files[file.filename] = zip(file.segments, file.segments.dropFirst())
        .filter { segment, _ in segment.isCounted }
        .map { Stretch(start: $0.start, end: $1.start, count: $0.count) }
    }
  }

  private struct Export: Decodable {
    struct Part: Decodable { var files: [File] }
    struct File: Decodable {
      var filename: String
      var segments: [Segment]
    }

    /// `[line, column, count, hasCount, isRegionEntry, isGapRegion]`.
    struct Segment: Decodable {
      var start: Position
      var count: Int
      var isCounted: Bool

      init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        start = Position(
          line: try fields.decode(Int.self),
          column: try fields.decode(Int.self)
        )
        count = try fields.decode(Int.self)
        let hasCount = try fields.decode(Bool.self)
        _ = try fields.decode(Bool.self)
        isCounted = try hasCount && !fields.decode(Bool.self)
      }
    }

    var data: [Part]
  }

  /// Reads a profile of `go test -coverprofile` for the module in `folder`:
  /// lines such as `module/file.go:3.2,5.16 2 1`.
  init(go profile: String, of folder: URL) throws(Malformed) {
    for line in profile.lines where !line.hasPrefix("mode: ") {
      guard
        let match = line.wholeMatch(
          of: /[^\/]+\/(.+):(\d+)\.(\d+),(\d+)\.(\d+) \d+ (\d+)/
        ),
        case let numbers = [
          match.output.2, match.output.3, match.output.4, match.output.5,
          match.output.6,
        ].compactMap({ Int($0) }),
        numbers.count == 5
      else { throw Malformed(description: "no line of a profile: \(line)") }
      let file = folder.appending(path: String(match.output.1)).path
      files[file, default: []].append(
        Stretch(
          start: Position(line: numbers[0], column: numbers[1]),
          end: Position(line: numbers[2], column: numbers[3]),
          count: numbers[4]
        )
      )
    }
    files = files.mapValues { stretches in
      stretches.sorted {
        ($0.start.line, $0.start.column) < ($1.start.line, $1.start.column)
      }
    }
  }
}

/// A piece of a file that a page shows.
struct ShownCode {
  /// Code that was not executed, or why that is not known.
  struct Gap: CustomStringConvertible {
    var position: Coverage.Position
    var problem: String

    var description: String {
      "\(position.line):\(position.column): \(problem)"
    }
  }

  private static let newline = UInt8(ascii: "\n")
  private static let space = UInt8(ascii: " ")

  /// The whole file, with spaces in place of comments and of what is not
  /// shown.
  private var code: [UInt8] = []
  /// Where its lines begin.
  private var starts: [Int] = []
  private let firstLine: Int

  init(_ lines: [String], shown: [Int], language: Highlighter.Language) {
    firstLine = (shown.first ?? 0) + 1
    var highlighter = Highlighter(language)
    for (index, line) in lines.enumerated() {
      starts.append(code.count)
      let isShown = shown.contains(index)
      var styles = highlighter.next(line).map(\.style)[...]
      for character in line {
        let isCode = isShown && styles.first != .comment
        // The scanner makes a tab four spaces.
        styles = styles.dropFirst(character == "\t" ? 4 : 1)
        code += character.utf8.map { isCode ? $0 : Self.space }
      }
      code.append(Self.newline)
    }
  }

  private func offset(of position: Coverage.Position) -> Int {
    guard position.line <= starts.count else { return code.count }
    return min(starts[position.line - 1] + position.column - 1, code.count)
  }

  private func position(of offset: Int) -> Coverage.Position {
    let line = starts.lastIndex { $0 <= offset } ?? 0
    return Coverage.Position(line: line + 1, column: offset - starts[line] + 1)
  }

  /// Where the first line begins that has more than brackets.
  private func firstCode(in range: Range<Int>) -> Int? {
    code[range].split(separator: Self.newline)
      .first { $0.contains { !"{}()[],; \t".utf8.contains($0) } }?
      .firstIndex { $0 > Self.space }
  }

  /// What is shown and was not executed, a gap for each piece of code that
  /// hangs together.
  ///
  /// Brackets are no code; nor is what ends the process, which leaves no
  /// count. If `isPassed`, what follows the last statement must have been
  /// executed too.
  func gaps(in stretches: [Coverage.Stretch], isPassed: Bool = true) -> [Gap] {
    // Behind the last code that is shown.
    let end = (code.lastIndex { $0 > Self.space } ?? -1) + 1
    let start = Coverage.Position(line: firstLine, column: 1)
    guard end > 0 else {
      return [Gap(position: start, problem: "no code is shown")]
    }
    var gaps: [Gap] = []
    var (isCounted, isOpen) = (false, false)
    var rest = stretches[...]
    while var stretch = rest.popFirst() {
      while stretch.count == 0, let next = rest.first, next.count == 0,
        next.start == stretch.end
      {
        stretch.end = next.end
        rest.removeFirst()
      }
      let range = offset(of: stretch.start)..<offset(of: stretch.end)
      guard let first = firstCode(in: range) else { continue }
      isCounted = true
      if stretch.count > 0 { continue }
      isOpen = range.upperBound > end
      let text = String(decoding: code[range], as: UTF8.self).collapsed
      if isDeath(text, at: range.lowerBound) { continue }
      gaps.append(
        Gap(position: position(of: first), problem: "not executed: \(text)")
      )
    }
    if !isCounted {
      let problem =
        "never executed: none of it has a counter, or it is not compiled"
      return [Gap(position: start, problem: problem)]
    }
    // A gap that goes on beyond the end is one already.
    if isPassed, !isOpen,
      stretches.contains(where: {
        $0.count == 0 && offset(of: $0.start) <= end && end < offset(of: $0.end)
      })
    {
      let problem =
        "nothing that follows is executed: the last statement never comes to "
        + "its end"
      gaps.append(Gap(position: position(of: end), problem: problem))
    }
    return gaps
  }

  /// Whether code ends the process, or is the message of that.
  private func isDeath(_ text: String, at start: Int) -> Bool {
    if text.prefixMatch(of: /[{ ]*(preconditionFailure|fatalError|panic)\(/)
      != nil
    {
      return true
    }
    guard text.hasPrefix("\"") else { return false }
    var before = code[..<start]
    var depth = 0
    while depth >= 0, let byte = before.popLast() {
      if byte == UInt8(ascii: ")") { depth += 1 }
      if byte == UInt8(ascii: "(") { depth -= 1 }
    }
    let call = String(decoding: before.suffix(16), as: UTF8.self)
    return call.hasSuffix("precondition") || call.hasSuffix("assert")
  }
}
