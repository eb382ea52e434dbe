import Cookbook
import Foundation
import Recipes
import Testing

@testable import recipe

/// The settings of a target that code may be pasted into.
private enum Setting {
  static let features =
    [
      "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility",
      "InferIsolatedConformances", "NonisolatedNonsendingByDefault",
      "ImmutableWeakCaptures",
    ].map { "-enable-upcoming-feature \($0)" }.joined(separator: " ")
    + " -strict-memory-safety"

  static let main = "-default-isolation MainActor"

  /// Either language mode, with every feature on or off, and with the main
  /// actor by default or not; the farthest apart first.
  static let all = [
    "-swift-version 5", "-swift-version 6 \(main) \(features)",
    "-swift-version 6", "-swift-version 6 \(features)",
    "-swift-version 5 \(features)", "-swift-version 6 \(main)",
    "-swift-version 5 \(main)",
  ]
}

@Suite("Copied code", .inScratchFolder)
struct CopiedCodeTests {
  private static let copied = everyRecipe.filter { !$0.copies.isEmpty }

  /// Runs a line of shell that must go well without a word.
  private func shell(_ line: String, in folder: URL = scratch) async throws {
    let result = try await Program.shell("\(line) 2>&1", in: folder)
    try #require(result.status == 0, "\(line)\n\(result.output)")
    #expect(result.output.isEmpty, "\(line)\n\(result.output)")
  }

  private func copy(_ names: [String], to folder: URL = scratch) async throws {
    for name in names {
      let line = "copy \(name) '\(folder.path)' --create"
      try await Program.run(line, in: checkout).expect(0)
    }
  }

  /// SIL, for some rules of concurrency are only checked on the way to it.
  private static let compile =
    "swiftc -emit-sil -wmo -parse-as-library -warnings-as-errors "
    + "-module-name Pasted -o /dev/null"

  @Test("Each recipe's files compile by themselves, without a warning")
  func alone() async throws {
    // What it needs and has not copied is missed by the type checker already.
    let compilations =
      isLong
      ? Setting.all.map { "\(Self.compile) \($0)" }
      : ["swiftc -typecheck -swift-version 6"]
    for recipe in Self.copied {
      let folder = scratch.appending(path: recipe.name)
      try await copy([recipe.name], to: folder)
      for compile in compilations {
        try await shell("\(compile) *.swift", in: folder)
      }
    }
  }

  /// What people wrote who had the use on the page and nothing else.
  private static let drafts = checkout.appending(
    path: "Tests/CommandTests/FirstDrafts"
  )

