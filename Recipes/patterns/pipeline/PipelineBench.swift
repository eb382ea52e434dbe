import Cookbook

extension PipelineExamples {
  static let workloads = [
    Workload(
      "three-stages",
      promise: "1,000,000 elements, in order, 100 may wait after each stage",
      operations: 1_000_000
    ) { try await squares($0, workers: 1, buffer: 100) },
    Workload(
      "four-workers",
      promise: "1,000,000 elements, the middle stage has 4 workers",
      operations: 1_000_000
    ) { try await squares($0, workers: 4, buffer: 100) },
    Workload(
      "rendezvous",
      promise: "1,000,000 elements, in order, none may wait",
      operations: 1_000_000
    ) { try await squares($0, workers: 1, buffer: 0) },
  ]

  private static func squares(
    _ count: Int,
    workers: Int,
    buffer: Int
  ) async throws -> Int {
    try await Pipeline(0..<count, buffer: buffer)
      .stage(workers: workers, buffer: buffer) { ($0 & 7) * ($0 & 7) }
      .run { squares in try await squares.reduce(0, &+) }
  }
}
