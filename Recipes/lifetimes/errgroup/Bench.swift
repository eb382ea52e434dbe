package import Cookbook
import Synchronization

extension ErrgroupDemo {
  package static let workloads = [
    Workload(
      "limit-8",
      promise: "100,000 tiny tasks, 8 at once, first error kept",
      operations: 100_000
    ) { try await tinyTasks($0, limit: 8) },
    Workload(
      "no-limit",
      promise: "100,000 tiny tasks, as fast as they can be added",
      operations: 100_000
    ) { try await tinyTasks($0, limit: nil) },
    Workload(
      "first-error",
      promise: "10,000 waiting tasks, from the first error until all have "
        + "ended",
      operations: 10_000,
      run: firstError
    ),
  ]

  private static func tinyTasks(_ count: Int, limit: Int?) async throws -> Int {
    let sum = Atomic(0)
    try await withErrorGroup(limit: limit) { group in
      for task in 0..<count {
        await group.add { sum.wrappingAdd(task & 7, ordering: .relaxed) }
      }
    }
    return sum.load(ordering: .relaxed)
  }

  private struct FirstError: Error {}

  /// Times what follows from an error, not how the tasks start.
  private static func firstError(
    _ count: Int,
    _ stopwatch: Stopwatch
  ) async throws -> Int {
    let starting = Atomic(count)
    let sum = Atomic(0)
    let (allWait, signal) = AsyncStream.makeStream(of: Never.self)
    do {
      try await withErrorGroup { group in
        for task in 0..<count {
          await group.add {
            await waitForCancellation {
              let left = starting.wrappingSubtract(1, ordering: .relaxed)
              if left.newValue == 0 { signal.finish() }
            }
            sum.wrappingAdd(task & 7, ordering: .relaxed)
            throw CancellationError()
          }
        }
        for await _ in allWait {}
        await group.add {
          stopwatch.restart()
          throw FirstError()
        }
      }
      return -1  // an error that gets lost is not what Go does
    } catch is FirstError {
      return sum.load(ordering: .relaxed)
    }
  }

  /// Waits as Go's `<-ctx.Done()` does; a sleep would leave its timer behind.
  private static func waitForCancellation(
    whenWaiting signal: () -> Void
  ) async {
    enum State {
      case running, cancelled
      case waiting(CheckedContinuation<Void, Never>)
    }
    let state = Mutex(State.running)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isCancelled = state.withLock { state in
          if case .cancelled = state { return true }
          state = .waiting(continuation)
          return false
        }
        if isCancelled { continuation.resume() }
        signal()
      }
    } onCancel: {
      let before = state.withLock { state in
        defer { state = .cancelled }
        return state
      }
      if case .waiting(let continuation) = before { continuation.resume() }
    }
  }
}
