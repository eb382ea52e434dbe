import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("One list of recipes")
struct MenuTests {
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

  @Test("The manifest, the menu and the Go side have the same rooms")
  func rooms() throws {
    for path in ["Package.swift", "Recipes/internal/rooms/rooms.go"] {
      let text = try read(path)
      for recipe in everyRecipe {
        #expect(text.contains("\(recipe.chapter.rawValue)/\(recipe.name)"))
        #expect(!recipe.question.isEmpty)
      }
    }
  }
}
