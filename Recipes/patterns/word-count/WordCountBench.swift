import Cookbook
import Foundation

extension WordCountExamples {
  static let workloads = [
    Workload(
      "files",
      promise: "a file of 1 MiB counted 400 times, 4 at once",
      operations: 400
    ) { count, stopwatch in
      let file = try benchFile()
      stopwatch.restart()
      let (counts, failures) = try await WordCounts.total(
        of: Array(repeating: file, count: count),
        workers: 4
      ) { try await WordCounts(contentsOf: $0) }
      if let failure = failures.first { throw failure.error }
      return counts.values.reduce(counts.count, +)
    }
  ]

  /// The name of a file of 1 MiB, which the first call writes: words whose
  /// frequencies fall off as those of a natural language do.
  private static func benchFile() throws -> String {
    let folder = ProcessInfo.processInfo.environment["COOKBOOK_BENCH_FOLDER"]
    let name = (folder ?? "/tmp") + "/swift.txt"
    var state: UInt64 = 1
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    var text = ""
    while text.utf8.count < 1 << 20 {
      let rank = random(1 << random(17))
      text += String(rank * 48_271, radix: 36) + " "
    }
    try Data(text.utf8).write(to: URL(filePath: name))
    return name
  }
}
