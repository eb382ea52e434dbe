import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("recipe find")
struct FindTests {
  @Test("What people type finds its recipe first")
  func table() throws {
    // The search of the book is held against the same file.
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "queries.json")
    let queries = try JSONDecoder().decode(
      [String: [String]].self,
      from: Data(contentsOf: file)
    )
    #expect(Set(queries.keys) == Set(everyRecipe.map(\.name)))
    let search = Search(everyRecipe, page: FindCommand.page)
    for (recipe, queries) in queries {
      for query in queries {
        let found = search.find(query).first?.recipe.name
        #expect(found == recipe, "\(query)")
      }
    }
  }

  @Test("A name comes before a Go construct, a Swift one, a problem, a text")
  func ranking() {
    let search = Search([
      planted("text", problems: ["what a cancel is and what it is not"]),
      planted("problem", problems: ["cancel"]),
      planted("swift", swift: ["cancel"]), planted("go", go: ["cancel"]),
      planted("cancel"),
    ])
    let names = search.find("cancel").map(\.recipe.name)
    #expect(names == ["cancel", "go", "problem", "swift", "text"])
    // What only makes a sentence, and nothing.
    for query in ["how do I", "", "   "] {
      #expect(search.find(query).isEmpty, "\(query)")
    }
  }

  @Test("Every term that a recipe declares is there once, and finds it at once")
  func everyTerm() {
    let search = Search(everyRecipe)
    for recipe in everyRecipe {
      for terms in [
        recipe.goConstructs, recipe.swiftConstructs, recipe.problems,
        [recipe.name],
      ] {
        #expect(!terms.isEmpty, "\(recipe.name)")
        #expect(Set(terms.map { $0.lowercased() }).count == terms.count)
        #expect(terms.allSatisfy { $0 == $0.collapsed && !$0.isEmpty })
        // Nor need anyone type its punctuation.
        let words = terms.map { term in
          term.split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
        }
        for query in terms + words {
          let exact = search.find(query).filter(\.isExact)
          #expect(exact.contains { $0.recipe.name == recipe.name }, "\(query)")
        }
      }
    }
  }

  @Test("What is found says by which term, and as JSON it is a list")
  func reasons() async throws {
    let result = try await Program.run("find limit concurrency")
    result.expect(0, "limit concurrency (problem)")
    result.expect(0, "'recipe show ")
    let quoted = try await Program.run("find 'limit concurrency'")
    #expect(quoted.output == result.output)
    struct Answer: Decodable { var found: String }
    let json = try await Program.run("find --json sync.WaitGroup")
    let answers = try JSONDecoder()
      .decode([Answer].self, from: Data(json.output.utf8))
    #expect(answers.first?.found == "sync.WaitGroup")
  }

  @Test("What is found nowhere is said, and as JSON it is an empty list")
  func nothing() async throws {
    for words in ["zzzz", "the"] {
      try await Program.run("find \(words)")
        .expect(1, "nothing is found by '\(words)'")
    }
    let none = try await Program.run("find --json zzzz")
    #expect(none.output == "[]\n")
    #expect(none.status == 1)
  }
}
