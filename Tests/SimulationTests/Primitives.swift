import Simulation
import Synchronization

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

/// Continuations that wait for somebody to wake them, oldest first.
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

  func wakeFirst() {
    state.withLock { $0.isEmpty ? nil : $0.removeFirst() }?.resume()
  }

  func wakeAll() {
    let all = state.withLock { waiters in
      defer { waiters = [] }
      return waiters
    }
    for waiter in all { waiter.resume() }
  }
}

/// A first-in first-out lock that may be held across an `await`.
final class AsyncLock: Sendable {
  private let state = Mutex<
    (isHeld: Bool, waiters: [CheckedContinuation<Void, Never>])
  >((false, []))

  func lock() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.isHeld {
          state.waiters.append(continuation)
          return false
        }
        state.isHeld = true
        return true
      }
      if isFree { continuation.resume() }
    }
  }

  func unlock() {
    let next = state.withLock { state in
      if state.waiters.isEmpty {
        state.isHeld = false
        return nil as CheckedContinuation<Void, Never>?
      }
      return state.waiters.removeFirst()
    }
    next?.resume()
  }
}

/// A semaphore whose waiters can be cancelled.
final class TestSemaphore: Sendable {
  private struct State {
    var permits: Int
    var waiters: [(id: Int, CheckedContinuation<Bool, Never>)] = []
    var next = 0
  }
  private let state: Mutex<State>
  /// Whether a waiter that is cancelled with the permit in hand returns it.
  private let returnsPermit: Bool

  init(permits: Int, returnsPermit: Bool) {
    state = Mutex(State(permits: permits))
    self.returnsPermit = returnsPermit
  }

  func acquire() async throws {
    try Task.checkCancellation()
    let id = state.withLock { state in
      state.next += 1
      return state.next
    }
    let isMine = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let now: Bool? = state.withLock { state in
          if Task.isCancelled { return false }
          if state.permits > 0 {
            state.permits -= 1
            return true
          }
          state.waiters.append((id, continuation))
          return nil
        }
        if let now { continuation.resume(returning: now) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.firstIndex { $0.id == id }.map {
          state.waiters.remove(at: $0).1
        }
      }
      waiter?.resume(returning: false)
    }
    guard isMine else { throw CancellationError() }
    if Task.isCancelled {
      if returnsPermit { release() }
      throw CancellationError()
    }
  }

  func release() {
    let waiter = state.withLock { state in
      if state.waiters.isEmpty {
        state.permits += 1
        return nil as CheckedContinuation<Bool, Never>?
      }
      return state.waiters.removeFirst().1
    }
    waiter?.resume(returning: true)
  }
}

struct Wrong: Error, CustomStringConvertible {
  var description: String
  init(_ description: String = "the result is wrong") {
    self.description = description
  }
}
