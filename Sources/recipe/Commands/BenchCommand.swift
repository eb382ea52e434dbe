import Cookbook
import Foundation

/// `recipe bench`: Swift against Go, in alternating rounds.
enum BenchCommand: Subcommand {
  static let switches = ["json", "growth", "serve"]

  static func run(_ arguments: inout Arguments) async throws {
    if try arguments.take(switch: "serve") {
      return try await BenchServer.run()
    }
    let asJSON = try arguments.take(switch: "json")
    let measuresGrowth = try arguments.take(switch: "growth")
    let rounds = try arguments.take("rounds", in: 1...1_000) ?? 7
    let recipes = try arguments.takeRecipes()
    try arguments.requireEmpty()
    #if DEBUG
      throw UsageError(
        "a debug build says nothing about speed",
        hint: "swift run -c release recipe bench"
      )
    #else
      let report = try await measure(
        recipes,
        rounds: rounds,
        parts: measuresGrowth ? [100, 10, 1] : [1]
      )
      try Terminal.print(asJSON ? json(report) : report.text)
    #endif
  }

  private static func measure(
    _ recipes: [Recipe],
    rounds: Int,
    parts: [Int]
  ) async throws -> BenchReport {
    var report = BenchReport()
    report.rows = recipes.flatMap { recipe in
      recipe.workloads.map { BenchReport.Row($0, of: recipe, parts: parts) }
    }
    guard !report.rows.isEmpty else {
      throw UsageError("no recipe of these has a workload")
    }
    // Files that workloads make for themselves, for both languages.
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "cookbook-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder,
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    Terminal.showProgress("bench: compiling the Go originals")
    let binary = try await onThread {
      try GoToolchain.build(["build", "./cmd/bench"], named: "bench")
    }
    // Each round goes through all workloads: a minute in which the machine is
    // slow then costs one round of many workloads, and not all rounds of one.
    for round in 1...rounds {
      for (index, row) in report.rows.enumerated() {
        Terminal.showProgress(
          "bench: round \(round) of \(rounds), \(row.name), "
            + "\(index + 1) of \(report.rows.count)"
        )
        // New ones each time: memory that one workload has left behind would
        // count as the next one's, and where a process happens to lie in
        // memory would be the same in all rounds.
        let go = try BenchProcess(binary, [], folder: folder)
        let swift = try BenchProcess(
          Subprocess.thisProgram,
          ["bench", "--serve"],
          folder: folder
        )
        if let exchange = try await CoreExchange.nanoseconds() {
          report.rows[index].exchangeNanoseconds.append(exchange.rounded())
        }
        for (position, sample) in row.samples.enumerated() {
          let request = BenchRequest(
            recipe: row.recipe,
            workload: row.workload,
            operations: sample.operations
          )
          for process in [go, swift] { try await process.warmUp(request) }
          // Who goes first takes turns: what drifts, drifts for both.
          let ofSwift, ofGo: BenchAnswer
          if round.isMultiple(of: 2) {
            ofSwift = try await swift.measure(request)
            ofGo = try await go.measure(request)
          } else {
            ofGo = try await go.measure(request)
            ofSwift = try await swift.measure(request)
          }
          guard ofSwift.result == ofGo.result else {
            throw Failure(
              "\(row.name): Swift comes to \(ofSwift.result), "
                + "Go to \(ofGo.result)"
            )
          }
          report.machine.go = ofGo.version
          report.rows[index].samples[position].add(swift: ofSwift, go: ofGo)
        }
      }
    }
    return report
  }
}

struct BenchRequest: Codable {
  var recipe: String
  var workload: String
  var operations: Int
}

struct BenchAnswer: Codable {
  var nanoseconds = 0
  var result = 0
  var peakKiB = 0
  var version = ""
  var error: String?
}

/// A process of its own for each language, so that neither has the other's
/// heap, threads or peak of memory.
final class BenchProcess: Sendable {
  private let process: AnsweringProcess

  init(
    _ executable: URL,
    _ arguments: [String],
    folder: URL
  ) throws(UsageError) {
    process = try AnsweringProcess(
      executable,
      arguments,
      environment: ["COOKBOOK_BENCH_FOLDER": folder.path]
    )
  }

  /// Runs a workload once, or for a few milliseconds, so that threads have
  /// started and memory is there when it is timed.
  func warmUp(_ request: BenchRequest) async throws {
    var left = 10_000_000
    while left > 0 { left -= max(try await measure(request).nanoseconds, 1) }
  }

  func measure(_ request: BenchRequest) async throws -> BenchAnswer {
    let lines = try await process.answers(to: [json(request)])
    let answer = try JSONDecoder().decode(BenchAnswer.self, from: lines[0])
    if let error = answer.error {
      throw Failure("\(request.recipe)/\(request.workload): \(error)")
    }
    return answer
  }
}

/// The Swift side of a measurement: `recipe bench --serve`.
enum BenchServer {
  @concurrent
  static func run() async throws {
    while let line = readLine() {
      let request = try JSONDecoder()
        .decode(BenchRequest.self, from: Data(line.utf8))
      let workload =
        everyRecipe
        .first { $0.name == request.recipe }?.workloads
        .first { $0.name == request.workload }
      guard let workload else {
        try Terminal.print(json(BenchAnswer(error: "no such workload")))
        continue
      }
      resetPeak()
      let (result, elapsed) = try await workload.measure(request.operations)
      let answer = BenchAnswer(
        nanoseconds: Int(elapsed / .nanoseconds(1)),
        result: result,
        peakKiB: peak()
      )
      try Terminal.print(json(answer))
    }
  }

  /// Makes Linux forget the largest resident set so far; where it cannot,
  /// the peak is that of the whole process.
  private static func resetPeak() {
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
  }

  private static func peak() -> Int {
    let kibibytes = ProcFile("self/status")["VmHWM"]
    return kibibytes.isNaN ? 0 : Int(kibibytes)
  }
}
