import Cookbook

/// Finds recipes by the terms that they declare.
///
/// What a person types is compared with each term of each recipe, and the
/// best comparison decides. In this order:
///
/// 1. it is the term;
/// 2. each of its words is a word of the term;
/// 3. each begins a word of the term;
/// 4. each is a part of the term;
/// 5. each is a part of some term, of different ones of the recipe;
/// 6. each is a word of the term but for a slip of the finger.
///
/// Among equals a Go construct comes before a Swift one, that before a
/// problem, and a short term before a long one, since more of it was said.
struct Search {
  enum Kind: String, Encodable, Comparable, CaseIterable {
    case go = "Go"
    case swift = "Swift"
    case problem
    case name
    case question

    static func < (left: Kind, right: Kind) -> Bool {
      left.order < right.order
    }

    private var order: Int { Kind.allCases.firstIndex(of: self) ?? 0 }
  }

  enum Match: Int, Comparable, CaseIterable {
    case exact, words, prefixes, parts, scattered, slip

    static func < (left: Match, right: Match) -> Bool {
      left.rawValue < right.rawValue
    }

    /// Why the recipe was found; nothing where that is plain to see.
    var note: String? {
      switch self {
      case .exact, .words, .prefixes, .parts: nil
      case .scattered: "among its terms"
      case .slip: "nearly"
      }
    }
  }

  struct Term {
    var kind: Kind
    var text: String
  }

  struct Finding {
    var recipe: Recipe
    var match: Match
    /// The terms that were found: one, or for ``Match/scattered`` several.
    var terms: [Term]
  }

  private struct Entry {
    var recipe: Recipe
    var terms: [(term: Term, text: String, words: [String])]
  }

  private let entries: [Entry]

  init(_ recipes: [Recipe]) {
    entries = recipes.map { recipe in
      let terms: [(Kind, [String])] = [
        (.go, recipe.goConstructs),
        (.swift, recipe.swiftConstructs),
        (.problem, recipe.problems),
        (.name, [recipe.name]),
        (.question, [recipe.question]),
      ]
      return Entry(
        recipe: recipe,
        terms: terms.flatMap { kind, texts in
          texts.map {
            (
              Term(kind: kind, text: $0), $0.lowercased().collapsed,
              words(of: $0)
            )
          }
        }
      )
    }
  }

  /// The recipes that answer to `query`, the best first.
  func find(_ query: String) -> [Finding] {
    let text = query.lowercased().collapsed
    guard !text.isEmpty else { return [] }
    let words = queryWords(of: query)
    let ranked = entries.enumerated().compactMap { index, entry in
      best(in: entry, text: text, words: words).map {
        (finding: $0, index: index)
      }
    }
    // A slip is only assumed where what was typed leads nowhere.
    let isCertain = ranked.contains { $0.finding.match < .slip }
    return
      ranked
      .filter { !isCertain || $0.finding.match < .slip }
      .sorted { rank($0.finding, $0.index) < rank($1.finding, $1.index) }
      .map(\.finding)
  }

  /// What the words of a query that finds nothing would have found, each on
  /// its own.
  func alternatives(to query: String) -> [(word: String, found: [Finding])] {
    let words = queryWords(of: query)
    guard words.count > 1 else { return [] }
    return words.map { ($0, find($0)) }
  }

  /// The terms that look most like `query`, one a recipe at the most.
  func nearest(to query: String, count: Int) -> [Finding] {
    let text = Set(pairs(of: query.lowercased()))
    return entries.compactMap { entry -> (Finding, Double)? in
      let scored = entry.terms.filter { $0.term.kind < .name }.map { term in
        let other = Set(pairs(of: term.text))
        let common = Double(2 * text.intersection(other).count)
        return (term.term, common / Double(max(1, text.count + other.count)))
      }
      guard let best = scored.max(by: { $0.1 < $1.1 }), best.1 > 0 else {
        return nil
      }
      return (
        Finding(recipe: entry.recipe, match: .slip, terms: [best.0]), best.1
      )
    }
    .sorted { $0.1 > $1.1 }.prefix(count).map(\.0)
  }

