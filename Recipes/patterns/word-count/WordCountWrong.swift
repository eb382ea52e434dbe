import Cookbook

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
    wrong("batches", breaks: busy) { files, n, _ in
      var all = Total([:], [])
      for start in stride(from: 0, to: files.count, by: n) {
        let batch = Array(files.dropFirst(start).prefix(n))
        let total = try await total(of: batch, n)
        all.counts.merge(total.counts, uniquingKeysWith: +)
        all.failures += total.failures
      }
      return all
    },
    wrong("tried-again", breaks: once, failing: [1]) { files, n, _ in
      try await WordCounts.total(of: files, workers: n) { file in
        if let counts: WordCounts = try? await file.counts() { return counts }
        return try await file.counts()
      }
    },
    wrong("first-failure", breaks: notGivenUp, failing: [1]) { files, n, _ in
      let total = try await total(of: files, n)
      if let failure = total.failures.first { throw failure.error }
      return total
    },
    wrong("swallowed-failure", breaks: named, failing: [1]) { files, n, _ in
      try await WordCounts.total(of: files, workers: n) {
        (try? await $0.counts()) ?? [:]
      }
    },
    wrong("unstructured", breaks: nothingAfterCancel, cancelAfter: 1) {
      files,
      n,
      stage in
      let all = try await stage.task { try await total(of: files, n) }.value
      try Task.checkCancellation()
      return all
    },
    wrong("not-awaited", breaks: .allEndedOnReturn) { files, n, stage in
      stage.startTask { _ = try await total(of: files, n) }
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
            let text = try await file.read()
            for word in text.split(separator: " ").map(String.init) {
              let count = await counts.count(of: word)
              // Another task may count the same word here.
              await counts.set(word, to: count + 1)
            }
          }
        }
        try await group.waitForAll()
      }
      // #endregion
      conclude((byWord(await counts.all), []), input, stage)
    }
  ]

  private actor SharedCounts {
    private(set) var all: [String: Int] = [:]
    private let stage: Stage

    init(stage: Stage) { self.stage = stage }

    func count(of word: String) -> Int {
      let count = all[word, default: 0]
      stage.note(Task.name ?? "", "finds \(count) of \(word)")
      return count
    }

    func set(_ word: String, to count: Int) {
      all[word] = count
      stage.note(Task.name ?? "", "sets \(word) to \(count)")
    }
  }

  private static func wrong(
    _ name: String,
    breaks law: Law<Files>,
    failing: [Int] = [],
    cancelAfter: Int? = nil,
    total: @escaping @Sendable ([File], Int, Stage) async throws -> Total
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
      conclude(try await total(files, input.workers, stage), input, stage)
    }
  }

  private static func total(of files: [File], _ n: Int) async throws -> Total {
    try await WordCounts.total(of: files, workers: n) {
      try await $0.counts()
    }
  }
}
