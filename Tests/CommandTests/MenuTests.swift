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
  private func text(_ path: String) throws -> String {
    try String(contentsOf: checkout.appending(path: path), encoding: .utf8)
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

  @Test(
    "The manifest, the menu and the Go side have the same rooms",
    arguments: ["Package.swift", "Recipes/internal/rooms/rooms.go"]
  )
  func rooms(path: String) throws {
    let text = try text(path)
    for recipe in everyRecipe {
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
