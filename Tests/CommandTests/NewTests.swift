import Foundation
import Testing

@testable import recipe

@Suite("recipe new")
struct NewTests {
  @Test("It writes a room and puts it on the three lists, and nothing twice")
  func room() async throws {
    try await withScratchFolder { folder in
      try copyCheckout(
        [
          "Package.swift", "Recipes/Menu.swift", "Recipes/go.mod",
          "Recipes/internal/rooms/rooms.go",
        ],
        to: folder
      )
      func text(_ path: String) throws -> String {
        try read(path, in: folder)
      }
      let new = "new rate-limit --chapter patterns"
      try await Program.run("\(new) --copy", in: folder).expect(0)
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
      try await Program.run(new, in: folder)
        .expect(64, errors: "is there already")
    }
  }
}
