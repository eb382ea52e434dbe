import Cookbook
import Foundation

extension WordCountExamples {
  static let workloads = [
    files("files", WordCounts.self),
    files("files-fast", FastWordCounts.self),
  ]

  private static func files<Counts: WordTally>(
    _ name: String,
    _: Counts.Type
  ) -> Workload {
    Workload(
      name,
      promise: "a file of 1 MiB counted 400 times, 4 at once",
      operations: 400,
      prepare: {
        try Data(Workload.text(bytes: 1 << 20)).write(to: URL(filePath: file))
      }
    ) { count in
      let (counts, failures) = try await Counts.total(
        of: Array(repeating: file, count: count),
        workers: 4
      ) { try await Counts(contentsOf: $0) }
      if let failure = failures.first { throw failure.error }
      return counts.reduce(0) { $0 + $1.value + 1 }
    }
  }

  private static let file =
    (ProcessInfo.processInfo.environment["COOKBOOK_BENCH_FOLDER"] ?? "/tmp")
    + "/swift.txt"
}
