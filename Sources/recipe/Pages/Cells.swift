import Cookbook
import Foundation

/// What the examples of a recipe come to, run anew, in the words of a table.
///
/// On a page a comment asks for it:
///
///     <!-- cells: Go | send-on=ch <- v; close-of=close(ch) | closed; nil -->
///     <!-- cells: Swift | send-on; close-of | closed=after close; nil -->
///     <!-- cells: close-once; two-closers -->
///     <!-- rules -->
///
/// The first two make a table with a row for each verb and a column for each
/// state, here of the examples `send-on-closed`, `send-on-nil` and so on; a
/// label may follow a name. The third makes a table with a row for each
/// example and both languages; the fourth a list of the rules of language
/// behind what differs. Each ends with a comment such as `<!-- /cells -->`.
struct Cells {
  enum Language: String { case go = "Go", swift = "Swift" }

  let recipe: Recipe
  /// What Go came to, by example.
  ///
  /// Without a record it is what the evidence says, which comparing holds
  /// against Go.
  private var recorded: [String: Outcome] = [:]

  init(of recipe: Recipe) {
    self.recipe = recipe
    let records = (try? CompareCommand.records(of: recipe)) ?? []
    // The first is the one of a run without flags.
    recorded = Dictionary(
      records.map { ($0.example, $0.go.outcome) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  /// Runs an example, with what a run without flags takes.
  private func cell(
    _ example: Example
  ) async throws -> (swift: String, go: String) {
    if case .race = example.evidence {
      let text = "a race: recipe \(recipe.name) \(example.name)"
      return (text, text)
    }
    let trace = try await ExampleJudge.trace(example, example.input, seed: 0)
    let (swift, go) = (trace.outcome, recorded[example.name])
    var cell = (words(swift, in: .swift), words(go ?? swift, in: .go))
    if case .outcomes(let swiftWanted, let goWanted, _) = example.evidence {
      for (outcome, wanted) in [(swift, swiftWanted), (go, goWanted)] {
        guard let outcome, outcome.description != wanted else { continue }
        throw UsageError(
          "\(example.name) comes to '\(outcome)', not '\(wanted)'"
        )
      }
      if go == nil, goWanted != swiftWanted {
        cell.1 = goWanted.replacing("\(Event.caller): ", with: "")
      }
    }
    return cell
  }

  /// An outcome in Markdown, as short as it goes.
  private func words(_ outcome: Outcome, in language: Language) -> String {
    let others = outcome.lanes.filter { $0 != Event.caller }
    let lanes = ([Event.caller] + others).compactMap { lane -> String? in
      var parts = outcome.said[lane, default: []].map {
        $0 == "null" && language == .swift ? "`nil`" : "`\($0)`"
      }
      switch outcome.endings[lane] {
      case .returned:
        // Who has said something else has returned by the way.
        if parts.isEmpty, lane != Event.caller || others.isEmpty {
          parts = ["returns"]
        }
      case .threw(let error): parts.append("throws `\(error)`")
      case .waits: parts.append("waits for ever")
      case .died(let why):
        parts.append("**\(language == .go ? "panics" : "traps")**: \(why)")
      case nil: break
      }
      if parts.isEmpty { return nil }
      return (lane == Event.caller ? "" : "\(lane): ")
        + parts.joined(separator: ", ")
    }
    return lanes.joined(separator: "; ")
  }

  // MARK: For a page

  /// The lines that a comment on a page asks for.
  func lines(_ name: String, _ request: String) async throws -> [String] {
    if name == "rules" { return rules }
    let parts = request.split(separator: "|").map { part in
      part.split(separator: ";").map { item in
        let pair = item.split(separator: "=", maxSplits: 1)
          .map { $0.trimmingCharacters(in: .whitespaces) }
        return (name: pair[0], label: pair.count > 1 ? "`\(pair[1])`" : nil)
      }
    }
    if parts.count == 1 {
      var rows: [[String]] = []
      for (name, label) in parts[0] {
        let cell = try await cell(try recipe.example(named: name))
        rows.append([label ?? "`\(name)`", cell.go, cell.swift])
      }
      return Markdown.table(["example", "in Go", "in Swift"], rows)
    }
    guard parts.count == 3, let word = parts[0].first?.name,
      let language = Language(rawValue: word)
    else {
      throw UsageError(
        "cells are 'Go | ROW; ROW | COLUMN; COLUMN' or 'NAME; NAME'"
      )
    }
    var rows: [[String]] = []
    for verb in parts[1] {
      var row = [verb.label ?? verb.name.replacing("-", with: " ")]
      for state in parts[2] {
        let cell = try await cell(
          try recipe.example(named: "\(verb.name)-\(state.name)")
        )
        row.append(language == .go ? cell.go : cell.swift)
      }
      rows.append(row)
    }
    let heads = parts[2].map { $0.name.replacing("-", with: " ") }
    return Markdown.table(["in \(word)"] + heads, rows)
  }

  private var rules: [String] {
    var rules: [String] = []
    var names: [String: [String]] = [:]
    for example in recipe.examples {
      switch example.evidence {
      case .outcomes(_, _, let rule), .race(_, _, let rule):
        if rule.isEmpty { continue }
        if names[rule] == nil { rules.append(rule) }
        names[rule, default: []].append(example.name)
      default: continue
      }
    }
    return rules.map { rule in
      let examples = names[rule, default: []]
      return "- \(rule) Run `\(examples[0])`"
        + (examples.count == 1 ? "." : " (\(examples.count) cells).")
    }
  }

  // MARK: For a terminal

  /// A line for each example: its name, what Swift comes to, and what Go
  /// comes to where that is something else.
  func listing() async throws -> [String] {
    var rows = [("", "in Swift", "in Go, where it differs")]
    for example in recipe.examples {
      let cell = try await cell(example)
      let (swift, go) = (plain(cell.swift), plain(cell.go))
      rows.append((example.name, swift, swift == go ? "" : go))
    }
    let width = rows.map(\.0.count).max() ?? 0
    // One that is longer than most must not push all others aside.
    let column = 28
    return rows.map { name, swift, go in
      let start = name.padded(to: width) + "  "
      return start + (go.isEmpty ? swift : swift.padded(to: column) + "  " + go)
    }
  }

  private func plain(_ text: String) -> String {
    text.filter { !"`*".contains($0) }
  }
}
