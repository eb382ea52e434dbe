import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("recipe find")
struct FindTests {
  @Test("What people type finds its recipe first")
  func table() {
    let search = Search(everyRecipe, page: FindCommand.page)
    for (query, recipe) in findQueries {
      let found = search.find(query).first?.recipe.name
      #expect(found == recipe, "\(query)")
    }
  }

  @Test("A name comes before a Go construct, a Swift one, a problem, a text")
  func ranking() {
    func recipe(
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
    let search = Search([
      recipe("text", problems: ["what a cancel is and what it is not"]),
      recipe("problem", problems: ["cancel"]),
      recipe("swift", swift: ["cancel"]), recipe("go", go: ["cancel"]),
      recipe("cancel"),
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
        for term in terms {
          let exact = search.find(term).filter(\.isExact)
          #expect(exact.contains { $0.recipe.name == recipe.name }, "\(term)")
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
    try await Program.run("find zzzz")
      .expect(1, "nothing is found by 'zzzz'")
    let none = try await Program.run("find --json zzzz")
    #expect(none.output == "[]\n")
    #expect(none.status == 1)
  }
}

/// What people type, and the recipe that must come first.
private let findQueries: [(query: String, recipe: String)] = [
  ("count words in files in parallel", "word-count"),
  ("map reduce", "word-count"),
  ("wordcount", "word-count"),
  ("read a large file concurrently", "word-count"),
  ("worker pool", "bounded-pool"),
  ("at most 10 at once", "bounded-pool"),
  ("limit number of goroutines", "bounded-pool"),
  ("concurrent map with a limit", "bounded-pool"),
  ("for job := range jobs", "bounded-pool"),
  ("fan out fan in", "fan-out-fan-in"),
  ("merge channels", "fan-out-fan-in"),
  ("how do I merge several channels into one", "fan-out-fan-in"),
  ("collect results from multiple goroutines", "fan-out-fan-in"),
  ("semaphore", "semaphore"),
  ("semaphore.Weighted", "semaphore"),
  ("buffered channel as semaphore", "semaphore"),
  ("limit concurrent requests", "semaphore"),
  ("acquire permit with timeout", "semaphore"),
  ("pipeline", "pipeline"),
  ("pipeline stages", "pipeline"),
  ("chain stages with channels", "pipeline"),
  ("one slow stage, several workers", "pipeline"),
  ("producer too fast", "backpressure"),
  ("drop messages when full", "backpressure"),
  ("slow consumer", "backpressure"),
  ("token bucket", "token-bucket"),
  ("rate limit", "token-bucket"),
  ("rate.Limiter", "token-bucket"),
  ("AsyncStream bufferingNewest", "backpressure"),
  ("errgroup", "errgroup"),
  ("ERRGROUP.setlimit", "errgroup"),
  // A slip of the finger, and one word too many.
  ("errgruop", "errgroup"),
  ("errgroup zebras", "errgroup"),
  ("errgroup.WithContext", "errgroup"),
  ("SetLimit", "errgroup"),
  ("first error cancels the others", "errgroup"),
  ("wait for all goroutines and return the error", "errgroup"),
  ("context.WithTimeout", "context-cancellation"),
  ("ctx.Done()", "context-cancellation"),
  ("how to cancel a goroutine", "context-cancellation"),
  ("call with a timeout", "context-cancellation"),
  ("goroutine leak", "context-cancellation"),
  ("channel", "channel"),
  ("unbuffered channel", "channel"),
  ("make(chan int, 10)", "channel"),
  ("range over a channel", "channel"),
  ("deadlock", "channel"),
  ("select", "select"),
  ("select default", "select"),
  ("wait on multiple channels", "select"),
  ("time.After in select", "select"),
  ("non-blocking send", "select"),
  ("priority select", "priority-select"),
  ("prefer one channel over another", "priority-select"),
  ("high priority messages first", "priority-select"),
  ("close channel twice", "closed-and-nil"),
  ("panic: send on closed channel", "closed-and-nil"),
  ("nil channel", "closed-and-nil"),
  ("v, ok := <-ch", "closed-and-nil"),
  (
    "chan struct{} or a typed value, and close() as broadcast",
    "signal-or-value"
  ),
  ("chan struct{}", "signal-or-value"),
  ("wake all goroutines at once", "signal-or-value"),
  ("broadcast to all waiting tasks", "signal-or-value"),
  ("why chan struct{} instead of chan bool", "signal-or-value"),
  ("unbuffered or buffered channels", "buffering"),
  ("how large should a channel buffer be", "buffering"),
  ("channel buffer size", "buffering"),
  ("deadlock goes away with a buffered channel", "buffering"),
  ("loop variable captured by goroutine", "loop-capture"),
  ("closure in a for loop prints the same value", "loop-capture"),
  ("race condition", "loop-capture"),
  ("sync.Once", "once"),
  ("singleton", "once"),
  ("lazy initialization", "once"),
  ("run something only once", "once"),
  ("goroutine vs thread", "a-million-tasks"),
  ("how much memory does a goroutine use", "a-million-tasks"),
  ("how many goroutines can I start", "a-million-tasks"),
]
