import Testing

@testable import Recipes

/// What calls with a deadline perform stays on the caller's actor.
@Suite("the caller's actor")
struct CallersActorTests {
  private struct Busy: Error {}

  private actor Cache {
    var pages: [String] = []
    var attempts: [Int] = []

    func load() async throws -> [String] {
      try await withDeadline(in: .seconds(3_600)) {
        pages.append("first")
        try await onCallersActor { assertIsolated() }
        pages.append("second")
        return pages
      }
    }

    func compute() async -> Bool {
      await withDeadline(in: .milliseconds(1)) {
        while !Task.isCancelled {}
        return true
      }
    }

    func load(in timeout: Duration) async throws -> [Int] {
      try await withAttempts(
        3,
        in: timeout,
        pause: { .milliseconds(Int.random(in: 0...(1 << $0))) }
      ) { attempt in
        assertIsolated()
        attempts.append(attempt)
        if attempt < 2 { throw Busy() }
        return attempts
      }
    }
  }

  @Test("The body stays on its actor, and is cancelled while it computes there")
  func bodies() async throws {
    let cache = Cache()
    #expect(try await cache.load() == ["first", "second"])
    #expect(await cache.compute())
  }

  @Test("Attempts stay on the caller's actor, and any timeout will do")
  func attempts() async throws {
    let cache = Cache()
    await #expect(throws: OutOfTime.self) {
      try await cache.load(in: .seconds(Int64.min))
    }
    #expect(try await cache.load(in: .seconds(Int64.max)) == [0, 1, 2])
  }
}

/// Its body has no actor but that of the caller.
nonisolated(nonsending) private func onCallersActor(
  _ check: () -> Void
) async throws {
  try await withDeadline(in: .seconds(3_600)) {
    check()
    try await Task.sleep(for: .microseconds(1))
    check()
  }
}
