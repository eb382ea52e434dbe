/// What workloads took in Go and in Swift, as bars: a drawing for pages.
///
/// Go's bars are hatched and Swift's are filled, so that nobody needs colours
/// to tell them apart.
package struct Bars: Sendable {
  /// The medians of a workload, as a page writes them.
  package struct Row: Sendable {
    package var name: String
    package var swift: String
    package var go: String
    /// Whether the rounds were alike enough to compare the two.
    package var isConclusive: Bool

    package init(
      name: String,
      swift: String,
      go: String,
      isConclusive: Bool = true
    ) {
      self.name = name
      self.swift = swift
      self.go = go
      self.isConclusive = isConclusive
    }

    package var swiftFigure: Double { Self.number(swift) }
    package var goFigure: Double { Self.number(go) }
    fileprivate var longest: Double { max(swiftFigure, goFigure) }

    private static func number(_ text: String) -> Double {
      Double(text.replacing(",", with: "")) ?? .nan
    }
  }

  /// What somebody hears who does not see it.
  package let title: String
  private let unit: String
  private let rows: [Row]
  /// Whether all bars have one scale: only where the shortest can be seen
  /// beside the longest.
  private let isShared: Bool

  /// - Parameters:
  ///   - title: What is to be seen, in words.
  ///   - unit: What the figures are, "nanoseconds an operation".
  ///   - rows: A row for each workload.
  package init(title: String, unit: String, _ rows: [Row]) {
    self.title = title
    self.unit = unit
    self.rows = rows
    let figures = rows.flatMap { [$0.swiftFigure, $0.goFigure] }
    isShared = (figures.max() ?? 0) <= 20 * (figures.min() ?? 0)
  }

  /// The text of the file.
  package var svg: String {
    let longest = rows.map(\.name.count).max() ?? 0
    let name = 24 + 7 * longest
    let left = name + 52
    let room = Double(Drawing.width - left - 84)
    let top = rows.map(\.longest).max() ?? 1
    var (body, y) = ([Self.hatch], 8)
    for row in rows {
      let label = row.isConclusive ? row.name : "~ " + row.name
      body.append(Drawing.text(name, y + 22, label, "lane"))
      for (language, kind, text, figure) in [
        ("Go", "go", row.go, row.goFigure),
        ("Swift", "bar", row.swift, row.swiftFigure),
      ] {
        y += Drawing.rowHeight
        let length = Int(room * figure / (isShared ? top : row.longest))
        body += [
          Drawing.text(name + 12, y, language, "key"),
          "<rect class=\"\(kind)\" x=\"\(left)\" y=\"\(y - 11)\" "
            + "width=\"\(max(2, length))\" height=\"12\" rx=\"2\"/>",
          Drawing.text(left + length + 8, y, text, "key"),
        ]
      }
      y += 10
    }
    let notes =
      ["\(unit); shorter is faster"]
      + (isShared ? [] : ["each workload has its own scale"])
      + (rows.allSatisfy(\.isConclusive)
        ? [] : ["~ the rounds spread too widely to conclude"])
    for note in notes {
      y += Drawing.rowHeight
      body.append(Drawing.text(left, y, note, "key"))
    }
    return Drawing.svg(title, height: y + 14, style: [Self.style], body)
  }

  private static let style =
    ".go { fill: url(#hatch); stroke: var(--ink) } .hatch { stroke: var(--ink) }"

  private static let hatch =
    "<pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
    + "patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0V6\"/></pattern>"
}
