package import Cookbook

/// The words of some texts, a few of which are read at once.
package enum WordCountDemo: Demo {
  /// A text in memory that takes its time to be read.
  package struct Document: Codable, Equatable, Sendable {
    /// The name of its lane.
    package var name: String
    /// What is in it.
    package var text: String
    /// How long it takes to be read.
    package var milliseconds: Int

    /// Creates a text.
    package init(name: String, text: String, milliseconds: Int) {
      self.name = name
      self.text = text
      self.milliseconds = milliseconds
    }
  }

  /// What to count, and how.
  package struct Input: DemoInput {
    /// Files and directories.
    package var paths: [String] = []
    /// How many sources are open at once.
    package var workers = 4
    /// How many of the most frequent words to show.
    package var top = 10
    /// Texts in memory, which come before the files.
    package var documents: [Document] = []

    /// Creates the input of a run without flags: the shipped texts.
    package init() {}

    /// What each field means.
    package static let help: KeyValuePairs = [
      "paths": "files and directories; without any, a few short texts",
      "workers": "how many files are open at once, 1 to 1024",
      "top": "how many of the most frequent words to show",
      "documents": "texts in memory that take some milliseconds to be read",
    ]

    /// Refuses what is out of bounds.
    package func validate() throws(InputError) {
      try InputError.require(workers, in: 1...1024, "workers")
      try InputError.require(top, in: 0...1_000_000, "top")
      for (index, document) in documents.enumerated() {
        try InputError.require(
          document.milliseconds,
          in: 0...86_400_000_000,
          "documents[\(index)].milliseconds"
        )
      }
    }
  }

  /// What there is in the sources that could be read.
  package struct Outcome: Codable, Equatable, Sendable {
    /// A word and how often it occurs.
    package struct Entry: Codable, Equatable, Sendable {
      /// How often the word occurs.
      package var count: Int
      /// The word, as `ByteString` describes it.
      package var word: String
    }

    /// A source that could not be read.
    package struct Failure: Codable, Equatable, Sendable {
      /// The name of its lane.
      package var file: String
      /// What the operating system said.
      package var reason: String
    }

    /// How many bytes, white space included.
    package var bytes = 0
    /// `true` for a count that was cancelled, which has no numbers.
    package var cancelled: Bool?
    /// How many different words.
    package var distinct = 0
    /// In the order of their names.
    package var failures: [Failure] = []
    /// How many sources were read.
    package var files = 0
    /// The most frequent words.
    package var top: [Entry] = []
    /// How many words.
    package var words = 0
  }

  /// What counting all sources comes to.
  package struct Totals: Sendable {
    /// How many sources were read.
    package var files = 0
    /// How many bytes they have.
    package var bytes = 0
    /// How many words they have.
    package var words = 0
    /// How many different words they have.
    package var distinct = 0
    /// As many as were asked for, the most frequent one first.
    package var top: [(word: ByteString, count: Int)] = []
    /// The sources that could not be read.
    package var failures: [(source: Source, error: any Error)] = []

    /// Creates totals of nothing.
    package init() {}
  }

  /// Counts one source.
  package typealias Count = @Sendable (Source) async throws -> WordCounts

  /// The sources, how many at once, how many words to show, and what counts
  /// one source: the pattern, or what tests put in its place.
  package typealias CountAll =
    @Sendable (Sources, Int, Int, @escaping Count) async throws -> Totals

  /// The pattern of this recipe.
  package static let pattern: CountAll = { sources, workers, top, count in
    let (counts, counted, failures) = try await WordCounts.total(
      of: sources,
      workers: workers,
      count: count
    )
    var totals = Totals()
    totals.files = counted
    totals.bytes = counts.bytes
    totals.words = counts.words
    totals.distinct = counts.distinct
    totals.top = counts.mostFrequent(top)
    totals.failures = failures
    return totals
  }

  /// Counts with the pattern.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder, countAll: pattern)
  }

  /// The demo around any way to count, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    countAll: CountAll
  ) async -> Outcome {
    // #region job
    let count: Count = { source in
      recorder.record("open", lane: source.name)
      do {
        let counts = try await source.count(recorder)
        recorder.record("close", lane: source.name, item: "\(counts.words)")
        return counts
      } catch {
        if Task.isCancelled {
          recorder.record("cancelled", lane: source.name)
        } else {
          let reason = reason(of: error)
          recorder.record("fail", lane: source.name, item: reason)
        }
        throw error
      }
    }
    // #endregion

    return await withTaskCancellationHandler {
      let sources = Sources(input)
      var outcome = Outcome()
      do {
        let totals = try await countAll(
          sources,
          input.workers,
          input.top,
          count
        )
        outcome = Outcome(totals)
      } catch {
        outcome.cancelled = true
      }
      recorder.record("return", lane: "caller")
      return outcome
    } onCancel: {
      recorder.record("cancel", lane: "caller")
    }
  }

  static func reason(of error: any Error) -> String {
    (error as? FileError)?.reason ?? "\(error)"
  }
}

