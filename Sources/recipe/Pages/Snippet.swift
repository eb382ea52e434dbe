import Foundation

/// A piece of a source file, found by name.
enum Snippet {
  /// A file's region, or a declaration of a Go file; all of it where `name`
  /// is `nil`.
  ///
  /// A region stands between `// #region NAME` and `// #endregion`; regions
  /// nest. A Go original carries no markers, for these are no Go custom:
  /// there a name that is no region's is a function's, a method's
  /// (`Acquire` or `Weighted.Acquire`) or a type's, with its comment.
  ///
  /// - Returns: The lines, without markers and common indentation.
  static func cut(_ name: String?, from file: URL) throws(UsageError)
    -> [String]
  {
    let (lines, indices) = try find(name, in: file)
    return trimmed(readable(indices.map { lines[$0] }))
  }

  /// Where a piece is, by the same rules.
  ///
  /// - Returns: The lines of the whole file, and which of them are the piece;
  ///   markers are no part of a region.
  static func find(
    _ name: String?,
    in file: URL
  ) throws(UsageError) -> (lines: [String], indices: [Int]) {
    let lines = try String(file: file, named: file.lastPathComponent).lines
    guard let name else { return (lines, Array(lines.indices)) }
    if let region = try region(name, of: lines, in: file) {
      return (lines, region)
    }
    if file.pathExtension == "go",
      let declaration = try declaration(name, of: lines, in: file)
    {
      return (lines, Array(declaration))
    }
    throw UsageError("there is no \(name) in \(file.lastPathComponent)")
  }

  /// Whether a line is a region's marker.
  static func isMarker(_ line: String) -> Bool { marker(line) != nil }

  /// The region that a marker begins; empty for one that ends a region.
  private static func marker(_ line: String) -> Substring? {
    line.wholeMatch(of: /\s*\/\/\s+#(?:region\s+(\S+)|endregion)\b.*/)
      .map { $0.output.1 ?? "" }
  }

  private static func region(
    _ name: String,
    of lines: [String],
    in file: URL
  ) throws(UsageError) -> [Int]? {
    var open: [Substring] = []
    var found: [Int]?
    for (index, line) in lines.enumerated() {
      switch marker(line) {
      case nil: if open.contains(name[...]) { found?.append(index) }
      case "":
        if open.popLast() == nil {
          throw UsageError(
            "\(file.lastPathComponent) ends a region that is not open"
          )
        }
      case let region?:
        if region == name {
          guard found == nil else {
            throw UsageError(
              "\(file.lastPathComponent) has two regions \(name)"
            )
          }
          found = []
        }
        open.append(region)
      }
    }
    if found != nil, open.contains(name[...]) {
      throw UsageError(
        "region \(name) of \(file.lastPathComponent) does not end"
      )
    }
    return found
  }

  private static func declaration(
    _ name: String,
    of lines: [String],
    in file: URL
  ) throws(UsageError) -> ClosedRange<Int>? {
    let heads = lines.indices.filter { isHead(lines[$0], of: name) }
    guard let head = heads.first else { return nil }
    guard heads.count == 1 else {
      throw UsageError(
        "\(file.lastPathComponent) declares \(name) more than once; "
          + "say TYPE.\(name)"
      )
    }
    var start = head
    while start > 0, lines[start - 1].hasPrefix("//") { start -= 1 }
    // gofmt ends a declaration where its brackets are closed, at the end of
    // a line.
    var highlighter = Highlighter(.go)
    var depth = 0
    for index in head..<lines.count {
      for (character, style) in highlighter.next(lines[index])
      where style == .plain {
        if "([{".contains(character) { depth += 1 }
        if ")]}".contains(character) { depth -= 1 }
      }
      if depth == 0 { return start...index }
    }
    throw UsageError("\(name) of \(file.lastPathComponent) does not end")
  }

  /// Whether a line of Go begins the declaration of `name`.
  private static func isHead(_ line: String, of name: String) -> Bool {
    guard
      let match = line.wholeMatch(
        of:
          /(?:func (?:\((?:\w+ )?\*?(?<receiver>\w+)(?:\[[^)]*\])?\) )?|type |var |const )(?<name>\w+)\b.*/
      )
    else { return false }
    let declared = match.output.name
    let qualified = match.output.receiver.map { "\($0).\(declared)" }
    return declared == name || qualified == name
  }

  /// The lines with the expectations of refused code as a reader writes them.
  ///
  /// `// expected-error {{…}}` becomes `// error: …`; a note of which nothing
  /// is expected is left out.
  private static func readable(_ lines: [String]) -> [String] {
    lines.compactMap { line in
      let text =
        line
        .replacing(/\s*(\/\/ )?expected-note\S* \S*\{\{\}\}/, with: "")
        .replacing(/expected-(\w+)\S* \S*\{\{(.+?)\}\}.*/) {
          "\($0.output.1): \($0.output.2)"
        }
      return text.isBlank && !line.isBlank ? nil : text
    }
  }

  private static func trimmed(_ lines: [String]) -> [String] {
    var lines = lines[...]
    while lines.first?.isBlank == true { lines.removeFirst() }
    while lines.last?.isBlank == true { lines.removeLast() }
    let indentation =
      lines.filter { !$0.isBlank }
      .map { $0.prefix { $0 == " " || $0 == "\t" }.count }
      .min() ?? 0
    return lines.map { String($0.dropFirst(indentation)) }
  }
}

extension String {
  /// The text of a file.
  init(file: URL, named name: String) throws(UsageError) {
    do {
      try self.init(contentsOf: file, encoding: .utf8)
    } catch {
      throw UsageError("cannot read \(name): \(error.reason)")
    }
  }

  /// The lines, whichever way they end.
  var lines: [String] {
    var lines = withUnixLineEnds.split(
      separator: "\n",
      omittingEmptySubsequences: false
    ).map(String.init)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// A carriage return and a line feed are one character to Swift, so that
  /// a text with both would be one line.
  var withUnixLineEnds: String { replacing("\r\n", with: "\n") }

  var isBlank: Bool { allSatisfy(\.isWhitespace) }

  /// The words with single spaces between them.
  var collapsed: String {
    split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
