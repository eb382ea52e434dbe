import Cookbook
import Foundation

/// `recipe show NAME`: Go and Swift beside each other, or the whole page.
enum ShowCommand {
  static let flags = ["page", "help"]

  static func run(_ recipe: Recipe, arguments: Arguments) throws {
    var arguments = arguments
    let showsPage = try arguments.take(switch: "page")
    try arguments.requireEmpty(known: flags)
    let root = try Checkout.root()
    let page: Page
    do {
      page = try Page(Book.path(of: recipe), in: root)
    } catch {
      throw UsageError(
        "cannot read \(Book.path(of: recipe)): \(error.reason)"
      )
    }
    let layout = Layout(width: Terminal.width, styled: Terminal.isStyled)
    guard showsPage else {
      return try Pager.print(
        try layout.sideBySide(page).joined(separator: "\n")
      )
    }
    // A file or another program gets the Markdown as it is.
    try Pager.print(
      (Terminal.isInteractive ? layout.text(of: page) : page.markdown.lines)
        .joined(separator: "\n")
    )
  }
}

/// How pages are laid out for a terminal.
struct Layout {
  var width: Int
  var styled: Bool

  /// Below this many characters a column would break most lines of code.
  static let narrowestColumn = 50

  typealias Line = Highlighter.Line

  /// The code of a page's part *Side by side*, Go left and Swift right; Go
  /// above Swift where there is no room for both.
  ///
  /// - Throws: ``UsageError`` where the page has no such code.
  func sideBySide(_ page: Page) throws(UsageError) -> [String] {
    let pairs = try pairs(of: page)
    var lines: [Line] = []
    let title = page.markdown.headings.first?.title ?? page.path
    lines += prose(title, width: width, as: .heading)
    lines.append([])
    let gap: Line = [(" ", .plain), ("│", .comment), (" ", .plain)]
    let column = (width - gap.count) / 2
    for pair in pairs {
      if column < Self.narrowestColumn {
        for (name, side) in [("Go", pair.go), ("Swift", pair.swift)]
        where !side.isEmpty {
          lines += prose(name, width: width, as: .heading)
          lines += self.column(side, width: width) + [[]]
        }
        continue
      }
      let left =
        prose("Go", width: column, as: .heading)
        + self.column(pair.go, width: column)
      let right =
        prose("Swift", width: column, as: .heading)
        + self.column(pair.swift, width: column)
      for index in 0..<max(left.count, right.count) {
        var line = index < left.count ? left[index] : []
        line += repeatElement((" ", .plain), count: column - line.count)
        lines.append(line + gap + (index < right.count ? right[index] : []))
      }
      lines.append([])
    }
    return texts(of: Array(lines.dropLast()))
  }

  private enum Piece {
    case prose(String)
    case code([String], Highlighter.Language)
  }

  private struct Pair {
    var go: [Piece] = []
    var swift: [Piece] = []
  }

  /// Runs of Go blocks, each with the run of Swift blocks after it.
  private func pairs(of page: Page) throws(UsageError) -> [Pair] {
    guard let section = page.markdown.section("Side by side") else {
      throw UsageError("\(page.path) has no part 'Side by side'")
    }
    var pairs: [Pair] = []
    var prose: [String] = []
    for index in section {
      let line = page.markdown.lines[index]
      guard !page.markdown.isFenced[index] else { continue }
      guard case .code(let file, let name) = Page.Block(line) else {
        prose.append(line)
        continue
      }
      let url = page.folder.appending(path: file)
      let code: [String]
      do {
        code = try Snippet.cut(name, from: url)
      } catch {
        throw UsageError("\(page.path): \(error.problem)")
      }
      let paragraphs = prose.split(whereSeparator: \.isBlank)
        .map { Piece.prose($0.joined(separator: " ").collapsed) }
      prose = []
      if url.pathExtension == "go" {
        if pairs.last?.swift.isEmpty != true { pairs.append(Pair()) }
        pairs[pairs.count - 1].go += paragraphs + [.code(code, .go)]
      } else {
        if pairs.isEmpty { pairs.append(Pair()) }
        pairs[pairs.count - 1].swift += paragraphs + [.code(code, .swift)]
      }
    }
    guard !pairs.isEmpty else {
      throw UsageError("\(page.path) shows no code in 'Side by side'")
    }
    return pairs
  }

