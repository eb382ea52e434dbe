import Cookbook
import Foundation
import Simulation
import Testing
import WordCountRecipe

@Suite("word-count")
struct WordCountTests {
  typealias Input = WordCountDemo.Input
  typealias Document = WordCountDemo.Document

  // MARK: Splitting

  static let trickyTexts: [[UInt8]] =
    [
      "", " ", "one", "one\n", "\none", "one two  two\r\n\tthree ",
      "a\u{85}b\u{A0}c\u{1680}d\u{2003}e\u{2028}f\u{202F}g\u{205F}h\u{3000}i",
      "\u{3000}\u{3000}\u{2000}", "größer снег 雨が降る　雨 👩‍🚀 e\u{301} é",
      "eightlet sevenle sixlet sixteenletterswo fifteenletterss",
      "\u{200B}\u{2007}\u{200B} \u{2FFF}\u{3000}\u{3001} \u{84}\u{85}\u{86}",
    ].map { Array($0.utf8) } + [
      [0xC2], [0x61, 0xE2, 0x80], [0xE2, 0x80, 0x20, 0xE2, 0x80],
      [0xC2, 0xC2, 0x85, 0xE3, 0x80, 0xE3, 0x80, 0x80, 0x80],
    ]

  @Test("A word is one word wherever a chunk ends", arguments: trickyTexts)
  func chunks(of text: [UInt8]) async throws {
    let folder = try Folder()
    try folder.write(text, to: "text")
    var whole = WordCounts()
    whole.add(text.span)
    #expect(whole.bytes == text.count)
    for chunk in 1...text.count + 1 {
      let counts = try await WordCounts(
        contentsOf: ByteString(folder.path + "/text"),
        chunk: chunk
      )
      #expect(table(counts) == table(whole), "chunks of \(chunk)")
      #expect(counts.words == whole.words)
      #expect(counts.bytes == text.count)
    }
  }

