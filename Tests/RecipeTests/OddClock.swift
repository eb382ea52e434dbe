import Simulation

/// A virtual clock that holds an object, or whose sleeps fail.
struct OddClock: Clock {
  struct Broken: Error {}

  let clock: VirtualClock
  var held: Alive.Object?

  var now: VirtualClock.Instant { clock.now }
  var minimumResolution: Duration { clock.minimumResolution }

  func sleep(until deadline: VirtualClock.Instant, tolerance: Duration?)
    async throws
  {
    if held == nil { throw Broken() }
    try await clock.sleep(until: deadline)
  }
}
