import Cookbook
import Synchronization

extension BoundedPoolExamples {
  static let workloads = [
    Workload(
      "tiny-jobs",
      promise: "1,000,000 jobs of one addition, 4 at once, first error kept",
      operations: 1_000_000
    ) { count in
      try await sum(count) { $0 & 7 }
    },
    Workload(
      "ordered-results",
      promise: "1,000,000 results, in the order of the jobs, 4 at once",
      operations: 1_000_000
    ) { count in
      try await BoundedPool(workers: 4).map(0..<count) { $0 & 7 }
        .reduce(0, &+)
    },
    Workload(
      "results-as-they-come",
      promise: "1,000,000 results taken one by one, 4 jobs at once",
      operations: 1_000_000
    ) { count in
      var sum = 0
      try await BoundedPool(workers: 4).mapUnordered(0..<count) {
        $0 & 7
      } receive: {
        sum += $0
      }
      return sum
    },
    Workload(
      "computing",
      promise: "10,000 jobs of some 20 µs of computing each, 4 at once",
      operations: 10_000
    ) { count in
      try await sum(count) { Workload.compute($0, steps: 14_000) }
    },
  ]

  /// Performs a job for each number, and adds up what they return.
  private static func sum(
    _ count: Int,
    _ job: @escaping @Sendable (Int) -> Int
  ) async throws -> Int {
    let sum = Atomic(0)
    try await BoundedPool(workers: 4).forEach(0..<count) { @Sendable number in
      sum.wrappingAdd(job(number), ordering: .relaxed)
    }
    return sum.load(ordering: .relaxed)
  }
}
