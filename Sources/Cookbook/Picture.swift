/// Timelines on one axis, as a drawing for pages: SVG that is readable on a
/// light and on a dark ground.
package struct Picture: Sendable {
  /// What somebody hears who does not see it.
  package let title: String
  package let tracks: [(name: String, timeline: Timeline)]
  private let end: Int

  private var left: Int {
    let longest = tracks.flatMap(\.timeline.rows).map(\.label.count).max() ?? 0
    return 24 + 7 * min(longest, 24)
  }

  /// - Parameters:
  ///   - title: What is to be seen, in words.
  ///   - tracks: The events of each run, by its name.
  package init(title: String, _ tracks: [(name: String, events: [Event])]) {
    self.title = title
    self.tracks = tracks.map { ($0.name, Timeline($0.events)) }
    end = self.tracks.map(\.timeline.end).max() ?? 1
  }

  /// The text of the file.
  package var svg: String {
    var (body, y) = ([String](), 12)
    var meanings: Set<Character> = []
    for (name, timeline) in tracks {
      y += Drawing.rowHeight
      body.append(Drawing.text(12, y, name, "name"))
      for row in timeline.rows {
        y += Drawing.rowHeight
        body += lines(of: row, y: y - 5)
        body.append(Drawing.text(left - 10, y, row.label, "lane"))
        meanings.formUnion(row.spans.map(\.closing) + row.marks.map(\.mark))
        if !row.spans.isEmpty { meanings.insert(Timeline.filled) }
      }
      y += 8
    }
    y += Drawing.rowHeight
    for (at, anchor) in [(0, "start"), (end / 2, "middle"), (end, "end")] {
      let label = at == 0 ? "0" : Timeline.duration(at)
      body.append(Drawing.text(x(at), y, label, "time \(anchor)"))
    }
    y += Drawing.rowHeight + 4
    var x = left
    for (glyph, meaning, _) in Timeline.key where meanings.contains(glyph) {
      body.append(drawing(of: glyph, x: x, y: y - 4))
      body.append(Drawing.text(x + 12, y, meaning, "key"))
      x += 34 + 7 * meaning.count
    }
    return Drawing.svg(title, height: y + 14, body)
  }

  private func x(_ at: Int) -> Int {
    left + at * (Drawing.width - 24 - left) / end
  }

  private func lines(of row: Timeline.Row, y: Int) -> [String] {
    var lines = [
      "<path class=\"axis\" d=\"M\(x(0)) \(y)H\(x(end))\"/>"
    ]
    for span in row.spans {
      let (from, to) = (x(span.from), x(span.to))
      let time =
        "\(Timeline.duration(span.from)) to \(Timeline.duration(span.to))"
      lines.append(
        "<rect class=\"bar\" x=\"\(from)\" y=\"\(y - 6)\" "
          + "width=\"\(max(2, to - from - 1))\" height=\"12\" rx=\"2\">"
          + "<title>\(Drawing.escaped(row.label)): \(time)</title></rect>"
      )
      if span.closing != Timeline.filled {
        lines.append(drawing(of: span.closing, x: to, y: y))
      }
    }
    return lines
      + row.marks.map { drawing(of: $0.mark, x: x($0.at), y: y) }
  }

  private func drawing(of glyph: Character, x: Int, y: Int) -> String {
    func mark(_ kind: String, _ path: String) -> String {
      // What is below it is kept at a distance.
      ["halo", kind].map {
        "<path class=\"mark \($0)\" d=\"M\(x) \(y)\(path)\"/>"
      }.joined()
    }
    return switch glyph {
    case Timeline.filled:
      "<rect class=\"bar\" x=\"\(x - 6)\" y=\"\(y - 6)\" width=\"14\" height=\"12\" rx=\"2\"/>"
    case "✗": mark("bad", "m-5-5l10 10m0-10l-10 10")
    case "×": mark("", "m-4-4l8 8m0-8l-8 8")
    case "○": mark("", "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0")
    case "◦": mark("solid", "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0")
    case "■": mark("solid", "m-4-4h8v8h-8z")
    case "◁": mark("", "m4-5l-8 5l8 5z")
    case "!": mark("bad", "m0-9v18")
    case "✝": mark("bad", "m0-7v14m-5-9h10")
    case "…": mark("", "m-5 0h2m2 0h2m2 0h2")
    default: Drawing.text(x - 4, y + 5, String(glyph), "key")
    }
  }
}
