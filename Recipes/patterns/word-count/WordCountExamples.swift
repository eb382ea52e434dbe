package import Cookbook
import Foundation

/// What the recipe shows; see README.md.
package enum WordCountExamples {
  package static let recipe = Recipe(
    name: "word-count",
    chapter: .patterns,
    question: "Implement a concurrent word count across multiple files.",
    goConstructs: [
      "bufio.Scanner", "bufio.ScanWords", "sync.WaitGroup", "map merge",
      "word count",
    ],
    swiftConstructs: [
      "withTaskGroup", "TaskGroup", "Dictionary.merge", "Span",
    ],
    problems: [
      "count words", "read many files", "process files concurrently",
      "map and reduce", "merge dictionaries", "too many open files",
    ],
    copies: ["WordCount.swift", "FastWordCounts.swift"],
    examples: [
      Example(
        "count",
        laws: laws,
        wrong: wrongCounts,
        exhausted: [
          (Files(workers: 2, reads: [1, 1, 1]), 4)
        ],
        body: count
      ),
      Example("fast", laws: laws, body: fast),
      Example(
        "plain",
        input: Files(
          reads: [30, 10, 25, 15],
          texts: ["to be or not to be", "be quick", "not now", "or never"]
        ),
        laws: [once, sums, .allEndedOnReturn],
        wrong: wrongPlains,
        body: plain
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

  private static func fast(_ input: Files, _ stage: Stage) async throws {
    let (files, n) = (input.files(on: stage), input.workers)
    let (counts, failures) = try await FastWordCounts.total(
      of: files,
      workers: n
    ) { try await FastWordCounts(contentsOf: $0) }
    let pairs = counts.map { ($0.key, $0.value) }
    conclude(
      (WordCounts(uniqueKeysWithValues: pairs), failures),
      input,
      stage
    )
  }

  /// Prints the counts, and names the files that could not be read.
  static func conclude(_ total: Total, _ input: Files, _ stage: Stage) {
    let failures = total.failures.sorted { $0.file.name < $1.file.name }
    for (file, error) in failures {
      let code = (error as? POSIXError)?.code.rawValue
      let reason = code.map { unsafe String(cString: strerror($0)) }
      let problem = reason?.lowercased() ?? "\(error)"
      stage.say(Event.errors, "cannot read \(file.name): \(problem)")
    }
    stage.print(report(total.counts, input.top))
  }

  /// The most frequent words, a line each, and what all come to.
  private static func report(_ counts: WordCounts, _ top: Int) -> String {
    let lines = counts.mostFrequent(top).map { word, count in
      String(repeating: " ", count: max(0, 7 - "\(count)".count))
        + "\(count)  \(word)\n"
    }
    let words = counts.values.reduce(0, +)
    return lines.joined() + "\nwords: \(words), different: \(counts.count)"
  }

  static func plain(_ input: Files, _ stage: Stage) async {
    let files = input.files(on: stage)
    // What cannot be read, and what is cancelled, has no words.
    let read: @Sendable (File) async -> String = {
      (try? await $0.read()) ?? ""
    }
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
    conclude((byWord(counts), []), input, stage)
  }

  static func byWord(_ counts: [String: Int]) -> WordCounts {
    WordCounts(uniqueKeysWithValues: counts.map { (Word($0.key), $0.value) })
  }

  // MARK: The files

  typealias Total = WordCounts.Total<File>

  /// A text that takes its time to be read or, without one, a file on disk.
  struct File: Sendable {
    var name: String
    var text: [UInt8]?
    var milliseconds = 0
    var fails = false
    var stage: Stage

    /// What is in it, if it is in memory.
    private func text() async throws -> [UInt8]? {
      guard let text else { return nil }
      try await stage.work(name, milliseconds, fails: fails)
      return text
    }

    func counts<Counts: WordTally>() async throws -> Counts {
      if let text = try await text() { return Counts(of: text) }
      return try await stage.keep(name) {
        try await Counts(contentsOf: name)
      }
    }

    func read() async throws -> String {
      if let text = try await text() {
        return String(decoding: text, as: UTF8.self)
      }
      return try await stage.keep(name) {
        try String(contentsOfFile: name, encoding: .utf8)
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
        Field(
          \.paths,
          "files and folders; by default a few short texts",
          validate: { input, paths in
            paths.isEmpty || input.reads.isEmpty && input.texts.isEmpty
              ? nil : "or files exclude --reads and --texts"
          }
        ),
        .count(\.workers, in: 1...1024, random: 1...4, "how many are open"),
        .count(\.top, in: 0...1_000_000, random: 0...5, "how many to show"),
        .durations(\.reads, random: 1...10, "texts that take so many ms"),
        .texts(\.texts, of: \.reads, parts: parts, "what is in them"),
        .indices(\.failing, of: \.reads, "the texts that cannot be read"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// The texts by name, or what is shipped where no file is named.
    var inMemory: [(name: String, text: [UInt8])] {
      if paths.isEmpty, reads.isEmpty, texts.isEmpty { return Self.shipped }
      return reads.indices.map { index in
        let text = index < texts.count ? texts[index] : ""
        return ("file \(index)", Array(text.utf8))
      }
    }

    private static let shipped = [
      ("fluss.txt", PackageResources.fluss_txt),
      ("numbers-and-signs.txt", PackageResources.numbers_and_signs_txt),
      ("scripts.txt", PackageResources.scripts_txt),
      ("tide.txt", PackageResources.tide_txt),
    ]

    /// Those in memory, or those on disk.
    func files(on stage: Stage) -> [File] {
      var files = inMemory.map {
        File(name: $0.name, text: $0.text, stage: stage)
      }
      for index in reads.indices {
        files[index].milliseconds = reads[index]
        files[index].fails = failing.contains(index)
      }
      return files + namedFiles.map { File(name: $0, stage: stage) }
    }

    /// Words, which make new ones where they follow without a space, and all
    /// that is white space.
    private static let parts = """
      the|tide|a|The|\0|a\0|naïve|größer|снег|ψωμί|नदी|雨が降る|👩‍🚀|🇩🇪|\u{200B}|\
      \u{FEFF}|\u{FFFD}|\\xff|3.14|\u{1F}|⠀|counterclockwise|bittersweetness|\
       | | | |\n|\t|\u{B}|\u{C}|\r|\u{85}|\u{A0}|\u{1680}|\u{2000}|\u{2005}|\
      \u{200A}|\u{2028}|\u{2029}|\u{202F}|\u{205F}|\u{3000}
      """.split(separator: "|").map(String.init)
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

  static let laws: [Law<Files>] = [
    bound, busy, once, sums, named, notGivenUp, nothingAfterCancel,
    .allEndedOnReturn,
  ]

  /// The lanes of files that have ended so.
  private static func files(_ ending: String, in trace: Trace) -> Set<String> {
    Set(trace.events.filter { $0.name == ending }.map(\.lane))
  }

  static let sums = Law<Files>(
    "the counts are those of reading one file after the other"
  ) { input, trace in
    let said = trace.outcome.said[Event.caller]
    guard trace.ending == .returned else {
      return said.map { "\($0) after an error" }
    }
    let read = files("end", in: trace)
    var counts: WordCounts = [:]
    for file in input.inMemory where read.contains(file.name) {
      let words = String(decoding: file.text, as: UTF8.self).unicodeScalars
        .split(whereSeparator: \.properties.isWhitespace)
      for word in words { counts[Word(String(word)), default: 0] += 1 }
    }
    let wanted = json(report(counts, input.top))
    return said == [wanted] ? nil : "\(said ?? []) instead of \(wanted)"
  }.untimed

  static let named = Law<Files>("each file that cannot be read is named") {
    _,
    trace in
    let said = trace.outcome.said[Event.errors, default: []]
    let failed = files("fail", in: trace).sorted()
    let wanted = failed.map { json("cannot read \($0): \($0) failed") }
    return trace.ending == .returned && said.sorted() != wanted
      ? "\(said)" : nil
  }.untimed
}

extension WordTally {
  /// In the place of a path.
  init(contentsOf file: WordCountExamples.File) async throws {
    self = try await file.counts()
  }
}
