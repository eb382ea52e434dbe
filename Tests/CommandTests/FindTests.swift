import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("recipe find")
struct FindTests {
  private static func recipe(
    _ name: String,
    go: [String] = [],
    swift: [String] = [],
    problems: [String] = []
  ) -> Recipe {
    Recipe(
      name: name,
      chapter: .patterns,
      question: "What about \(name)?",
      goConstructs: go,
      swiftConstructs: swift,
      problems: problems
    )
  }

  /// Terms as the cookbook's recipes have them.
  private static let shelf = [
    recipe(
      "errgroup",
      go: ["errgroup.SetLimit", "errgroup.WithContext"],
      swift: ["withThrowingTaskGroup"],
      problems: ["stop at the first error"]
    ),
    recipe(
      "select",
      go: ["select", "select default"],
      problems: ["wait for several things at once"]
    ),
    recipe(
      "semaphore",
      go: ["chan struct{}", "semaphore.Weighted"],
      swift: ["Semaphore"],
      problems: ["limit concurrency", "limit concurrent requests"]
    ),
    recipe(
      "context",
      go: ["context.WithTimeout", "ctx.Done()", "<-time.After(d)"],
      swift: ["withTimeout"],
      problems: ["stop early", "give up after some time"]
    ),
    recipe(
      "wait-group",
      go: ["sync.WaitGroup"],
      swift: ["withTaskGroup"],
      problems: ["limit memory"]
    ),
  ]

  private static let questions: [(query: String, names: [String])] = [
    ("errgroup.SetLimit", ["errgroup"]),
    ("ERRGROUP.setlimit", ["errgroup"]),
    ("select default", ["select"]),
    ("sync.WaitGroup", ["wait-group", "errgroup"]),
    ("waitgroup", ["wait-group"]),
    ("chan struct{}", ["semaphore"]),
    ("context.WithTimeout", ["context", "errgroup"]),
    ("limiting the concurrency", ["semaphore"]),
    ("<-time.After(d)", ["context"]),
    // Not a part of a word, and not what only makes a sentence.
    ("chan", ["semaphore"]),
    ("how do I", []),
    // One word too many lowers the rank.
    ("limit memory zebras", ["wait-group"]),
    // A slip of the finger.
    ("waitgruop", ["wait-group"]),
    ("", []),
    ("   ", []),
  ]

  @Test(
    "The words of a Go programmer find their recipe, the best first",
    arguments: questions
  )
  func finds(query: String, names: [String]) {
    let found = Search(Self.shelf).find(query).map(\.recipe.name)
    #expect(found.first == names.first, "\(found)")
    #expect(Set(names).isSubset(of: found))
  }

  @Test("What people type finds its recipe first", arguments: findQueries)
  func table(query: String, recipe: String) {
    let found = Search(everyRecipe, page: FindCommand.page).find(query)
    #expect(found.first?.recipe.name == recipe)
  }

  @Test("A name comes before a Go construct, a Swift one, a problem, a text")
  func ranking() {
    let shelf = [
      Self.recipe("text", problems: ["what a cancel is and what it is not"]),
      Self.recipe("problem", problems: ["cancel"]),
      Self.recipe("swift", swift: ["cancel"]),
      Self.recipe("go", go: ["cancel"]),
      Self.recipe("cancel"),
    ]
    let names = Search(shelf).find("cancel").map(\.recipe.name)
    #expect(names == ["cancel", "go", "problem", "swift", "text"])
  }

  @Test("Every term that a recipe declares finds it without a detour")
  func everyTerm() {
    let search = Search(everyRecipe)
    for recipe in everyRecipe {
      let terms =
        recipe.goConstructs + recipe.swiftConstructs + recipe.problems
        + [recipe.name]
      for term in terms {
        let exact = search.find(term).filter(\.isExact)
        #expect(exact.contains { $0.recipe.name == recipe.name }, "\(term)")
      }
    }
  }

  @Test("No recipe declares a term twice, or one with a line break")
  func terms() {
    for recipe in everyRecipe {
      for terms in [
        recipe.goConstructs, recipe.swiftConstructs, recipe.problems,
      ] {
        #expect(!terms.isEmpty, "\(recipe.name)")
        #expect(Set(terms.map { $0.lowercased() }).count == terms.count)
        #expect(terms.allSatisfy { $0 == $0.collapsed && !$0.isEmpty })
      }
    }
  }

  @Test("What is found says by which term")
  func reasons() async throws {
    let result = try await Program.run("find", "limit", "concurrency")
    #expect(result.status == 0)
    #expect(result.output.contains("limit concurrency (problem)"))
    #expect(result.output.contains("'recipe show "))
    let quoted = try await Program.run("find", "limit concurrency")
    #expect(quoted.output == result.output)
  }

  @Test("What is found nowhere is said, and as JSON it is an empty list")
  func nothing() async throws {
    let result = try await Program.run("find", "zzzz")
    #expect(result.status == 1)
    #expect(result.output.contains("nothing is found by 'zzzz'"))
    let none = try await Program.run("find", "--json", "zzzz")
    #expect(none.output == "[]\n")
    #expect(none.status == 1)
  }

  @Test("As JSON, what is found is a list")
  func json() async throws {
    struct Answer: Decodable {
      var name: String
      var found: String
    }
    let result = try await Program.run("find", "--json", "sync.WaitGroup")
    let answers = try JSONDecoder()
      .decode([Answer].self, from: Data(result.output.utf8))
    #expect(answers.first?.found == "sync.WaitGroup")
  }

  @Test("Without words, or with a wrong flag, there is nothing to look for")
  func refusals() async throws {
    let empty = try await Program.run("find")
    #expect(empty.status == 64)
    #expect(empty.errors.contains("needs words"))
    let flag = try await Program.run("find", "--jsn", "select")
    #expect(flag.status == 64)
    #expect(flag.errors.contains("did you mean '--json'?"))
  }
}