  @Test("White space is what Unicode says, and nothing else is")
  func whiteSpace() {
    var others = String.UnicodeScalarView()
    var spaces = 0
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      if scalar.properties.isWhitespace {
        #expect(words("a\(scalar)b") == ["a": 1, "b": 1], "\(value)")
        spaces += 1
      } else {
        others.append(scalar)
      }
    }
    #expect(spaces == 25)
    var counts = WordCounts()
    counts.add(String(others))
    #expect(counts.words == 1)
  }

  @Test(
    "A byte that is not UTF-8 is part of a word",
    arguments: [
      ([0x80], [#"\x80"#]),
      ([0x61, 0x85, 0x62, 0xA0, 0x63], [#"a\x85b\xa0c"#]),
      ([0xC0, 0xA0], [#"\xc0\xa0"#]),
      ([0xE0, 0x80, 0xA0], [#"\xe0\x80\xa0"#]),
      ([0xED, 0xA0, 0x80], [#"\xed\xa0\x80"#]),
      ([0xF4, 0x90, 0x80, 0x80], [#"\xf4\x90\x80\x80"#]),
      ([0xF8, 0x88, 0x80, 0x80, 0x80], [#"\xf8\x88\x80\x80\x80"#]),
      ([0xFE, 0x20, 0xFF, 0x0A], [#"\xfe"#, #"\xff"#]),
      ([0x61, 0xC2], [#"a\xc2"#]),
      ([0x61, 0xE2, 0x80, 0x20, 0x62], [#"a\xe2\x80"#, "b"]),
      ([0xC2, 0xC2, 0x85, 0x61], ["a", #"\xc2"#]),
      ([0xE3, 0x80, 0xE3, 0x80, 0x80, 0x80], [#"\x80"#, #"\xe3\x80"#]),
      ([0xF0, 0x9F, 0x8D, 0xC3, 0xA9], [#"\xf0\x9f\x8dé"#]),
      ([0xEF, 0xBF, 0xBD, 0x01, 0xFF], ["\u{FFFD}\u{1}\\xff"]),
    ] as [([UInt8], [String])]
  )
  func invalid(text: [UInt8], expected: [String]) {
    var counts = WordCounts()
    counts.add(text.span)
    #expect(counts.mostFrequent(.max).map { "\($0.word)" } == expected)
    #expect(counts.mostFrequent(.max).allSatisfy { $0.count == 1 })
  }

  @Test("Canonically equivalent words are different words")
  func canonicalEquivalence() {
    #expect("é" == "e\u{301}")
    var counts = WordCounts()
    counts.add("é e\u{301} é")
    #expect(counts.distinct == 2)
    #expect(counts.mostFrequent(1).map(\.count) == [2])
    #expect(ByteString("é") != ByteString("e\u{301}"))
  }

  @Test("Words that differ in length or in one byte are different words")
  func similarWords() {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
    var different: [[UInt8]] = []
    for length in 1...alphabet.count {
      let word = Array(alphabet.prefix(length))
      different.append(word)
      for zeros in 1...9 {
        different.append(word + [UInt8](repeating: 0, count: zeros))
      }
      for index in word.indices {
        var other = word
        other[index] = UInt8(ascii: "X")
        different.append(other)
      }
    }
    #expect(Set(different).count == different.count)
    var counts = WordCounts()
    for _ in 1...2 {
      counts.add(Array(different.joined(separator: [0x20])).span)
    }
    #expect(counts.distinct == different.count)
    #expect(counts.words == 2 * different.count)
    #expect(counts.mostFrequent(.max).allSatisfy { $0.count == 2 })
    let found = Set(counts.mostFrequent(.max).map(\.word.bytes))
    #expect(found == Set(different))
  }

  @Test("A word may be longer than a chunk")
  func longWords() async throws {
    let folder = try Folder()
    let long = [UInt8](repeating: 0x78, count: 300_001)
    try folder.write(long + [0x20] + long + [0x79, 0x20] + long, to: "long")
    let counts = try await WordCounts(
      contentsOf: ByteString(folder.path + "/long")
    )
    #expect(counts.words == 3)
    let top = counts.mostFrequent(.max)
    #expect(top.map(\.count) == [2, 1])
    #expect(top.map(\.word.bytes) == [long, long + [0x79]])
  }

  // MARK: The counts

  @Test("Words of the same count are in the order of their bytes")
  func ties() {
    var counts = WordCounts()
    counts.add("b Z é a z aa \u{FFFD} 👍 b a")
    var bytes: [UInt8] = [0x20, 0xFF]
    bytes += [0x20, 0xEF, 0xBF]
    counts.add(bytes.span)
    let expected = [
      "a", "b", "Z", "aa", "z", "é", #"\xef\xbf"#, "\u{FFFD}", "👍", #"\xff"#,
    ]
    for count in 0...expected.count + 1 {
      let top = counts.mostFrequent(count)
      #expect(top.map { "\($0.word)" } == Array(expected.prefix(count)))
    }
  }

  @Test("The first of many words are those of all words in order")
  func mostFrequent() {
    var generator = SeededGenerator(seed: 1)
    var counts = WordCounts()
    for _ in 0..<3_000 {
      counts.add("\(Int.random(in: 0..<900, using: &generator))")
    }
    let all = counts.mostFrequent(.max)
    #expect(all.count == counts.distinct)
    #expect(all.reduce(0) { $0 + $1.count } == 3_000)
    for (one, next) in zip(all, all.dropFirst()) {
      #expect(
        one.count > next.count
          || one.count == next.count && one.word < next.word
      )
    }
    for n in [0, 1, 2, 3, 10, 500, 899, 900, 901] {
      let first = counts.mostFrequent(n)
      #expect(first.map(\.word) == all.prefix(n).map(\.word))
      #expect(first.map(\.count) == all.prefix(n).map(\.count))
    }
  }

  @Test("Merging parts gives the counts of the whole, in any order")
  func merge() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<50 {
      var whole = WordCounts()
      var merged = WordCounts()
      for _ in 0..<Int.random(in: 0...6, using: &generator) {
        var part = WordCounts()
        for _ in 0..<Int.random(in: 0...200, using: &generator) {
          let number = Int.random(in: 0..<150, using: &generator)
          let word = "\(number)" + (number % 3 == 0 ? " and more letters" : "")
          whole.add(word)
          part.add(word)
        }
        merged.merge(part)
      }
      #expect(table(merged) == table(whole))
      #expect(merged.words == whole.words)
      #expect(merged.bytes == whole.bytes)
      #expect(merged.distinct == whole.distinct)
    }
  }

  @Test("A copy of counts does not change with the original")
  func valueSemantics() {
    var counts = WordCounts()
    counts.add("one two")
    let copy = counts
    counts.add("two three")
    counts.merge(copy)
    #expect(texts(copy) == ["one": 1, "two": 1])
    #expect(texts(counts) == ["one": 2, "two": 3, "three": 1])
  }

  // MARK: Files

  @Test("The walk finds regular files alone, in the order of their names")
  func walk() throws {
    let folder = try Folder()
    let names = ["a/z", "a.txt", "B", "a/b/c", "new\nline", "é", "e\u{301}"]
    for name in names { try folder.write([], to: name) }
    let strange = Array((folder.path + "/\u{1}").utf8) + [0xFF]
    try folder.touch(strange)
    let manager = FileManager.default
    let root = folder.path
    try manager.createDirectory(
      atPath: root + "/empty",
      withIntermediateDirectories: false
    )
    for (link, target) in [
      ("loop", "."), ("a/up", ".."), ("file-link", "B"), ("dangling", "none"),
      ("self", "self"),
    ] {
      try manager.createSymbolicLink(
        atPath: root + "/" + link,
        withDestinationPath: target
      )
    }
    #expect(unsafe mkfifo(root + "/fifo", 0o600) == 0)

    let expected =
      [ByteString(strange)]
      + ["B", "a/b/c", "a/z", "a.txt", "e\u{301}", "new\nline", "é"]
      .map { ByteString(root + "/" + $0) }
    // Byte order puts the directory "a" before "a.txt", whatever is in it.
    #expect(try FileTree([root]).map { try $0.get() } == expected)
    #expect(try FileTree([root + "///"]).map { try $0.get() } == expected)
    let few = ["file-link", "empty", "fifo", "B"].map { root + "/" + $0 }
    #expect(
      try FileTree(few).map { try $0.get() }
        == [few[0], few[2], few[3]].map { ByteString($0) }
    )
    #expect(try FileTree([root + "/loop"]).map { try $0.get() }.count == 8)
    #expect(Array(FileTree([])).isEmpty)
  }

  @Test("A directory that cannot be listed is named, and the walk goes on")
  func unlistable() throws {
    let folder = try Folder()
    for name in ["a", "b/c", "d"] { try folder.write([], to: name) }
    var files = FileTree([folder.path, folder.path + "/none"])
    #expect(try files.next()?.get() == ByteString(folder.path + "/a"))
    try FileManager.default.removeItem(atPath: folder.path + "/b")
    let failure = FileError(ByteString(folder.path + "/b"), code: ENOENT)
    #expect(throws: failure) { try files.next()?.get() }
    #expect(try files.next()?.get() == ByteString(folder.path + "/d"))
    #expect(throws: FileError.self) { try files.next()?.get() }
    #expect(files.next() == nil)
  }

  @Test("Ten thousand files are counted, a few of them open at once")
  func manyFiles() async throws {
    let folder = try Folder()
    for number in 0..<10_000 {
      try folder.write(
        Array("all \(number)".utf8),
        to: "\(number % 100)/\(number)"
      )
    }
    let (counts, counted, failures) = try await WordCounts.total(
      of: FileTree([folder.path]),
      workers: 8
    ) { file in
      try await WordCounts(contentsOf: file.get())
    }
    #expect(counted == 10_000)
    #expect(failures.isEmpty)
    #expect(counts.words == 20_000)
    #expect(counts.distinct == 10_001)
    #expect(counts.mostFrequent(1).map(\.count) == [10_000])
  }

  @Test("A pipe is read to its end")
  func pipe() async throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("to the ".utf8))
    try pipe.fileHandleForWriting.write(contentsOf: Data("end".utf8))
    try pipe.fileHandleForWriting.close()
    let number = pipe.fileHandleForReading.fileDescriptor
    let counts = try await WordCounts(
      contentsOf: ByteString("/dev/fd/\(number)")
    )
    #expect(texts(counts) == ["to": 1, "the": 1, "end": 1])
  }

  @Test("A file that cannot be read says why")
  func unreadable() async throws {
    let folder = try Folder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/self",
      withDestinationPath: "self"
    )
    var expected = [
      folder.path + "/none": "no such file or directory",
      folder.path: "is a directory",
      folder.path + "/self": "too many levels of symbolic links",
      folder.path + "/a\0b": "invalid argument",
      "": "no such file or directory",
    ]
    #if os(Linux)
      expected["/proc/self/mem"] = "input/output error"
    #endif
    for (path, reason) in expected {
      let error = await #expect(throws: FileError.self, "\(path)") {
        _ = try await WordCounts(contentsOf: ByteString(path))
      }
      #expect(error?.reason == reason)
      #expect(error?.file == ByteString(path))
    }
  }

  // MARK: Many at once

  @Test("A file that cannot be read adds nothing, and the others are counted")
  func failures() async throws {
    struct Unreadable: Error {}
    let (counts, counted, failures) = try await WordCounts.total(
      of: 0..<100,
      workers: 7
    ) { number in
      var counts = WordCounts()
      counts.add("one more \(number)")
      if number % 10 == 0 { throw Unreadable() }
      return counts
    }
    #expect(counted == 90)
    #expect(counts.words == 270)
    #expect(counts.distinct == 92)
    #expect(
      failures.map(\.source).sorted() == Array(stride(from: 0, to: 100, by: 10))
    )
    #expect(failures.allSatisfy { $0.error is Unreadable })
  }

  @Test("A count that is cancelled before it begins opens nothing")
  func cancelledBefore() async {
    await withTaskGroup(of: Void.self) { group in
      group.cancelAll()
      group.addTask {
        await #expect(throws: CancellationError.self) {
          _ = try await WordCounts.total(of: 0..<9, workers: 3) { number in
            Issue.record("\(number) was opened")
            return WordCounts()
          }
        }
        await #expect(throws: CancellationError.self) {
          _ = try await WordCounts(contentsOf: ByteString("/none"))
        }
      }
    }
  }

  @Test("A count that is cancelled on its way opens nothing more")
  func cancelledOnItsWay() async {
    let (opened, open) = AsyncStream<Int>.makeStream()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await #expect(throws: CancellationError.self) {
          _ = try await WordCounts.total(of: 0..<9, workers: 2) { number in
            open.yield(number)
            // Nothing comes: this ends when the task is cancelled.
            for await _ in AsyncStream<Never>.makeStream().stream {}
            return WordCounts()
          }
        }
        open.finish()
      }
      var numbers: [Int] = []
      for await number in opened {
        numbers.append(number)
        if numbers.count == 2 { group.cancelAll() }
      }
      #expect(numbers.sorted() == [0, 1])
    }
  }

  // MARK: The demo

  static func input(workers: Int, _ milliseconds: [Int]) -> Input {
    var input = Input()
    input.workers = workers
    input.documents = milliseconds.enumerated().map { index, milliseconds in
      Document(
        name: "document \(index)",
        text: "the tide \(index % 2) the",
        milliseconds: milliseconds
      )
    }
    return input
  }

  static let inputs = [
    Input(),
    input(workers: 1, [2, 1]),
    input(workers: 3, [3, 1, 2, 2, 1, 3]),
    input(workers: 9, [0, 0, 5]),
    input(workers: 2, [0, 0, 0, 0]),
  ]

  @Test("The laws hold under 1,000 schedules", arguments: inputs)
  func explore(_ input: Input) async throws {
    try await expectLawful(WordCountDemo.self, input, seeds: 0..<1_000)
  }

  @Test("The laws hold for random inputs")
  func randomInputs() async throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<200 {
      let input = WordCountDemo.randomInput(using: &generator)
      try input.validate()
      try await expectLawful(WordCountDemo.self, input, seeds: 0..<3)
    }
  }

  @Test(
    "A cancellation at any step leaves nothing behind",
    arguments: inputs
  )
  func cancellation(of input: Input) async throws {
    let runs = try await cancelEverywhere(
      WordCountDemo.self,
      input,
      seeds: 0..<5
    )
    #expect(runs > 0)
  }

  @Test("Every schedule of a small input keeps the laws")
  func everySchedule() async throws {
    var input = WordCountDemo.Input()
    input.workers = 2
    input.documents = ["a b", "b", "a"].enumerated().map {
      .init(name: "\($0)", text: $1, milliseconds: 1)
    }
    let schedules = try await exhaust(WordCountDemo.self, input)
    print("word-count, 3 equal documents: \(schedules) schedules")
    #expect(schedules == 4)
  }

  @Test("The laws reject every naive port within 1,000 seeds")
  func naivePorts() async {
    await expectRejected(NaiveWordCounts.ports)
  }

  @Test("Inputs get simpler, and an end")
  func simplerInputs() {
    var generator = SeededGenerator(seed: 4)
    var input = WordCountDemo.randomInput(using: &generator)
    var steps = 0
    while let simpler = WordCountDemo.simplerInputs(than: input).last {
      #expect(simpler != input)
      input = simpler
      steps += 1
      if steps == 10_000 { break }
    }
    #expect(steps < 10_000)
  }

  @Test("Without paths the shipped texts are counted, in order of names")
  func shippedTexts() async throws {
    let folder = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: WordCountDemo.recipe.folder + "/texts")
    var input = Input()
    input.workers = 1
    let shipped = try await trace(of: input)
    input.paths = [folder.path(percentEncoded: false)]
    let onDisk = try await trace(of: input)
    #expect(shipped.outcome == onDisk.outcome)
    #expect(
      shipped.events(named: "open").map(\.lane)
        == onDisk.events(named: "open").map {
          $0.lane.split(separator: "/").last.map(String.init) ?? ""
        }
    )
  }

  @Test("Documents come before files, and an unreadable file is a problem")
  func documentsAndFiles() async throws {
    let folder = try Folder()
    try folder.write(Array("two words".utf8), to: "b")
    var input = Self.input(workers: 1, [0])
    input.top = 2
    input.paths = [folder.path, "/none", "/none"]
    let trace = try await trace(of: input)
    #expect(
      trace.events(named: "open").map(\.lane)
        == ["document 0", folder.path + "/b", "/none", "/none"]
    )
    #expect(trace.outcome.files == 2)
    #expect(trace.outcome.words == 6)
    #expect(trace.outcome.top.map(\.word) == ["the", "0"])
    #expect(
      WordCountDemo.problems(in: trace.outcome)
        == [
          "cannot read /none: no such file or directory",
          "cannot read /none: no such file or directory",
        ]
    )
  }

  @Test("A person sees a table and the totals")
  func description() throws {
    let json = """
      {"bytes": 1234567, "distinct": 2, "failures": [], "files": 1,
      "top": [{"count": 1234, "word": "the"},
      {"count": 7, "word": "\\u001b[31m"}], "words": 1241}
      """
    let outcome = try JSONDecoder().decode(
      WordCountDemo.Outcome.self,
      from: Data(json.utf8)
    )
    #expect(
      WordCountDemo.describe(outcome) == """
          1,234  the
              7  \\u{1b}[31m

        1 file, 1,241 words, 2 distinct words, 1,234,567 bytes
        """
    )
    let encoded = try JSONEncoder().encode(outcome)
    #expect(!String(decoding: encoded, as: UTF8.self).contains("cancelled"))
  }

  @Test("Input out of bounds is refused by the name of its field")
  func validation() {
    func field(_ change: (inout Input) -> Void) -> String? {
      var input = Self.input(workers: 1, [1, 2])
      change(&input)
      do throws(InputError) {
        try input.validate()
        return nil
      } catch {
        return error.field
      }
    }
    #expect(field { _ in } == nil)
    #expect(field { $0.workers = 0 } == "workers")
    #expect(field { $0.workers = 1_025 } == "workers")
    #expect(field { $0.top = -1 } == "top")
    #expect(field { $0.top = 1_000_001 } == "top")
    #expect(
      field { $0.documents[1].milliseconds = -1 }
        == "documents[1].milliseconds"
    )
  }

  // MARK: Helpers

  func words(_ text: String) -> [String: Int] {
    var counts = WordCounts()
    counts.add(text)
    return texts(counts)
  }

  func texts(_ counts: WordCounts) -> [String: Int] {
    Dictionary(
      uniqueKeysWithValues: table(counts).map { ("\($0.key)", $0.value) }
    )
  }

  func table(_ counts: WordCounts) -> [ByteString: Int] {
    Dictionary(
      uniqueKeysWithValues: counts.mostFrequent(.max).map {
        ($0.word, $0.count)
      }
    )
  }

  func trace(
    of input: Input
  ) async throws -> DemoTrace<WordCountDemo.Outcome> {
    let trace = try await WordCountDemo.trace(input, clock: ContinuousClock())
    try WordCountDemo.neverMoreOpen.check(trace, of: input)
    try WordCountDemo.everyFileOnce.check(trace, of: input)
    try WordCountDemo.totalsAreSums.check(trace, of: input)
    try WordCountDemo.allClosedOnReturn.check(trace, of: input)
    return trace
  }
}

/// A folder that is gone when the test is.
private final class Folder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory
      .appending(path: "word-count-\(UUID().uuidString)")
      .path(percentEncoded: false)
    try FileManager.default.createDirectory(
      atPath: path,
      withIntermediateDirectories: true
    )
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ bytes: [UInt8], to name: String) throws {
    let file = URL(filePath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try Data(bytes).write(to: file)
  }

  /// Creates a file whose name may be anything.
  func touch(_ path: [UInt8]) throws {
    let name = path.map { CChar(bitPattern: $0) } + [0]
    let file = unsafe open(name, O_WRONLY | O_CREAT, 0o600)
    try #require(file >= 0)
    close(file)
  }
}
