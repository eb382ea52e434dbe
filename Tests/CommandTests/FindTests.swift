import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("recipe find")
struct FindTests {
  @Test("What people type finds its recipe first")
  func table() {
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
    try await Program.run("find zzzz")
      .expect(1, "nothing is found by 'zzzz'")
    let none = try await Program.run("find --json zzzz")
    #expect(none.output == "[]\n")
    #expect(none.status == 1)
  }
}

/// What people type, below the recipe that must come first.
private let queries: KeyValuePairs = [
  "word-count": [
    "count words in files in parallel", "map reduce", "wordcount",
    "read a large file concurrently",
  ],
  "bounded-pool": [
    "worker pool", "at most 10 at once", "limit number of goroutines",
    "concurrent map with a limit", "for job := range jobs",
  ],
  "fan-out-fan-in": [
    "fan out fan in", "merge channels",
    "how do I merge several channels into one",
    "collect results from multiple goroutines",
  ],
  "semaphore": [
    "semaphore", "semaphore.Weighted", "buffered channel as semaphore",
    "limit concurrent requests", "acquire permit with timeout",
  ],
  "pipeline": [
    "pipeline", "pipeline stages", "chain stages with channels",
    "one slow stage, several workers",
  ],
  "backpressure": [
    "producer too fast", "drop messages when full", "slow consumer",
    "AsyncStream bufferingNewest",
  ],
  "token-bucket": ["token bucket", "rate limit", "rate.Limiter"],
  "errgroup": [
    "errgroup", "ERRGROUP.setlimit", "errgruop", "errgroup zebras",
    "errgroup.WithContext", "SetLimit", "first error cancels the others",
    "wait for all goroutines and return the error",
  ],
  "context-cancellation": [
    "context.WithTimeout", "ctx.Done()", "how to cancel a goroutine",
  ],
  "operation-timeout": [
    "Implement a complete operation timeout with select.",
    "call with a timeout", "select with timeout", "retry with a deadline",
    "function that ignores its timeout", "timeout for each attempt",
  ],
  "timers": [
    "time.After", "NewTimer", "debounce", "time.After NewTicker leak",
    "do something every second", "timer Reset after Stop",
  ],
  "channel": [
    "channel", "unbuffered channel", "make(chan int, 10)",
    "range over a channel", "deadlock",
  ],
  "select": [
    "select", "select default", "wait on multiple channels",
    "time.After in select", "non-blocking send",
  ],
  "priority-select": [
    "priority select", "prefer one channel over another",
    "high priority messages first",
  ],
  "nil-case": [
    "nil channel in select", "turn a case of a select off",
    "pause and resume a goroutine", "select spins after close",
  ],
  "closed-and-nil": [
    "close channel twice", "panic: send on closed channel", "nil channel",
    "v, ok := <-ch",
  ],
  "leaks": [
    "What causes goroutine leaks, how to prevent and detect them?",
    "goroutine leak",
    "goroutine count keeps growing",
    "SWIFT TASK CONTINUATION MISUSE leaked its continuation",
    "deinit is never called",
  ],
  "loop-capture": [
    "loop variable captured by goroutine",
    "closure in a for loop prints the same value", "race condition",
  ],
  "wait-group": [
    "How does WaitGroup work, and what are the common mistakes?",
    "sync.WaitGroup",
    "wait for all goroutines to finish",
    "negative WaitGroup counter",
    "wg.Wait with timeout",
  ],
  "done-channel": [
    "what is the done channel, and why has context superseded it",
    "stop all workers at once",
    "close a channel to stop goroutines",
    "or-done",
  ],
  "signal-or-value": [
    "chan struct{} or a typed value, and close() as broadcast",
    "chan struct{}",
    "wake all goroutines at once",
    "broadcast to all waiting tasks",
    "why chan struct{} instead of chan bool",
  ],
  "directional": [
    "what are directional channels in signatures good for",
    "send-only channel",
    "<-chan int as a parameter",
    "return a channel that can only be read",
  ],
  "leak-tests": [
    "tests that detect leaks automatically",
    "goroutine leak test",
    "how to test that no task is left behind",
    "synctest in Swift",
    "run a test under many schedules",
  ],
  "pub-sub": [
    "Implement a publish-subscribe broker", "A publish-subscribe broker",
    "publish to many subscribers", "each subscriber gets every message",
    "two tasks iterate one AsyncStream", "slow subscriber",
  ],
  "task-queue": [
    "A buffered channel as a task queue with natural backpressure",
    "task queue", "serial queue in swift concurrency", "job queue with workers",
    "keep the order of calls from synchronous code",
    "graceful shutdown of workers",
  ],
  "hedged-request": [
    "A hedged request",
    "hedging",
    "send a second request if the first is slow",
    "ask several servers, take the fastest answer",
    "tail latency",
  ],
  "buffering": [
    "unbuffered or buffered channels",
    "how large should a channel buffer be",
    "channel buffer size",
    "deadlock goes away with a buffered channel",
  ],
  "once": [
    "sync.Once", "singleton", "lazy initialization", "run something only once",
  ],
  "a-million-tasks": [
    "goroutine vs thread", "how much memory does a goroutine use",
    "how many goroutines can I start",
  ],
]
