import Cookbook
import Foundation
import Simulation
import Testing

@testable import Recipes

@Suite("Select")
struct SelectTests {
  // The statistic of four equal classes exceeds 16.27 in one of 1,000 samples.
  // The seeds are fixed: these samples do not.
  @Test("A ready case is chosen uniformly", arguments: [1, 2, 3] as [UInt64])
  func uniform(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let (full, empty) = (Channel<Int>(capacity: 1), Channel<Int>(capacity: 1))
    let (ended, never) = (Channel<Int>(), Channel<Int>())
    ended.close()
    var counts = [0, 0, 0, 0]
    let cases: [Select.Case<Void>] = [
      Select.receive(from: full) { _ in counts[0] += 1 },
      Select.receive(from: never) { _ in Issue.record("nothing was sent") },
      Select.send(1, to: empty) { counts[1] += 1 },
      Select.receive(from: ended) { _ in counts[2] += 1 },
      Select.receive(from: ended) { _ in counts[3] += 1 },
    ]
    for _ in 0..<20_000 {
      _ = try full.trySend(1)
      _ = empty.tryReceive()
      try await select(among: cases, using: &generator)
    }
    let statistic = counts.reduce(0.0) { sum, count in
      sum + pow(Double(count) - 5_000, 2) / 5_000
    }
    #expect(statistic < 16.27, "\(counts)")
  }

  /// Lets something happen at the third draw, before the last case is asked.
  private struct Interrupted: RandomNumberGenerator {
    var generator: SeededGenerator
    var draws = 0
    let act: () -> Void

    mutating func next() -> UInt64 {
      draws += 1
      if draws == 3 { act() }
      return generator.next()
    }
  }

  @Test("Cases that become ready while it asks are in random order too")
  func readyMeanwhile() async throws {
    var first = 0
    for seed in 0..<600 as Range<UInt64> {
      let channels = (0..<2).map { _ in Channel<Int>(capacity: 1) }
      var generator = Interrupted(generator: SeededGenerator(seed: seed)) {
        for channel in channels { _ = try? channel.trySend(1) }
      }
      let cases: [Select.Case<Void>] = [
        Select.receive(from: channels[0]) { _ in first += 1 },
        Select.receive(from: channels[1]) { _ in },
        Select.receive(from: Channel<Int>()) { _ in },
      ]
      try await select(among: cases, using: &generator)
    }
    #expect((250...350).contains(first), "\(first) of 600")
  }

  @Test("A case can be used again, by its own action too")
  func usedAgain() async throws {
    let received = try await Simulation.run(seed: 1) { simulation in
      let channel = Channel<Int>(capacity: 1)
      _ = try channel.trySend(1)
      var received: [Int?] = []
      var cases: [Select.Case<Void>] = []
      cases = [
        Select.receive(from: channel) { element in
          received.append(element)
          // The first was there; now it has to wait.
          if element == 1 { try await select(among: cases) }
        }
      ]
      return try await withThrowingTaskGroup { group in
        group.addTask {
          try await simulation.clock.sleep(for: .seconds(1))
          try await channel.send(2)
        }
        try await select(among: cases)
        channel.close()
        try await select(among: cases)
        return received
      }
    }.value
    #expect(received == [1, 2, nil])
  }

  @Test("A case that is not served leaves nothing at its channel")
  func losersAreWithdrawn() async throws {
    final class Element: Sendable {}
    let never = Channel<Element>()
    weak var left: Element?
    do {
      let element = Element()
      left = element
      try await select {
        Select.send(element, to: never) {}
        Select.timeout(.zero) {}
      }
    }
    #expect(left == nil)
  }

  /// Cuts all sleeps short, as cancellation does.
  private struct HurriedClock: Clock {
    var now: ContinuousClock.Instant { .now }
    var minimumResolution: Duration { .zero }

    func sleep(until _: ContinuousClock.Instant, tolerance: Duration?) throws {
      throw CancellationError()
    }
  }

