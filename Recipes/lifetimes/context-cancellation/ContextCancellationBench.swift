import Cookbook
import Synchronization

extension ContextCancellationExamples {
  static let workloads = [
    Workload(
      "timeouts",
      promise: "100,000 calls with a timeout of an hour, which end at once",
      operations: 100_000
    ) { count in
      var sum = 0
      for operation in 0..<count {
        sum += await withDeadline(in: .seconds(3_600)) { operation & 7 }
      }
      return sum
    },
    Workload(
      "cancelled-group",
      promise: "10,000 sleeping tasks, from the cancellation until all ended",
      operations: 10_000
    ) { count, stopwatch in
      let started = Atomic(0)
      let (allStarted, signal) = AsyncStream<Never>.makeStream()
      return await withTaskGroup(of: Int.self) { group in
        for _ in 0..<count {
          group.addTask { @Sendable in
            let ready = started.add(1, ordering: .relaxed).newValue
            if ready == count { signal.finish() }
            try? await Task.sleep(for: .seconds(3_600))
            return Task.isCancelled ? 1 : 0
          }
        }
        for await _ in allStarted {}
        stopwatch.restart()
        group.cancelAll()
        return await group.reduce(0, +)
      }
    },
  ]
}
