import Cookbook
import Foundation
import Recipes
import Testing

@testable import recipe

/// The settings of a target that code may be pasted into.
struct TargetSetting: CustomTestStringConvertible, Sendable {
  var name: String
  var flags: String

  var testDescription: String { name }

  static let features =
    [
      "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility",
      "InferIsolatedConformances", "NonisolatedNonsendingByDefault",
      "ImmutableWeakCaptures",
    ].map { "-enable-upcoming-feature \($0)" }.joined(separator: " ")
    + " -strict-memory-safety"

  static let six = TargetSetting(
    name: "Swift 6 mode, every feature off",
    flags: "-swift-version 6"
  )
  static let five = TargetSetting(
    name: "Swift 5 mode, every feature off",
    flags: "-swift-version 5"
  )
  static let features6 = TargetSetting(
    name: "Swift 6 mode, every feature on",
    flags: "-swift-version 6 \(features)"
  )
  static let features5 = TargetSetting(
    name: "Swift 5 mode, every feature on",
    flags: "-swift-version 5 \(features)"
  )
  static let main6 = TargetSetting(
    name: "main actor by default, Swift 6 mode",
    flags: "-swift-version 6 -default-isolation MainActor"
  )
  static let main5 = TargetSetting(
    name: "main actor by default, Swift 5 mode",
    flags: "-swift-version 5 -default-isolation MainActor"
  )
  static let mainFeatures = TargetSetting(
    name: "main actor by default, every feature on",
    flags: "-swift-version 6 -default-isolation MainActor \(features)"
  )

  /// What every recipe is compiled with by itself: either language mode with
  /// every feature off, every feature on, and the main actor by default.
  static let required = [six, five, features6, main6]

  static let all = [
    six, five, features6, features5, main6, main5, mainFeatures,
  ]
}

@Suite("Copied code")
struct CopiedCodeTests {
  /// Runs a line of shell that must go well without a word.
  private func shell(_ line: String, in folder: URL) async throws {
    let result = try await Program.shell(
      "cd '\(folder.path)' && \(line) 2>&1"
    )
    try #require(result.status == 0, "\(line)\n\(result.output)")
    #expect(result.output.isEmpty, "\(line)\n\(result.output)")
  }

  private func copy(_ names: [String], to folder: URL) async throws {
    for name in names {
      let result = try await Program.run(
        "copy",
        name,
        folder.path,
        "--create"
      )
      try #require(result.status == 0, "\(result.errors)")
    }
  }

  /// SIL, for some rules of concurrency are only checked on the way to it.
  private static let compile =
    "swiftc -emit-sil -wmo -parse-as-library -warnings-as-errors "
    + "-module-name Pasted -o /dev/null"

  @Test(
    "Each recipe's files compile by themselves, without a warning",
    arguments: TargetSetting.required
  )
  func alone(setting: TargetSetting) async throws {
    try await withScratchFolder { folder in
      for recipe in everyRecipe where !recipe.copies.isEmpty {
        let name = recipe.name
        let copied = folder.appending(path: name)
        try await copy([name], to: copied)
        try await shell("\(Self.compile) \(setting.flags) *.swift", in: copied)
      }
    }
  }

  /// What people wrote who had the use on the page and nothing else.
  private static let drafts = checkout.appending(
    path: "Tests/CommandTests/FirstDrafts"
  )