  @Test("A sleep that is cut short is no timeout")
  func cancelledTimer() async throws {
    let chosen = try await Simulation.run(seed: 1) { simulation in
      let channel = Channel<Int>()
      return try await withThrowingTaskGroup { group in
        group.addTask {
          try await simulation.clock.sleep(for: .seconds(1))
          try await channel.send(1)
        }
        return try await select {
          Select.receive(from: channel) { _ in "received" }
          Select.timeout(.seconds(9), clock: HurriedClock()) { "timeout" }
        }
      }
    }.value
    #expect(chosen == "received")
  }

  @Test("A wait that is decided does nothing more at any channel")
  func decided() async throws {
    let (empty, full) = (Channel<Int>(capacity: 1), Channel<Int>(capacity: 1))
    let (early, closed) = (Channel<Int>(), Channel<Int>())
    _ = try full.trySend(7)
    closed.close()
    let wait = Select.Wait()
    #expect(early.enrolReceiver(wait, 0) != nil)
    #expect(wait.end(3) && !wait.end(4))
    #expect(empty.enrolSender(wait, 1, of: 1) == nil)
    #expect(full.enrolReceiver(wait, 1) == nil)
    #expect(closed.enrolSender(wait, 1, of: 1) == nil)
    #expect(closed.enrolReceiver(wait, 1) == nil)
    #expect(try !early.trySend(1))
    early.close()
    #expect(await wait.value() == 3)
    #expect(wait.outcome == nil)
    guard case .nothing = empty.tryReceive(),
      case .element(7) = full.tryReceive()
    else {
      Issue.record("it has sent or received")
      return
    }
  }

  @Test("What an action throws, select throws, and the case is served")
  func actionThrows() async throws {
    let channel = Channel<Int>(capacity: 1)
    await #expect(throws: CocoaError.self) {
      try await select {
        if channel.capacity > 0 {
          Select.send(1, to: channel) { throw CocoaError(.fileNoSuchFile) }
        } else {
          Select.default {}
        }
      }
    }
    #expect(try !channel.trySend(2))
  }

  /// Tasks that send, all but one of them by a select, and as many that receive.
  ///
  /// - Returns: The sum of what was received; each sends the numbers below
  ///   `total`.
  private static func exchange(_ total: Int) async -> Int {
    let channels = (0..<3).map { Channel<Int>(capacity: $0) }
    return await withTaskGroup(of: Int.self) { group in
      for lane in 0..<4 {
        group.addTask(name: "sender \(lane)") {
          let select = SelectExamples.SeededSelect()
          for element in 0..<total {
            if lane == 0 {
              try? await channels[element % 3].send(element)
            } else {
              try? await select {
                for channel in channels { Select.send(element, to: channel) {} }
              }
            }
          }
          return 0
        }
      }
      for lane in 0..<4 {
        group.addTask(name: "receiver \(lane)") {
          let select = SelectExamples.SeededSelect()
          var (sum, open) = (0, channels.map(Optional.init))
          while lane == 0 ? open[0] != nil : open.contains(where: { $0 != nil })
          {
            try? await select {
              for (index, channel) in open.prefix(lane == 0 ? 1 : 3).enumerated()
              {
                Select.receive(from: channel) {
                  if let element = $0 { sum += element } else { open[index] = nil }
                }
              }
            }
          }
          return sum
        }
      }
      for _ in 0..<4 { _ = await group.next() }
      channels.forEach { $0.close() }
      return await group.reduce(0, +)
    }
  }

  @Test("However many selects race, nothing is lost and nothing comes twice")
  func race() async throws {
    let schedules = try await Simulation.explore(seeds: 0..<1_000) { _ in
      await Self.exchange(3)
    } check: { sum in
      if sum != 12 { throw CocoaError(.coderInvalidValue) }
    }.schedules
    #expect(schedules == 1_000)
  }

  @Test("On threads too, and none locks another out")
  func threads() async {
    await #expect(processExitsWith: .success) {
      // Ends a process that hangs.
      alarm(60)
      let total = 5_000
      let sum = await Self.exchange(total)
      precondition(sum == 4 * total * (total - 1) / 2)
    }
  }
}
