import Cookbook
import Synchronization

/// Wrong versions, each as somebody would write it.
extension ChannelExamples {
  static let askedFirst = Wrong(
    "asked-first",
    breaks: explained,
    input: Meetings(sends: [1, 1], receives: [], closes: [], patience: 2)
  ) { input, stage in
    let queue = AskedFirst.Queue(capacity: input.capacity)
    let asking = AskedFirst(queue: queue, clock: stage.clock)
    await input.run(
      { call in
        guard case .send(let element) = call else { return "" }
        return (try? await asking.send(element)) == nil ? "cancelled" : "sent"
      },
      stage
    )
  }

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
    simulated("one-too-many") { port(Channel(capacity: $0 + 1)) },
    // Takes 0 for "as small as possible".
    simulated("buffer-of-one") { port(Channel(capacity: max($0, 1))) },
    // Looks for another element, and forgets which of the two was first.
    simulated("last-in-first-out") { capacity in
      let right = port(Channel(capacity: capacity))
      let older = Mutex<String?>(nil)
      return { @Sendable call in
        if call != .receive { return await right(call) }
        if let kept = older.withLock({ $0.take() }) { return kept }
        let first = await right(.receive)
        let next = await right(.tryReceive)
        if !next.hasPrefix("received") { return first }
        older.withLock { $0 = first }
        return next
      }
    },
    simulated("close-drops-the-buffer") { capacity in
      let channel = Channel<Int>(capacity: capacity)
      let right = port(channel)
      return { call in
        let said = await right(call)
        if call == .close { while case .element = channel.tryReceive() {} }
        return said
      }
    },
    // Sets a flag, which those who wait do not see.
    simulated("close-wakes-nobody") { capacity in
      let right = port(Channel(capacity: capacity))
      let isClosed = Atomic(false)
      return { @Sendable call in
        if call == .close {
          let wasClosed = isClosed.exchange(true, ordering: .relaxed)
          return wasClosed ? "refused" : "closed"
        }
        if !isClosed.load(ordering: .relaxed) { return await right(call) }
        if case .send = call { return "refused" }
        if case .trySend = call { return "refused" }
        let left = await right(.tryReceive)
        return left == "nothing" ? "end" : left
      }
    },
  ]

  private static func simulated(
    _ name: String,
    _ make: @escaping @Sendable (_ capacity: Int) -> Port
  ) -> WrongHistories {
    WrongHistories(name, .simulation, histories(make))
  }
}
