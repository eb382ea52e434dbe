import Simulation
import Testing

/// The first example of the documentation.
private actor Flag {
  private var isSet = false
  private var waiters: [CheckedContinuation<Void, Never>] = []

  var isRaised: Bool { isSet }

  func raise() {
    isSet = true
    for waiter in waiters { waiter.resume() }
    waiters = []
  }

  func join() async {
    await withCheckedContinuation { waiters.append($0) }
  }
}

@Test("The first example of the documentation fails as it says there")
func firstExample() async throws {
  let found = await #expect(throws: SimulationFailure.self) {
    try await Simulation.explore(seeds: 0..<1_000) { run in
      let flag = Flag()
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          if await flag.isRaised { return }
          run.note("waits for the flag")
          await flag.join()
        }
        group.addTask { await flag.raise() }
      }
      return true
    }
  }
  guard case .deadlock(let waiting) = found?.reason else {
    Issue.record("\(String(describing: found))")
    return
  }
  #expect(waiting.contains { $0.hasSuffix(": waits for the flag") })
  #expect(found?.shortened != nil)
}
