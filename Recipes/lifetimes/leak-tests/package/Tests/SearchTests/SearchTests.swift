// #region test
@testable import Search
import SimulationTesting
import Testing

@Test(.simulated(schedules: 1_000, cancelling: 10))
func firstAnswer() async throws {
  let answer = try await search([
    after(30, "a"), after(10, "b"), after(20, "c"),
  ])
  #expect(answer == "b")
}

@Test(.simulated)
func cachedAnswer() async throws {
  let answer = try await search([after(0, "a"), after(10, "b")])
  #expect(answer == "a")
}

func after(_ ms: Int, _ answer: String) -> Replicas.Ask {
  {
    try await Task.sleep(for: .milliseconds(ms), clock: .simulated)
    return answer
  }
}
// #endregion
