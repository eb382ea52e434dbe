import Simulation
import Testing

private struct Failed: Error {}

/// Runs two jobs, the second of which may fail: each result comes once, and an
/// error is not taken for the end.
private func expectOnce(
  _ program:
    @escaping @Sendable (
      _ job: @escaping @Sendable (Int) throws -> Int,
      _ receive: (Int) -> Void
    ) async throws -> Void
) async throws {
  for isFailing in [false, true] {
    try await expectRightIfCancelled { _ in
      var results: [Int] = []
      do {
        try await program { job in
          if job == 1, isFailing { throw Failed() }
          return job
        } _: {
          results.append($0)
        }
        let isRight = !isFailing && results.sorted() == [0, 1]
        return isRight ? nil : "ended with \(results)"
      } catch is Failed {
        return results.isEmpty || results == [0]
          ? nil : "failed with \(results)"
      }
    }
  }
}

@Suite("backpressure under the baton") struct BackpressureTests {
  @Test("Random orders of the steps are linearizable")
  func steps() async throws {
    let tasks: [[ChannelExamples.Model.Call]] =
      [[.receive], [.receive, .close], [.send(1), .send(2)]]
    try await expectRightIfCancelled { _ in
      let buffer = BoundedBuffer<Int>(bound: 1, whenFull: .suspend)
      await cancelled { _ = try await buffer.receive() }
      let model = ChannelExamples.Model(capacity: 1)
      return await counterexample(to: model, tasks) { call in
        do {
          switch call {
          case .send(let element):
            try await buffer.send(element)
            return "sent"
          case .receive:
            return try await buffer.receive().map { "received \($0)" } ?? "end"
          default:
            buffer.close()
            return "closed"
          }
        } catch {
          return error is BufferClosedError ? "refused" : "cancelled"
        }
      }
    }
  }
}

@Suite("bounded-pool under the baton") struct BoundedPoolTests {
  @Test("Each result comes once, whatever comes between two steps")
  func steps() async throws {
    try await expectOnce { job, receive in
      try await BoundedPool(workers: 2)
        .mapUnordered(0..<2, transform: job, receive: receive)
    }
    try await expectRightIfCancelled { _ in
      let results = try await BoundedPool(workers: 2).map(0..<2) { $0 }
      return results == [0, 1] ? nil : "\(results)"
    }
  }
}

@Suite("fan-out-fan-in under the baton") struct FanOutFanInTests {
  @Test("Each result comes once, and an error is not taken for the end")
  func steps() async throws {
    try await expectOnce { job, receive in
      try await withFanOut(over: 0..<2, workers: 2, transform: job) {
        for try await result in $0 { receive(result) }
      }
    }
  }
}

@Suite("pipeline under the baton") struct PipelineTests {
  @Test("Each result comes once, and an error is not taken for the end")
  func steps() async throws {
    try await expectOnce { job, receive in
      try await Pipeline(0..<2).stage(workers: 2, transform: job).run {
        for try await result in $0 { receive(result) }
      }
    }
  }
}

@Suite("hedged-request under the baton") struct HedgedRequestTests {
  @Test("The budget is kept and given back, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { run in
      let hedge = HedgedRequest(
        after: .seconds(1),
        budget: 1,
        clock: run.clock
      )
      let running = Atomic(0)
      /// How many further attempts run at once; `nil` if there was no room.
      let request = { @Sendable in
        try? await hedge.send { attempt in
          if attempt == 0 { throw Failed() }
          defer { running.subtract(1, ordering: .relaxed) }
          return running.add(1, ordering: .relaxed).newValue
        }
      }
      var counts = await outcomes(2) { _ in await request() }
      if counts[0] == nil { counts.swapAt(0, 1) }
      counts.append(await request())
      let isRight =
        counts == [1, nil, 1] || counts == [1, 1, 1]
        || Task.isCancelled && counts.allSatisfy { $0 ?? 1 == 1 }
      return isRight ? nil : "\(counts)"
    }
  }
}

@Suite("word-count under the baton") struct WordCountTests {
  @Test("Each file is counted once, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { _ in
      let files = ["a", "b", "c", "d", "e"]
      let total = try await WordCounts.total(of: files, workers: 3) {
        WordCounts(of: $0.utf8)
      }
      let counts = files.map { total.counts[Word($0)] }
      return counts == [1, 1, 1, 1, 1] ? nil : "\(counts)"
    }
  }
}
