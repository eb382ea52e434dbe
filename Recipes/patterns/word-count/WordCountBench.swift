import Cookbook
import Foundation

extension WordCountExamples {
  static let workloads = [
    Workload(
      "files",
      promise: "64 files of 1 MiB, in turn until 400 are counted, 4 open at "
        + "once",
      operations: 400
    ) { count, stopwatch in
      let files = try (0..<count).map { try benchFile($0 % 64) }
      stopwatch.restart()
      let total = try await WordCounts.total(of: files, workers: 4) {
        try await WordCounts(contentsOf: $0)
      }
      if let failure = total.failures.first { throw failure.error }
      return total.counts.words + total.counts.occurrences.count
    }
  ]

  /// A file of 1 MiB, which the first call writes: words of 2 to 9 letters,
  /// whose frequencies fall off as those of a natural language do.
  private static func benchFile(_ index: Int) throws -> String {
    let folder = ProcessInfo.processInfo.environment["COOKBOOK_BENCH_FOLDER"]
    let name = "\(folder ?? "/tmp")/\(index).txt"
    guard !FileManager.default.fileExists(atPath: name) else { return name }
    var state = UInt64(index)
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    var text: [UInt8] = []
    while text.count < 1 << 20 - 16 {
      let rank = random(1 << random(17))
      var letters = rank &* 2_654_435_761
      for _ in 0..<2 + (letters >> 7) % 8 {
        text.append(UInt8(ascii: "a") + UInt8(letters % 26))
        letters = letters / 26 ^ rank << 9
      }
      text.append(UInt8(ascii: random(12) == 0 ? "\n" : " "))
    }
    // Both languages may write it: a half-written one must not be read.
    try Data(text).write(to: URL(filePath: name), options: .atomic)
    return name
  }
}