  /// What a draft copies that has no files of its own to copy.
  private static let borrowed = [
    "buffering": "channel", "directional": "channel", "nil-case": "select",
  ]

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
    // What is no program is compiled with all uses.
    let programs = try Self.names(of: Self.drafts).filter {
      let main = Self.drafts.appending(path: "\($0)/main.swift.txt")
      return FileManager.default.fileExists(atPath: main.path)
    }
    for recipe in isLong ? programs : ["bounded-pool"] {
      // A part of it: what comes as it is done comes in any order.
      let wanted = try read("\(recipe)/output.txt", in: Self.drafts)
      let folder = scratch.appending(path: recipe)
      try FileManager.default.createDirectory(
        at: folder,
        withIntermediateDirectories: true
      )
      let isCopied = Self.copied.contains { $0.name == recipe }
      let copied = isCopied ? recipe : Self.borrowed[recipe]
      try await copy(copied.map { [$0] } ?? [], to: folder)
      try addDraft(recipe, to: folder)
      try await shell(
        "swiftc -swift-version 6 -warnings-as-errors *.swift -o draft",
        in: folder
      )
      try await Program.shell("./draft", in: folder).expect(0, wanted)
    }
  }

  @Test("All recipes' files compile in one module with their uses")
  func withUses() async throws {
    try await copy(Self.copied.map(\.name))
    for recipe in try Self.names(of: Self.drafts) {
      // A file of statements would make the module a program.
      try addDraft(recipe, to: scratch) { $0 != "main.swift.txt" }
    }
    for setting in Setting.all.prefix(isLong ? 7 : 2) {
      try await shell("\(Self.compile) \(setting) *.swift")
    }
  }

  @Test("What has a lock or an atomic is interrupted at each of its steps")
  func linked() throws {
    let linked = try Self.names(
      of: checkout.appending(path: "Tests/BatonTests/Linked")
    )
    for recipe in Self.copied where !linked.contains(recipe.name) {
      for name in recipe.copies {
        let file = checkout.appending(path: "\(recipe.folder)/\(name)")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(!text.contains("import Synchronization"), "\(name)")
      }
    }
  }

  @Test(
    "A body runs on its caller's actor, whatever the copy is compiled with",
    .enabled(if: isLong, "it takes minutes: COOKBOOK_LONG=1")
  )
  func bodies() async throws {
    try await copy(Self.copied.map(\.name))
    let calls = checkout.appending(path: "Tests/RecipeTests")
    let text = try read("CallersActor.swift", in: calls)
    try write(
      text.replacing("@testable import Recipes\n", with: ""),
      to: "CallersActor.swift"
    )
    try write(
      """
      @main
      enum Main {
        @concurrent
        static func main() async throws {
          for (recipe, call) in CallersActor.calls {
            let visits = try await CallersActor().visits(of: call)
            if visits.isEmpty || visits.contains(false) { print(recipe) }
          }
        }
      }
      """,
      to: "Main.swift"
    )
    // The two that differ most, and the one without a flag.
    for setting in Self.unlike + ["-swift-version 6"] {
      try await shell(
        "swiftc -O -wmo -parse-as-library \(setting) *.swift -o main"
      )
      try await shell("./main")
    }
  }

  @Test(
    "Copied code keeps the recipes' laws, whatever it is compiled with",
    .enabled(if: isLong, "it takes minutes: COOKBOOK_LONG=1")
  )
  func runs() async throws {
    let strict = "-swift-version 6 \(Setting.features)"
    let sources = checkout.appending(path: "Sources").path
    for name in ["Simulation", "Cookbook"] {
      try await compile(name, strict, "'\(sources)/\(name)/'*.swift")
    }
    try await copy(
      Self.copied.map(\.name),
      to: scratch.appending(path: "copied")
    )
    try writeExamples(to: scratch.appending(path: "examples"))
    try write(Self.main, to: "main.swift")
    // With NonisolatedNonsendingByDefault, as the examples: it is a part of
    // the type of a closure, and so of whether a type conforms to a
    // protocol.
    for setting in Self.unlike {
      let testable = "\(setting) -enable-testing"
      try await compile("Pasted", testable, "copied/*.swift")
      try await compile("Recipes", strict, "examples/*.swift")
      try await compile("Main", strict, "main.swift")
      try await shell("swiftc *.o -o main")
      let result = try await Program.shell("./main")
      #expect(result.status == 0, "\(setting): \(result.errors)")
      let kept = recipes.map { "\($0.name) keeps its laws" }
      #expect(result.output.lines == kept, "\(setting)")
    }
  }

  private static let unlike = [
    "-swift-version 5 \(Setting.features)",
    "-swift-version 6 \(Setting.main) \(Setting.features)",
  ]

  private func compile(
    _ module: String,
    _ flags: String,
    _ files: String
  ) async throws {
    try await shell(
      "swiftc -c -wmo -Onone -parse-as-library -suppress-warnings -I . "
        + "-package-name cookbook -module-name \(module) "
        + "-emit-module-path \(module).swiftmodule "
        + "-o \(module).o \(flags) \(files)"
    )
  }

  /// The examples of all rooms, which use what was copied in the place of
  /// what the rooms have, and the texts that the build has embedded.
  private func writeExamples(to folder: URL) throws {
    let manager = FileManager.default
    try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    // No two files of a module have one name.
    let patterns = Set(Self.copied.flatMap(\.copies))
    for root in [
      checkout.appending(path: "Recipes"),
      Program.executable.deletingLastPathComponent()
        .appending(path: "Recipes.build/DerivedSources"),
    ] {
      let files = manager.enumerator(at: root, includingPropertiesForKeys: nil)
      while let file = files?.nextObject() as? URL {
        let name = file.lastPathComponent
        guard name.hasSuffix(".swift"), !patterns.contains(name),
          !file.path.contains("/leak-tests/package/")  // one of its own
        else { continue }
        let text = try read(name, in: file.deletingLastPathComponent())
        try write("@testable import Pasted\n" + text, to: name, in: folder)
      }
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
