import Testing

@testable import Recipes

@Suite("once")
struct OnceTests {
  @Test("Work that waits for its own value ends the program")
  func recursion() async {
    await #expect(processExitsWith: .failure) {
      // Otherwise it would wait for ever, which ends no test.
      try await withThrowingTaskGroup { group in
        group.addTask { _ = try await Recursion.once.value() }
        group.addTask { try await Task.sleep(for: .seconds(5)) }
        defer { group.cancelAll() }
        try await group.next()
      }
    }
  }
}

private enum Recursion {
  static let once: Once<Int> = Once { try await once.value() }
}
