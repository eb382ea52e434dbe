import Cookbook

/// Wrong word counts, each as somebody would write it.
extension WordCountExamples {
  private static func wrong(
    _ name: String,
    breaks law: Law<Files>,
    reads: [Int] = [1, 2, 1, 2],
    failing: [Int] = [],
    cancelAfter: Int? = nil,
    total: @escaping @Sendable ([File], Int) async throws -> Total
  ) -> Wrong<Files> {
    let input = Files(
      workers: 2,
      reads: reads,
      texts: ["a b", "a", "b a", "c"],
      failing: failing,
      cancelAfter: cancelAfter
    )
    return Wrong(name, breaks: law, input: input) { input, stage in
      let files = input.files(on: stage)
      conclude(try await total(files, input.workers), input, stage)
    }
  }

  static let wrongCounts = [
    wrong("task-for-each", breaks: bound) { files, _ in
      try await window(files, .max)
    },
    wrong("batches", breaks: busy) { files, n in
      var total = Total(WordCounts(), [])
      for start in stride(from: 0, to: files.count, by: n) {
        add(try await window(files.dropFirst(start).prefix(n), n), to: &total)
      }
      return total
    },
    wrong("tried-again", breaks: once, failing: [1]) { files, n in
      try await window(files, n) { file in
        do {
          return (try await file.counts(), [])
        } catch {
          return try await one(file)
        }
      }
    },
    wrong("first-failure", breaks: notGivenUp, failing: [1]) { files, n in
      try await window(files, n) { (try await $0.counts(), []) }
    },
    wrong(
      "swallowed-failure",
      breaks: sums(isPlain: false),
      failing: [1]
    ) { files, n in
      try await window(files, n) {
        ((try? await $0.counts()) ?? WordCounts(), [])
      }
    },
    wrong("unchecked-start", breaks: nothingAfterCancel, cancelAfter: 1) {
      files,
      n in
      let total = try await window(files, n, one)
      try Task.checkCancellation()
      return total
    },
    wrong("not-awaited", breaks: .allEndedOnReturn) { files, _ in
      for file in files { file.stage.startTask { _ = try await file.counts() } }
      return Total(WordCounts(), [])
    },
  ]

  static let wrongPlains = [
    Wrong<Files>(
      "check-then-act",
      breaks: sums(isPlain: true),
      input: Files(reads: [1, 1], texts: ["a"])
    ) { input, stage in
      let files = input.files(on: stage)
      let counts = SharedCounts(stage: stage)
      // #region check-then-act
      try await withThrowingTaskGroup { group in
        for file in files {
          group.addTask(name: file.name) {
            for word in try await file.read().split(separator: " ") {
              let count = await counts.count(of: word)
              // Another task may count the same word here.
              await counts.set(word, to: count + 1)
            }
          }
        }
        try await group.waitForAll()
      }
      // #endregion
      stage.print(await counts.table)
    }
  ]

  private actor SharedCounts {
    private var counts: [Substring: Int] = [:]
    private let stage: Stage

    init(stage: Stage) { self.stage = stage }

    func count(of word: Substring) -> Int {
      let count = counts[word, default: 0]
      stage.note(Task.name ?? "", "finds \(count) of \(word)")
      return count
    }

    func set(_ word: Substring, to count: Int) {
      counts[word] = count
      stage.note(Task.name ?? "", "sets \(word) to \(count)")
    }

    var table: String {
      WordCountExamples.table(counts.map { ($0.value, String($0.key)) })
    }
  }

  // MARK: What they are made of

  /// A task for each file, so many at once; right but for what `count` is.
  private static func window(
    _ files: some Sequence<File>,
    _ limit: Int,
    _ count: @escaping @Sendable (File) async throws -> Total = { file in
      try Task.checkCancellation()
      return try await one(file)
    }
  ) async throws -> Total {
    try await withThrowingTaskGroup(of: Total.self) { group in
      var total = Total(WordCounts(), [])
      for (started, file) in files.enumerated() {
        if started >= limit, let next = try await group.next() {
          add(next, to: &total)
        }
        group.addTask { try await count(file) }
      }
      for try await next in group { add(next, to: &total) }
      return total
    }
  }

  @Sendable private static func one(_ file: File) async throws -> Total {
    do {
      return (try await file.counts(), [])
    } catch {
      return (WordCounts(), [(file, error)])
    }
  }

  private static func add(_ next: Total, to total: inout Total) {
    total.counts.merge(next.counts)
    total.failures += next.failures
  }
}
