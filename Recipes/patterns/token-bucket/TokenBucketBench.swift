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
    }
  ]
}
