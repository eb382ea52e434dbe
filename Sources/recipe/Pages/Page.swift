import Cookbook
import Foundation

/// A Markdown file whose code, runs and tables are made from the sources.
///
/// A comment says what the block after it is made of; see Recipes/ADDING.md.
/// Beside these there are the `menu`, an `index` of constructs for each
/// language, and under each hazard the list of pages where it is `cited`.
struct Page {
  /// What is wrong at a line, counted from 1.
  struct Problem: Equatable, CustomStringConvertible {
    var path: String
    var line: Int
    var text: String

    var description: String { "\(path):\(line): \(text)" }
  }

  /// Relative to the root of the checkout.
  let path: String
  let root: URL
  let markdown: Markdown

  var url: URL { root.appending(path: path) }
  var folder: URL { url.deletingLastPathComponent() }

  init(_ path: String, in root: URL) throws(UsageError) {
    let text = try String(file: root.appending(path: path), named: path)
    self.init(text.lines, at: path, in: root)
  }

  init(_ lines: [String], at path: String, in root: URL) {
    self.path = path
    self.root = root
    markdown = Markdown(lines)
  }

  /// The way from a page to a file; both are relative to the root.
  static func link(to file: String, on page: String) -> String {
    var (from, to) = (page.split(separator: "/"), file.split(separator: "/"))
    from.removeLast()
    while let folder = from.first, to.count > 1, folder == to[0] {
      from.removeFirst()
      to.removeFirst()
    }
    return (from.map { _ in ".." } + to).joined(separator: "/")
  }

  func problem(_ text: String, at index: Int) -> Problem {
    Problem(path: path, line: index + 1, text: text)
  }

  // MARK: What is generated

  /// The lines as they should be, and the blocks that cannot be made, which
  /// are left as they are.
  ///
  /// `tables` makes the lines between markers such as `<!-- wrong: … -->` and
  /// `<!-- /wrong -->`, from the word and what stands behind it or else the
  /// heading above. Hazards of the vocabulary become links.
  func generated(
    tables: (_ name: String, _ argument: String) async throws -> [String],
    vocabulary: [String]
  ) async -> (lines: [String], problems: [Problem]) {
    var result: [String] = []
    var problems: [Problem] = []
    let lines = markdown.lines
    var index = 0
    while index < lines.count {
      let start = index
      result.append(lines[start])
      index += 1
      guard let (name, argument) = directive(at: start) else { continue }
      let isBlock = ["code", "run"].contains(name)
      let fenced = markdown.isFenced[index...].prefix { $0 }
      let end =
        isBlock
        ? fenced.endIndex
        : lines[index...].firstIndex(of: "<!-- /\(name) -->")
      guard let end else {
        problems.append(problem("there is no <!-- /\(name) -->", at: start))
        continue
      }
      do {
        if isBlock {
          result += try await block(name, argument)
        } else {
          let heading = markdown.headings.last { $0.line < start }
          let made = try await tables(name, argument ?? heading?.title ?? "")
          // Some hosts take a table for one only between empty lines.
          result += [""] + (made.isEmpty ? [] : made + [""])
        }
      } catch {
        problems.append(problem("\(name): \(error)", at: start))
        result += lines[index..<end]
      }
      index = end
    }
    return (linkingHazards(in: result, vocabulary), problems)
  }

  /// What a comment asks for that stands in a line of its own.
  private func directive(at index: Int) -> (name: String, argument: String?)? {
    guard !markdown.isFenced[index] else { return nil }
    return markdown.lines[index].wholeMatch(
      of: /<!-- ([a-z]+)(?:: (.*\S))? -->/
    ).map { (String($0.output.1), $0.output.2.map(String.init)) }
  }

  /// A block of code or output that is made from the sources.
  private func block(
    _ name: String,
    _ argument: String?
  ) async throws -> [String] {
    var (lines, language) = ([String](), "text")
    if name == "run" {
      lines = try await Replay.output(of: argument ?? "")
    } else {
      let (file, name) = Self.piece(argument ?? "")
      let url = folder.appending(path: file)
      (lines, language) = (try Snippet.cut(name, from: url), url.pathExtension)
    }
    let longest = lines.compactMap(Markdown.fence).map(\.count).max() ?? 0
    let ticks = String(repeating: "`", count: max(3, longest + 1))
    return [ticks + language] + lines + [ticks]
  }

  /// The file and the name of `FILE#NAME`, of which either may be missing.
  private static func piece(_ text: String) -> (file: String, name: String?) {
    let parts = text.split(
      separator: "#",
      maxSplits: 1,
      omittingEmptySubsequences: false
    ).map(String.init)
    return (parts[0], parts.count > 1 ? parts[1] : nil)
  }

  /// The lines with each hazard linked to where the word is defined.
  private func linkingHazards(
    in lines: [String],
    _ vocabulary: [String]
  ) -> [String] {
    guard let section = Markdown(lines).section("Hazards") else { return lines }
    var lines = lines
    for index in section {
      guard let (word, range) = hazard(of: lines[index]),
        vocabulary.contains(word)
      else { continue }
      let anchor = Markdown.Heading(level: 2, title: word, line: 0).anchor
      lines[index].replaceSubrange(
        range,
        with: "- [\(word)](\(Self.link(to: Book.hazards, on: path))#\(anchor)):"
      )
    }
    return lines
  }