  private func column(_ pieces: [Piece], width: Int) -> [Line] {
    var lines: [Line] = []
    for piece in pieces {
      if !lines.isEmpty { lines.append([]) }
      switch piece {
      case .prose(let text):
        lines += prose(text.filter { $0 != "`" }, width: width, as: .plain)
      case .code(let code, let language):
        lines += self.code(code, language, width: width)
      }
    }
    return lines
  }

  /// The whole page, wrapped and coloured.
  func text(of page: Page) -> [String] {
    var lines: [Line] = []
    let markdown = page.markdown
    var index = 0
    while index < markdown.lines.count {
      let line = markdown.lines[index]
      if markdown.isFenced[index] {
        let end =
          markdown.lines.indices[(index + 1)...].first {
            !markdown.isFenced[$0] || markdown.lines[$0].hasPrefix("```")
          } ?? markdown.lines.count
        let code = Array(markdown.lines[(index + 1)..<end])
        let language = Highlighter.Language(line.filter { $0 != "`" })
        lines +=
          language.map { self.code(code, $0, width: width) }
          ?? code.flatMap { wrap(plain($0), width: width, hanging: []) }
        index = end + 1
        continue
      }
      index += 1
      if line.hasPrefix("<!--") { continue }
      if line.wholeMatch(of: Markdown.definition) != nil { continue }
      if line.hasPrefix("#") {
        lines += prose(line, width: width, as: .heading)
        continue
      }
      if line.isBlank || line.hasPrefix("|") {
        lines.append(plain(line.isBlank ? "" : line))
        continue
      }
      // A paragraph or an item goes on until something else begins.
      var text = line
      while index < markdown.lines.count,
        case let next = markdown.lines[index], !next.isBlank,
        !markdown.isFenced[index], !Self.begins(next)
      {
        text += " " + next.collapsed
        index += 1
      }
      let marker = text.prefixMatch(of: /\s*(-|\d+\.)\s/)?.output.0 ?? ""
      lines += wrap(
        plain(text),
        width: width,
        hanging: plain(String(repeating: " ", count: marker.count))
      )
    }
    return texts(of: lines)
  }

  private static func begins(_ line: String) -> Bool {
    line.prefixMatch(of: /\s*(-|\d+\.)\s|#|\||<!--/) != nil
  }

  private func prose(
    _ text: String,
    width: Int,
    as style: Highlighter.Style
  ) -> [Line] {
    wrap(text.map { ($0, style) }, width: width, hanging: [])
  }

  private func plain(_ text: String) -> Line { text.map { ($0, .plain) } }

  private func code(
    _ code: [String],
    _ language: Highlighter.Language,
    width: Int
  ) -> [Line] {
    var highlighter = Highlighter(language)
    return code.flatMap { text in
      let line = highlighter.next(text)
      let indentation = line.prefix { $0.character == " " }
      let code = line[indentation.count...]
      // What is left of a broken comment is one too.
      let leader =
        code.first?.style == .comment
        ? code.prefix { $0.character == "/" } + [(" ", .comment)]
        : Line(repeatElement((" ", .plain), count: 4))[...]
      return wrap(line, width: width, hanging: indentation + leader)
    }
  }

  /// Breaks a line at spaces, and where there are none in the middle of a
  /// word, so that no part is wider than `width`; `hanging` stands before
  /// each part but the first.
  private func wrap(
    _ line: Line,
    width: Int,
    hanging: some Sequence<Line.Element>
  ) -> [Line] {
    let hanging = Line(hanging)

    var parts: [Line] = []
    var rest = line[...]
    while true {
      let isFirst = parts.isEmpty
      // One that leaves no room is left out.
      let start = isFirst || hanging.count > width / 2 ? [] : hanging
      let room = width - start.count
      guard rest.count > room else {
        return parts + [start + rest]
      }
      let leading = isFirst ? rest.prefix { $0.character == " " }.count : 0
      let space = rest.prefix(room + 1).lastIndex { $0.character == " " }
      let end =
        if let space, space > rest.startIndex + leading { space } else {
          rest.startIndex + room
        }
      parts.append(start + rest[..<end])
      rest = rest[end...].drop { $0.character == " " }
    }
  }

  private func texts(of lines: [Line]) -> [String] {
    lines.map { line in
      let text = Highlighter.text(of: line, styled: styled)
      return styled
        ? text : String(text.reversed().drop { $0 == " " }.reversed())
    }
  }
}
