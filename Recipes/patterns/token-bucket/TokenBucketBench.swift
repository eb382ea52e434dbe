import Cookbook

extension TokenBucketExamples {
  static let workloads = [
    Workload(
      "free-tokens",
      promise: "1,000,000 tokens taken from a bucket that is never empty",
      operations: 1_000_000
    ) { count in
      let quota = TokenBucket(burst: 1_000, every: .nanoseconds(1))
      var sum = 0
      for item in 0..<count {
        try await quota.take()
        sum += item & 7
      }
      return sum
    },
    Workload(
      "waiting",
      promise: "100,000 tokens, one each 1 µs, taken by 4 tasks in turn",
      operations: 100_000
    ) { count in
      let quota = TokenBucket(burst: 1, every: .microseconds(1))
      return try await withThrowingTaskGroup(of: Int.self) { group in
        for task in 0..<4 {
          group.addTask {
            var sum = 0
            for item in stride(from: task, to: count, by: 4) {
              try await quota.take()
              sum += item & 7
            }
            return sum
          }
        }
        return try await group.reduce(0, +)
      }
    },
  ]
}
