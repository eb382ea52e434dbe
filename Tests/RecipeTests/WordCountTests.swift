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
    ("", []), (" ", []), ("one", ["one"]), ("\none\n", ["one"]),
    ("b a  B\r\n\tb ", ["B", "a", "b"]), ("é e\u{301} é", ["e\u{301}", "é"]),
    ("a\u{85}b\u{A0}c\u{1680}d\u{2028}e", ["a", "b", "c", "d", "e"]),
    ("größer 雨\u{3000}\u{2003}👩‍🚀", ["größer", "雨", "👩‍🚀"]),
    (
      "fifteenletterss sixteenletterswo",
      ["fifteenletterss", "sixteenletterswo"]
    ),
    ("\u{200B}\u{2007} \u{2FFF}", ["\u{200B}", "\u{2FFF}"]),
  ]
  static let bytes: [([UInt8], [String])] = [
    ([0x61, 0x85, 0x62, 0xA0, 0x63], [#"a\x85b\xa0c"#]),
    ([0xC0, 0xA0, 0x20, 0xFF, 0x01], [#"\xc0\xa0"#, "\\xff\u{1}"]),
    ([0x61, 0xE2, 0x80, 0x20, 0xE2, 0x80], [#"a\xe2\x80"#, #"\xe2\x80"#]),
    ([0xC2, 0xC2, 0x85, 0x61], ["a", #"\xc2"#]),
    ([0xE3, 0x80, 0xE3, 0x80, 0x80, 0x80], [#"\x80"#, #"\xe3\x80"#]),
    ([0xF0, 0x9F, 0x8D, 0xC3, 0xA9], [#"\xf0\x9f\x8dé"#]),
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
      }
    }
  }

  @Test("White space is what Unicode says, and nothing else is")
  func whiteSpace() {
    var others = String.UnicodeScalarView()
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      if scalar.properties.isWhitespace {
        #expect(WordCounts(of: "a\(scalar)b".utf8).count == 2, "\(value)")
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
    let recipe = WordCountExamples.recipe
    let count = recipe.examples[0]
    try await withFile(text) { path in
      let input = WordCountExamples.Files(paths: [path], top: 1_000_000)
      let swift = await ExampleJudge.run(.seed(0)) {
        await count.run(input, on: $0)
      }
      let go = try await GoTwin.start().runs(recipe, count, [input])[0].get()
      #expect(swift.trace.outcome == go.outcome, "\(text)")
    }
  }

  @Test("Words that differ in length or in one byte are different words")
  func similarWords() {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    var words: [[UInt8]] = []
    for length in 1...alphabet.count {
      let word = Array(alphabet.prefix(length))
      for zeros in 0...9 {
        words.append(word + Array(repeating: 0, count: zeros))
      }
      for index in word.indices {
        var other = word
        other[index] = 0xFF
        words.append(other)
      }
    }
    let counts = WordCounts(of: (words + words).joined(separator: [0x20]))
    #expect(counts.values.allSatisfy { $0 == 2 })
    // Words of the same count are in the order of their bytes.
    words.sort { $0.lexicographicallyPrecedes($1) }
    #expect(counts.mostFrequent(.max).map(\.word.bytes) == words)
    #expect(counts.mostFrequent(3).map(\.word.bytes) == Array(words.prefix(3)))
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

  // MARK: Reading

  /// Counts a pipe, which gives "to the ", and "end" once that has been read
  /// and `act` has been called.
  private func countPipe(
    _ act:
      @escaping @Sendable (
        _ reader: pthread_t?, _ counting: Task<WordCounts, any Error>
      ) -> Void
  ) async throws -> WordCounts {
    let path = scratch()
    unsafe mkfifo(path, 0o600)
    defer { unsafe unlink(path) }
    // A process that another test starts must not keep it open.
    let pipe = unsafe open(path, O_RDWR | O_CLOEXEC)
    let reader = Shared<pthread_t?>(nil)
    let counting = Task {
      // The pool's threads block all signals; those of others need not.
      var signals = sigset_t()
      unsafe sigaddset(&signals, SIGUSR1)
      unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      reader.value.withLock { $0 = pthread_self() }
      return try await WordCounts(contentsOf: path)
    }
    // A thread of its own: the reader keeps one of the pool.
    Thread.detachNewThread {
      unsafe write(pipe, "to the ", 7)
      var unread = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      while unsafe poll(&unread, 1, 0) > 0 { sched_yield() }
      act(reader.value.withLock(\.self), counting)
      unsafe write(pipe, "end", 3)
      close(pipe)
    }
    return try await counting.value
  }

  private final class Shared<Value>: Sendable {
    let value: Mutex<Value>
    init(_ value: sending Value) { self.value = Mutex(value) }
  }

  private let whole = WordCounts(of: "to the end".utf8)

  @Test("A pipe that gives less than it is asked for has not ended")
  func shortRead() async throws {
    #expect(try await countPipe { _, _ in } == whole)
  }

  #if os(Linux)
    @Test("A signal does not end a file")
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
      #expect(counts == whole)
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

  @Test("A file that cannot be read says why")
  func unreadable() async throws {
    var expected = [
      "/none": POSIXErrorCode.ENOENT, "/": .EISDIR, "/\0": .EINVAL,
    ]
    #if os(Linux)
      expected["/proc/self/mem"] = .EIO
    #endif
    for (path, code) in expected {
      let error = await #expect(throws: POSIXError.self, "\(path)") {
        try await WordCounts(contentsOf: path)
      }
      #expect(error?.code == code, "\(path)")
    }
  }

  @Test("A chunk of no bytes is a mistake")
  func emptyChunk() async {
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
