import Simulation
import Testing

@testable import Recipes

@Suite("pub-sub")
struct PubSubTests {
  typealias Policy = Topic<Int>.Policy

  @Test(
    "Of a burst the policy says what is kept",
    arguments: [
      (Policy.dropOldest, ["2", "3"], 2), (.dropNewest, ["0", "1"], 2),
      (.disconnect, ["0", "1"], 1), (.wait, ["0", "1"], 0),
    ]
  )
  func burst(policy: Policy, kept: [String], dropped: Int) async throws {
    let (topic, seen) = (Topic<Int>(), Seen())
    try await topic.subscribe(bound: 2, whenFull: policy) { prices in
      let published = try (0..<4).map { try topic.tryPublish($0) }
      let areIn = policy != .wait
      #expect(published == [true, true, areIn, areIn])
      #expect(prices.droppedCount == dropped)
      for _ in 1...2 { topic.close() }
      #expect(throws: TopicClosedError.self) { try topic.tryPublish(4) }
      for _ in 1...4 { await seen { try await prices.receive() ?? -1 } }
    }
    let end = policy == .disconnect ? "throws \(SlowSubscriberError())" : "-1"
    #expect(seen.all == kept + [end, end])
    let late = try await topic.subscribe(bound: 1, whenFull: policy) {
      try await $0.receive()
    }
    #expect(late == nil)
  }

  @Test("Who leaves is not waited for, and its seat starts anew")
  func leaving() async throws {
    let topic = Topic<Int>()
    #expect(try topic.tryPublish(0))
    var late: Topic<Int>.Subscription?
    try await topic.subscribe(bound: 1, whenFull: .wait) { prices in
      late = prices
      let published = try [topic.tryPublish(1), topic.tryPublish(2)]
      #expect(published == [true, false])
    }
    #expect(try topic.tryPublish(3))
    try await topic.subscribe(bound: 2, whenFull: .wait) { prices in
      let isPublished = try topic.tryPublish(4)
      #expect(isPublished)
      #expect(try await late?.receive() == nil)
      #expect(try await prices.receive() == 4)
    }
  }

  @Test("A task that waits gets the end when its subscriber leaves")
  func leavingAWaiter() async throws {
    _ = try await Simulation.explore(seeds: 0..<100) { simulation in
      let topic = Topic<Int>()
      let late = try await topic.subscribe(bound: 1, whenFull: .wait) {
        prices in
        let task = Task(executorPreference: simulation.executor) {
          try await prices.receive()
        }
        try await simulation.clock.sleep(for: .seconds(1))
        return task
      }
      #expect(try await late.value == nil)
    }
  }

