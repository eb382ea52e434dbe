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
      return try Pager.print(layout.use(of: page).joined(separator: "\n"))
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

  /// Go left and Swift right; Go above Swift where there is no room for both.
  private func lines(of pair: Pair) -> [Line] {
    var lines: [Line] = []
    let gap: Line = [(" ", .plain), ("│", .comment), (" ", .plain)]
    let column = (width - gap.count) / 2
    let indent = plain("    ")
    let sides = [
      (pair.titles.go, pair.go, Highlighter.Language.go),
      (pair.titles.swift, pair.swift, .swift),
    ]
    if column < Self.narrowestColumn {
      for (title, side, language) in sides {
        lines += prose(title, width: width, as: .heading) + [[]]
        let code = self.code(side, language, width: width - 4)
        lines += code.map { indent + $0 } + [[]]
      }
      return lines
    }
    let columns = sides.map { title, side, language in
      prose(title, width: column, as: .heading)
        + code(side, language, width: column)
    }
    for index in 0..<max(columns[0].count, columns[1].count) {
      var line = index < columns[0].count ? columns[0][index] : []
      line += repeatElement((" ", .plain), count: column - line.count)
      let right = index < columns[1].count ? columns[1][index] : []
      lines.append(line + gap + right)
    }
    return lines + [[]]
  }

  /// What a page says before its second part: the use, or the answer.
  func use(of page: Page) -> [String] {
    let markdown = page.markdown
    let headings = markdown.headings.filter { $0.level == 2 }
    let end = headings.dropFirst().first?.line ?? markdown.lines.count
    var lines: [Line] = []
    var paragraph = ""
    var titles: [String] = []
    var code: [[String]] = []
    var isInTable = false

    func endParagraph() {
      guard !paragraph.isEmpty else { return }
      // What to run, what to copy and what it needs stand by themselves.
      for part in Self.plain(paragraph).replacing(" · ", with: "\n").lines {
        lines += prose(part, width: width, as: .plain)
      }
      lines.append([])
      paragraph = ""
    }
    for index in 0..<end {
      let line = markdown.lines[index]
      if markdown.isFenced[index] {
        if Markdown.fence(of: line) != nil, line.count > 3 {
          code.append([])
        } else if !line.hasPrefix("```") {
          code[code.count - 1].append(line)
        } else if !isInTable {
          lines += code.removeLast().map(plain) + [[]]
        }
        continue
      }
      if line.isBlank || line.hasPrefix("<") || line.hasPrefix("#") {
        endParagraph()
      }
      if line.hasPrefix("#") {
        lines += prose(Self.plain(line), width: width, as: .heading) + [[]]
      } else if line.hasPrefix("<table>") {
        isInTable = true
      } else if line.hasPrefix("<tr><th>") {
        titles = line.matches(of: /<th>(.*?)<\/th>/).map {
          String($0.output.1.replacing(/<[^>]*>/, with: ""))
        }
      } else if line.hasPrefix("</table>") {
        isInTable = false
        for start in stride(from: 0, to: code.count - 1, by: 2) {
          var pair = Pair(go: code[start], swift: code[start + 1])
          if titles.count == 2 { pair.titles = (titles[0], titles[1]) }
          lines += self.lines(of: pair)
        }
        code = []
      } else if line.hasPrefix("|") {
        lines.append(plain(line))
      } else if !line.hasPrefix("<"), !line.isBlank {
        paragraph += (paragraph.isEmpty ? "" : " ") + line.collapsed
      }
    }
    endParagraph()
    return texts(of: lines)
  }

  /// The words without what Markdown makes of them.
  private static func plain(_ text: String) -> String {
    text.replacing(/\[([^\]]*)\]\([^)]*\)/) { String($0.output.1) }
      .replacing(/\*([^*\s]+)\*/) { String($0.output.1) }
      .replacing("**", with: "").replacing("`", with: "")
  }

  private struct Pair {
    var titles = (go: "Go", swift: "Swift")
    var go: [String]
    var swift: [String]
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
