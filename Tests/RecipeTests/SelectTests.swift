import Cookbook
import Foundation
import Simulation
import Synchronization
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
      try await Select.first(of: cases) { .random(in: $0, using: &generator) }
    }
    let statistic = counts.reduce(0.0) { sum, count in
      sum + pow(Double(count) - 5_000, 2) / 5_000
    }
    #expect(statistic < 16.27, "\(counts)")
  }

  @Test("What becomes ready after it was asked is served in random order too")
  func readyMeanwhile() async throws {
    let channels = (0..<3).map { _ in Channel<Int>(capacity: 1) }
    let cases = channels.enumerated().map { index, channel in
      Select.receive(from: channel) { _ in index }
    }
    let chosen = try await Select.first(of: cases) { places in
      if places.count == 1 {
        for channel in channels.prefix(2) { _ = try? channel.trySend(1) }
      }
      return places.count == 3 ? 1 : places.lowerBound
    }
    #expect(chosen == 1)
  }

  @Test("A case behind an if and in a loop is listed where it applies")
  func conditional() async throws {
    let full = Channel<Int>(capacity: 1)
    _ = try full.trySend(1)
    for isListed in [false, true] {
      let chosen = try await select {
        Select.default { "default" }
        if isListed {
          for channel in [Channel<Int>(), full] {
            Select.receive(from: channel) { _ in "received" }
          }
        }
      }
      #expect(chosen == (isListed ? "received" : "default"))
    }
  }

  /// Cuts all sleeps short, as cancellation does.
  private struct HurriedClock: Clock {
    var now: ContinuousClock.Instant { .now }
    var minimumResolution: Duration { .zero }

    func sleep(until _: ContinuousClock.Instant, tolerance: Duration?) throws {
      throw CancellationError()
    }
  }

  @Test("Cases can be used again, by an action too, and a cut sleep is no time")
  func usedAgain() async throws {
    try await everySchedule(sees: ["1", "2", "nil"]) { clock, _, see in
      let channel = Channel<Int>(capacity: 1)
      _ = try channel.trySend(1)
      var cases: [Select.Case<Void>] = []
      cases = [
        Select.receive(from: channel) { element in
          see(element)
          // The first was there; now it has to wait.
          if element == 1 { try await select(among: cases) }
        },
        Select.timeout(.seconds(9), clock: HurriedClock()) { see("timeout") },
      ]
      try await withThrowingTaskGroup { group in
        group.addTask {
          try await clock.sleep(for: .seconds(1))
          try await channel.send(2)
        }
        try await select(among: cases)
        channel.close()
        try await select(among: cases)
      }
    }
  }

  @Test("A send that waits throws when its channel closes")
  func closedMeanwhile() async throws {
    let seen = ["throws ChannelClosedError()"]
    try await everySchedule(sees: seen) { clock, _, see in
      let channel = Channel<Int>()
      await withTaskGroup { group in
        group.addTask {
          try? await clock.sleep(for: .seconds(1))
          channel.close()
        }
        await see { try await select { Select.send(1, to: channel) { 1 } } }
      }
    }
  }

  @Test("No timeout is too long")
  func longTimeout() async {
    let result = await withTaskExecutorPreference(InlineExecutor()) {
      await withThrowingTaskGroup { group in
        group.addTask {
          try await select { Select.timeout(.seconds(Int64.max)) {} }
        }
        // By now its clock has been asked.
        group.cancelAll()
        return await group.nextResult()
      }
    }
    #expect(throws: CancellationError.self) { try result?.get() }
  }

  @Test("Two cases of a select do not meet, and leave nothing behind")
  func losersAreWithdrawn() async throws {
    final class Element: Sendable {}
    let (channel, other) = (Channel<Element>(), Channel<Element>())
    weak var unsent: Element?
    weak var received: Element?
    do {
      let (element, gift) = (Element(), Element())
      (unsent, received) = (element, gift)
      let chosen = try await withThrowingTaskGroup { group in
        group.addTask {
          // By then the select waits at both.
          while try !other.trySend(gift) { await Task.yield() }
        }
        return try await select {
          Select.send(element, to: channel) { "sent" }
          Select.receive(from: channel) { _ in "received" }
          Select.receive(from: other) { _ in "neither" }
        }
      }
      #expect(chosen == "neither")
    }
    // A place of a receiver would keep what the select has received.
    #expect(unsent == nil && received == nil)
  }

  /// Tasks and selections that came to a channel, as one would serve them; who
  /// has been served at one place has left the others.
  private struct Line {
    let capacity: Int
    var isClosed = false
    var buffer: [Int] = []
    var waiting: [(owner: Int, isSender: Bool)] = []
    /// What each came to; nothing where its wait was ended otherwise.
    var outcomes: [Int: String] = [:]

    mutating func come(_ owner: Int, isSender: Bool) {
      waiting.append((owner, isSender))
      serve()
    }

    /// Serves the first that can be, and those that can be then.
    mutating func serve() {
      waiting.removeAll { outcomes[$0.owner] != nil }
      for (receiver, isSender) in waiting where !isSender {
        let sender = waiting.first { $0.isSender && $0.owner != receiver }?
          .owner
        guard let element = buffer.first ?? sender else { continue }
        outcomes[receiver] = "received(\(element))"
        if buffer.isEmpty { outcomes[element] = "sent" }
        buffer = Array(buffer.dropFirst())
        return serve()
      }
      for (owner, isSender) in waiting {
        if isClosed { outcomes[owner] = "closed" }
        if isSender, !isClosed, buffer.count < capacity {
          outcomes[owner] = "sent"
          buffer.append(owner)
          return serve()
        }
      }
    }
  }

  @Test("Those that can meet do, in their order, and a wait is served once")
  func meetings() async {
    for seed in 0..<3_000 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var line = Line(capacity: .random(in: 0...2, using: &generator))
      let channel = Channel<Int>(capacity: line.capacity)
      let waits = (0..<4).map { _ in Select.Wait() }
      var tasks: [Int: Channel<Int>.Waiter] = [:]
      var outcomes: [Int: String] = [:]
      for number in 0..<14 {
        // A selection may come several times, a task comes once.
        let owner = Int.random(in: 0..<8, using: &generator)
        let wait = owner < waits.count ? waits[owner] : nil
        let one = wait == nil ? 100 + number : owner
        let isSender = Bool.random(using: &generator)
        let event = Int.random(in: 0..<15, using: &generator)
        if event == 0 {
          channel.close()
          line.isClosed = true
          line.serve()
        } else if event == 1, let wait {
          if wait.end(-1) { line.outcomes[one] = "nil" }
        } else if let wait {
          line.come(one, isSender: isSender)
          _ =
            isSender
            ? channel.enrolSender(wait, 0, of: one)
            : channel.enrolReceiver(wait, 0)
        } else {
          line.come(one, isSender: isSender)
          let waiter = Channel<Int>.Waiter()
          tasks[one] = waiter
          let attempt = channel.withBoth { state, outbox in
            isSender
              ? state.send(one, outbox)
                ?? state.wait(.task(waiter), toSend: one)
              : state.receive(&outbox) ?? state.waitToReceive(.task(waiter))
          }
          if case .waiting = attempt { continue }
          outcomes[one] = "\(attempt.finish())"
        }
      }
      for (one, wait) in waits.enumerated() where !wait.end(-1) {
        outcomes[one] = wait.outcome.map { "\($0)" } ?? "nil"
      }
      for (one, waiter) in tasks where waiter.isServed {
        outcomes[one] = "\(waiter.outcome)"
      }
      #expect(outcomes == line.outcomes, "seed \(seed)")
      // So that nobody is served whose memory is free.
      channel.close()
      for waiter in tasks.values { waiter.free() }
    }
  }

  /// Lets tasks send to one of three channels each time, and as many receive.
  ///
  /// - Returns: Whether what was received is what was sent.
  private static func exchange(_ pairs: Int, rounds: Int) async -> Bool {
    let channels = (0..<3).map { Channel<Int>(capacity: $0) }
    let received = await withTaskGroup(of: [Int].self) { group in
      for lane in 0..<2 * pairs {
        group.addTask {
          let select = SelectExamples.SeededSelect()
          var received: [Int] = []
          for round in 0..<rounds {
            try? await select {
              for channel in channels {
                if lane < pairs {
                  Select.send(round * pairs + lane, to: channel) {}
                } else {
                  Select.receive(from: channel) { received.append($0 ?? -1) }
                }
              }
            }
          }
          return received
        }
      }
      return await group.reduce([], +)
    }
    return received.sorted() == Array(0..<pairs * rounds)
  }

  @Test("However many selects race, nothing is lost and nothing comes twice")
  func race() async throws {
    let check: @Sendable (Bool) throws -> Void = {
      if !$0 { throw CocoaError(.featureUnsupported) }
    }
    _ = try await Simulation.explore(
      seeds: 0..<1_000,
      { _ in await Self.exchange(3, rounds: 2) },
      check: check
    )
    let all = try await Simulation.exhaust(
      limit: 60_000,
      { _ in await Self.exchange(2, rounds: 1) },
      check: check
    )
    print("selects face each other:", all.schedules, "schedules")
    #expect(all.isComplete)
  }

  @Test("On threads too, and no two lock each other out")
  func threads() async {
    await #expect(processExitsWith: .success) {
      alarm(240)  // ends a process that hangs
      let isComplete = await Self.exchange(3, rounds: 2_000)
      precondition(isComplete)
      let pairs = (0..<60_000).map { _ in
        [Channel<Int>(), Channel<Int>()].map { ($0, Select.Wait()) }
      }
      for (channel, wait) in pairs.joined() {
        _ = channel.enrolSender(wait, 0, of: 1)
      }
      let arrived = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: 2) { side in
        for (number, pair) in pairs.enumerated() {
          arrived.add(1, ordering: .acquiringAndReleasing)
          // Awake, so that both look for the other at the same time, but not
          // for long: there may be one core.
          for _ in 0..<10_000
          where arrived.load(ordering: .acquiring) > 2 * number + 1 { break }
          _ = pair[side].0.enrolReceiver(pair[1 - side].1, 1)
        }
      }
      precondition(pairs.joined().allSatisfy { !$1.end(-1) }, "one waits")
    }
  }
}
