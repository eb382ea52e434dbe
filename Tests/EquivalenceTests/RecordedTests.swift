import Cookbook
import Foundation
import Simulation
import Testing

@testable import recipe

/// Whether to run Go: always in CI, where its absence is a failure.
private let isGoUsable =
  ProcessInfo.processInfo.environment["CI"] == "true"
  || GoToolchain.canCompile

/// The folder with what Go did, a file a recipe.
private let recorded = URL(filePath: #filePath)
  .deletingLastPathComponent()
  .appending(path: "Recorded")

private let names = menu.map { $0.recipe.name }

@Suite("Swift behaves as Go did")
struct RecordedTests {
  @Test("On every recorded input", arguments: names)
  func recordedInputs(name: String) async throws {
    let demo = try demo(named: name)
    #expect(try await compare(demo) >= 100)
  }

  private func compare<D: Demo>(_ demo: D.Type) async throws -> Int {
    let lines = try Recording.read(
      recorded.appending(path: "\(demo.recipe.name).jsonl").path,
      of: demo
    )
    for (index, line) in lines.enumerated() {
      let finding = await Equivalence.judge(
        demo,
        line.input,
        seed: UInt64(index),
        go: line.go
      )
      if let finding {
        Issue.record("\(finding.problem) for \(finding.input.json)")
      }
    }
    return lines.count
  }
}

@Suite(
  "Swift behaves as Go does",
  .enabled(
    if: isGoUsable,
    "Go, or a module that the originals need, is missing"
  ),
  .serialized
)
struct LiveTests {
  @Test("The recording is still true", arguments: names)
  func recordingIsTrue(name: String) async throws {
    let demo = try demo(named: name)
    try await check(demo)
  }

  private func check<D: Demo>(_ demo: D.Type) async throws {
    let lines = try Recording.read(
      recorded.appending(path: "\(demo.recipe.name).jsonl").path,
      of: demo
    )
    let traces = try await GoTwin.start().traces(
      of: demo,
      inputs: lines.map(\.input)
    )
    for (line, trace) in zip(lines, traces) {
      // Go's own scheduler may permute an instant from run to run.
      let difference = Difference.between(
        swift: line.go,
        go: trace,
        comparison: demo.comparison
      )
      #expect(difference == nil, "\(line.input.json)")
    }
  }

  @Test("On random inputs that are new in each run", arguments: names)
  func freshInputs(name: String) async throws {
    let demo = try demo(named: name)
    try await compare(demo)
  }

  private func compare<D: Demo>(_ demo: D.Type) async throws {
    let seed = UInt64.random(in: 0..<1 << 32)
    let inputs = Equivalence.inputs(for: demo, count: 1_000, seed: seed)
    let finding = try await Equivalence.compare(
      demo,
      inputs: inputs,
      seed: seed,
      go: GoTwin.start()
    )
    print(
      "\(demo.recipe.name): \(inputs.count) inputs against Go, seed \(seed)"
    )
    if let finding {
      Issue.record("\(finding.problem) for \(finding.input.json)")
    }
  }

  @Test("Both languages do the same work in every workload")
  func workloads() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "cookbook-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder,
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    let go = try BenchProcess(
      try await onThread {
        try GoToolchain.build(["build", "./cmd/bench"], named: "bench")
      },
      [],
      folder: folder
    )
    let swift = try BenchProcess(
      URL(filePath: CommandLine.arguments[0])
        .deletingLastPathComponent()
        .appending(path: "recipe"),
      ["bench", "--serve"],
      folder: folder
    )
    for demo in menu {
      for workload in demo.workloads {
        for part in [1_000, 100] {
          let request = BenchRequest(
            recipe: demo.recipe.name,
            workload: workload.name,
            operations: max(workload.operations / part, 1)
          )
          let (left, right) = (
            try await swift.measure(request), try await go.measure(request)
          )
          #expect(left.result == right.result, "\(request)")
        }
      }
    }
  }

  /// Go pools that are wrong on purpose.
  static let mutants = [
    "oneWorkerTooMany", "jobRunTwice", "keepsGoingAfterCancellation",
    "lostResult", "returnsBeforeAllEnded",
  ]

  @Test(
    "A wrong Go pool is found, with a small input",
    arguments: mutants,
    [1, 2, 3]
  )
  func mutant(name: String, seed: UInt64) async throws {
    let demo = try demo(named: "bounded-pool")
    try await find(name, demo, seed: seed)
  }

  private func find<D: Demo>(
    _ mutant: String,
    _ demo: D.Type,
    seed: UInt64
  ) async throws {
    let finding = try await Equivalence.compare(
      demo,
      inputs: Equivalence.inputs(for: demo, count: 1_000, seed: seed),
      seed: seed,
      go: GoTwin.start(),
      mutant: mutant
    )
    let found = try #require(finding, "\(mutant) is not found")
    print("\(mutant): \(found.problem) for \(found.input.json)")
    let jobs =
      Mirror(reflecting: found.input).children
      .first { $0.label == "jobs" }?.value as? [Int]
    #expect(try #require(jobs).count <= 3)
  }
}
