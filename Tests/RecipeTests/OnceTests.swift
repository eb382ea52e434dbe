import Synchronization
import Testing

@testable import Recipes

@Suite("once")
struct OnceTests {
  @Test("Work that waits for its own value ends the program")
  func recursion() async {
    await #expect(processExitsWith: .failure) {
      final class Holder: Sendable {
        let again = Mutex<Once<Int>?>(nil)
      }
      let holder = Holder()
      let once = Once {
        guard let again = holder.again.withLock({ $0 }) else { return 1 }
        return try await again.value()
      }
      holder.again.withLock { $0 = once }
      // Otherwise it would wait for ever, which ends no test.
      try await withThrowingTaskGroup { group in
        group.addTask { _ = try await once.value() }
        group.addTask { try await Task.sleep(for: .seconds(5)) }
        defer { group.cancelAll() }
        try await group.next()
      }
    }
  }
}
