import Simulation
import Testing

private typealias Exchange = (sent: Int?, received: Int?)

/// An actor, on which no selection stays awake: how often that has paid off is
/// known to all runs, which would differ.
private actor Seat {
  func sendOrReceive(
    _ own: Int,
    _ outlet: Channel<Int>,
    _ inlet: Channel<Int>
  ) async -> Exchange {
    await first([
      Select.send(own, to: outlet) { (own, nil) },
      Select.receive(from: inlet) { (nil, $0) },
    ])
  }

  func receive(_ inlet: Channel<Int>, _ clock: VirtualClock) async -> Exchange {
    await first([
      Select.receive(from: inlet) { (nil, $0) },
      Select.timeout(.seconds(1), clock: clock) { (nil, nil) },
    ])
  }

  func all(_ jobs: WeightedReceiver<Int>) async -> [Int] {
    var all: [Int] = []
    while let job = try? await jobs.next() { all.append(job) }
    return all
  }

  private func first(_ cases: [Select.Case<Exchange>]) async -> Exchange {
    let first = try? await Select.first(of: cases, choose: \.lowerBound)
    return first ?? (nil, nil)
  }
}

@Suite("select under the baton") struct SelectTests {
  /// Says what was sent and not received, or received and not sent.
  private func judge(_ exchanges: [Exchange]) -> String? {
    let sent = exchanges.compactMap { $0.sent }.sorted()
    let received = exchanges.compactMap { $0.received }.sorted()
    return sent == received ? nil : "sent \(sent), received \(received)"
  }

  @Test(
    "Of two that can meet each other none is left behind",
    arguments: [[0, 1], [0, 1, 2, 3]]
  ) func meetings(tasks: [Int]) async throws {
    // Which lock is taken first depends on where the two are in memory.
    try await expectRightIfCancelled(isSteady: false) { _ in
      let channels = [Channel<Int>(), Channel<Int>()]
      let ended = BatonTests.Tally()
      let exchanges = await outcomes(tasks.count) { task -> Exchange in
        let channel = channels[task % 2]
        // Ends where both selections have met each other.
        if task > 1 { return (nil, (try? await channel.receive()) ?? nil) }
        defer {
          ended.add()
          if ended.count == 2 { for channel in channels { channel.close() } }
        }
        return await Seat().sendOrReceive(task, channel, channels[1 - task])
      }
      return judge(exchanges)
    }
  }

  @Test("An element is received or comes too late, and never both or neither")
  func timeout() async throws {
    // A select with a timeout leaves its actor to wait, and may stay awake.
    try await expectRight(seeds: 300, limit: 300, isSteady: false) { run in
      let channel = Channel<Int>()
      let exchanges = await outcomes(2) { task -> Exchange in
        if task == 0 { return await Seat().receive(channel, run.clock) }
        try? await run.clock.sleep(for: .seconds(1))
        return (try? channel.trySend(1)) == true ? (1, nil) : (nil, nil)
      }
      return judge(exchanges)
    }
  }
}

@Suite("priority-select under the baton") struct PrioritySelectTests {
  @Test("Two that share a receiver get all, whatever comes between two steps")
  func shared() async throws {
    try await expectRightIfCancelled { _ in
      let (high, low) = (Channel<Int>(capacity: 2), Channel<Int>(capacity: 2))
      _ = try high.trySend(0)
      let jobs = WeightedReceiver(high: high, low: low, ratio: 1)
      let received = await outcomes(3) { task in
        if task > 0 { return await Seat().all(jobs) }
        high.close()
        for job in 1...2 { _ = try? low.trySend(job) }
        low.close()
        return []
      }
      var all = received.flatMap(\.self)
      // What is left by those that are cancelled.
      for channel in [high, low] where Task.isCancelled {
        while case .element(let job) = channel.tryReceive() { all.append(job) }
      }
      return all.sorted() == [0, 1, 2] ? nil : "\(received)"
    }
  }
}

@Suite("signal-or-value under the baton") struct SignalOrValueTests {
  @Test("Random programs are linearizable") func seeds() async throws {
    try await expectLinearizable(SignalOrValueExamples.histories())
  }

  @Test("All get the value of one opening, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { _ in
      let gate = Gate<Int>()
      await cancelled { _ = try await gate.wait() }
      let opened = BatonTests.Tally()
      let values = await outcomes(4) { task in
        if task < 2 { return try? await gate.wait() }
        if gate.open(with: task) { opened.add() }
        return gate.value
      }
      let isRight = values.allSatisfy {
        $0 == gate.value || $0 == nil && Task.isCancelled
      }
      return isRight && opened.count == 1 ? nil : "\(values)"
    }
  }
}
