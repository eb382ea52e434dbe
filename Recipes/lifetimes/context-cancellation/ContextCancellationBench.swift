import Cookbook

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
    }
  ]
}
