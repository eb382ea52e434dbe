import Foundation

/// A scanner that tells comments, strings, keywords and numbers apart.
///
/// It goes through a file line by line, since comments and strings may
/// extend over several. It knows no grammar: enough to colour code.
struct Highlighter {
  enum Language {
    case swift, go

    /// The language of a fenced block or of a file's extension.
    init?(_ name: String) {
      switch name {
      case "swift": self = .swift
      case "go": self = .go
      default: return nil
      }
    }
  }

  enum Style {
    case plain, comment, string, keyword, number, heading

    fileprivate var escape: String {
      switch self {
      case .plain: "\u{1B}[0m"
      case .comment: "\u{1B}[0;90m"
      case .string: "\u{1B}[0;32m"
      case .keyword: "\u{1B}[0;35m"
      case .number: "\u{1B}[0;36m"
      case .heading: "\u{1B}[0;1m"
      }
    }
  }

  typealias Line = [(character: Character, style: Style)]

  private enum State {
    case code
    case comment(depth: Int)
    case rawString
    case multilineString(hashes: Int)
  }

  private let language: Language
  private var state = State.code
  private var line: Line = []
  private var rest: ArraySlice<Character> = []

  init(_ language: Language) {
    self.language = language
  }

  /// The next line of the file, with tabs made spaces.
  mutating func next(_ text: String) -> Line {
    line = []
    rest = Array(text.replacing("\t", with: "    "))[...]
    while !rest.isEmpty {
      switch state {
      case .code: scanCode()
      case .comment(let depth): scanComment(depth: depth)
      case .rawString: scan(to: "`", hashes: 0)
      case .multilineString(let hashes):
        scan(
          to: "\"\"\"" + String(repeating: "#", count: hashes),
          hashes: hashes
        )
      }
    }
    return line
  }

  /// The line as text, with colours where these are wanted.
  static func text(of line: some Sequence<Line.Element>, styled: Bool) -> String
  {
    var text = ""
    var current = Style.plain
    for (character, style) in line {
      if styled, style != current, character != " " {
        text += style.escape
        current = style
      }
      text.append(character)
    }
    if current != .plain { text += Style.plain.escape }
    return text
  }

  private mutating func take(_ count: Int, as style: Style) {
    for character in rest.prefix(count) { line.append((character, style)) }
    rest = rest.dropFirst(count)
  }

  private mutating func scanCode() {
    guard let first = rest.first else { return }
    if rest.starts(with: "//") {
      take(rest.count, as: .comment)
    } else if rest.starts(with: "/*") {
      take(2, as: .comment)
      state = .comment(depth: 1)
    } else if first == "`", language == .go {
      take(1, as: .string)
      state = .rawString
    } else if first == "'", language == .go {
      scanString(end: "'", hashes: 0)
    } else if first == "\"" {
      openString(hashes: 0)
    } else if first == "#", language == .swift,
      case let hashes = rest.prefix(while: { $0 == "#" }).count,
      rest.dropFirst(hashes).first == "\""
    {
      openString(hashes: hashes)
    } else if first.isNumber {
      let end = rest.indices.first { index in
        let character = rest[index]
        if character == "." {
          return
            !(rest.dropFirst(index - rest.startIndex + 1).first?
            .isNumber ?? false)
        }
        return !(character.isLetter || character.isNumber || character == "_")
      }
      take((end ?? rest.endIndex) - rest.startIndex, as: .number)
    } else if first.isLetter || first == "_" || first == "@" || first == "#" {
      let tail = rest.dropFirst().prefix {
        $0.isLetter || $0.isNumber || $0 == "_"
      }
      let word = String(first) + String(tail)
      let isMarked = (first == "@" || first == "#") && !tail.isEmpty
      // `.default` and `value.in` are names.
      let isMember = line.last?.character == "."
      let isKeyword =
        isMarked || (!isMember && language.keywords.contains(word))
      take(word.count, as: isKeyword ? .keyword : .plain)
    } else {
      take(1, as: .plain)
    }
  }

