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
    ("sync.WaitGroup", ["wait-group"]),
    ("waitgroup", ["wait-group"]),
    ("wait group", ["wait-group"]),
    ("chan struct{}", ["semaphore"]),
    ("context.WithTimeout", ["context"]),
    ("withtimeout", ["context"]),
    ("limit concurrency", ["semaphore"]),
    ("how do I limit the concurrency", ["semaphore"]),
    ("stop early", ["context"]),
    ("<-", ["context"]),
    ("ThrowingTask", ["errgroup"]),
    // A whole word is worth more than the beginning of one, that more than
    // a part, and a Go construct more than a problem.
    ("limit", ["errgroup", "wait-group", "semaphore"]),
    ("group", ["wait-group", "errgroup"]),
    // In no one term, but in the terms of one recipe.
    ("context semaphore", []),
    ("timeout early", ["context"]),
    // A slip of the finger.
    ("waitgruop", ["wait-group"]),
    ("semaphor weigthed", ["semaphore"]),
    ("", []),
    ("   ", []),
  ]

  @Test(
    "The words of a Go programmer find their recipe, the best first",
    arguments: questions
  )
  func finds(query: String, names: [String]) {
    let found = Search(Self.shelf).find(query).map(\.recipe.name)
    #expect(found == names)
  }

  @Test("An exact term comes before a word, a prefix, a part and a slip")
  func ranking() {
    let shelf = [
      Self.recipe("slip", go: ["cancle"]),
      Self.recipe("part", go: ["precancelled"]),
      Self.recipe("prefix", go: ["cancellation"]),
      Self.recipe("problem", problems: ["cancel"]),
      Self.recipe("word", go: ["defer cancel()"]),
      Self.recipe("exact", go: ["cancel"]),
    ]
    let names = Search(shelf).find("cancel").map(\.recipe.name)
    #expect(names == ["exact", "problem", "word", "prefix", "part"])
    #expect(
      Search(Array(shelf.prefix(1))).find("cancel").map(\.match) == [.slip]
    )
  }

  @Test("Every term that a recipe declares finds it without a detour")
  func everyTerm() {
    let recipes = everyRecipe
    let search = Search(recipes)
    for recipe in recipes {
      let terms =
        recipe.goConstructs + recipe.swiftConstructs + recipe.problems
        + [recipe.name]
      for term in terms {
        let exact = search.find(term).filter { $0.match == .exact }
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

  @Test("Words that find nothing together say what each would have found")
  func nothingTogether() async throws {
    let result = try await Program.run("find", "sync.WaitGroup", "zebra")
    #expect(result.status == 1)
    #expect(
      result.output.contains("nothing is found by 'sync.WaitGroup zebra'")
    )
    #expect(result.output.contains("'waitgroup': word-count"))
    #expect(result.output.contains("'zebra': nothing"))
  }

  @Test("A word that finds nothing is answered with what is most like it")
  func nothingAtAll() async throws {
    let like = FindCommand.text(for: "grouping-by", in: Self.shelf)
    #expect(like.contains("by the terms most like it"))
    #expect(like.contains("sync.WaitGroup: wait-group"))
    let unlike = FindCommand.text(for: "zzzz", in: Self.shelf)
    #expect(unlike.contains("errgroup.SetLimit: errgroup"))
    #expect(FindCommand.text(for: "x", in: []).contains("nothing"))
    let result = try await Program.run("find", "zzzz")
    #expect(result.status == 1)
  }

  @Test("As JSON, what is found is a list, if an empty one")
  func json() async throws {
    struct Answer: Decodable {
      var name: String
      var found: [String]
    }
    let result = try await Program.run("find", "--json", "sync.WaitGroup")
    let answers = try JSONDecoder()
      .decode([Answer].self, from: Data(result.output.utf8))
    #expect(answers.allSatisfy { $0.found == ["sync.WaitGroup"] })
    #expect(!answers.isEmpty)
    let none = try await Program.run("find", "--json", "zzzz")
    #expect(none.output == "[]\n")
    #expect(none.status == 1)
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
