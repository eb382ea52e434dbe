import Cookbook
import Foundation

/// A Markdown file whose code, runs and tables are made from the sources.
///
/// A comment says what the block after it is made of:
///
///     <!-- code: BoundedPool.swift#map -->     a region of a file
///     <!-- code: bounded_pool.go#ForEach -->   a declaration of a Go file
///     <!-- run: bounded-pool --seed 1 -->      what the program prints
///     <!-- menu --> … <!-- /menu -->           in the README: the menu
///     <!-- index --> … <!-- /index -->         and the Go constructs
///     <!-- cited --> … <!-- /cited -->         who cites this hazard
///     <!-- wrong: map/batches --> … <!-- /wrong -->
///                                              what it breaks, how often, and
///                                              the shortest schedule
///     <!-- cells: … --> … <!-- /cells -->      what examples come to
///     <!-- rules --> … <!-- /rules -->         why languages differ
///
/// File names are relative to the page.
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

  init(_ path: String, in root: URL) throws {
    self.init(
      try String(
        contentsOf: root.appending(path: path),
        encoding: .utf8
      ).lines,
      at: path,
      in: root
    )
  }

  init(_ lines: [String], at path: String, in root: URL) {
    self.path = path
    self.root = root
    markdown = Markdown(lines)
  }

  func problem(_ text: String, at index: Int) -> Problem {
    Problem(path: path, line: index + 1, text: text)
  }

  // MARK: What is generated

  /// The lines as they should be, and the blocks that cannot be made.
  ///
  /// - Parameters:
  ///   - tables: The lines for each pair of markers such as `menu`.
  ///   - reports: The lines that a run makes, for directives such as `wrong`.
  ///   - vocabulary: The names of the hazards.
  /// - Returns: The lines of the whole page; a block that cannot be made is
  ///   left as it is.
  func generated(
    tables: (_ name: String, _ heading: String?) -> [String]?,
    reports: (_ name: String, _ argument: String) async throws -> [String] = {
      name,
      _ in throw UsageError("nothing is known of \(name) here")
    },
    vocabulary: [String]
  ) async -> (lines: [String], problems: [Problem]) {
    var result: [String] = []
    var problems: [Problem] = []
    let lines = markdown.lines
    let headings = markdown.headings
    var index = 0
    while index < lines.count {
      let line = lines[index]
      guard !markdown.isFenced[index], let directive = Directive(line) else {
        result.append(line)
        index += 1
        continue
      }
      result.append(line)
      let start = index
      index += 1
      switch directive {
      case .block(let block):
        let old = fencedBlock(at: index)
        index += old.count
        do {
          result += try await text(of: block)
        } catch {
          problems.append(problem("\(error.problem)", at: start))
          result += old
        }
      case .table(let name):
        let end = lines[index...].firstIndex { $0 == "<!-- /\(name) -->" }
        let heading = headings.last { $0.line < start }
        guard let end else {
          problems.append(problem("there is no <!-- /\(name) -->", at: start))
          continue
        }
        guard let table = tables(name, heading?.title) else {
          problems.append(
            problem("nothing is known of \(name) here", at: start)
          )
          continue
        }
        // Some hosts take a table for one only between empty lines.
        result += [""] + (table.isEmpty ? [] : table + [""]) + [lines[end]]
        index = end + 1
      case .report(let name, let argument):
        guard let end = lines[index...].firstIndex(of: "<!-- /\(name) -->")
        else {
          problems.append(problem("there is no <!-- /\(name) -->", at: start))
          continue
        }
        do {
          result += [""] + (try await reports(name, argument)) + [""]
        } catch {
          let text = (error as? UsageError)?.message ?? "\(error)"
          problems.append(problem("\(name): \(text)", at: start))
          result += lines[index..<end]
        }
        result.append(lines[end])
        index = end + 1
      }
    }
    return (linkingHazards(in: result, vocabulary), problems)
  }

  private enum Directive {
    case block(Block)
    case table(String)
    case report(name: String, argument: String)

    init?(_ line: String) {
      if let block = Block(line) {
        self = .block(block)
      } else if let match = line.wholeMatch(of: /<!-- (menu|index|cited) -->/) {
        self = .table(String(match.output.1))
      } else if let match = line.wholeMatch(
        of: /<!-- ([a-z]+)(?:: (.*\S))? -->/
      ) {
        self = .report(
          name: String(match.output.1),
          argument: match.output.2.map(String.init) ?? ""
        )
      } else {
        return nil
      }
    }
  }

  /// A block of code or output that is made from the sources.
  enum Block {
    case code(file: String, name: String?)
    case run(String)

    init?(_ line: String) {
      if let match = line.wholeMatch(of: /<!-- code: (\S+?)(?:#(\S+))? -->/) {
        self = .code(
          file: String(match.output.1),
          name: match.output.2.map(String.init)
        )
      } else if let match = line.wholeMatch(of: /<!-- run: (.*\S) -->/) {
        self = .run(String(match.output.1))
      } else {
        return nil
      }
    }
  }

  private func text(of block: Block) async throws(Snippet.Failure) -> [String] {
    switch block {
    case .code(let file, let name):
      let url = folder.appending(path: file)
      return fenced(try Snippet.cut(name, from: url), as: url.pathExtension)
    case .run(let command):
      do {
        return fenced(try await Replay.output(of: command), as: "text")
      } catch let error as UsageError {
        throw Snippet.Failure(problem: "'\(command)': \(error.message)")
      } catch {
        throw Snippet.Failure(problem: "cannot run '\(command)': \(error)")
      }
    }
  }

  private func fenced(_ lines: [String], as language: String) -> [String] {
    let longest = lines.compactMap(Markdown.fence).map(\.count).max() ?? 0
    let ticks = String(repeating: "`", count: max(3, longest + 1))
    return [ticks + language] + lines + [ticks]
  }

  /// The fenced block that begins at a line; empty if none does.
  private func fencedBlock(at index: Int) -> ArraySlice<String> {
    let lines = markdown.lines
    guard index < lines.count, let fence = Markdown.fence(of: lines[index])
    else { return [] }
    let end = lines[(index + 1)...].firstIndex { $0.hasPrefix(fence) }
    return lines[index...(end ?? lines.count - 1)]
  }

  /// The lines with each hazard linked to where the word is defined.
  ///
  /// The addresses stand below the list, or they would be most of it.
  private func linkingHazards(
    in lines: [String],
    _ vocabulary: [String]
  ) -> [String] {
    guard let section = Markdown(lines).section("Hazards") else { return lines }
    let up = String(
      repeating: "../",
      count: max(0, path.split(separator: "/").count - 2)
    )
    let address = up + "HAZARDS.md#"
    var words: [String] = []
    var list: [String] = []
    for line in lines[section] {
      if line.hasPrefix("["), line.contains("]: \(address)") { continue }
      guard let word = hazard(of: line), vocabulary.contains(word) else {
        list.append(line)
        continue
      }
      if !words.contains(word) { words.append(word) }
      list.append(
        line.replacing(/^- (\*\*)?\[?[^*\]]*\]?(\*\*)?/) {
          "- \($0.output.1 ?? "")[\(word)]\($0.output.2 ?? "")"
        }
      )
    }
    while list.last?.isBlank == true { list.removeLast() }
    let definitions = words.map { word in
      let anchor = Markdown.Heading(level: 2, title: word, line: 0).anchor
      return "[\(word)]: \(address)\(anchor)"
    }
    return lines[..<section.lowerBound] + list
      + (definitions.isEmpty ? [] : [""] + definitions) + [""]
      + lines[section.upperBound...]
  }

  /// The hazard that an item of a list is about: `- [leak]: …`.
  private func hazard(of line: String) -> String? {
    line.prefixMatch(of: /- \[([^\]]*)\]:/).map { String($0.output.1) }
  }

  // MARK: What is checked

  /// The hazards that the page cites.
  var hazards: [(word: String, line: Int)] {
    guard let section = markdown.section("Hazards") else { return [] }
    return section.compactMap { index in
      hazard(of: markdown.lines[index]).map { ($0, index) }
    }
  }

  /// The code that the page shows, by file relative to the page and name.
  var shownCode: [(file: String, name: String?, line: Int)] {
    markdown.lines.indices.compactMap { index in
      guard !markdown.isFenced[index],
        case .code(let file, let name) = Block(markdown.lines[index])
      else { return nil }
      return (file, name, index)
    }
  }

  /// What is wrong with the page of a recipe with examples, which begins with
  /// its use or its answer.
  func problemsOfUse(recipe: Recipe) -> [Problem] {
    var problems: [Problem] = []
    func require(_ holds: Bool, _ text: String) {
      if !holds { problems.append(problem(text, at: 0)) }
    }
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
    require(
      hasUse || hasAnswer,
      "it begins neither with a use in both languages nor with an answer"
    )
    for part in Self.partsOfUse where markdown.section(part) == nil {
      problems.append(problem("the part '\(part)' is missing", at: 0))
    }
    for wrong in recipe.examples.flatMap(\.wrong).prefix(1) {
      require(
        markdown.lines.contains { $0.hasPrefix("<!-- wrong: ") },
        "no wrong version is shown, though there is \(wrong.name)"
      )
    }
    return problems
  }

  /// The parts that a recipe's page has in any case.
  static let partsOfUse = [
    "What differs from Go, and why", "Hazards", "Check yourself",
    "Use something else when",
  ]

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
        problem(
          "no hazard is named: '- **leak**: …'",
          at: section.lowerBound - 1
        )
      )
    }
    return problems
  }

  /// Answers that no test and no example proves.
  ///
  /// - Parameter tests: The names of all tests and examples.
  /// - Returns: A problem for each.
  func problemsOfProofs(by tests: Set<String>) -> [Problem] {
    var problems: [Problem] = []
    if let section = markdown.section("Check yourself") {
      for item in items(of: section) {
        let names = item.text.matches(of: /`([^`]+)`/).map {
          String($0.output.1)
        }
        if !names.contains(where: tests.contains) {
          problems.append(
            problem("this names no test that proves it", at: item.line)
          )
        }
      }
      if items(of: section).isEmpty {
        problems.append(
          problem(
            "'Check yourself' has no questions",
            at: section.lowerBound - 1
          )
        )
      }
    }
    return problems
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
      let parts = link.target.split(
        separator: "#",
        maxSplits: 1,
        omittingEmptySubsequences: false
      )
      let path = parts.first.map(String.init) ?? ""
      let file = path.isEmpty ? url : folder.appending(path: path)
      guard FileManager.default.fileExists(atPath: file.path) else {
        return problem("the link '\(link.target)' leads nowhere", at: link.line)
      }
      guard parts.count == 2 else { return nil }
      let other =
        path.isEmpty
        ? nil : try? String(contentsOf: file, encoding: .utf8).lines
      let anchors = (other.map(Markdown.init) ?? markdown).headings
        .map(\.anchor)
      return anchors.contains(String(parts[1]))
        ? nil
        : problem(
          "there is no heading for the link '\(link.target)'",
          at: link.line
        )
    }
  }
}
