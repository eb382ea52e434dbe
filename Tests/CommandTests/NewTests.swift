import Foundation
import Testing

@testable import recipe

@Suite("recipe new")
struct NewTests {
  /// What `recipe new` reads of a checkout.
  private static let lists = [
    "Package.swift", "Recipes/Menu.swift", "Recipes/internal/rooms/rooms.go",
    "Recipes/go.mod",
  ]

  @Test("It writes a room and puts it on the three lists, and nothing twice")
  func room() async throws {
    try await withScratchFolder { folder in
      for path in Self.lists {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(),
          withIntermediateDirectories: true
        )
        try FileManager.default.copyItem(
          at: checkout.appending(path: path),
          to: file
        )
      }
      func new(_ arguments: String) async throws -> Program.Result {
        try await Program.shell(
          "cd '\(folder.path)' && \"$recipe\" new \(arguments)"
        )
      }
      func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      }
      let made = try await new("rate-limit --chapter patterns --copy")
      try #require(made.status == 0, "\(made.errors)")
      #expect(try text("Package.swift").contains("\"patterns/rate-limit\","))
      #expect(
        try text("Recipes/Menu.swift").contains("RateLimitExamples.recipe,")
      )
      let rooms = try text("Recipes/internal/rooms/rooms.go").lines
      #expect(rooms.contains("\tRooms[\"rate-limit\"] = ratelimit.Room"))
      let imports = rooms.filter { $0.contains("concurrencycookbook/") }
        .compactMap { $0.split(separator: "\"").last }
      #expect(imports == imports.sorted())
      let room = "Recipes/patterns/rate-limit"
      #expect(try text("\(room)/RateLimit.swift").contains("struct RateLimit"))
      #expect(
        try text("\(room)/RateLimitExamples.swift").contains(
          "RateLimitExamples"
        )
      )
      #expect(try text("\(room)/go/examples.go").contains("cookbook.Room{"))
      let again = try await new("rate-limit --chapter patterns")
      #expect(again.status == 64)
      #expect(again.errors.contains("is there already"))
    }
  }

  @Test(
    "What cannot be a room is refused by name",
    arguments: [
      ("", "needs a name"), ("rate-limit", "--chapter must be one of"),
      ("rate-limit --chapter cooking", "not 'cooking'"),
      ("RateLimit --chapter patterns", "kebab-case, not 'RateLimit'"),
      ("semaphore --chapter patterns", "'semaphore' is taken"),
      ("explore --chapter patterns", "'explore' is taken"),
    ]
  )
  func refusal(arguments: String, problem: String) async throws {
    let result = try await Program.run(
      ["new"] + arguments.split(separator: " ").map(String.init)
    )
    #expect(result.status == 64)
    #expect(result.errors.contains(problem), "\(result.errors)")
  }
}
