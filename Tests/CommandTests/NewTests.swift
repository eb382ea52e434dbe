import Foundation
import Testing

@testable import recipe

@Suite("recipe new", .inScratchFolder)
struct NewTests {
  @Test("It writes a room and puts it on the three lists, and nothing twice")
  func room() async throws {
    let rooms = "Recipes/internal/rooms/rooms.go"
    try copyCheckout(
      ["Package.swift", "Recipes/Menu.swift", "Recipes/go.mod", rooms]
    )
    let new = "new rate-limit --chapter patterns"
    try await Program.run("\(new) --copy").expect(0)
    let room = "Recipes/patterns/rate-limit"
    for (file, text) in [
      ("Package.swift", "\"patterns/rate-limit\","),
      ("Recipes/Menu.swift", "RateLimitExamples.recipe,"),
      (rooms, "\tRooms[\"rate-limit\"] = ratelimit.Room\n"),
      ("\(room)/RateLimit.swift", "struct RateLimit"),
      ("\(room)/RateLimitExamples.swift", "RateLimitExamples"),
      ("\(room)/go/examples.go", "cookbook.Room{"),
    ] {
      #expect(try read(file, in: scratch).contains(text), "\(file)")
    }
    let imports = try read(rooms, in: scratch).lines
      .filter { $0.contains("concurrencycookbook/") }
      .compactMap { $0.split(separator: "\"").last }
    #expect(imports == imports.sorted())
    try await Program.run(new).expect(64, errors: "is there already")
  }
}
