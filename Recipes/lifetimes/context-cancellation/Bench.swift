package import Cookbook
import Synchronization

extension ContextCancellationDemo {
  /// What is timed against Go.
  package static let workloads = [
    Workload(
      "timeouts",
      promise: "100,000 timeouts of an hour around work that ends at once",
      operations: 100_000
    ) { count in
      var sum = 0
      for operation in 0..<count {
        sum += try await withTimeout(.seconds(3_600)) { operation & 7 }
      }
      return sum
    },
    Workload(
      "cancelled-tree",
      promise: "10,000 sleeping tasks below 100 scopes, from the "
        + "cancellation until all have ended",
      operations: 10_000
    ) { count, stopwatch in
      let branches = max(count / 100, 1)
      let (ready, cancelled) = (Counter(), Counter())
      try await withCancellation { root in
        await withTaskGroup(of: Void.self) { group in
          for branch in 0..<branches {
            group.addTask {
              try? await withCancellation { _ in
                await withTaskGroup(of: Void.self) { group in
                  for _ in stride(from: branch, to: count, by: branches) {
                    group.addTask {
                      // The last one finds the others asleep, or nearly so.
                      if ready.increment() == count {
                        stopwatch.restart()
                        root.cancel()
                      }
                      try? await Task.sleep(for: .seconds(3_600))
                      if Task.isCancelled { cancelled.increment() }
                    }
                  }
                }
              }
            }
          }
        }
      }
      return cancelled.value
    },
  ]

  private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    @discardableResult
    func increment() -> Int {
      count.wrappingAdd(1, ordering: .relaxed).newValue
    }
  }
}