  private static func names(of folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  /// Puts a draft beside the copies.
  ///
  /// They are kept as text, since they are laid out as their writers do.
  private func addDraft(
    _ recipe: String,
    to folder: URL,
    where isWanted: (String) -> Bool = { _ in true }
  ) throws {
    let draft = Self.drafts.appending(path: recipe)
    for name in try Self.names(of: draft)
    where name.hasSuffix(".swift.txt") && isWanted(name) {
      try FileManager.default.copyItem(
        at: draft.appending(path: name),
        to: folder.appending(path: name.replacing(".txt", with: ""))
      )
    }
  }

  @Test("What a new user wrote from the use on the page runs unchanged")
  func firstDrafts() async throws {
    for recipe in try Self.names(of: Self.drafts) {
      let draft = Self.drafts.appending(path: recipe)
      // What is no program is compiled with all uses.
      guard try Self.names(of: draft).contains("main.swift.txt") else {
        continue
      }
      // A part of it: what comes as it is done comes in any order.
      let wanted = try String(
        contentsOf: draft.appending(path: "output.txt"),
        encoding: .utf8
      )
      try await withScratchFolder { folder in
        try await copy([recipe], to: folder)
        try addDraft(recipe, to: folder)
        try await shell(
          "swiftc -swift-version 6 -warnings-as-errors *.swift -o draft",
          in: folder
        )
        let run = try await Program.shell("'\(folder.path)/draft'")
        #expect(run.status == 0)
        #expect(run.output.contains(wanted), "\(recipe): \(run.output)")
      }
    }
  }

  @Test(
    "All recipes' files compile in one module with their uses",
    arguments: TargetSetting.all
  )
  func withUses(setting: TargetSetting) async throws {
    try await withScratchFolder { folder in
      try await copy(
        everyRecipe.filter { !$0.copies.isEmpty }.map(\.name),
        to: folder
      )
      for recipe in try Self.names(of: Self.drafts) {
        // A file of statements would make the module a program.
        try addDraft(recipe, to: folder) { $0 != "main.swift.txt" }
      }
      try await shell("\(Self.compile) \(setting.flags) *.swift", in: folder)
    }
  }

  @Test(
    "Copied code keeps the recipes' laws, whatever it is compiled with",
    .enabled(if: isLong, "it takes minutes: COOKBOOK_LONG=1")
  )
  func runs() async throws {
    try await withScratchFolder { folder in
      let strict = "-swift-version 6 \(TargetSetting.features)"
      let sources = checkout.appending(path: "Sources").path
      for name in ["Cookbook", "Simulation"] {
        try await compile(
          name,
          strict,
          "'\(sources)/\(name)/'*.swift",
          in: folder
        )
      }
      let copied = everyRecipe.filter { !$0.copies.isEmpty }
      try await copy(copied.map(\.name), to: folder.appending(path: "copied"))
      try writeExamples(without: copied, to: folder)
      // With NonisolatedNonsendingByDefault, as the examples: it is a part of
      // the type of a closure, and so of whether a type conforms to a
      // protocol.
      for setting in [TargetSetting.features5, .mainFeatures] {
        let testable = "\(setting.flags) -enable-testing"
        try await compile("Pasted", testable, "copied/*.swift", in: folder)
        try await compile("Recipes", strict, "examples/*.swift", in: folder)
        try Data(Self.main.utf8)
          .write(to: folder.appending(path: "main.swift"))
        try await compile("Main", strict, "main.swift", in: folder)
        try await shell("swiftc *.o -o main", in: folder)
        let result = try await Program.shell("'\(folder.path)/main'")
        #expect(result.status == 0, "\(setting.name): \(result.errors)")
        #expect(
          result.lines.map(String.init)
            == recipes.map { "\($0.name) keeps its laws" },
          "\(setting.name)"
        )
      }
    }
  }

  private func compile(
    _ module: String,
    _ flags: String,
    _ files: String,
    in folder: URL
  ) async throws {
    try await shell(
      "swiftc -c -wmo -Onone -parse-as-library -suppress-warnings -I . "
        + "-package-name cookbook -module-name \(module) "
        + "-emit-module-path \(module).swiftmodule "
        + "-o \(module).o \(flags) \(files)",
      in: folder
    )
  }

  /// The examples of all rooms, which use what was copied in the place of
  /// what the rooms have.
  private func writeExamples(
    without copied: [Recipe],
    to folder: URL
  ) throws {
    let manager = FileManager.default
    let examples = folder.appending(path: "examples")
    try manager.createDirectory(at: examples, withIntermediateDirectories: true)
    let root = checkout.appending(path: "Recipes")
    let patterns = Set(
      copied.flatMap { recipe in recipe.copies.map { "\(recipe.name)/\($0)" } }
    )
    let files = manager.enumerator(at: root, includingPropertiesForKeys: nil)
    while let file = files?.nextObject() as? URL {
      let path = file.pathComponents.suffix(2).joined(separator: "/")
      guard file.pathExtension == "swift", !patterns.contains(path) else {
        continue
      }
      let text = try String(contentsOf: file, encoding: .utf8)
      try Data(("@testable import Pasted\n" + text).utf8)
        .write(to: examples.appending(path: file.lastPathComponent))
    }
  }

  /// Some schedules of the default input and of random ones.
  private static let main = """
    import Cookbook
    import Recipes
    import Simulation

    @main
    enum Main {
      @concurrent
      static func main() async throws {
        for recipe in recipes {
          for example in recipe.examples where !example.laws.isEmpty {
            try await check(example)
          }
          print("\\(recipe.name) keeps its laws")
        }
      }

      static func check(_ example: Example) async throws {
        var generator = SeededGenerator(seed: 1)
        for seed in 0..<60 as Range<UInt64> {
          let input =
            seed < 30 ? example.input : example.randomInput(using: &generator)
          let trace = try await Simulation.run(seed: seed) { simulation in
            let stage = Stage(in: simulation)
            await example.run(input, on: stage)
            return stage.trace
          }.value
          try example.check(trace, of: input)
        }
      }
    }
    """
}

/// Whether to run what takes longer than a test may.
private let isLong =
  ProcessInfo.processInfo.environment["COOKBOOK_LONG"] == "1"
