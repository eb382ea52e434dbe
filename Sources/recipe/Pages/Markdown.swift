import Foundation

/// The few parts of Markdown that pages are made of.
struct Markdown {
  struct Heading {
    var level: Int
    var title: String
    /// The index of its line.
    var line: Int

    /// The name by which hosts let a heading be linked to.
    var anchor: String {
      String(
        title.lowercased().filter {
          $0.isLetter || $0.isNumber || " -_".contains($0)
        }.map { $0 == " " ? "-" : $0 }
      )
    }
  }

  struct Link {
    var target: String
    var line: Int
  }

  var lines: [String]
  /// For each line, whether it belongs to a fenced block.
  private(set) var isFenced: [Bool]

  init(_ lines: [String]) {
    self.lines = lines
    var fence: String?
    isFenced = lines.map { line in
      if let open = fence {
        if line.hasPrefix(open),
          line.dropFirst(open.count).allSatisfy({ $0 == "`" })
        {
          fence = nil
        }
        return true
      }
      fence = Self.fence(of: line)
      return fence != nil
    }
  }

  /// `[word]: address`, which hosts do not show.
  static var definition: Regex<(Substring, target: Substring)> {
    /\[[^\]]+\]:\s+(?<target>\S+)/
  }

  /// The backticks with which a line begins a fenced block.
  static func fence(of line: String) -> String? {
    let ticks = line.prefix { $0 == "`" }
    return ticks.count >= 3 && !line.dropFirst(ticks.count).contains("`")
      ? String(ticks) : nil
  }

  /// The lines of a table; the columns of `numbers` end on the right.
  static func table(
    _ head: [String],
    _ rows: [[String]],
    numbers: Range<Int> = 0..<0
  ) -> [String] {
    let rule = head.indices.map { numbers.contains($0) ? "---:" : "---" }
    return ([head, rule] + rows).map { row in
      // A bar would end the cell, even in backticks.
      "| " + row.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ")
        + " |"
    }
  }

  var headings: [Heading] {
    lines.indices.compactMap { index in
      let line = lines[index]
      let level = line.prefix { $0 == "#" }.count
      guard !isFenced[index], (1...6).contains(level),
        line.dropFirst(level).first == " "
      else { return nil }
      let title = line.dropFirst(level).trimmingCharacters(in: .whitespaces)
      return Heading(level: level, title: title, line: index)
    }
  }

  /// The lines between the heading of level 2 with this title and the next.
  func section(_ title: String) -> Range<Int>? {
    let headings = headings
    guard
      let start = headings.firstIndex(where: {
        $0.level == 2 && $0.title == title
      })
    else { return nil }
    let end = headings[(start + 1)...].first { $0.level <= 2 }
    return headings[start].line + 1..<(end?.line ?? lines.count)
  }

  /// The links to other files or places, those within code left out.
  var links: [Link] {
    lines.indices.flatMap { index -> [Link] in
      guard !isFenced[index] else { return [] }
      let prose = lines[index].replacing(/`[^`]*`/, with: "``")
      let inline = prose.matches(of: /\]\((?<target>[^)\s]*)\)/)
        .map(\.output.target)
      let definition = prose.wholeMatch(of: Self.definition)
        .map { [$0.output.target] }
      return (definition ?? inline).map {
        Link(target: String($0), line: index)
      }
    }
  }
}
