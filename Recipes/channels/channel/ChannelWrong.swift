import Cookbook
import Synchronization

extension ChannelExamples {
  static let askedFirst = Wrong(
    "asked-first",
    breaks: explained,
    input: Meetings(capacity: 1, sends: [1, 1], receives: [], patience: 2)
  ) { input, stage in
    let asking = AskedFirst(capacity: input.capacity, clock: stage.clock)
    await input.run(
      { call in
        guard case .send(let element) = call else { return "" }
        return (try? await asking.send(element)) == nil ? "cancelled" : "sent"
      },
      stage
    )
  }

  private struct AskedFirst {
    let capacity: Int
    let clock: any Clock<Duration>
    let queue = Queue()

    // #region asked-first
    actor Queue {
      private(set) var elements: [Int] = []
      func append(_ element: Int) { elements.append(element) }
    }

    func send(_ element: Int) async throws {
      while await queue.elements.count >= capacity {
        try await clock.sleep(for: .milliseconds(1))
      }
      await queue.append(element)
    }
    // #endregion
  }

  // MARK: Channels whose histories give them away

  static let wrongHistories = wrongChannels.map {
    WrongHistories($0, .simulation, histories($1))
  }

  private static let wrongChannels: KeyValuePairs<String, Make> = [
    // As an `AsyncStream` is.
    "unbounded": { _ in port(Channel(capacity: .max)) },
    "one-too-many": { port(Channel(capacity: $0 + 1)) },
    // Takes 0 for "as small as possible".
    "buffer-of-one": { port(Channel(capacity: max($0, 1))) },
    // Looks for another element, and forgets which of the two was first.
    "last-in-first-out": { capacity in
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
    "close-drops-the-buffer": { capacity in
      let channel = Channel<Int>(capacity: capacity)
      let right = port(channel)
      return { call in
        let said = await right(call)
        if call == .close { while case .element = channel.tryReceive() {} }
        return said
      }
    },
    // Sets a flag that nobody looks at.
    "close-wakes-nobody": { capacity in
      let right = port(Channel(capacity: capacity))
      let isClosed = Atomic(false)
      return { @Sendable call in
        if call != .close { return await right(call) }
        let isFirst = !isClosed.exchange(true, ordering: .relaxed)
        return isFirst ? "closed" : "refused"
      }
    },
  ]
}
