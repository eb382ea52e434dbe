import Testing

@testable import Recipes

@Suite("wait-group")
struct WaitGroupTests {
  private static let misuses: [@Sendable (WaitGroup) -> Void] = [
    { $0.done() },
    { group in
      group.add()
      for _ in 1...2 { group.done() }
    },
    { $0.add(-1) },
  ]

  @Test(
    "A count below 0 ends the program",
    arguments: misuses.indices
  )
  func misuse(index: Int) async {
    await #expect(processExitsWith: .failure) { [index] in
      Self.misuses[index](WaitGroup())
    }
  }

  @Test("On real threads no waiter is lost, cancelled or not, round by round")
  func rounds() async {
    let group = WaitGroup()
    for round in 0..<5_000 {
      group.add()
      // Nobody cancels these, so they return.
      let waiters = (0..<2).map { _ in Task { try await group.wait() } }
      let cancelled = Task { try await group.wait() }
      for _ in 0..<round % 16 { await Task.yield() }
      if round % 2 == 0 { cancelled.cancel() }
      group.done()
      if round % 2 == 1 { cancelled.cancel() }
      for waiter in waiters {
        await #expect(throws: Never.self) { try await waiter.value }
      }
      _ = await cancelled.result
    }
  }
}