  @Test("Of publishers that wait one gives up, one is served, one is too late")
  func publishers() async throws {
    _ = try await Simulation.explore(seeds: 0..<300) { simulation in
      let topic = Topic<Int>()
      try await topic.subscribe(bound: 1, whenFull: .wait) { prices in
        try await topic.publish(0)
        var publishers: [Task<Void, any Error>] = []
        for price in 1...3 {
          let publisher = Task(executorPreference: simulation.executor) {
            try await topic.publish(price)
          }
          publishers.append(publisher)
          try await simulation.clock.sleep(for: .seconds(1))
        }
        publishers[0].cancel()
        #expect(try await prices.receive() == 0)
        topic.close()
        #expect(try await prices.receive() == 2)
        #expect(try await prices.receive() == nil)
        await #expect(throws: CancellationError.self) {
          try await publishers[0].value
        }
        try await publishers[1].value
        await #expect(throws: TopicClosedError.self) {
          try await publishers[2].value
        }
      }
    }
  }

  @Test("All publishers that wait go on when nobody is full any more")
  func allGoOn() async throws {
    _ = try await Simulation.explore(seeds: 0..<100) { simulation in
      let topic = Topic<Int>()
      try await withThrowingTaskGroup(of: Void.self) { group in
        try await topic.subscribe(bound: 1, whenFull: .wait) { _ in
          for price in 0..<4 {
            group.addTask { try await topic.publish(price) }
          }
          try await simulation.clock.sleep(for: .seconds(1))
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("A task that has been cancelled takes what is kept, and never waits")
  func cancelledBefore() async throws {
    let end = "throws \(CancellationError())"
    try await everySchedule(sees: ["()", end, "1", end]) { _, _, seen in
      await withTaskGroup(of: Void.self) { group in
        group.cancelAll()
        group.addTask {
          let topic = Topic<Int>()
          await topic.subscribe(bound: 1, whenFull: .wait) { prices in
            for price in 1...2 {
              await seen { try await topic.publish(price) }
            }
            for _ in 1...2 { await seen { try await prices.receive() ?? -1 } }
          }
        }
      }
    }
  }

  @Test("Cancelled at any step, all or none have what was published")
  func cancelled() async throws {
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<20) { _ in
      let topic = Topic<Int>()
      return await withTaskGroup(of: (Bool, [Int]).self) { group in
        for bound in 1...2 {
          group.addTask {
            await topic.subscribe(bound: bound, whenFull: .wait) { prices in
              var all: [Int] = []
              // What is kept is received in a cancelled task too.
              while let price = try? await prices.receive() {
                all.append(price)
                await Task.yield()
              }
              return (false, all)
            }
          }
        }
        group.addTask {
          var all: [Int] = []
          for price in 0..<4 where (try? await topic.publish(price)) != nil {
            all.append(price)
            await Task.yield()
          }
          topic.close()
          return (true, all)
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
    } check: { lists in
      let published = lists.first { $0.0 }?.1 ?? []
      for (_, received) in lists {
        // Who came late, or left early, has a part without gaps.
        let part = published.drop { $0 < received.first ?? 0 }
        #expect(part.starts(with: received), "\(lists)")
      }
    }
    #expect(runs > 0)
  }

  @Test("On real threads all see one order, while others come and go")
  func stress() async throws {
    let topic = Topic<Int>()
    let (joined, join) = AsyncStream.makeStream(of: Void.self)
    let lists = try await withThrowingTaskGroup(of: [Int].self) { group in
      for bound in [1, 2, 7, 64] {
        group.addTask {
          try await topic.subscribe(bound: bound, whenFull: .wait) { prices in
            join.yield()
            return try await prices.reduce(into: []) { $0.append($1) }
          }
        }
      }
      for policy in Policy.allCases {
        group.addTask {
          for count in 1...50 {
            try? await topic.subscribe(bound: 2, whenFull: policy) {
              var last = [-1, -1, -1]
              for try await price in $0.prefix(count) {
                #expect(last[price % 3] < price)
                last[price % 3] = price
              }
            }
          }
          return []
        }
      }
      for await _ in joined.prefix(4) {}
      try await withThrowingTaskGroup(of: Void.self) { publishers in
        for publisher in 0..<3 {
          publishers.addTask {
            for price in stride(from: publisher, to: 3_000, by: 3) {
              try await topic.publish(price)
            }
          }
        }
        try await publishers.waitForAll()
      }
      topic.close()
      return try await group.reduce(into: []) { $0 += $1.isEmpty ? [] : [$1] }
    }
    #expect(lists.count == 4)
    #expect(lists[0].sorted() == Array(0..<3_000))
    #expect(lists.allSatisfy { $0 == lists[0] })
  }

  @Test("A topic keeps what its subscribers keep, and nothing else")
  func released() async throws {
    let alive = Alive()
    let topic = Topic<Alive.Object>()
    try await topic.subscribe(bound: 2, whenFull: .dropOldest) { objects in
      for _ in 0..<5 { #expect(try topic.tryPublish(alive.make())) }
      #expect(alive.now == 2)
      _ = try await objects.receive()
      #expect(alive.now == 1)
    }
    #expect(alive.now == 0)
  }
}
