package import Cookbook
import Foundation

/// What the recipe shows; see README.md.
package enum WordCountExamples {
  package static let recipe = Recipe(
    name: "word-count",
    chapter: .patterns,
    question: "Implement a concurrent word count across multiple files.",
    goConstructs: [
      "bufio.Scanner", "bufio.ScanWords", "filepath.WalkDir",
      "strings.Fields", "sync.WaitGroup", "map merge", "word count",
    ],
    swiftConstructs: [
      "withTaskGroup", "TaskGroup", "Dictionary.merge", "Span", "Atomic",
      "String.split",
    ],
    problems: [
      "count words", "read many files", "process files concurrently",
      "map and reduce", "merge dictionaries", "too many open files",
      "read a large file in chunks", "walk a directory",
    ],
    copies: ["WordCount.swift"],
    examples: [
      Example(
        "count",
        laws: [
          bound, busy, once, sums(isPlain: false), notGivenUp,
          nothingAfterCancel, .allEndedOnReturn,
        ],
        wrong: wrongCounts,
        exhausted: [(Files(workers: 2, reads: [1, 1, 1]), 4)],
        body: count
      ),
      Example(
        "plain",
        input: Files(
          reads: [30, 10, 25, 15],
          texts: ["to be or not to be", "be quick", "not now", "or never"]
        ),
        laws: [once, sums(isPlain: true), .allEndedOnReturn],
        wrong: wrongPlains,
        body: plain
      ),
      Example(
        "equivalent-words",
        .caller(
          "1, returns",
          go: "2, returns",
          because: "Strings of Swift are equal where they are canonically "
            + "equivalent, strings of Go where their bytes are."
        ),
        body: equivalentWords
      ),
    ],
    workloads: workloads
  )

  // MARK: The use

  private static func count(_ input: Files, _ stage: Stage) async throws {
    let (files, n) = (input.files(on: stage), input.workers)
    // #region count
    let (counts, failures) = try await WordCounts.total(of: files, workers: n) {
      try await WordCounts(contentsOf: $0)
    }
    // #endregion
    conclude((counts, failures), input, stage)
  }

  /// Prints the counts, and names the files that could not be read.
  static func conclude(_ total: Total, _ input: Files, _ stage: Stage) {
    let (counts, failures) = total
    let top = counts.mostFrequent(input.top).map { ($0.count, "\($0.word)") }
    for (file, error) in failures.sorted(by: { $0.file.name < $1.file.name }) {
      stage.say(Event.errors, complaint(of: file.name, error))
    }
    stage.print(
      table(top)
        + totals(
          of: input.files(on: stage).count - failures.count,
          bytes: counts.bytes,
          words: counts.words,
          different: counts.occurrences.count
        )
    )
  }

  private static func plain(_ input: Files, _ stage: Stage) async {
    let files = input.files(on: stage)
    // What cannot be read, and what is cancelled, has no words.
    let read: @Sendable (File) async -> String = { (try? await $0.read()) ?? "" }
    // #region plain
    let counts = await withTaskGroup(of: [String: Int].self) { group in
      for file in files {
        group.addTask {
          var counts: [String: Int] = [:]
          for word in await read(file).split(whereSeparator: \.isWhitespace) {
            counts[String(word), default: 0] += 1
          }
          return counts
        }
      }
      return await group.reduce(into: [:]) {
        $0.merge($1, uniquingKeysWith: +)
      }
    }
    // #endregion
    let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    stage.print(table(ranked.prefix(input.top).map { ($0.value, $0.key) }))
  }

  private static func equivalentWords(_ stage: Stage) async {
    let print: (Int) -> Void = stage.print
    // #region equivalentWords
    var counts: [String: Int] = [:]
    for word in "caf\u{E9} cafe\u{301}".split(separator: " ") {
      counts[String(word), default: 0] += 1
    }
    print(counts.count)
    // #endregion
  }

  /// A line for each count.
  static func table(_ rows: [(count: Int, name: String)]) -> String {
    rows.map { count, name in
      let digits = String(count)
      let room = String(repeating: " ", count: max(0, 7 - digits.count))
      return "\(room)\(digits)  \(name)"
    }.joined(separator: "\n")
  }

  private static func totals(
    of files: Int,
    bytes: Int,
    words: Int,
    different: Int
  ) -> String {
    "\n\n"
      + table([
        (files, "files"), (bytes, "bytes"), (words, "words"),
        (different, "different words"),
      ])
  }

  private static func complaint(of file: String, _ error: any Error) -> String {
    let code = (error as? POSIXError)?.code.rawValue
    let reason = code.map { unsafe String(cString: strerror($0)).lowercased() }
    return "cannot read \(file): \(reason ?? "\(error)")"
  }

  // MARK: The files

  typealias Total = (
    counts: WordCounts, failures: [(file: File, error: any Error)]
  )

  /// A file that is read for so long, or one on disk.
  struct File: Sendable {
    var name: String
    /// What is in it, unless it is on disk.
    var text: [UInt8]?
    var milliseconds = 0
    var fails = false
    var stage: Stage

    func read() async throws -> String {
      String(decoding: try await keepOpen { text ?? [] }, as: UTF8.self)
    }

    func counts() async throws -> WordCounts {
      try await keepOpen {
        guard let text else { return try await WordCounts(contentsOf: name) }
        return WordCounts(of: text)
      }
    }

    private func keepOpen<Value>(
      _ body: () async throws -> Value
    ) async throws -> Value {
      try await stage.keep(name) {
        try await stage.sleep(milliseconds)
        if fails { throw POSIXError(.EIO) }
        return try await body()
      }
    }
  }

  struct Files: ExampleInput {
    var paths: [String] = []
    var workers = 4
    var top = 10
    var reads: [Int] = []
    var texts: [String] = []
    var failing: [Int] = []
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        Field(\.paths, "files and folders; by default a few short texts"),
        .count(\.workers, in: 1...1024, random: 1...4, "how many are open"),
        .count(\.top, in: 0...1_000_000, random: 0...5, "how many words to show"),
        .durations(\.reads, random: 0...8, "texts that take so many ms to read"),
        Field(
          \.texts,
          "what is in these texts, one after the other",
          randomize: { $0.texts = texts($0.reads.count, &$1) },
          simplify: { texts in
            [[], Array(texts.prefix(1)), texts.map { String($0.prefix(1)) }]
          }
        ),
        .indices(\.failing, of: \.reads, "the texts that cannot be read"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// What is in memory: the texts, or what is shipped where there is no file.
    var inMemory: [(name: String, text: [UInt8])] {
      if reads.isEmpty, paths.isEmpty { return Self.shipped }
      return reads.indices.map { index in
        let text = texts.isEmpty ? "" : texts[index % texts.count]
        return ("file \(index)", Array(text.utf8))
      }
    }

    private static let shipped = [
      ("fluss.txt", PackageResources.fluss_txt),
      ("numbers-and-signs.txt", PackageResources.numbers_and_signs_txt),
      ("scripts.txt", PackageResources.scripts_txt),
      ("tide.txt", PackageResources.tide_txt),
    ]

    /// Those in memory, then those on disk.
    func files(on stage: Stage) -> [File] {
      var files = inMemory.map { File(name: $0.name, text: $0.text, stage: stage) }
      for index in reads.indices {
        files[index].milliseconds = reads[index]
        files[index].fails = failing.contains(index)
      }
      let paths = paths.flatMap(Self.files(at:))
      return files + paths.map { File(name: $0, stage: stage) }
    }

    /// The regular files in a folder and below, in order; links in it are not
    /// followed, so that a loop of them has an end. Whatever cannot be listed
    /// is a file itself: opening it says best why it cannot be read.
    static func files(at path: String) -> [String] {
      let manager = FileManager.default
      guard let names = try? manager.contentsOfDirectory(atPath: path) else {
        return [path]
      }
      return names.sorted { Word($0) < Word($1) }.flatMap { name in
        let inner = (path.hasSuffix("/") ? path : path + "/") + name
        switch try? manager.attributesOfItem(atPath: inner)[.type]
          as? FileAttributeType
        {
        case .typeDirectory: return files(at: inner)
        case .typeRegular: return [inner]
        default: return []
        }
      }
    }

    /// Words that follow one another without a space make new ones.
    private static func texts(
      _ count: Int,
      _ source: inout RandomSource
    ) -> [String] {
      let parts: [String] =
        "the tide a The \u{0} a\u{0} na\u{EF}ve größer снег ψωμί नदी 雨が降る 👩‍🚀 🇩🇪"
        .split(separator: " ").map(String.init) + [
          "\u{200B}", "\u{FEFF}", "\u{FFFD}", "\\xff", "\u{1F}", "⠀",
          "counterclockwise", "bittersweetness", " ", " ", " ", "\n", "\t",
          "\u{B}", "\u{C}", "\r", "\u{85}", "\u{A0}", "\u{1680}", "\u{2000}",
          "\u{200A}", "\u{2028}", "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}",
        ]
      return (0..<count).map { _ in
        (0..<source.int(in: 0...24)).map { _ in
          parts[source.int(in: 0...parts.count - 1)]
        }.joined()
      }
    }
  }

  // MARK: Laws

  static let bound = Law<Files>.atMost(\.workers, "`workers` files")
  static let busy = Law<Files>.noneIdle(of: \.workers) { $0.inMemory.count }
    .failuresStopNothing
  static let once = Law<Files>.eachOnce { $0.inMemory.map(\.name) }
    .failuresStopNothing
  static let notGivenUp = Law<Files>.firstErrorIsThrown.failuresStopNothing
  static let nothingAfterCancel =
    Law<Files>.nothingStartsAfterStop.failuresStopNothing

  /// Counting at once comes to what counting in turn comes to.
  static func sums(isPlain: Bool) -> Law<Files> {
    Law("what is printed is what the files come to, one after the other") {
      input, trace in
      let said = trace.outcome.said
      guard trace.ending == .returned else {
        return said.isEmpty ? nil : "\(said) after an error"
      }
      let ended = Set(trace.events.filter { $0.name == "end" }.map(\.lane))
      let failed = trace.events.filter { $0.name == "fail" }.map(\.lane)
      let texts = input.inMemory.filter { ended.contains($0.name) }.map(\.text)
      var counts: [[UInt8]: Int] = [:]
      for text in texts {
        for word in String(decoding: text, as: UTF8.self).unicodeScalars
          .split(whereSeparator: \.properties.isWhitespace)
        {
          counts[Array(String(word).utf8), default: 0] += 1
        }
      }
      let ranked = counts.sorted {
        $0.value == $1.value
          ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value
      }
      var wanted = table(
        ranked.prefix(input.top).map {
          ($0.value, String(decoding: $0.key, as: UTF8.self))
        }
      )
      if !isPlain {
        wanted += totals(
          of: texts.count,
          bytes: texts.reduce(0) { $0 + $1.count },
          words: counts.values.reduce(0, +),
          different: counts.count
        )
      }
      let complaints = failed.sorted().map {
        json("cannot read \($0): input/output error")
      }
      return said[Event.caller] == [json(wanted)]
        && (isPlain || said[Event.errors, default: []] == complaints)
        ? nil : "\(said) instead of \(wanted) and \(complaints)"
    }.untimed
  }
}

extension WordCounts {
  /// In the place of a file on disk.
  init(contentsOf file: WordCountExamples.File) async throws {
    self = try await file.counts()
  }
}
