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
    case string(Quote)
  }

  /// What ends a string, and what is special within it.
  private struct Quote {
    var end: String
    var escape: String?
    var spansLines = false
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
      case .string(let quote): scanString(quote)
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
    } else if let quote {
      // It begins as it ends, or the other way round.
      take(quote.end.count, as: .string)
      state = .string(quote)
    } else if first.isNumber {
      var count = 0
      while let next = rest.dropFirst(count).first,
        Self.isInName(next)
          || next == "." && rest.dropFirst(count + 1).first?.isNumber == true
      {
        count += 1
      }
      take(count, as: .number)
    } else if first.isLetter || "_@#".contains(first) {
      let tail = rest.dropFirst().prefix(while: Self.isInName)
      let isMarked = (first == "@" || first == "#") && !tail.isEmpty
      // `.default` and `value.in` are names.
      let isMember = line.last?.character == "."
      let word = String(first) + String(tail)
      let isKeyword =
        isMarked || (!isMember && language.keywords.contains(word))
      take(word.count, as: isKeyword ? .keyword : .plain)
    } else {
      take(1, as: .plain)
    }
  }

  private static func isInName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  /// The string that begins here.
  private var quote: Quote? {
    switch (language, rest.first) {
    case (.go, "`"): return Quote(end: "`", spansLines: true)
    case (.go, "'"): return Quote(end: "'", escape: "\\")
    case (.go, "\""): return Quote(end: "\"", escape: "\\")
    case (.go, _): return nil
    case (.swift, _):
      let hashes = String(rest.prefix { $0 == "#" })
      let quotes = rest.dropFirst(hashes.count)
      guard quotes.first == "\"" else { return nil }
      let spansLines = quotes.starts(with: "\"\"\"")
      return Quote(
        end: (spansLines ? "\"\"\"" : "\"") + hashes,
        escape: "\\" + hashes,
        spansLines: spansLines
      )
    }
  }

  /// What is left of a string, or of it in this line.
  private mutating func scanString(_ quote: Quote) {
    if !quote.spansLines { state = .code }
    while !rest.isEmpty {
      if rest.starts(with: quote.end) {
        state = .code
        return take(quote.end.count, as: .string)
      }
      guard let escape = quote.escape, rest.starts(with: escape) else {
        take(1, as: .string)
        continue
      }
      take(escape.count, as: .string)
      if language == .swift, rest.first == "(" {
        scanInterpolation()
      } else {
        take(1, as: .string)
      }
    }
  }

  private mutating func scanInterpolation() {
    var depth = 0
    repeat {
      if rest.first == "(" { depth += 1 }
      if rest.first == ")" { depth -= 1 }
      let isString = rest.first == "\""
      take(1, as: .string)
      // A string within an interpolation would else end the outer one.
      if isString {
        let outer = state
        scanString(Quote(end: "\"", escape: "\\"))
        state = outer
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
