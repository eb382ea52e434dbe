import Cookbook
import Foundation
import Testing

@testable import recipe

/// The root of the checkout that these tests were compiled from.
let checkout = URL(filePath: #filePath)
  .deletingLastPathComponent()
  .deletingLastPathComponent()
  .deletingLastPathComponent()

@Suite("One list of recipes")
struct MenuTests {
  private static let recipes = menu.map { $0.recipe }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: checkout.appending(path: path), encoding: .utf8)
  }

  /// What the first group of `pattern` matches in a file.
  private func matches(
    _ pattern: Regex<(Substring, Substring, Substring)>,
    in path: String
  ) throws -> [String] {
    try text(path).matches(of: pattern).map { "\($0.output.2)/\($0.output.1)" }
  }

  private static let wanted = recipes.map {
    "\($0.chapter.rawValue)/\($0.name)"
  }

  @Test("The manifest lists what the menu lists, in the same order")
  func manifest() throws {
    let pattern = /Recipe\(\s*name: "([^"]+)",\s*chapter: "([^"]+)"/
    #expect(try matches(pattern, in: "Package.swift") == Self.wanted)
  }

  @Test("The Go program lists what the menu lists, in the same order")
  func goMenu() throws {
    let pattern = /\{"([^"]+)", "([^"]+)",/
    #expect(
      try matches(pattern, in: "Recipes/cmd/recipe/recipes.go") == Self.wanted
    )
  }

  @Test("There is a folder for each recipe and a recipe for each folder")
  func folders() throws {
    var found: Set<String> = []
    let manager = FileManager.default
    let root = checkout.appending(path: "Recipes").path
    for chapter in try manager.contentsOfDirectory(atPath: root)
    where !["cmd", "internal", "pictures"].contains(chapter) {
      let folder = "\(root)/\(chapter)"
      var isFolder: ObjCBool = false
      guard unsafe manager.fileExists(atPath: folder, isDirectory: &isFolder),
        isFolder.boolValue
      else { continue }
      for name in try manager.contentsOfDirectory(atPath: folder) {
        found.insert("\(chapter)/\(name)")
      }
    }
    #expect(
      found == Set(everyRecipe.map { "\($0.chapter.rawValue)/\($0.name)" })
    )
  }

  @Test("A recipe's folder has every part", arguments: wanted)
  func parts(path: String) throws {
    let name = path.split(separator: "/")[1]
    let goName = name.replacing("-", with: "_")
    let swiftName = name.split(separator: "-")
      .map { $0.prefix(1).uppercased() + $0.dropFirst() }
      .joined()
    let files = try FileManager.default
      .contentsOfDirectory(
        atPath: checkout.appending(path: "Recipes/\(path)").path
      )
    let wanted = [
      "README.md", "\(swiftName).swift", "Demo.swift", "Laws.swift",
      "\(goName).go", "\(goName)_test.go", "demo.go",
    ]
    #expect(wanted.allSatisfy(files.contains), "\(files)")
  }

  @Test(
    "The manifest, the menu and the Go side have the same rooms",
    arguments: ["Package.swift", "Recipes/internal/rooms/rooms.go"]
  )
  func rooms(path: String) throws {
    let text = try text(path)
    for recipe in everyRecipe where !recipe.examples.isEmpty {
      #expect(text.contains("\(recipe.chapter.rawValue)/\(recipe.name)"))
    }
  }

  @Test("Every recipe can be found by what it answers")
  func terms() {
    for recipe in everyRecipe {
      #expect(!recipe.question.isEmpty)
      #expect(!recipe.goConstructs.isEmpty)
      #expect(!recipe.swiftConstructs.isEmpty)
      #expect(!recipe.problems.isEmpty)
    }
  }
}
