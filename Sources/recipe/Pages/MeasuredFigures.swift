import Cookbook
import Foundation

/// What a page says of what its workloads took: the table under *Cost*.
struct MeasuredFigures {
  static let head = "| workload | Swift | Go | Swift / Go |"

  private(set) var rows: [Bars.Row] = []

  /// Reads the table.
  ///
  /// - Throws: `UsageError` if there is none, if a figure is none, or if a ratio
  ///   is not that of its figures.
  init(on page: Page) throws(UsageError) {
    let lines = page.markdown.lines
    guard let head = lines.firstIndex(of: Self.head) else {
      throw UsageError("there is no table '\(Self.head)'")
    }
    for line in lines[(head + 2)...].prefix(while: { $0.hasPrefix("| ") }) {
      let cells = line.split(separator: "|").map {
        $0.trimmingCharacters(in: .whitespaces)
      }
      guard cells.count == 4 else {
        throw UsageError("'\(line)' has not four cells")
      }
      let row = Bars.Row(
        name: cells[0],
        swift: cells[1],
        go: cells[2],
        isConclusive: !cells[3].hasPrefix("~")
      )
      let ratio = Double(cells[3].drop { $0 == "~" }) ?? .nan
      // The figures and the ratio are rounded, to three digits at least.
      guard abs(row.swiftFigure / row.goFigure / ratio - 1) < 0.02 else {
        throw UsageError("the ratio of \(row.name) is not that of its figures")
      }
      rows.append(row)
    }
  }

  /// A table of figures that is drawn nowhere, or has another form.
  static func problem(on page: Page) -> Page.Problem? {
    let lines = page.markdown.lines
    guard let section = page.markdown.section("Cost"),
      let head = section.first(where: { index in
        lines[index].hasPrefix("| ") && lines[index].contains("| Swift |")
          && lines[index].contains("| Go |")
      })
    else { return nil }
    if lines[head] != Self.head {
      return page.problem("figures stand under '\(Self.head)'", at: head)
    }
    return lines[section].contains { $0.hasPrefix("<!-- bars: ") }
      ? nil
      : page.problem("figures are drawn by <!-- bars: … -->", at: head)
  }
}
