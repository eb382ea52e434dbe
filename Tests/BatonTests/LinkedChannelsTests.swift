import Simulation
import Testing

/// An actor, on which no selection stays awake: how often that has paid off is
/// known to all runs, which would differ.
private actor Seat {
  func trade(_ own: Int, to: Channel<Int>, from: Channel<Int>) async -> String {
    await said([
      Select.send(own, to: to) { "sent" },
      Select.receive(from: from) { $0.map { "received \($0)" } ?? "end" },
    ])
  }

  func receive(from channel: Channel<Int>, _ clock: VirtualClock) async
    -> String
  {
    await said([
      Select.receive(from: channel) { $0.map { "received \($0)" } ?? "end" },
      Select.timeout(.seconds(1), clock: clock) { "timeout" },
    ])
  }

  func all(_ jobs: WeightedReceiver<Int>) async -> [Int] {
    var all: [Int] = []
    while let job = try? await jobs.next() { all.append(job) }
    return all
  }

  private func said(_ cases: [Select.Case<String>]) async -> String {
    let said = try? await Select.first(of: cases, choose: \.lowerBound)
    return said ?? "cancelled"
  }
}

@Suite("select under the baton") struct SelectTests {
  @Test("Two that face each other meet once, whatever comes between two steps")
  func facing() async throws {
    // Which lock is taken first depends on where the two are in memory.
    try await expectRightIfCancelled(isSteady: false) { _ in
      let channels = [Channel<Int>(), Channel<Int>()]
      let said = await outcomes(2) { task in
        await Seat().trade(task, to: channels[task], from: channels[1 - task])
      }
      let isRight =
        said == ["sent", "received 0"] || said == ["received 1", "sent"]
        || Task.isCancelled && said == ["cancelled", "cancelled"]
      return isRight ? nil : "\(said)"
    }
  }

  @Test("An element is received, or comes too late, and never both or neither")
  func timeout() async throws {
    // A select with a timeout leaves its actor to wait, and may stay awake.
    try await expectRight(seeds: 300, limit: 300, isSteady: false) { run in
      let channel = Channel<Int>()
      let said = await outcomes(2) { task in
        if task == 0 {
          return await Seat().receive(from: channel, run.clock)
        }
        try? await run.clock.sleep(for: .seconds(1))
        return (try? channel.trySend(1)) == true ? "sent" : "full"
      }
      return said == ["received 1", "sent"] || said == ["timeout", "full"]
        ? nil : "\(said)"
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
