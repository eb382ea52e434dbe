package import Cookbook

extension FanOutFanInDemo {
  /// What is timed against Go.
  package static let workloads = [
    Workload(
      "fan-out-fan-in",
      promise: "5,000,000 elements through 4 workers, 100 results may wait",
      operations: 5_000_000
    ) { count in
      try await withFanOut(over: 0..<count, workers: 4, buffer: 100) {
        $0 & 7
      } body: { results in
        try await results.reduce(0, &+)
      }
    },
    Workload(
      "fan-in",
      promise: "1,000,000 elements of 4 inputs, 100 may wait",
      operations: 1_000_000
    ) { count in
      let inputs = (0..<4).map { input in
        Numbers(first: input, step: 4, end: count)
      }
      return try await withFanIn(of: inputs, buffer: 100) { numbers in
        try await numbers.reduce(0) { $0 &+ $1 & 7 }
      }
    },
    Workload(
      "rendezvous",
      promise: "1,000,000 elements through 4 workers, no result may wait",
      operations: 1_000_000
    ) { count in
      try await withFanOut(over: 0..<count, workers: 4) {
        $0 & 7
      } body: { results in
        try await results.reduce(0, &+)
      }
    },
  ]

  private struct Numbers: AsyncSequence, AsyncIteratorProtocol, Sendable {
    var first: Int
    var step: Int
    var end: Int

    mutating func next(isolation actor: isolated (any Actor)?) async -> Int? {
      guard first < end else { return nil }
      defer { first += step }
      return first
    }

    func makeAsyncIterator() -> Self { self }
  }
}
