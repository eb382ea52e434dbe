import Simulation
import Testing

@testable import Recipes

@Suite("once")
struct OnceTests {
  @Test("A caller that is cancelled before it comes waits for nobody")
  func cancelledBefore() async throws {
    let seen = [
      "throws CancellationError()", "1.0 seconds", "7", "3.0 seconds",
    ]
    try await everySchedule(sees: seen) { clock, _, see in
      let once = Once {
        try await clock.sleep(for: .seconds(3))
        return 7
      }
      let comeLate = { @Sendable in
        await withTaskGroup(of: Void.self) { group in
          group.cancelAll()
          group.addTask { await see { try await once.value() } }
        }
        see(clock.now)
      }
      await withTaskGroup { group in
        group.addTask { _ = try? await once.value() }
        try? await clock.sleep(for: .seconds(1))
        await comeLate()
      }
      // A value that is there comes all the same.
      await comeLate()
    }
  }

  @Test("Once there is a value, what the work has captured is released")
  func work() async throws {
    let alive = Alive()
    let once = { [object = alive.make()] in
      Once { withExtendedLifetime(object) { 7 } }
    }()
    #expect(alive.now == 1)
    #expect(try await once.value() == 7)
    #expect(alive.now == 0)
    #expect(try await once.value() == 7)
  }
}
