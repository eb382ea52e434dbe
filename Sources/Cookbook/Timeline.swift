import Foundation

/// A drawing of a trace: a lane for each job, time across.
package struct Timeline: Sendable {
  static let filled: Character = "█"
  private static let empty: Character = "·"

  /// What each glyph means, in the order of the key, and the events that are
  /// drawn as it.
  static let key: [(Character, meaning: String, events: [String])] = [
    (filled, "runs", ["end"]), ("✗", "fails", ["fail", "throw"]),
    ("×", "is cancelled", ["cancelled"]), ("○", "comes", ["come"]),
    ("!", "cancellation", ["cancel"]), ("◁", "leaves", ["leave"]),
    ("◦", "says", ["say"]), ("■", "returns", ["return"]),
    ("?", "waits for ever", ["wait"]), ("✝", "dies", ["die"]),
    ("…", "has not ended", []),
  ]

  /// More lanes than this are packed: each row then shows one busy lane
  /// after the other, and there are as many rows as were busy at once.
  package static let mostLanes = 24

  private(set) var rows: [Row] = []
  private(set) var end = 1

  struct Span {
    var from: Int
    var to: Int
    var closing: Character
  }

  struct Row {
    var label: String
    var spans: [Span] = []
    var marks: [(at: Int, mark: Character)] = []
  }

  /// Lays out the events of a run, in the order of its trace.
  ///
  /// - Complexity: O(*n* log *n*) in the number of events.
  package init(_ events: [Event]) {
    end = max(events.last?.at ?? 0, 1)
    var indices: [String: Int] = [:]
    var open: [Int: Int] = [:]
    for event in events {
      let row = indices[event.lane, default: rows.count]
      if row == rows.count {
        indices[event.lane] = row
        rows.append(Row(label: event.lane.withoutControls))
      }
      if event.isOpening { open[row] = event.at }
      // Who is cancelled before it is busy has not failed.
      let name = event.item == "cancelled" ? "cancelled" : event.name
      guard let mark = Self.key.first(where: { $0.events.contains(name) })?.0
      else { continue }
      if event.isClosing {
        let from = open.removeValue(forKey: row) ?? event.at
        rows[row].spans.append(Span(from: from, to: event.at, closing: mark))
      } else {
        rows[row].marks.append((event.at, mark))
      }
    }
    for (row, from) in open {
      rows[row].spans.append(Span(from: from, to: end, closing: "…"))
    }
    if rows.count > Self.mostLanes { pack() }
    // Which of several came first in an instant means nothing.
    rows.sort {
      $0.label.compare($1.label, options: .numeric) == .orderedAscending
    }
    // Lanes that are never busy say what the others' end was due to.
    rows = rows.filter { !$0.spans.isEmpty } + rows.filter(\.spans.isEmpty)
  }

  /// The timeline as lines of text: a line for the time, one for each lane, and
  /// the key of the glyphs that were drawn.
  ///
  /// They fill `width` columns; below 20 counts as 20. If `styled` they have a
  /// terminal's colours.
  package func lines(width: Int, styled: Bool = false) -> [String] {
    guard !rows.isEmpty else { return ["(nothing happened)"] }
    let width = max(width, 20)
    let labelWidth = min(rows.map(\.label.count).max() ?? 0, width / 3)
    let columns = width - labelWidth - 2
    var lines = [
      pad("", to: labelWidth) + "  " + ruler(columns: columns)
    ]
    var drawnGlyphs: Set<Character> = []
    for row in rows {
      let cells = cells(of: row, columns: columns)
      drawnGlyphs.formUnion(cells)
      let drawn = styled ? colored(cells) : String(cells)
      lines.append(pad(row.label, to: labelWidth) + "  " + drawn)
    }
    let key = Self.key.filter { drawnGlyphs.contains($0.0) }
      .map { "\($0.0) \($0.meaning)" }
    let line =
      pad("", to: labelWidth) + "  " + key.joined(separator: "   ")
    return lines + (line.count > width ? key : [line])
  }

  /// Puts each span into the first row that is free when it begins.
  private mutating func pack() {
    var packed: [Row] = []
    for span in rows.flatMap(\.spans).sorted(by: { $0.from < $1.from }) {
      let free = packed.firstIndex { ($0.spans.last?.to ?? 0) <= span.from }
      if let free {
        packed[free].spans.append(span)
      } else if packed.count < Self.mostLanes {
        packed.append(Row(label: "row \(packed.count + 1)", spans: [span]))
      }
    }
    packed += rows.filter { $0.spans.isEmpty && !$0.marks.isEmpty }.prefix(4)
    rows = packed
  }

  private func column(_ at: Int, columns: Int) -> Int {
    min(at * columns / end, columns - 1)
  }

  private func cells(of row: Row, columns: Int) -> [Character] {
    var cells = [Character](repeating: Self.empty, count: columns)
    for span in row.spans {
      let from = column(span.from, columns: columns)
      let to = span.to >= end ? columns : span.to * columns / end
      for index in from..<max(from + 1, to) { cells[index] = Self.filled }
      cells[max(from, to - 1)] = span.closing
    }
    for (at, mark) in row.marks {
      cells[column(at, columns: columns)] = mark
    }
    return cells
  }

  private func ruler(columns: Int) -> String {
    let (left, middle, right) = (
      "0", Self.duration(end / 2), Self.duration(end)
    )
    let room = columns - left.count - middle.count - right.count
    guard room >= 4 else { return pad(left, to: columns - right.count) + right }
    let before = columns / 2 - left.count - middle.count / 2
    let after = room - before
    return left + String(repeating: " ", count: before) + middle
      + String(repeating: " ", count: after) + right
  }

  private func colored(_ cells: [Character]) -> String {
    var text = ""
    var style = ""
    for cell in cells {
      let wanted =
        switch cell {
        case Self.filled: "\u{1B}[36m"
        case Self.empty: "\u{1B}[2m"
        default: "\u{1B}[1;33m"
        }
      if wanted != style {
        text += "\u{1B}[0m" + wanted
        style = wanted
      }
      text.append(cell)
    }
    return text + "\u{1B}[0m"
  }

  private func pad(_ text: String, to width: Int) -> String {
    guard text.count > width else {
      return text + String(repeating: " ", count: width - text.count)
    }
    // The end of a path tells more than its beginning.
    return "…" + text.suffix(max(width - 1, 0))
  }

  /// A time span in the unit that suits it: `840 µs`, `1.5 ms`, `2.25 s`.
  package static func duration(_ microseconds: Int) -> String {
    switch microseconds {
    case ..<1_000: "\(microseconds) µs"
    case ..<1_000_000: decimal(microseconds, per: 1_000) + " ms"
    default: decimal(microseconds, per: 1_000_000) + " s"
    }
  }

  /// Three significant digits at the most, rounded down, no trailing zeros.
  private static func decimal(_ value: Int, per unit: Int) -> String {
    let whole = value / unit
    let scale = whole >= 100 ? 1 : whole >= 10 ? 10 : 100
    let rounded = Double(value * scale / unit) / Double(scale)
    return "\(rounded)".replacing(/\.0$/, with: "")
  }
}

extension String {
  /// The text as it may go to a terminal: a lane can be the name of a file,
  /// and that can be anything.
  package var withoutControls: String {
    unicodeScalars.reduce(into: "") { text, scalar in
      let isControl = scalar.properties.generalCategory == .control
      text.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
    }
  }
}
