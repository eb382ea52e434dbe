import Cookbook

/// Wrong word counts, each as somebody would write it.
extension WordCountExamples {
  static let wrongCounts = [
    Wrong(
      "task-for-each",
      breaks: bound,
      input: Files(workers: 1, reads: [1, 1]),
      body: plain
    ),
    Wrong(
      "string-keys",
      breaks: sums,
      input: Files(reads: [1, 1], texts: ["caf\u{E9}", "cafe\u{301}"]),
      body: plain
    ),
    wrong("batches", breaks: busy) { files, n in
      var total = Total([:], [])
      for start in stride(from: 0, to: files.count, by: n) {
        add(try await window(files.dropFirst(start).prefix(n), n), to: &total)
      }
      return total
    },
    wrong("tried-again", breaks: once, failing: [1]) { files, n in
      try await window(files, n) { file in
        let first = try await one(file)
        return first.failures.isEmpty ? first : try await one(file)
      }
    },
    wrong("first-failure", breaks: notGivenUp, failing: [3]) { files, n in
      try await window(files, n) { (try await $0.counts(), []) }
    },
    wrong("swallowed-failure", breaks: named, failing: [1]) { files, n in
      try await window(files, n) { ((try? await $0.counts()) ?? [:], []) }
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
      return Total([:], [])
    },
  ]

  static let wrongPlains = [
    Wrong<Files>(
      "check-then-act",
      breaks: sums,
      input: Files(reads: [1, 1], texts: ["a", "a"])
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
      stage.print(report(await counts.all, input))
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

    var all: [(String, Int)] { counts.map { (String($0.key), $0.value) } }
  }

  // MARK: What they are made of

  private static func wrong(
    _ name: String,
    breaks law: Law<Files>,
    failing: [Int] = [],
    cancelAfter: Int? = nil,
    total: @escaping @Sendable ([File], Int) async throws -> Total
  ) -> Wrong<Files> {
    let input = Files(
      workers: 2,
      reads: [1, 2, 1, 2],
      texts: ["a b", "a", "b a", "c"],
      failing: failing,
      cancelAfter: cancelAfter
    )
    return Wrong(name, breaks: law, input: input) { input, stage in
      let files = input.files(on: stage)
      conclude(try await total(files, input.workers), input, stage)
    }
  }

  /// A task for each file, so many at once.
  private static func window(
    _ files: some Sequence<File>,
    _ limit: Int,
    _ count: @escaping @Sendable (File) async throws -> Total = { file in
      try Task.checkCancellation()
      return try await one(file)
    }
  ) async throws -> Total {
    try await withThrowingTaskGroup(of: Total.self) { group in
      var total = Total([:], [])
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
      return ([:], [(file, error)])
    }
  }

  private static func add(_ next: Total, to total: inout Total) {
    total.counts.merge(next.counts, uniquingKeysWith: +)
    total.failures += next.failures
  }
}
