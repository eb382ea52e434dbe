import Cookbook
import Foundation

extension WordCountExamples {
  static let workloads = [
    Workload(
      "files",
      promise: "a file of 1 MiB counted 400 times, 4 at once",
      operations: 400,
      prepare: {
        try Data(Workload.text(bytes: 1 << 20)).write(to: URL(filePath: file))
      }
    ) { count in
      let (counts, failures) = try await WordCounts.total(
        of: Array(repeating: file, count: count),
        workers: 4
      ) { try await WordCounts(contentsOf: $0) }
      if let failure = failures.first { throw failure.error }
      return counts.reduce(0) { $0 + $1.count + 1 }
    }
  ]

  private static let file =
    (ProcessInfo.processInfo.environment["COOKBOOK_BENCH_FOLDER"] ?? "/tmp")
    + "/swift.txt"
}