  private mutating func openString(hashes: Int) {
    let quotes = rest.dropFirst(hashes)
    if language == .swift, quotes.starts(with: "\"\"\"") {
      take(hashes + 3, as: .string)
      state = .multilineString(hashes: hashes)
    } else {
      take(hashes, as: .string)
      scanString(
        end: "\"" + String(repeating: "#", count: hashes),
        hashes: hashes
      )
    }
  }

  /// A string that ends on its line.
  private mutating func scanString(end: String, hashes: Int) {
    take(1, as: .string)
    while !rest.isEmpty {
      if rest.starts(with: end) { return take(end.count, as: .string) }
      takeCharacter(hashes: hashes)
    }
  }

  /// A string that may go on in the next line.
  private mutating func scan(to end: String, hashes: Int) {
    while !rest.isEmpty {
      if rest.starts(with: end) {
        state = .code
        return take(end.count, as: .string)
      }
      if end == "`" {
        take(1, as: .string)
      } else {
        takeCharacter(hashes: hashes)
      }
    }
  }

  /// One character of a string, or an escape sequence, or an interpolation.
  private mutating func takeCharacter(hashes: Int) {
    let escape = "\\" + String(repeating: "#", count: hashes)
    guard rest.starts(with: escape) else { return take(1, as: .string) }
    take(escape.count, as: .string)
    guard language == .swift, rest.first == "(" else {
      return take(1, as: .string)
    }
    var depth = 0
    repeat {
      if rest.first == "(" { depth += 1 }
      if rest.first == ")" { depth -= 1 }
      // A string within an interpolation would else end the outer one.
      if rest.first == "\"" {
        scanString(end: "\"", hashes: 0)
      } else {
        take(1, as: .string)
      }
    } while depth > 0 && !rest.isEmpty
  }

  private mutating func scanComment(depth: Int) {
    if rest.starts(with: "*/") {
      take(2, as: .comment)
      state = depth > 1 ? .comment(depth: depth - 1) : .code
    } else if rest.starts(with: "/*"), language == .swift {
      take(2, as: .comment)
      state = .comment(depth: depth + 1)
    } else {
      take(1, as: .comment)
    }
  }
}

extension Highlighter.Language {
  fileprivate var keywords: Set<String> {
    switch self {
    case .swift: Self.swiftKeywords
    case .go: Self.goKeywords
    }
  }

  /// Go's keywords, and the names that it predeclares.
  static let goKeywords: Set = [
    "any", "append", "bool", "break", "byte", "cap", "case", "chan", "clear",
    "close", "const", "continue", "copy", "default", "defer", "delete",
    "else", "error", "fallthrough", "false", "float64", "for", "func", "go",
    "goto", "if", "import", "int", "int32", "int64", "interface", "iota",
    "len", "make", "map", "max", "min", "new", "nil", "package", "panic",
    "range", "recover", "return", "rune", "select", "string", "struct",
    "switch", "true", "type", "uint32", "uint64", "var",
  ]

  private static let swiftKeywords: Set = [
    "Any", "Self", "actor", "any", "as", "associatedtype", "async", "await",
    "borrowing", "break", "case", "catch", "class", "consume", "consuming",
    "continue", "default", "defer", "deinit", "do", "else", "enum",
    "extension", "fallthrough", "false", "fileprivate", "final", "for",
    "func", "guard", "if", "import", "in", "init", "inout", "internal", "is",
    "isolated", "lazy", "let", "mutating", "nil", "nonisolated",
    "nonsending", "operator", "package", "private", "protocol", "public",
    "repeat", "rethrows", "return", "self", "sending", "some", "static",
    "struct", "subscript", "super", "switch", "throw", "throws", "true",
    "try", "typealias", "unowned", "unsafe", "var", "weak", "where", "while",
  ]
}