  /// The hazard that an item of a list is about, and where the item names it:
  /// `- [leak]: …`, with its link or without.
  private func hazard(
    of line: String
  ) -> (word: String, range: Range<String.Index>)? {
    line.prefixMatch(of: /- \[([^\]]*)\](?:\([^)]*\))?:/)
      .map { (String($0.output.1), $0.range) }
  }

  // MARK: What is checked

  /// The hazards that the page cites.
  var hazards: [(word: String, line: Int)] {
    guard let section = markdown.section("Hazards") else { return [] }
    return section.compactMap { index in
      hazard(of: markdown.lines[index]).map { ($0.word, index) }
    }
  }

  /// The code that the page shows, by file relative to the page and name.
  var shownCode: [(file: String, name: String?, line: Int)] {
    markdown.lines.indices.compactMap { index in
      guard let (name, argument) = directive(at: index), name == "code" else {
        return nil
      }
      let (file, piece) = Self.piece(argument ?? "")
      return (file, piece, index)
    }
  }

  /// What is wrong with the page of a recipe with examples, which begins with
  /// its use or its answer.
  func problemsOfUse(recipe: Recipe) -> [Problem] {
    var problems: [String] = []
    let headings = markdown.headings.filter { $0.level == 2 }
    let first = headings.first?.line ?? 0
    let second = headings.dropFirst().first?.line ?? markdown.lines.count
    let hasUse = ["go", "swift"].allSatisfy { language in
      shownCode.contains {
        (0..<second).contains($0.line) && $0.file.hasSuffix(".\(language)")
      }
    }
    let hasAnswer = markdown.lines[..<max(first, min(second, 40))]
      .contains { $0.hasPrefix("| ") }
    if !hasUse, !hasAnswer {
      problems.append(
        "it begins neither with a use in both languages nor with an answer"
      )
    }
    for part in Self.partsOfUse where markdown.section(part) == nil {
      problems.append("the part '\(part)' is missing")
    }
    if let wrong = recipe.examples.flatMap(\.wrong).first,
      !markdown.lines.contains(where: { $0.hasPrefix("<!-- wrong: ") })
    {
      problems.append(
        "no wrong version is shown, though there is \(wrong.name)"
      )
    }
    if markdown.headings.first?.title != recipe.name {
      problems.append("it does not begin with '# \(recipe.name)'")
    }
    return problems.map { problem($0, at: 0) }
  }

  /// The parts that a recipe's page has in any case.
  static let partsOfUse = [
    "What differs from Go, and why", "Hazards", "Check yourself",
    "Use something else when",
  ]

  /// Tables of steps that do not mark what goes wrong.
  var problemsOfSchedules: [Problem] {
    markdown.lines.indices.filter {
      markdown.lines[$0].hasPrefix("| step |")
        && !markdown.lines[$0...].prefix { $0.hasPrefix("| ") }
          .contains { $0.contains("\(StepTable.fault) **") }
    }.map { problem("this schedule marks no fault", at: $0) }
  }

  /// Items of the hazards that are not in the vocabulary.
  func problemsOfHazards(vocabulary: [String]) -> [Problem] {
    guard let section = markdown.section("Hazards") else { return [] }
    var problems = hazards.filter { !vocabulary.contains($0.word) }.map {
      problem(
        "'\($0.word)' is not in Recipes/HAZARDS.md"
          + (nearest(to: $0.word, in: vocabulary)
            .map { "; did you mean '\($0)'?" } ?? ""),
        at: $0.line
      )
    }
    if hazards.isEmpty {
      problems.append(
        problem("no hazard is named: '- [leak]: …'", at: section.lowerBound - 1)
      )
    }
    return problems
  }

  /// Answers that none of these tests and examples proves.
  func problemsOfProofs(by tests: Set<String>) -> [Problem] {
    guard let section = markdown.section("Check yourself") else { return [] }
    let items = items(of: section)
    if items.isEmpty {
      let text = "'Check yourself' has no questions"
      return [problem(text, at: section.lowerBound - 1)]
    }
    return items.filter { item in
      !item.text.matches(of: /`([^`]+)`/)
        .contains { tests.contains(String($0.output.1)) }
    }.map { problem("this names no test that proves it", at: $0.line) }
  }

  /// The items of numbered lists.
  private func items(of section: Range<Int>) -> [(text: String, line: Int)] {
    var items: [(text: String, line: Int)] = []
    for index in section {
      let line = markdown.lines[index]
      if line.prefixMatch(of: /\d+\.\s/) != nil {
        items.append((line, index))
      } else if !items.isEmpty {
        items[items.count - 1].text += " " + line.collapsed
      }
    }
    return items.map { ($0.text.collapsed, $0.line) }
  }

  /// Links that lead nowhere.
  ///
  /// What is elsewhere on the net is not looked at.
  var problemsOfLinks: [Problem] {
    markdown.links.compactMap { link in
      if link.target.contains("://") {
        return URL(string: link.target)?.host == nil
          ? problem("'\(link.target)' is no address", at: link.line) : nil
      }
      let (path, anchor) = Self.piece(link.target)
      let file = path.isEmpty ? url : folder.appending(path: path)
      guard FileManager.default.fileExists(atPath: file.path) else {
        return problem("the link '\(link.target)' leads nowhere", at: link.line)
      }
      guard let anchor else { return nil }
      let text = try? String(contentsOf: file, encoding: .utf8)
      let other = path.isEmpty ? markdown : Markdown(text?.lines ?? [])
      if other.headings.contains(where: { $0.anchor == anchor }) { return nil }
      return problem(
        "there is no heading for the link '\(link.target)'",
        at: link.line
      )
    }
  }
}
