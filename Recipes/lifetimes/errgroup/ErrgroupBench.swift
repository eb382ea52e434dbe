import Cookbook
import Synchronization

extension ErrgroupExamples {
  static let workloads = [
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

  private struct First: Error {}

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
            // As `<-ctx.Done()`; a sleep would leave its timer behind.
            let (cancellation, never) = AsyncStream.makeStream(of: Never.self)
            let left = starting.wrappingSubtract(1, ordering: .relaxed)
            if left.newValue == 0 { signal.finish() }
            for await _ in cancellation {}
            withExtendedLifetime(never) {}
            sum.wrappingAdd(task & 7, ordering: .relaxed)
            throw CancellationError()
          }
        }
        for await _ in allWait {}
        await group.add {
          stopwatch.restart()
          throw First()
        }
      }
      return -1  // an error that gets lost is not what Go does
    } catch is First {
      return sum.load(ordering: .relaxed)
    }
  }
}
