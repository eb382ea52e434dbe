import Cookbook
import Foundation

/// Finds recipes by what a person types.
///
/// A query that is the name of a recipe, or one of its terms, finds that one
/// first: name, Go construct, Swift construct, problem. All others are ranked
/// by a score. Whole words count, without their endings; rare ones count more,
/// and so do those that stand together in one short term. A word that a recipe
/// lacks lowers its score, and hides nothing.
struct Search {
  /// Where a term stands, the most telling first.
  enum Kind: String {
    case name
    case go = "Go"
    case swift = "Swift"
    case problem, question, hazard, page

    fileprivate var weight: Double {
      switch self {
      case .name: 6
      case .go: 5
      case .swift, .problem: 4
      case .question, .hazard: 3
      case .page: 1
      }
    }
  }

  struct Term {
    var kind: Kind
    var text: String
    fileprivate var stems: [String]

    fileprivate init(_ kind: Kind, _ text: String) {
      (self.kind, self.text) = (kind, text)
      stems = words(of: text).map(stem)
    }
  }

  struct Finding {
    var recipe: Recipe
    /// The term that says most of what was typed.
    var term: Term
    /// Whether the query is that term.
    var isExact: Bool
    fileprivate var score: Double
  }

  private struct Entry {
    var recipe: Recipe
    var terms: [Term]
    var stems: Set<String>
  }

  private let entries: [Entry]

  /// Creates a search over recipes and their pages, where they can be read.
  init(_ recipes: [Recipe], page: (Recipe) -> String? = { _ in nil }) {
    entries = recipes.map { recipe in
      let lines = page(recipe)?.proseLines ?? []
      let hazards = lines.compactMap { line in
        line.prefixMatch(of: /- \[(.+?)\]:/).map { String($0.output.1) }
      }
      let terms = [
        (Kind.name, [recipe.name]), (.go, recipe.goConstructs),
        (.swift, recipe.swiftConstructs), (.problem, recipe.problems),
        (.question, [recipe.question]), (.hazard, hazards), (.page, lines),
      ].flatMap { kind, texts in texts.map { Term(kind, $0) } }
      return Entry(
        recipe: recipe,
        terms: terms,
        stems: Set(terms.flatMap(\.stems))
      )
    }
  }

  /// The recipes that answer to `query`, the best first.
  func find(_ query: String) -> [Finding] {
    let typed = words(of: query)
    let stems = typed.map(stem)
    let sought = Set(meaningful(typed).map { known(stem($0)) })
    let total = sought.map(rarity).reduce(0, +)
    let found = entries.compactMap { entry -> Finding? in
      // Of two recipes with a term, it is about the one that it names.
      let name = Set(entry.terms[0].stems)
      let named = Double(sought.intersection(name).count) / Double(name.count)
      let exact = entry.terms.first {
        $0.kind.weight > Kind.question.weight
          && ($0.text.lowercased() == query.lowercased()
            || !stems.isEmpty && $0.stems == stems)
      }
      let scores = entry.terms.map { ($0, score($0, sought, total)) }
      guard let (closest, most) = scores.max(by: { $0.1 < $1.1 }),
        exact != nil || most > 0
      else { return nil }
      let present = sought.filter(entry.stems.contains).map(rarity)
      let closeness = most + 2 * present.reduce(0, +) / total
      return Finding(
        recipe: entry.recipe,
        term: exact ?? closest,
        isExact: exact != nil,
        score: named + (exact?.kind.weight ?? closeness)
      )
    }
    // Sorting is stable: the order of the menu decides between equals.
    return found.sorted { left, right in
      left.isExact == right.isExact
        ? left.score > right.score : left.isExact
    }
  }

  /// How much of what is sought a term says, and how little else.
  private func score(
    _ term: Term,
    _ sought: Set<String>,
    _ total: Double
  ) -> Double {
    let said = Set(term.stems).intersection(sought)
    guard !said.isEmpty else { return 0 }
    let share = said.map(rarity).reduce(0, +) / total
    let density = Double(said.count) / Double(term.stems.count)
    return term.kind.weight * share * (0.5 + 0.5 * density)
  }

  /// Higher for a word that few recipes have.
  private func rarity(_ stem: String) -> Double {
    let having = entries.count { $0.stems.contains(stem) }
    return log(1 + Double(entries.count + 1) / Double(having + 1))
  }

  /// The word that was meant, if this one stands nowhere.
  private func known(_ word: String) -> String {
    guard word.count > 3, !entries.contains(where: { $0.stems.contains(word) })
    else { return word }
    let near = Set(
      entries.flatMap { $0.terms.filter { $0.kind != .page } }
        .flatMap(\.stems)
    ).map { ($0, editDistance(word, $0)) }
      .min { ($0.1, $0.0) < ($1.1, $1.0) }
    guard let near, near.1 <= (word.count > 5 ? 2 : 1) else { return word }
    return near.0
  }
}

extension String {
  /// The lines of a page outside of its listings, tables and comments.
  fileprivate var proseLines: [String] {
    var isCode = false
    return split(separator: "\n").map(String.init).filter { line in
      if line.hasPrefix("```") { isCode.toggle() }
      return !isCode && !line.hasPrefix("```") && !line.hasPrefix("<")
        && !line.hasPrefix("|") && line.prefixMatch(of: /\[.+?\]:/) == nil
    }
  }
}

/// The words, in lower case: runs of letters and digits, and the parts of
/// names in camel case beside them.
private func words(of text: String) -> [String] {
  text.split { !$0.isLetter && !$0.isNumber }.flatMap { word in
    guard word.dropFirst().contains(where: \.isUppercase) else {
      return [word.lowercased()]
    }
    let parts = word.matches(of: /\p{Lu}?[^\p{Lu}]+|\p{Lu}+(?!\p{Ll})/)
      .map { $0.output.lowercased() }
    let whole = word.lowercased()
    return parts.count > 1 ? [whole] + parts : [whole]
  }
}

/// The words without those that only make a sentence.
private func meaningful(_ words: [String]) -> [String] {
  let fillers = Set(
    """
    a all an and another are as at be by can do does each for from get how i if
    in into is it its many me much multiple my of on one or over several some
    something than that the there to use want what when which why with you
    """.split(whereSeparator: \.isWhitespace).map(String.init)
  )
  return words.filter { !fillers.contains($0) }
}

/// A word without its endings, so that its forms are one word.
private func stem(_ word: String) -> String {
  var stem = word
  var isShrinking = true
  while isShrinking {
    isShrinking = false
    for ending in ["ation", "ing", "ion", "ed", "er", "es", "s", "e"]
    where stem.hasSuffix(ending) && stem.count - ending.count >= 3
      && !stem.hasSuffix("ss")
    {
      stem.removeLast(ending.count)
      isShrinking = true
      break
    }
  }
  if let last = stem.last, stem.count > 3, stem.dropLast().last == last {
    stem.removeLast()
  }
  // British or American.
  return stem.hasSuffix("is") ? stem.dropLast(2) + "iz" : stem
}
