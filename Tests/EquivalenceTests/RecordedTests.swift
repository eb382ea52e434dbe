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

  @Test(
    "Every wrong Go original is found from every seed, with a small input",
    arguments: WrongOriginal.all
  )
  func wrongOriginal(wrong: WrongOriginal) async throws {
    let demo = try demo(named: wrong.recipe)
    let go = try await GoTwin.start()
    for seed: UInt64 in 1...3 {
      try await find(wrong, demo, seed: seed, go: go)
    }
  }

  private func find<D: Demo>(
    _ wrong: WrongOriginal,
    _ demo: D.Type,
    seed: UInt64,
    go: GoTwin
  ) async throws {
    let finding = try await Equivalence.compare(
      demo,
      inputs: Equivalence.inputs(for: demo, count: 1_000, seed: seed),
      seed: seed,
      go: go,
      mutant: wrong.mutant
    )
    let found = try #require(finding, "\(wrong) is not found, seed \(seed)")
    print("\(wrong): \(found.problem) for \(found.input.json)")
    #expect(!found.problem.hasPrefix("Swift:"), "it is Swift that is wrong")
    // A small input makes a short run. What Swift did, since a wrong
    // original may do anything.
    let events = try #require(found.swift).events.count
    // One line of a pipeline alone makes seven.
    let most = wrong.recipe == "pipeline" ? 42 : 24
    #expect(events <= most, "\(wrong), seed \(seed)")
  }

  @Test("Each file of wrong Go originals has several")
  func wrongOriginals() {
    let counts = Dictionary(grouping: WrongOriginal.all, by: \.recipe)
      .mapValues(\.count)
    #expect(!WrongOriginal.files.isEmpty)
    #expect(counts.count == WrongOriginal.files.count)
    #expect(counts.values.allSatisfy { $0 >= 5 }, "\(counts)")
  }

  @Test("A wrong original that Go does not have is refused")
  func unknownOriginal() async throws {
    func run<D: Demo>(_ demo: D.Type, _ go: GoTwin) async throws {
      _ = try await go.runs(of: demo, inputs: [D.Input()], mutant: "nonesuch")
    }
    let go = try await GoTwin.start()
    for demo in menu.prefix(1) {
      await #expect(throws: GoFailure.self) { try await run(demo, go) }
    }
  }
}

/// A Go original that is wrong on purpose.
struct WrongOriginal: CustomTestStringConvertible, CustomStringConvertible {
  var recipe: String
  var mutant: String

  var description: String { "\(recipe) \(mutant)" }
  var testDescription: String { description }

  /// Those of the table in each Go file: one that is added there is tested.
  static let all: [WrongOriginal] = files.flatMap { file in
    let source = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    let name = file.deletingPathExtension().lastPathComponent
    let entries = source.split(separator: "\n").filter {
      $0.hasPrefix("\t\"") && $0.contains("\": ")
    }
    return entries.map { entry in
      WrongOriginal(
        recipe: name.replacing("_", with: "-"),
        mutant: String(entry.split(separator: "\"")[1])
      )
    }
  }

  /// A file a recipe.
  static let files: [URL] = {
    let folder = URL(filePath: #filePath)
      .deletingLastPathComponent()
      .appending(path: "../../Recipes/internal/mutants")
      .standardizedFileURL
    let found = try? FileManager.default.contentsOfDirectory(
      at: folder,
      includingPropertiesForKeys: nil
    )
    return (found ?? []).filter { $0.pathExtension == "go" }
      .sorted { $0.path < $1.path }
  }()
}