  private func rank(
    _ finding: Finding,
    _ index: Int
  ) -> (Int, Kind, Int, Int) {
    let first = finding.terms[0]
    return (finding.match.rawValue, first.kind, first.text.count, index)
  }

  private func best(
    in entry: Entry,
    text: String,
    words: [String]
  ) -> Finding? {
    var best: (match: Match, term: Term)?
    for term in entry.terms {
      guard
        let match = match(text, words, with: (term.text, term.words))
      else { continue }
      if let best,
        (best.match, best.term.kind, best.term.text.count)
          <= (match, term.term.kind, term.term.text.count)
      {
        continue
      }
      best = (match, term.term)
    }
    if let best, best.match < .scattered {
      return Finding(
        recipe: entry.recipe,
        match: best.match,
        terms: [best.term]
      )
    }
    if let terms = scattered(words, in: entry) {
      return Finding(recipe: entry.recipe, match: .scattered, terms: terms)
    }
    return best.map {
      Finding(recipe: entry.recipe, match: $0.match, terms: [$0.term])
    }
  }

  private func match(
    _ text: String,
    _ words: [String],
    with term: (text: String, words: [String])
  ) -> Match? {
    if text == term.text { return .exact }
    // Words are letters and digits: `<-` has none.
    guard !words.isEmpty else { return term.text.contains(text) ? .parts : nil }
    if words == term.words { return .exact }
    if words.allSatisfy(term.words.contains) { return .words }
    if words.allSatisfy({ word in
      term.words.contains { $0.hasPrefix(word) }
    }) {
      return .prefixes
    }
    if words.allSatisfy(term.text.contains) { return .parts }
    if words.allSatisfy({ isSlip($0, of: term.words) }) { return .slip }
    return nil
  }

  private func scattered(_ words: [String], in entry: Entry) -> [Term]? {
    guard words.count > 1 else { return nil }
    var terms: [Term] = []
    for word in words {
      let found = entry.terms.first { term in
        // A part of a word would find "for" in "performance".
        term.words.contains { $0.hasPrefix(word) }
      }
      guard let found else { return nil }
      if !terms.contains(where: { $0.text == found.term.text }) {
        terms.append(found.term)
      }
    }
    return terms
  }

  private func isSlip(_ word: String, of candidates: [String]) -> Bool {
    // Among short words nearly everything is near everything.
    candidates.contains(word)
      || word.count > 3
        && candidates.contains {
          editDistance(word, $0) <= (word.count > 5 ? 2 : 1)
        }
  }

  private func pairs(of text: String) -> [String] {
    words(of: text).flatMap { word in
      zip(word, word.dropFirst()).map { "\($0)\($1)" }
    }
  }
}

/// The words, in lower case: runs of letters and digits, and the parts of
/// names in camel case beside them.
private func words(of text: String) -> [String] {
  text.split { !$0.isLetter && !$0.isNumber }.flatMap { word in
    let parts = word.matches(of: /\p{Lu}?[^\p{Lu}]+|\p{Lu}+(?!\p{Ll})/)
      .map { $0.output.lowercased() }
    let whole = word.lowercased()
    return parts.count > 1 ? [whole] + parts : [whole]
  }
}

/// What is asked for: without what only makes it a sentence.
private func queryWords(of query: String) -> [String] {
  let all = query.lowercased()
    .split { !$0.isLetter && !$0.isNumber }.map(String.init)
  let fillers: Set = [
    "a", "an", "are", "can", "do", "does", "how", "i", "is", "my", "of",
    "the", "to", "what", "when", "which", "why",
  ]
  let meaningful = all.filter { !fillers.contains($0) }
  return meaningful.isEmpty ? all : meaningful
}

extension Search {
  /// The first term of this kind of each recipe.
  func constructs(_ kind: Kind) -> [Finding] {
    entries.compactMap { entry in
      entry.terms.first { $0.term.kind == kind }.map {
        Finding(recipe: entry.recipe, match: .exact, terms: [$0.term])
      }
    }
  }
}
