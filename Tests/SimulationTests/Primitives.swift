import Simulation
import Synchronization
import Testing

/// A value behind a lock, for what the programs record.
final class Shared<Value: Sendable>: Sendable {
  private let state: Mutex<Value>

  init(_ value: Value) { state = Mutex(value) }

  var value: Value { state.withLock { $0 } }

  @discardableResult
  func update<Output: Sendable>(
    _ body: @Sendable (inout Value) -> Output
  ) -> Output {
    state.withLock { body(&$0) }
  }
}

/// Continuations that wait for somebody to wake them.
final class Waiters: Sendable {
  private let state = Mutex<[CheckedContinuation<Void, Never>]>([])

  var count: Int { state.withLock { $0.count } }

  func wait() async {
    await withCheckedContinuation { continuation in
      state.withLock { $0.append(continuation) }
    }
  }

  /// Waits unless `isReady` holds, decided together with the registration.
  func wait(unless isReady: @Sendable () -> Bool) async {
    await withCheckedContinuation { continuation in
      let isPassing = state.withLock { waiters in
        if isReady() { return true }
        waiters.append(continuation)
        return false
      }
      if isPassing { continuation.resume() }
    }
  }

  func wakeAll() {
    let all = state.withLock { waiters in
      defer { waiters = [] }
      return waiters
    }
    for waiter in all { waiter.resume() }
  }
}

/// A lock that may be held across an `await`.
final class AsyncLock: Sendable {
  private let isHeld = Shared(false)
  private let waiters = Waiters()

  func lock() async {
    while isHeld.update({ isHeld in
      defer { isHeld = true }
      return isHeld
    }) {
      await waiters.wait { !self.isHeld.value }
    }
  }

  func unlock() {
    isHeld.update { $0 = false }
    waiters.wakeAll()
  }
}

struct Wrong: Error, CustomStringConvertible {
  var description: String
  init(_ description: String = "the result is wrong") {
    self.description = description
  }
}

/// The failure with which `body` ends, as it must.
func failure<Value: Sendable>(
  _ body: @Sendable () async throws -> Value
) async throws -> SimulationFailure {
  try #require(
    await #expect(throws: SimulationFailure.self) { _ = try await body() }
  )
}

extension SimulationFailure {
  /// The tasks that a deadlock lists; none if it is another failure.
  var waiting: [String] {
    if case .deadlock(let waiting) = reason { waiting } else { [] }
  }
}
