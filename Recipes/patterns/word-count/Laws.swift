package import Cookbook

extension WordCountDemo {
  /// The line in the menu.
  package static let recipe = Recipe(
    name: "word-count",
    chapter: .patterns,
    question: "Implement a concurrent word count across multiple files.",
    goConstructs: [
      "bufio.Scanner", "bufio.ScanWords", "filepath.WalkDir", "os.ReadDir",
      "sync.WaitGroup", "map merge", "word count",
    ],
    swiftConstructs: [
      "withTaskGroup", "TaskGroup", "Span", "Mutex", "FileHandle",
      "String.split",
    ],
    problems: [
      "count words", "read many files", "process files concurrently",
      "map and reduce", "merge dictionaries", "too many open files",
      "walk a directory",
    ]
  )

  /// A lane is busy while its file is open.
  package static let legend = Timeline.Legend(
    openings: ["open"],
    closings: ["close": "█", "fail": "✗", "cancelled": "×"],
    marks: ["cancel": "!", "return": "■"]
  )

  /// The events of each instant are the same in both languages.
  package static let comparison = Comparison.moments

  private static let openings: Set = ["open"]
  private static let closings: Set = ["close", "fail", "cancelled"]

  /// Every promise of the pattern.
  package static let laws: [DemoLaw<Input, Outcome>] = [
    neverMoreOpen, everyFileOnce, totalsAreSums, sameAsOneByOne,
    noIdleWorker, nothingOpensAfterCancellation, cancelledByTheCaller,
    allClosedOnReturn,
  ]

  /// The bound.
  package static let neverMoreOpen = DemoLaw<Input, Outcome>(
    "never more than `workers` files are open at once"
  ) { input, trace in
    trace.busy(from: openings, to: closings)
      .first { $0.count > input.workers }
      .map { "\($0.count) at \($0.event.at) µs, workers: \(input.workers)" }
  }

  /// Nothing is left out, read twice or left open.
  package static let everyFileOnce = DemoLaw<Input, Outcome>(
    "every file opens and closes exactly once"
  ) { input, trace in
    // A file may be named twice, so these are counts.
    var opened: [String: Int] = [:]
    var open = opened
    for event in trace.events where event.lane != "caller" {
      if openings.contains(event.name) {
        opened[event.lane, default: 0] += 1
        open[event.lane, default: 0] += 1
      } else if closings.contains(event.name) {
        open[event.lane, default: 0] -= 1
        if open[event.lane, default: 0] < 0 {
          return "\(event.lane) closed without being open"
        }
      }
    }
    for (name, count) in open where count > 0 {
      return "\(name) was not closed"
    }
    let isCancelled = trace.outcome.cancelled == true
    if !isCancelled, let event = trace.events(named: "cancelled").first {
      return "\(event.lane) was cancelled, though the count was not"
    }
    let names = input.documents.map(\.name)
    let wanted = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    for (name, count) in wanted {
      let opened = opened[name, default: 0]
      // A file may have a document's name.
      if opened < count && !isCancelled
        || opened > count && input.paths.isEmpty
      {
        return "\(name) opened \(opened) times instead of \(count)"
      }
    }
    if input.paths.isEmpty && !wanted.isEmpty {
      for name in opened.keys where wanted[name] == nil {
        return "no such document: \(name)"
      }
    }
    return nil
  }

  /// The totals hold what was read, and the failures what was not.
  package static let totalsAreSums = DemoLaw<Input, Outcome>(
    "the totals are the sums over the files"
  ) { input, trace in
    let outcome = trace.outcome
    guard outcome.cancelled != true else {
      let nothing = Outcome(cancelled: true)
      return outcome == nothing ? nil : "totals of a count that was cancelled"
    }
    let closed = trace.events(named: "close")
    let words = closed.reduce(0) { $0 + (Int($1.item) ?? 0) }
    if words != outcome.words {
      return "\(outcome.words) words, but the files have \(words)"
    }
    if closed.count != outcome.files {
      return "\(outcome.files) files, but \(closed.count) were read"
    }
    var failures = trace.events(named: "fail").map {
      Outcome.Failure(file: $0.lane, reason: $0.item)
    }
    for failure in outcome.failures {
      guard let index = failures.firstIndex(of: failure) else {
        return "\(failure.file) did not fail"
      }
      failures.remove(at: index)
    }
    return failures.first.map { "\($0.file) is not among the failures" }
  }