extension WordCountDemo.Outcome {
  init(_ totals: WordCountDemo.Totals) {
    bytes = totals.bytes
    distinct = totals.distinct
    files = totals.files
    words = totals.words
    top = totals.top.map { Entry(count: $0.count, word: "\($0.word)") }
    failures = totals.failures.map {
      Failure(
        file: $0.source.name,
        reason: WordCountDemo.reason(of: $0.error)
      )
    }
    failures.sort {
      $0.file == $1.file
        ? ByteString($0.reason) < ByteString($1.reason)
        : ByteString($0.file) < ByteString($1.file)
    }
  }
}

// MARK: Sources

extension WordCountDemo {
  /// One thing to count.
  package struct Source: Sendable {
    enum Content {
      case document(Document)
      case file(Result<ByteString, FileError>)
      case embedded([UInt8])
    }

    /// The name of its lane.
    package let name: String
    private let content: Content

    init(_ name: String, _ content: Content) {
      self.name = name
      self.content = content
    }

    /// Counts the words; a document takes its milliseconds first.
    package func count(_ recorder: TraceRecorder) async throws -> WordCounts {
      var counts = WordCounts()
      switch content {
      case .document(let document):
        try await recorder.sleep(milliseconds: document.milliseconds)
        counts.add(document.text)
      case .file(let file):
        counts = try await WordCounts(contentsOf: file.get())
      case .embedded(let text):
        counts.add(text.span)
      }
      return counts
    }
  }

  /// The documents of an input, then its files, or the shipped texts where
  /// there are neither.
  package struct Sources: Sequence, IteratorProtocol, Sendable {
    private var documents: ArraySlice<Document>
    private var files: FileTree
    private var shipped: ArraySlice<(name: String, text: [UInt8])> = []

    /// Creates the sources of an input; this opens none.
    package init(_ input: Input) {
      documents = input.documents[...]
      files = FileTree(input.paths)
      if input.documents.isEmpty && input.paths.isEmpty {
        shipped = Self.texts[...]
      }
    }

    /// In the order of their names.
    static let texts: [(name: String, text: [UInt8])] = [
      ("fluss.txt", PackageResources.fluss_txt),
      ("numbers-and-signs.txt", PackageResources.numbers_and_signs_txt),
      ("scripts.txt", PackageResources.scripts_txt),
      ("tide.txt", PackageResources.tide_txt),
    ]

    /// The next source.
    package mutating func next() -> Source? {
      if let document = documents.popFirst() {
        return Source(document.name, .document(document))
      }
      switch files.next() {
      case .success(let path):
        return Source("\(path)", .file(.success(path)))
      case .failure(let error):
        return Source("\(error.file)", .file(.failure(error)))
      case nil: break
      }
      return shipped.popFirst().map { Source($0.name, .embedded($0.text)) }
    }
  }
}
