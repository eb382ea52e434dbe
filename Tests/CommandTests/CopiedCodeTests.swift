import Cookbook
import Foundation
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
      for recipe in everyRecipe where recipe.isCopied {
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

  /// Puts a draft beside the copies.
  ///
  /// They are kept as text, since they are laid out as their writers do.
  private func addDraft(
    _ recipe: String,
    to folder: URL,
    where isWanted: (String) -> Bool = { _ in true }
  ) throws {
    let draft = Self.drafts.appending(path: recipe)
    for name in try FileManager.default.contentsOfDirectory(
      atPath: draft.path
    ) where isWanted(name) {
      try FileManager.default.copyItem(
        at: draft.appending(path: name),
        to: folder.appending(path: name.replacing(".txt", with: ""))
      )
    }
  }

  @Test("What a new user wrote from the use on the page compiles unchanged")
  func firstDraft() async throws {
    try await withScratchFolder { folder in
      try await copy(["bounded-pool"], to: folder)
      try addDraft("bounded-pool", to: folder)
      try await shell(
        "swiftc -swift-version 6 -warnings-as-errors *.swift -o draft",
        in: folder
      )
      let run = try await Program.shell("'\(folder.path)/draft'")
      let pages = (0..<10).map { "page \($0)" }
      #expect(Array(run.output.lines.dropFirst().prefix(10)) == pages)
      #expect(run.output.lines.last == "cancelled")
    }
  }

  @Test(
    "All recipes' files compile in one module with their uses",
    arguments: TargetSetting.all
  )
  func withUses(setting: TargetSetting) async throws {
    try await withScratchFolder { folder in
      try await copy(everyRecipe.filter(\.isCopied).map(\.name), to: folder)
      for recipe in try FileManager.default.contentsOfDirectory(
        atPath: Self.drafts.path
      ) {
        // A file of statements would make the module a program.
        try addDraft(recipe, to: folder) {
          $0 != "main.swift.txt" && $0 != "output.txt"
        }
      }
      try await shell("\(Self.compile) \(setting.flags) *.swift", in: folder)
    }
  }

  @Test(
    "So does what is written from other pages, and prints what it should",
    arguments: ["select", "priority-select"]
  )
  func draftWithOutput(recipe: String) async throws {
    try await withScratchFolder { folder in
      try await copy([recipe], to: folder)
      try addDraft(recipe, to: folder)
      try await shell(
        "swiftc -swift-version 6 -warnings-as-errors *.swift -o draft "
          + "&& ./draft | diff output -",
        in: folder
      )
    }
  }

  @Test("Copied code keeps the recipes' laws, whatever it is compiled with")
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
      let menu = menu.map { $0.recipe }
      try await copy(menu.map(\.name), to: folder.appending(path: "copied"))
      // With NonisolatedNonsendingByDefault, as the demos: it is a part of
      // the type of a closure, and so of whether a type conforms to a
      // protocol.
      for setting in [TargetSetting.features5, .mainFeatures] {
        try await compile("Pasted", setting.flags, "copied/*.swift", in: folder)
        // The demos, with the copied patterns in the place of their own.
        for recipe in menu {
          let name = PatternFile.module(of: recipe)
          try writeDemo(recipe, to: folder.appending(path: name))
          try await compile(name, strict, "\(name)/*.swift", in: folder)
        }
        try Data(Self.main.utf8)
          .write(to: folder.appending(path: "main.swift"))
        try await compile("Main", strict, "main.swift", in: folder)
        try await shell("swiftc *.o -o main", in: folder)
        let result = try await Program.shell("'\(folder.path)/main'")
        #expect(result.status == 0, "\(setting.name): \(result.errors)")
        #expect(
          result.lines.map(String.init)
            == menu.map { "\($0.name) keeps its laws" },
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

  private func writeDemo(_ recipe: Recipe, to folder: URL) throws {
    let manager = FileManager.default
    try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    let room = checkout.appending(path: recipe.folder)
    let pattern = PatternFile.module(of: recipe).dropLast("Recipe".count)
    for name in try manager.contentsOfDirectory(atPath: room.path) {
      let file = room.appending(path: name)
      if name.hasSuffix(".swift"), name != "\(pattern).swift" {
        let text = try String(contentsOf: file, encoding: .utf8)
          .replacing(
            /(?m)^(?:public |package |internal )?import (\w+Recipe)$/
          ) { line in
            // What a demo shares with another is still in that one's module.
            let module = folder.deletingLastPathComponent()
              .appending(path: "\(line.output.1).swiftmodule")
            return manager.fileExists(atPath: module.path)
              ? "package import \(line.output.1)" : ""
          }
          .replacing(/\b[A-Z]\w*Recipe\./, with: "Pasted.")
        try Data(("public import Pasted\n" + text).utf8)
          .write(to: folder.appending(path: name))
      } else if let texts = try? manager.contentsOfDirectory(atPath: file.path)
      {
        // What SwiftPM makes of files that are embedded in code.
        let constants = try texts.sorted().map { name in
          let bytes = try Data(contentsOf: file.appending(path: name))
          let constant = String(
            name.map { $0.isLetter || $0.isNumber ? $0 : "_" }
          )
          return "  static let \(constant): [UInt8] = \(Array(bytes))\n"
        }
        let code = "enum PackageResources {\n\(constants.joined())}\n"
        try Data(code.utf8).write(
          to: folder.appending(path: "PackageResources.swift")
        )
      }
    }
  }

  /// Some schedules of the default input and of random ones.
  private static let main = """
    import Cookbook
    import Simulation
    \(menu.map { "import \(PatternFile.module(of: $0.recipe))\n" }.joined())
    @main
    enum Main {
      @concurrent
      static func main() async throws {
    \(menu.map { "    try await check(\($0).self)\n" }.joined())  }

      static func check<D: Demo>(_ demo: D.Type) async throws {
        var generator = SeededGenerator(seed: 1)
        for seed in 0..<60 as Range<UInt64> {
          let input =
            seed < 30 ? D.Input() : demo.randomInput(using: &generator)
          let trace = try await Simulation.run(seed: seed) { simulation in
            try await demo.trace(input, clock: simulation.clock)
          }.value
          try demo.check(trace, of: input)
        }
        print("\\(demo.recipe.name) keeps its laws")
      }
    }
    """
}
