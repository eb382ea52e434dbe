import Cookbook
import Foundation
import Synchronization
import Testing

@testable import Recipes
@testable import recipe

@Suite("word-count")
struct WordCountTests {
  /// Texts, and the words in them in the order of their bytes.
  static let texts: [(String, [String])] = [
    ("", []), ("\none\n", ["one"]), ("b a  B\r\n\tb ", ["B", "a", "b"]),
    ("a\u{85}b\u{A0}c\u{1680}d\u{2028}e", ["a", "b", "c", "d", "e"]),
    ("größer 雨\u{3000}\u{2003}👩‍🚀", ["größer", "雨", "👩‍🚀"]),
    ("é e\u{301} é \u{200B}\u{2007}", ["e\u{301}", "é", "\u{200B}"]),
  ]
  static let bytes: [([UInt8], [String])] = [
    ([0x61, 0x85, 0x62, 0xA0, 0x63], [#"a\x85b\xa0c"#]),
    ([0xC0, 0xA0, 0x20, 0xFF, 0x01], [#"\xc0\xa0"#, "\\xff\u{1}"]),
    ([0x61, 0xE2, 0x80, 0x20, 0xE2, 0x80], [#"a\xe2\x80"#, #"\xe2\x80"#]),
    ([0xE3, 0x80, 0xE3, 0x80, 0x80, 0x80], [#"\x80"#, #"\xe3\x80"#]),
    ([0xF0, 0x9F, 0x8D, 0xC2, 0x85, 0xC3, 0xA9], ["é", #"\xf0\x9f\x8d"#]),
  ]

  @Test(
    "A word is one word wherever a chunk ends",
    arguments: texts.map { (Array($0.utf8), $1) } + bytes
  )
  func chunks(of text: [UInt8], words: [String]) async throws {
    try await withFile(text) { path in
      for chunk in 1...text.count + 1 {
        let counts = try await WordCounts(contentsOf: path, chunk: chunk)
        #expect(counts.keys.sorted().map { "\($0)" } == words)
        #expect(counts == WordCounts(of: text), "chunks of \(chunk)")
        let fast = try await FastWordCounts(contentsOf: path, chunk: chunk)
        #expect(
          fast.count(where: { counts[$0.key] == $0.value }) == words.count
        )
      }
    }
  }

  @Test("White space is what Unicode says, and nothing else is")
  func whiteSpace() {
    var others = String.UnicodeScalarView()
    for scalar in (0...0x10FFFF).compactMap(Unicode.Scalar.init) {
      if scalar.properties.isWhitespace {
        #expect(
          WordCounts(of: "a\(scalar)b".utf8) == [Word("a"): 1, Word("b"): 1]
        )
      } else {
        others.append(scalar)
      }
    }
    #expect(WordCounts(of: String(others).utf8).count == 1)
  }

  @Test(
    "Any bytes are the words that they are in Go",
    .enabled(if: GoToolchain.canCompile, "Go is missing")
  )
  func anyBytes() async throws {
    // Of these all white space consists, and some that is not UTF-8.
    let bytes: [UInt8] = [
      0x0A, 0x20, 0x61, 0x80, 0x81, 0x85, 0x8A, 0x9A, 0x9F, 0xA0, 0xA8, 0xC0,
      0xC2, 0xE1, 0xE2, 0xE3, 0xF0, 0xFF,
    ]
    let text = (0..<20_000).compactMap { _ in bytes.randomElement() }
    let long = [UInt8](repeating: 0xE2, count: 100_000)
    let (recipe, go) = (WordCountExamples.recipe, try await GoTwin.start())
    let count = recipe.examples[0]
    try await withFile(text + long) { path in
      let input = WordCountExamples.Files(paths: [path], top: 1_000_000)
      let swift = await ExampleJudge.run(.seed(0)) {
        await count.run(input, on: $0)
      }
      let trace = try await go.runs(recipe, count, [input])[0].get()
      #expect(swift.trace.outcome == trace.outcome, "\(text)")
    }
  }

  @Test("Words that differ in length or in one byte are different words")
  func similarWords() {
    var words: [[UInt8]] = []
    for length in 1...40 {
      let word = [UInt8](repeating: 0x61, count: length)
      words.append(word)
      for index in word.indices {
        words += [0, 0xFF].map { word[..<index] + [$0] + word[(index + 1)...] }
      }
    }
    let text = (words + words).joined(separator: [0x20])
    // Words of the same count are in the order of their bytes.
    words.sort { $0.lexicographicallyPrecedes($1) }
    expect(WordCounts(of: text))
    expect(FastWordCounts(of: text))
    // Of so many, some have the same hash of 32 bits.
    let numbers = Set((0..<300_000).map { _ in UInt64.random(in: 0..<1 << 49) })
    var counts = FastWordCounts()
    for number in numbers { counts.add(Word("\(number)"), times: 1) }
    #expect(Array(counts).count == numbers.count)
    func expect(_ counts: some WordTally) {
      let all = counts.mostFrequent(.max)
      #expect(all.map(\.word.bytes) == words)
      #expect(all.allSatisfy { $0.count == 2 })
      #expect(counts.mostFrequent(3).map(\.word) == all.prefix(3).map(\.word))
    }
  }

  @Test("Words that begin alike are spread over the table of the fast counts")
  func spread() throws {
    var counts = FastWordCounts()
    for number in 0..<1_000 {
      counts.add(Word("the same sixteen \(number)"), times: 1)
    }
    let slots = try #require(
      Mirror(reflecting: counts).descendant("slots") as? [UInt32]
    )
    // Of words with one hash there would be 1,000 side by side.
    let longest = slots.split(separator: 0).map(\.count).max()
    #expect(try #require(longest) < 200)
  }

  @Test("A word may be longer than a chunk", .timeLimit(.minutes(1)))
  func longWords() async throws {
    let long = [UInt8](repeating: 0x78, count: 300_001)
    try await withFile(long + [0x20] + long + [0x79, 0x20] + long) { path in
      let counts = try await WordCounts(contentsOf: path, chunk: 64)
      let top = counts.mostFrequent(.max)
      #expect(top.map(\.count) == [2, 1])
      #expect(top.map(\.word.bytes) == [long, long + [0x79]])
    }
  }

  /// Counts a pipe, which gives "to the ", and "end" once that has been read
  /// and `act` has been called.
  private func countPipe(
    _ act: @escaping @Sendable (pthread_t?, Task<WordCounts, any Error>) -> Void
  ) async throws -> WordCounts {
    let path = scratch()
    unsafe mkfifo(path, 0o600)
    defer { unsafe unlink(path) }
    // A process that another test starts must not keep it open.
    let pipe = unsafe open(path, O_RDWR | O_CLOEXEC)
    let reader = Mutex<pthread_t?>(nil)
    let counting = Task { @Sendable in
      // The pool's threads block all signals; those of others need not.
      var signals = sigset_t()
      unsafe sigaddset(&signals, SIGUSR1)
      unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      reader.withLock { $0 = pthread_self() }
      return try await WordCounts(contentsOf: path)
    }
    // On a thread, since the reader keeps one of the pool.
    Thread.detachNewThread { @Sendable in
      unsafe write(pipe, "to the ", 7)
      var unread = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      while unsafe poll(&unread, 1, 0) > 0 { sched_yield() }
      act(reader.withLock(\.self), counting)
      unsafe write(pipe, "end", 3)
      close(pipe)
    }
    return try await counting.value
  }

  #if os(Linux)
    @Test("Neither less than was asked for nor a signal is the end of a file")
    func interruptedRead() async throws {
      // Without flags: no call that it interrupts is begun again.
      var action = sigaction()
      unsafe action.__sigaction_handler.sa_handler = { _ in }
      unsafe sigaction(SIGUSR1, &action, nil)
      let counts = try await countPipe { reader, _ in
        // Most of them come while the reader waits.
        for _ in 0..<200 {
          pthread_kill(reader ?? 0, SIGUSR1)
          sched_yield()
        }
      }
      #expect(counts == WordCounts(of: "to the end".utf8))
    }
  #endif

  @Test("A file that is read is left when the task is cancelled")
  func cancellation() async throws {
    await #expect(throws: CancellationError.self) {
      try await countPipe { $1.cancel() }
    }
    let late = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await WordCounts(contentsOf: "/none")
    }
    late.cancel()
    await #expect(throws: CancellationError.self) { try await late.value }
  }

  @Test("No path is cut, and no file without an end for want of a chunk")
  func mistakes() async {
    await #expect(throws: POSIXError(.EINVAL)) {
      _ = try await WordCounts(contentsOf: "/dev/null\0")
    }
    await #expect(processExitsWith: .failure) {
      _ = try await WordCounts(contentsOf: "/dev/null", chunk: 0)
    }
  }

  private func withFile(
    _ text: [UInt8],
    _ body: (String) async throws -> Void
  ) async throws {
    let path = scratch()
    try Data(text).write(to: URL(filePath: path))
    defer { unsafe unlink(path) }
    try await body(path)
  }

  private func scratch() -> String {
    NSTemporaryDirectory() + "word-count-\(UUID().uuidString)"
  }
}
