import Cookbook

extension PrioritySelectExamples {
  private static func wrong(
    _ name: String,
    breaks law: Law<Jobs>,
    high: [Int],
    low: [Int],
    _ source: @escaping @Sendable (Jobs) -> Source
  ) -> Wrong<Jobs> {
    let input = Jobs(high: high, low: low, work: 5)
    return Wrong(name, breaks: law, input: input) { input, stage in
      try await self.work(input, stage, source(input))
    }
  }

  static let wrongStricts = [
    wrong(
      "plain-select",
      breaks: urgentFirst,
      high: [2, 1],
      low: [1, 1]
    ) { _ in
      source { high, low, run in
        let select = SelectExamples.SeededSelect()
        var open = [high, low]
        while !open.isEmpty {
          try await select {
            for channel in open {
              Select.receive(from: channel) { job in
                if let job { return try await run(job) }
                open.removeAll { $0 === channel }
              }
            }
          }
        }
      }
    },
    wrong(
      "waits-for-low",
      breaks: notIdle,
      high: [9],
      low: [1, 20]
    ) { _ in
      source { high, low, run in
        // #region waits-for-low
        func next() async throws -> String? {
          if case .element(let job) = high.tryReceive() { return job }
          if let job = try await low.receive() { return job }
          return try await high.receive()
        }
        // #endregion
        while let job = try await next() { try await run(job) }
      }
    },
  ]

  static let wrongWeighteds = [
    wrong(
      "one-turn-too-many",
      breaks: inTurn,
      high: [1, 1, 1, 1],
      low: [2]
    ) { weighted($0.ratio + 1) },
    wrong("ends-with-one", breaks: onceEach, high: [1], low: [20]) {
      _ in
      source { high, low, run in
        while true {
          let job = try await prioritySelect {
            Select.receive(from: high) { $0 }
            Select.receive(from: low) { $0 }
          }
          guard let job else { return }
          try await run(job)
        }
      }
    },
  ]

  static let wrongQueues = [
    wrong("one-queue", breaks: urgentFirst, high: [3], low: [1, 1]) {
      _ in
      let queue = queue()
      var source = queue
      source.put = { job, _ in try await queue.put(job, false) }
      return source
    }
  ]
}
