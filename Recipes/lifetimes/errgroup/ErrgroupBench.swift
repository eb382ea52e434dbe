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
}
