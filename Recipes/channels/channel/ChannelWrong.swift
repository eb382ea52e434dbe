import Cookbook
import Synchronization

/// Wrong versions, each as somebody would write it.
extension ChannelExamples {
  static let wrongJobs = [
    wrong("unbounded-stream", breaks: bounded, jobs: [1, 1, 1, 1], .unbounded),
    wrong(
      "dropping-stream",
      breaks: inOrder,
      jobs: [1, 1, 1],
      .bufferingOldest(1)
    ),
  ]

  private static func wrong(
    _ name: String,
    breaks law: Law<Jobs>,
    jobs: [Int],
    _ policy: AsyncStream<Int>.Continuation.BufferingPolicy
  ) -> Wrong<Jobs> {
    let input = Jobs(capacity: 1, jobs: jobs, use: 9)
    return Wrong(name, breaks: law, input: input) { input, stage in
      try await stream(input, stage, policy)
    }
  }

  static let wrongMeetings = [
    Wrong(
      "asked-first",
      breaks: explained,
      input: Meetings(sends: [1, 1], receives: [], closes: [], patience: 2)
    ) { input, stage in
      let queue = AskedFirst.Queue(capacity: input.capacity)
      let asking = AskedFirst(queue: queue, clock: stage.clock)
      await input.run(
        { _ in
          var port = Port(Channel())
          port.send = { try await asking.send($0) }
          return port
        },
        stage
      )
    }
  ]

  private struct AskedFirst {
    let queue: Queue
    let clock: any Clock<Duration>

    // #region asked-first
    actor Queue {
      private var elements: [Int] = []
      private let capacity: Int

      init(capacity: Int) { self.capacity = capacity }

      var isFull: Bool { elements.count >= capacity }

      func append(_ element: Int) { elements.append(element) }
    }

    func send(_ element: Int) async throws {
      while await queue.isFull {
        try await clock.sleep(for: .milliseconds(1))
      }
      await queue.append(element)
    }
    // #endregion
  }

  // MARK: Channels whose histories give them away

  static let wrongHistories = [
    found("one-too-many") { Port(Channel(capacity: $0 + 1)) },
    // Takes 0 for "as small as possible".
    found("buffer-of-one") { Port(Channel(capacity: max($0, 1))) },
    // Looks whether another element is there, and forgets which was first.
    found("last-in-first-out") { capacity in
      let channel = Channel<Int>(capacity: capacity)
      let older = Mutex<Int?>(nil)
      var port = Port(channel)
      port.receive = { @Sendable in
        if let element = older.withLock({ $0.take() }) { return element }
        let first = try await channel.receive()
        guard case .element(let next) = channel.tryReceive() else {
          return first
        }
        older.withLock { $0 = first }
        return next
      }
      return port
    },
    found("close-drops-the-buffer") { capacity in
      let channel = Channel<Int>(capacity: capacity)
      var port = Port(channel)
      port.close = {
        defer { while case .element = channel.tryReceive() {} }
        return channel.close()
      }
      return port
    },
    // Sets a flag, which those who wait do not see.
    found("close-wakes-nobody") { capacity in
      let channel = Channel<Int>(capacity: capacity)
      let isClosed = Atomic(false)
      var port = Port(channel)
      port.close = { @Sendable in
        !isClosed.exchange(true, ordering: .relaxed)
      }
      port.receive = { @Sendable in
        if isClosed.load(ordering: .relaxed) { channel.close() }
        return try await channel.receive()
      }
      return port
    },
    // Two tasks that ask at the same time are both the first.
    found("asked-then-closed", .threads, kinds: 19...19) { capacity in
      let channel = Channel<Int>(capacity: capacity)
      let isClosed = Atomic(false)
      var port = Port(channel)
      port.close = { @Sendable in
        if isClosed.load(ordering: .relaxed) { return false }
        channel.close()
        isClosed.store(true, ordering: .relaxed)
        return true
      }
      return port
    },
  ]

  private static func found(
    _ name: String,
    _ side: Histories.Side = .simulation,
    kinds: ClosedRange<Int> = 0...19,
    _ make: @escaping Port.Make
  ) -> WrongHistories {
    WrongHistories(name, side, histories(make, kinds: kinds))
  }
}
