import Cookbook

extension PubSubExamples {
  static let workloads = [
    Workload(
      "hundred",
      promise: "20,000 numbers for each of 100 subscribers, at most 64 ahead",
      operations: 20_000
    ) { count in
      let topic = Topic<Int>()
      let (joined, join) = AsyncStream.makeStream(of: Void.self)
      return try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<100 {
          group.addTask {
            try await topic.subscribe(bound: 64, whenFull: .wait) { numbers in
              join.yield()
              var sum = 0
              for try await number in numbers { sum += number & 7 }
              return sum
            }
          }
        }
        for await _ in joined.prefix(100) {}
        for number in 0..<count { try await topic.publish(number) }
        topic.close()
        return try await group.reduce(0, +)
      }
    }
  ]
}
