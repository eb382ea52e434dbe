import Cookbook
import Foundation

/// `recipe show NAME`: Go and Swift beside each other, or the whole page.
enum ShowCommand: Subcommand {
  static let switches = ["page"]

  static func run(_ arguments: inout Arguments) throws {
    let recipe = try arguments.takeRecipe()
    let showsPage = try arguments.take(switch: "page")
    try arguments.requireEmpty()
    let page = try Page(Book.path(of: recipe), in: try Checkout.root())
    let layout = Layout(width: Terminal.width, styled: Terminal.isStyled)
    guard showsPage else {
      let rest =
        "'recipe show \(recipe.name) --page' shows the rest, with the hazards."
      return try Pager.print(
        (layout.use(of: page) + [rest]).joined(separator: "\n")
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

  /// What a page says before its second part: the use, or the answer.
  func use(of page: Page) -> [String] {
    let headings = page.markdown.headings.filter { $0.level == 2 }
    let end = headings.dropFirst().first?.line ?? page.markdown.lines.count
    return lines(of: page.markdown, until: end, isUse: true)
  }

  /// The whole page.
  func text(of page: Page) -> [String] {
    lines(of: page.markdown, until: page.markdown.lines.count, isUse: false)
  }

  /// The lines of a page, wrapped and coloured; in its use, words are without
  /// what Markdown makes of them, and what a run printed is as it was.
  private func lines(
    of markdown: Markdown,
    until end: Int,
    isUse: Bool
  ) -> [String] {
    var lines: [Line] = []
    var titles: [String] = []
    /// The code in a row of a table, by cells; none outside of one.
    var cells: [[Code]] = []
    var rest = Array(0..<end)[...]
    while let index = rest.popFirst() {
      let line = markdown.lines[index]
      if markdown.isFenced[index] {
        let fenced = rest.prefix {
          markdown.isFenced[$0] && !markdown.lines[$0].hasPrefix("```")
        }
        rest = rest.dropFirst(fenced.count + 1)
        let code = Code(
          language: Highlighter.Language(line.filter { $0 != "`" }),
          lines: fenced.map { markdown.lines[$0] }
        )
        if !cells.isEmpty {
          cells[cells.count - 1].append(code)
        } else if isUse {
          lines += code.lines.map(plain)
        } else {
          lines += self.lines(of: code, width: width)
        }
      } else if line.hasPrefix("<tr><th>") {
        titles = line.matches(of: /<th>(.*?)<\/th>/).map {
          String($0.output.1.replacing(/<[^>]*>/, with: ""))
        }
      } else if line.contains("<td") {
        cells.append([])
      } else if line.hasPrefix("</td></tr>") {
        lines += row(cells, titles)
        cells = []
      } else if isUse, let picture = line.prefixMatch(of: /!\[(.+?),/) {
        lines.append(plain("'recipe \(picture.output.1)' draws it."))
      } else if line.hasPrefix("<")
        || line.wholeMatch(of: Markdown.definition) != nil
      {
        continue
      } else if line.hasPrefix("#") {
        lines += prose(
          isUse ? Self.plain(line) : line,
          as: .heading,
          width: width
        )
      } else if line.isBlank {
        // Not twice, where something between was left out.
        if lines.last?.isEmpty == false { lines.append([]) }
      } else if line.hasPrefix("|") {
        lines.append(plain(line))
      } else {
        // A paragraph or an item goes on until something else begins.
        let others = rest.prefix {
          !markdown.isFenced[$0] && !markdown.lines[$0].isBlank
            && !Self.begins(markdown.lines[$0])
        }
        rest = rest.dropFirst(others.count)
        let text = ([line] + others.map { markdown.lines[$0].collapsed })
          .joined(separator: " ")
        // What to run, what to copy and what it needs stand by themselves.
        let parts =
          isUse
          ? Self.plain(text).replacing(" · ", with: "\n").lines : [text]
        for part in parts {
          let marker = part.prefixMatch(of: /\s*(-|\d+\.)\s/)?.output.0 ?? ""
          lines += wrap(
            plain(part),
            width: width,
            hanging: plain(String(repeating: " ", count: marker.count))
          )
        }
      }
    }
    return lines.map { line in
      let text = Highlighter.text(of: line, styled: styled)
      return styled
        ? text : String(text.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func begins(_ line: String) -> Bool {
    line.prefixMatch(of: /\s*(-|\d+\.)\s|#|\||</) != nil
  }

  /// The words without what Markdown makes of them.
  private static func plain(_ text: String) -> String {
    let marked =
      /`([^`]+)`|\[((?:`[^`]*`|[^`\]])*)\]\([^)]*\)|\*([^*\s]+)\*|\*\*/
    return text.replacing(marked) { match in
      // What stands in code is no mark.
      match.output.1.map(String.init)
        ?? plain(String(match.output.2 ?? match.output.3 ?? ""))
    }
  }

  private struct Code {
    var language: Highlighter.Language?
    var lines: [String]
  }

  /// Go left and Swift right; Go above Swift where there is no room for both.
  private func row(_ cells: [[Code]], _ titles: [String]) -> [Line] {
    func code(of cell: [Code], width: Int) -> [Line] {
      Array(cell.map { lines(of: $0, width: width) }.joined(separator: [[]]))
    }
    guard cells.count == 2, titles.count == 2 else {
      return cells.flatMap { code(of: $0, width: width) + [[]] }
    }
    let gap: Line = [(" ", .plain), ("│", .comment), (" ", .plain)]
    let column = (width - gap.count) / 2
    if column < Self.narrowestColumn {
      return zip(titles, cells).flatMap { title, cell -> [Line] in
        // Less where a line would be broken for it.
        let spare = width - (cell.flatMap(\.lines).map(\.count).max() ?? 0)
        let left = (1...4).contains(spare) ? spare : 4
        let lines = code(of: cell, width: width - left)
          .map { repeatElement((" ", .plain), count: left) + $0 }
        return prose(title, as: .heading, width: width) + [[]] + lines + [[]]
      }
    }
    let columns = zip(titles, cells).map { title, cell in
      prose(title, as: .heading, width: column)
        + code(of: cell, width: column)
    }
    let height = columns.map(\.count).max() ?? 0
    return (0..<height).map { index in
      var line = index < columns[0].count ? columns[0][index] : []
      line += repeatElement((" ", .plain), count: column - line.count)
      return line + gap + (index < columns[1].count ? columns[1][index] : [])
    } + [[]]
  }

  private func prose(
    _ text: String,
    as style: Highlighter.Style,
    width: Int
  ) -> [Line] {
    wrap(text.map { ($0, style) }, width: width, hanging: [])
  }

  private func plain(_ text: String) -> Line { text.map { ($0, .plain) } }

  private func lines(of code: Code, width: Int) -> [Line] {
    guard let language = code.language else {
      return code.lines.flatMap { wrap(plain($0), width: width, hanging: []) }
    }
    var highlighter = Highlighter(language)
    return code.lines.flatMap { text in
      let line = highlighter.next(text)
      let indentation = line.prefix { $0.character == " " }
      let code = line[indentation.count...]
      // What is left of a broken comment is one too.
      let comment = code.drop { $0.style != .comment }
      let slashes = Line(comment.prefix { $0.character == "/" })
      return wrap(
        line,
        width: width,
        hanging: Line(indentation) + plain("    "),
        comment: Line(indentation) + slashes + [(" ", .comment)]
      )
    }
  }

  /// Breaks a line at spaces, and where there are none in the middle of a
  /// word, so that no part is wider than `width`; `hanging`, or within a
  /// comment `comment`, stands before each part but the first.
  private func wrap(
    _ line: Line,
    width: Int,
    hanging: Line,
    comment: Line = []
  ) -> [Line] {
    var parts: [Line] = []
    var rest = line[...]
    while true {
      let isFirst = parts.isEmpty
      let hanging = rest.first?.style == .comment ? comment : hanging
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
}
