import Cookbook
import Simulation
import Testing

@testable import Recipes

@Suite("hedged-request")
struct HedgedRequestTests {
  @Test("A clock that fails makes no attempt due, as a failed attempt does")
  func failingClock() async throws {
    let seen = ["0", "9.0 seconds", "1", "11.0 seconds"]
    try await everySchedule(sees: seen) { clock, _, see in
      let hedge = HedgedRequest(
        after: .seconds(1),
        attempts: 3,
        clock: OddClock(clock: clock)
      )
      for isFailing in [false, true] {
        await see {
          try await hedge.send { attempt in
            try await clock.sleep(for: .seconds(isFailing ? 1 : 9))
            if isFailing, attempt == 0 { throw OddClock.Broken() }
            return attempt
          }
        }
        see(clock.now)
      }
    }
  }

  @Test("A loser that never looks for its cancellation is waited for")
  func deafLoser() async throws {
    let seen = ["1", "9.0 seconds"]
    try await everySchedule(sees: seen) { clock, executor, see in
      let hedge = HedgedRequest(after: .seconds(1), clock: clock)
      await see {
        try await hedge.send { attempt in
          if attempt > 0 { return attempt }
          await deaf(executor) { try await clock.sleep(for: .seconds(9)) }
          return attempt
        }
      }
      see(clock.now)
    }
  }

  @Test("No delay is too long, and one that has passed lets all attempts start")
  func anyDelay() async throws {
    #expect(
      try await HedgedRequest(after: .seconds(Int64.max)).send { $0 } == 0
    )
    try await everySchedule(sees: ["1"]) { clock, _, see in
      let hedge = HedgedRequest(after: .seconds(Int64.min), clock: clock)
      await see {
        try await hedge.send { attempt in
          try await clock.sleep(for: .seconds(attempt == 0 ? 2 : 1))
          return attempt
        }
      }
    }
  }

  @Test("A fast request leaves nothing behind")
  func memory() async {
    await #expect(processExitsWith: .success) {
      let left = await Footprint.figures(leftBy: 10_000) {
        let hedge = HedgedRequest(after: .seconds(60))
        for _ in 1...$0 { _ = try? await hedge.send { $0 } }
      }
      // A sleep takes 610. Not a number where the system does not tell.
      precondition(!(left["bytes", default: 1_000] > 300))
    }
  }
}