  /// Counting at once gives what counting in turn gives.
  package static let sameAsOneByOne = DemoLaw<Input, Outcome>(
    "the counts are those of reading one document after the other"
  ) { input, trace in
    guard input.paths.isEmpty, !input.documents.isEmpty,
      trace.outcome.cancelled != true
    else { return nil }
    let wanted = oneByOne(input)
    return trace.outcome == wanted ? nil : "\(trace.outcome) is not \(wanted)"
  }

  /// A file that cannot be read is no reason to give up.
  package static let cancelledByTheCaller = DemoLaw<Input, Outcome>(
    "a count is given up only when its caller is cancelled"
  ) { _, trace in
    guard trace.outcome.cancelled == true else { return nil }
    return trace.events(named: "cancel").isEmpty ? "nobody cancelled" : nil
  }

  /// The bound is made use of.
  package static let noIdleWorker = DemoLaw<Input, Outcome>(
    "no worker is idle while a file waits"
  ) { input, trace in
    // How many files there are is known of documents alone, and that an
    // instant has an end, of virtual time alone.
    guard input.paths.isEmpty, !input.documents.isEmpty else { return nil }
    var (opened, closed) = (0, 0)
    for instant in trace.instants() {
      for event in instant.events {
        if event.name == "cancel" { return nil }
        if openings.contains(event.name) { opened += 1 }
        if closings.contains(event.name) { closed += 1 }
      }
      let busy = opened - closed
      let wanted = min(input.workers, input.documents.count - closed)
      if busy < wanted {
        return "\(busy) open after \(instant.at) µs, could be \(wanted)"
      }
    }
    return nil
  }

  /// Cancelling takes effect.
  package static let nothingOpensAfterCancellation = DemoLaw<Input, Outcome>(
    "nothing opens after a cancellation"
  ) { _, trace in
    trace.events.drop { $0.name != "cancel" }
      .first { openings.contains($0.name) }
      .map { "\($0.lane) opened at \($0.at) µs" }
  }

  /// Nothing outlives the call.
  package static let allClosedOnReturn = DemoLaw<Input, Outcome>(
    "every file is closed when the call returns"
  ) { _, trace in
    guard let last = trace.events.last(where: { $0.name != "cancel" }),
      last.name == "return"
    else { return "the call did not return last" }
    let open = trace.busy(from: openings, to: closings).last?.count ?? 0
    return open == 0 ? nil : "\(open) files are open"
  }

  /// What the documents come to, in the simplest way there is.
  static func oneByOne(_ input: Input) -> Outcome {
    var outcome = Outcome()
    var counts: [[UInt8]: Int] = [:]
    for document in input.documents {
      outcome.files += 1
      outcome.bytes += document.text.utf8.count
      let words = document.text.unicodeScalars.split {
        // What Go takes for white space is what Unicode does.
        $0.properties.isWhitespace
      }
      for word in words {
        outcome.words += 1
        counts[Array(String(word).utf8), default: 0] += 1
      }
    }
    outcome.distinct = counts.count
    outcome.top = counts.sorted {
      $0.value == $1.value
        ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value
    }
    .prefix(input.top)
    .map { word, count in
      let word = String(decoding: word, as: UTF8.self)
      return Outcome.Entry(count: count, word: word)
    }
    return outcome
  }

  // MARK: Inputs for comparison

  private static let words = [
    "the", "tide", "a", "boats", "The", "counterclockwise", "\u{0}", "a\u{0}",
    "naïve", "nai\u{308}ve", "größer", "снег", "ψωμί", "नदी", "雨が降る",
    "👩‍🚀", "🇩🇪", "\u{200B}", "\u{FEFF}", "\u{FFFD}", "\\xff", "3.14",
    "\u{1F}", "bittersweetness", "ΐ", "⠀",
  ]

