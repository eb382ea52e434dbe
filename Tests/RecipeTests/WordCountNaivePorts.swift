import Cookbook
import WordCountRecipe

/// Wrong word counts, each as somebody would write it.
enum NaiveWordCounts {
  typealias Demo = WordCountDemo
  typealias Count = WordCountDemo.Count

  // #region checkThenAct
  /// One dictionary for all tasks, and no data race.
  actor SharedCounts {
    private var counts: [ByteString: Int] = [:]

    func count(of word: ByteString) -> Int { counts[word, default: 0] }
    func set(_ word: ByteString, to count: Int) { counts[word] = count }

    var all: [ByteString: Int] { counts }
  }

  static let checkThenAct: Demo.CountAll = { sources, workers, top, count in
    let shared = SharedCounts()
    var totals = Demo.Totals()
    try await eachInPool(sources, workers) { source in
      let counts = try await count(source)
      for (word, times) in counts.mostFrequent(.max) {
        let old = await shared.count(of: word)
        // Another task may count the same word here, and is overwritten.
        await shared.set(word, to: old + times)
      }
      return counts
    } receive: {
      totals.add($0)
    }
    totals.rank(await shared.all, top)
    return totals
  }
  // #endregion

  /// A task for each file, and every file is open.
  static let unbounded: Demo.CountAll = { sources, _, top, count in
    var (totals, words) = (Demo.Totals(), [ByteString: Int]())
    try await eachInPool(sources, .max, count) {
      totals.add($0)
      words.add($0)
    }
    totals.rank(words, top)
    return totals
  }

  /// As many files as workers, and then the next as many.
  static let batches: Demo.CountAll = { sources, workers, top, count in
    var (totals, words) = (Demo.Totals(), [ByteString: Int]())
    var remaining = Array(sources)[...]
    while !remaining.isEmpty {
      let batch = remaining.prefix(workers)
      remaining = remaining.dropFirst(workers)
      try await eachInPool(batch, .max, count) {
        totals.add($0)
        words.add($0)
      }
    }
    totals.rank(words, top)
    return totals
  }

  /// `String` keys: two spellings of one character become one word.
  static let canonicalKeys: Demo.CountAll = { sources, workers, top, count in
    var (totals, words) = (Demo.Totals(), [String: Int]())
    try await eachInPool(sources, workers, count) {
      totals.add($0)
      for (word, times) in $0.mostFrequent(.max) {
        words["\(word)", default: 0] += times
      }
    }
    let bytes = words.map { (ByteString($0.key), $0.value) }
    totals.rank(Dictionary(bytes, uniquingKeysWith: +), top)
    return totals
  }

  /// A throwing group, which the first unreadable file ends.
  static let failFast: Demo.CountAll = { sources, workers, top, count in
    var (totals, words) = (Demo.Totals(), [ByteString: Int]())
    try await eachInPool(sources, workers, count) {
      totals.add($0)
      words.add($0)
    }
    totals.rank(words, top)
    return totals
  }

  /// `try?` where a file cannot be read: nobody learns of it.
  static let swallowedFailure: Demo.CountAll = {
    sources,
    workers,
    top,
    count in
    var (totals, words) = (Demo.Totals(), [ByteString: Int]())
    try await eachInPool(sources, workers) {
      try? await count($0)
    } receive: {
      guard let counts = $0 else { return }
      totals.add(counts)
      words.add(counts)
    }
    totals.rank(words, top)
    return totals
  }

  /// A sliding window, which is right.
  private static func eachInPool<Source: Sendable, Value: Sendable>(
    _ sources: some Sequence<Source>,
    _ limit: Int,
    _ count: @escaping @Sendable (Source) async throws -> Value,
    receive: (Value) -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Value.self) { group in
      var (running, remaining) = (0, sources.makeIterator())
      while true {
        while running < limit, let source = remaining.next() {
          running += 1
          group.addTask {
            try Task.checkCancellation()
            return try await count(source)
          }
        }
        guard let value = try await group.next() else { return }
        running -= 1
        receive(value)
      }
    }
  }

  static func port(
    _ name: String,
    _ countAll: @escaping Demo.CountAll,
    breaks law: DemoLaw<Demo.Input, Demo.Outcome>,
    texts: [String] = ["a b", "a", "b a", "c"],
    milliseconds: [Int] = [1, 2, 1, 2],
    paths: [String] = []
  ) -> NaivePort<Demo> {
    var input = Demo.Input()
    input.workers = 2
    input.paths = paths
    input.documents = zip(texts, milliseconds).enumerated().map {
      .init(name: "\($0)", text: $1.0, milliseconds: $1.1)
    }
    return NaivePort(name: name, brokenLaw: law.name, input: input) {
      await Demo.run($0, recorder: $1, countAll: countAll)
    }
  }

  static let ports: [NaivePort<Demo>] = [
    port(
      "check-then-act across an await",
      checkThenAct,
      breaks: Demo.sameAsOneByOne,
      milliseconds: [1, 1, 1, 1]
    ),
    port("a task for each file", unbounded, breaks: Demo.neverMoreOpen),
    port("batches", batches, breaks: Demo.noIdleWorker),
    port(
      "words as String keys",
      canonicalKeys,
      breaks: Demo.sameAsOneByOne,
      texts: ["caf\u{E9}", "cafe\u{301}"]
    ),
    port(
      "the first failure ends the count",
      failFast,
      breaks: Demo.cancelledByTheCaller,
      paths: ["/no/such/file"]
    ),
    port(
      "a swallowed failure",
      swallowedFailure,
      breaks: Demo.totalsAreSums,
      paths: ["/no/such/file"]
    ),
  ]
}

extension WordCountDemo.Totals {
  fileprivate mutating func add(_ counts: WordCounts) {
    files += 1
    bytes += counts.bytes
    words += counts.words
  }

  fileprivate mutating func rank(_ words: [ByteString: Int], _ count: Int) {
    distinct = words.count
    top =
      words
      .map { (word: $0.key, count: $0.value) }
      .sorted { ($1.count, $0.word) < ($0.count, $1.word) }
    top.removeLast(max(0, top.count - count))
  }
}

extension [ByteString: Int] {
  fileprivate mutating func add(_ counts: WordCounts) {
    for (word, times) in counts.mostFrequent(.max) {
      self[word, default: 0] += times
    }
  }
}
