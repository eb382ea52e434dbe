import Foundation

/// How often each stretch of the sources was executed.
struct Coverage {
  /// Lines and columns count from 1, columns in bytes.
  struct Position: Comparable {
    var line: Int
    var column: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.line, left.column) < (right.line, right.column)
    }
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
  ///
  /// - Throws: `DecodingError`.
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

  /// Reads a profile of `go test -coverprofile`.
  ///
  /// - Parameters:
  ///   - profile: Lines such as `module/file.go:3.2,5.16 2 1`.
  ///   - folder: Where the module is.
  /// - Throws: ``Malformed``.
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
    files = files.mapValues { $0.sorted { $0.start < $1.start } }
  }
}

/// A piece of a file that a page shows.
struct ShownCode {
  /// Code that was not executed, or why that is not known.
  struct Gap: Equatable, CustomStringConvertible {
    var line: Int
    var column: Int
    var problem: String

    var description: String { "\(line):\(column): \(problem)" }
  }

  /// The whole file, with spaces in place of comments.
  private let lines: [[UInt8]]
  /// The indices of the lines that are shown.
  private let shown: [Int]

  init(_ lines: [String], shown: [Int], language: Highlighter.Language) {
    var highlighter = Highlighter(language)
    self.lines = lines.map { line in
      var styles = highlighter.next(line).map(\.style)[...]
      return line.flatMap { character -> [UInt8] in
        let style = styles.first
        // The scanner makes a tab four spaces.
        styles = styles.dropFirst(character == "\t" ? 4 : 1)
        let bytes = Array(character.utf8)
        return style == .comment ? bytes.map { _ in UInt8(ascii: " ") } : bytes
      }
    }
    self.shown = shown
  }

  /// What is shown and was not executed.
  ///
  /// - Parameters:
  ///   - stretches: Those of the file.
  ///   - isPassed: Whether what follows the last statement must have been
  ///     executed too.
  /// - Returns: A gap for each piece of code that hangs together. Brackets
  ///   are no code; nor is what ends the process, which leaves no count.
  func gaps(
    in stretches: [Coverage.Stretch],
    isPassed: Bool = true
  ) -> [Gap] {
    guard let first = shown.first, let end else {
      return [Gap(line: 1, column: 1, problem: "no code is shown")]
    }
    var gaps: [Gap] = []
    var (isCounted, isOpen) = (false, false)
    var index = stretches.startIndex
    while index < stretches.endIndex {
      var gap = stretches[index]
      index += 1
      if gap.count > 0 {
        isCounted = isCounted || pieces(of: gap).contains(where: \.isCode)
        continue
      }
      while index < stretches.endIndex, stretches[index].count == 0,
        stretches[index].start == gap.end
      {
        gap.end = stretches[index].end
        index += 1
      }
      let pieces = pieces(of: gap)
      guard let code = pieces.first(where: \.isCode) else { continue }
      isCounted = true
      let text = pieces.map(\.text).joined(separator: " ").collapsed
      isOpen = gap.end > end
      if isDeath(text, at: gap.start) { continue }
      gaps.append(
        Gap(
          line: code.start.line,
          column: code.start.column,
          problem: "not executed: \(text)"
        )
      )
    }
    if !isCounted {
      return [
        Gap(
          line: first + 1,
          column: 1,
          problem: "never executed: none of it has a counter, or it is not "
            + "compiled"
        )
      ]
    }
    // A gap that goes on beyond the end is one already.
    if isPassed, !isOpen,
      stretches.contains(where: {
        $0.count == 0 && $0.start <= end && end < $0.end
      })
    {
      gaps.append(
        Gap(
          line: end.line,
          column: end.column,
          problem: "nothing that follows is executed: the last statement "
            + "never comes to its end"
        )
      )
    }
    return gaps
  }

  private struct Piece {
    var start: Coverage.Position
    var text: String

    var isCode: Bool {
      !text.allSatisfy { "{}()[],; ".contains($0) }
    }
  }

  /// What is shown of a stretch, a piece a line, without what surrounds it.
  private func pieces(of stretch: Coverage.Stretch) -> [Piece] {
    shown.compactMap { index in
      let (line, bytes) = (index + 1, lines[index])
      guard (stretch.start.line...stretch.end.line).contains(line) else {
        return nil
      }
      let start = line == stretch.start.line ? stretch.start.column - 1 : 0
      let end = line == stretch.end.line ? stretch.end.column - 1 : bytes.count
      guard start < end, end <= bytes.count else { return nil }
      let blanks = bytes[start..<end].prefix { $0 <= UInt8(ascii: " ") }.count
      return Piece(
        start: Coverage.Position(line: line, column: start + blanks + 1),
        text: String(decoding: bytes[(start + blanks)..<end], as: UTF8.self)
          .collapsed
      )
    }
  }

  /// Behind the last code that is shown.
  private var end: Coverage.Position? {
    for index in shown.reversed() {
      let code = lines[index].lastIndex { $0 > UInt8(ascii: " ") }
      if let code {
        return Coverage.Position(line: index + 1, column: code + 2)
      }
    }
    return nil
  }

  /// Whether code ends the process, or is the message of that.
  private func isDeath(_ text: String, at start: Coverage.Position) -> Bool {
    if text.prefixMatch(of: /[{ ]*(preconditionFailure|fatalError|panic)\(/)
      != nil
    {
      return true
    }
    guard text.hasPrefix("\"") else { return false }
    var before =
      lines[..<(start.line - 1)].joined(separator: [0x0A])
      + lines[start.line - 1].prefix(start.column - 1)
    var depth = 0
    while let byte = before.popLast() {
      if byte == UInt8(ascii: ")") { depth += 1 }
      if byte == UInt8(ascii: "(") { depth -= 1 }
      if depth < 0 { break }
    }
    let call = String(decoding: before.suffix(16), as: UTF8.self)
    return call.hasSuffix("precondition") || call.hasSuffix("assert")
  }
}