  private static let spaces: [Unicode.Scalar] = [
    " ", " ", " ", "\n", "\t", "\u{B}", "\u{C}", "\r", "\u{85}", "\u{A0}",
    "\u{1680}", "\u{2000}", "\u{2005}", "\u{200A}", "\u{2028}", "\u{2029}",
    "\u{202F}", "\u{205F}", "\u{3000}",
  ]

  /// A few documents in several scripts.
  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    input.workers = .random(in: 1...4, using: &generator)
    input.top = .random(in: 0...5, using: &generator)
    let count = Int.random(in: 0...8, using: &generator)
    for number in 0..<count {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        // Words that follow one another without a space make new ones.
        let word = words.randomElement(using: &generator) ?? ""
        text.append(contentsOf: word.unicodeScalars)
        for _ in 0..<Int.random(in: 0...2, using: &generator) {
          text.append(spaces.randomElement(using: &generator) ?? " ")
        }
      }
      input.documents.append(
        Document(
          name: "document \(number)",
          text: String(text),
          milliseconds: .random(in: 0...5, using: &generator)
        )
      )
    }
    return input
  }

  /// Fewer documents first, then shorter ones.
  package static func simplerInputs(than input: Input) -> [Input] {
    var simpler: [Input] = []
    func add(_ change: (inout Input) -> Void) {
      var copy = input
      change(&copy)
      if copy != input { simpler.append(copy) }
    }
    // Without documents the shipped texts are counted, which is not simpler.
    if input.documents.count > 1 {
      add { $0.documents.removeLast($0.documents.count / 2) }
      for index in input.documents.indices.reversed() {
        add { $0.documents.remove(at: index) }
      }
    }
    add { $0.workers = max($0.workers / 2, 1) }
    add { $0.workers = max($0.workers - 1, 1) }
    add { $0.top = min($0.top, 1) }
    add { $0.top = 0 }
    for (index, document) in input.documents.enumerated() {
      let text = document.text.unicodeScalars
      let half = text.count / 2
      add { $0.documents[index].text = "" }
      add { $0.documents[index].text = String(text.prefix(half)) }
      add { $0.documents[index].text = String(text.dropFirst(half)) }
      add { $0.documents[index].text = String(text.dropLast()) }
      add { $0.documents[index].milliseconds = min(document.milliseconds, 1) }
      add { $0.documents[index].milliseconds = 0 }
    }
    return simpler
  }

  // MARK: For a person

  /// The most frequent words, and the totals.
  package static func describe(_ outcome: Outcome) -> String {
    if outcome.cancelled == true { return "cancelled" }
    let counts = outcome.top.map { grouped($0.count) }
    let width = counts.map(\.count).max() ?? 0
    var lines = zip(counts, outcome.top).map { count, entry in
      String(repeating: " ", count: width - count.count + 2)
        + "\(count)  \(printable(entry.word))"
    }
    if !lines.isEmpty { lines.append("") }
    lines.append(
      [
        plural(outcome.files, "file"),
        plural(outcome.words, "word"),
        plural(outcome.distinct, "distinct word"),
        plural(outcome.bytes, "byte"),
      ].joined(separator: ", ")
    )
    return lines.joined(separator: "\n")
  }

  /// The files that could not be read.
  package static func problems(in outcome: Outcome) -> [String] {
    outcome.failures.map {
      "cannot read \(printable($0.file)): \($0.reason)"
    }
  }

  private static func plural(_ count: Int, _ noun: String) -> String {
    grouped(count) + " " + noun + (count == 1 ? "" : "s")
  }

  /// The number with a comma after every three digits.
  private static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    for index in stride(from: digits.count - 3, to: 0, by: -3) {
      digits.insert(",", at: index)
    }
    return String(digits)
  }

  /// The text without what a terminal would take for a command.
  private static func printable(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control {
        shown += "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
      } else {
        shown.append(scalar)
      }
    }
    return String(shown)
  }
}
