import Cookbook
import ErrgroupRecipe
import Simulation
import Synchronization
import Testing

@Suite("errgroup")
struct ErrgroupTests {
  typealias Input = ErrgroupDemo.Input

  static func input(
    _ policy: String = "cancelOthers",
    limit: Int? = nil,
    jobs: [Int] = [3, 1, 2, 2, 1, 3],
    failing: [Int] = [],
    gaps: [Int] = [],
    trying: [Int] = [],
    cancelAfter: Int? = nil,
    form: ErrgroupDemo.Form = .errorGroup
  ) -> Input {
    var input = Input()
    input.policy = policy
    input.limit = limit
    input.jobs = jobs
    input.failing = failing
    input.gaps = gaps
    input.trying = trying
    input.cancelAfter = cancelAfter
    input.form = form.rawValue
    return input
  }

  static let inputs: [Input] =
    [Input()]
    + ["cancelOthers", "keepFirst", "collectAll"].flatMap { policy in
      [
        input(policy),
        input(policy, jobs: []),
        input(policy, limit: 2),
        input(policy, limit: 2, failing: [2]),
        input(policy, failing: [0, 1, 2, 3, 4, 5]),
        input(policy, limit: 1, jobs: [0, 0, 0, 0], failing: [1, 2]),
        input(policy, limit: 2, gaps: [1, 0, 0, 1, 0, 1], trying: [1, 3, 5]),
        input(policy, limit: 2, failing: [4], cancelAfter: 4),
        input(policy, cancelAfter: 0),
        input(policy, cancelAfter: 2),
      ]
    }
    + [
      input(form: .taskGroup),
      input(limit: 2, form: .taskGroup),
      input(failing: [0, 2], form: .taskGroup),
      input(limit: 2, failing: [2, 3], form: .taskGroup),
      input(limit: 3, cancelAfter: 2, form: .taskGroup),
    ]

  @Test("The laws hold under 10,000 schedules")
  func explore() async throws {
    for policy in ["cancelOthers", "keepFirst", "collectAll"] {
      let input = Self.input(policy, limit: 3, failing: [2, 5], trying: [4])
      try await expectLawful(ErrgroupDemo.self, input, seeds: 0..<3_400)
    }
  }

  @Test("The laws hold for every kind of input", arguments: inputs)
  func everyKind(of input: Input) async throws {
    try await expectLawful(ErrgroupDemo.self, input, seeds: 0..<100)
  }

  @Test(
    "A cancellation at any step leaves nothing behind",
    arguments: inputs
  )
  func cancellation(of input: Input) async throws {
    let runs = try await cancelEverywhere(
      ErrgroupDemo.self,
      input,
      seeds: 0..<5
    )
    #expect(runs > 0)
  }

  @Test(
    "Every schedule of a small input keeps the laws",
    arguments: [
      // Two fail at one instant.
      (input(jobs: [1, 1, 2], failing: [0, 1]), 24),
      (input("collectAll", jobs: [1, 1, 2], failing: [0, 1]), 12),
      // One fails while the body waits for its room.
      (input(limit: 2, jobs: [1, 1, 1], failing: [0]), 12),
      (input(limit: 2, jobs: [1, 1, 1], failing: [0], form: .taskGroup), 12),
      // Two fail while others are cancelled from outside.
      (
        input("keepFirst", jobs: [1, 1, 1], failing: [0, 1], cancelAfter: 1),
        2_880
      ),
    ]
  )
  func everySchedule(of input: Input, count: Int) async throws {
    let schedules = try await exhaust(ErrgroupDemo.self, input)
    print("errgroup, \(input.form), \(input.policy): \(schedules) schedules")
    #expect(schedules == count)
  }

  @Test("The laws reject every naive port within 1,000 seeds")
  func naivePorts() async {
    await expectRejected(NaiveErrorGroups.ports)
  }

  // MARK: What no demo shows

  private struct Failure: Error, Equatable {
    var number = 0
  }

  @Test("The body's value is returned")
  func value() async throws {
    let value = try await withErrorGroup { group in
      await group.add {}
      return 7
    }
    #expect(value == 7)
  }

  @Test("An error of the body cancels the tasks, and is thrown when they end")
  func bodyFails() async throws {
    let ended = try await Simulation.run(seed: 1) { simulation in
      let clock = simulation.clock
      let ended = Mutex(VirtualClock.Instant?.none)
      await #expect(throws: Failure.self) {
        try await withErrorGroup { group in
          await group.add {
            try? await clock.sleep(for: .seconds(9))
            ended.withLock { $0 = clock.now }
          }
          try await clock.sleep(for: .seconds(1))
          throw Failure()
        }
      }
      return ended.withLock { $0?.offset }
    }.value
    #expect(ended == .seconds(1))
  }

  @Test("A task that takes the room of a failed one starts cancelled")
  func cancelledFromTheStart() async throws {
    for _ in 0..<2_000 {
      let sawCancellation = Mutex(false)
      await #expect(throws: Failure(number: 1)) {
        try await withErrorGroup(limit: 1) { group in
          await group.add { throw Failure(number: 1) }
          await group.add {
            sawCancellation.withLock { $0 = Task.isCancelled }
            throw Failure(number: 2)
          }
        }
      }
      #expect(sawCancellation.withLock { $0 })
    }
  }

  @Test("Room that a failure has made is found only in a cancelled group")
  func roomOfTheFailed() async throws {
    /// Goes with the task, and holds it up between its making room and the
    /// runtime's seeing its error; not for long if nobody lets it go.
    final class Brake: Sendable {
      let isReleased: Flag
      init(_ isReleased: Flag) { self.isReleased = isReleased }
      deinit {
        for _ in 0..<1_000_000 where !isReleased.value.load(ordering: .relaxed)
        {}
      }
    }
    final class Flag: Sendable { let value = Atomic(false) }
    for _ in 0..<20 {
      let isReleased = Flag()
      await #expect(throws: Failure(number: 1)) {
        try await withErrorGroup(limit: 1) { group in
          await group.add { [brake = Brake(isReleased)] in
            _ = brake
            throw Failure(number: 1)
          }
          while !group.tryAdd({}) { await Task.yield() }
          #expect(group.isCancelled)
          isReleased.value.store(true, ordering: .relaxed)
        }
      }
    }
  }

  @Test("A body can see that its group is cancelled")
  func bodySeesCancellation() async throws {
    let added = try await Simulation.run(seed: 1) { simulation in
      let clock = simulation.clock
      var added = 0
      try? await withErrorGroup { group in
        await group.add {
          try await clock.sleep(for: .milliseconds(3_500))
          throw Failure()
        }
        while !group.isCancelled {
          await group.add {}
          added += 1
          try await clock.sleep(for: .seconds(1))
        }
      }
      return added
    }.value
    #expect(added == 4)
  }

  @Test("Tasks that have ended leave nothing behind")
  func memoryIsFlat() async throws {
    let alive = Alive()
    try await withErrorGroup(limit: 8) { group in
      for _ in 0..<20_000 {
        let payload = alive.make()
        await group.add { _ = payload }
      }
    }
    #expect(alive.now == 0)
    // Those that run, the next one, and some that are being taken down.
    #expect(alive.most <= 64)
  }

  @Test("On real threads the limit holds and every task runs once")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let rounds = 200
    var (tasks, refusals) = (0, 0)
    for _ in 0..<rounds {
      let limit = Int.random(in: 1...8, using: &generator)
      let count = Int.random(in: 0...100, using: &generator)
      let tries = (0..<count).map { _ in Bool.random(using: &generator) }
      let running = Mutex((now: 0, most: 0, ran: 0))
      let refused = try await withErrorGroup(limit: limit) { group in
        let job: @Sendable () async throws -> Void = {
          running.withLock {
            $0.now += 1
            $0.ran += 1
            $0.most = max($0.most, $0.now)
          }
          await Task.yield()
          running.withLock { $0.now -= 1 }
        }
        var refused = 0
        for isTry in tries {
          if !isTry {
            await group.add(job)
          } else if !group.tryAdd(job) {
            refused += 1
          }
        }
        return refused
      }
      let (now, most, ran) = running.withLock { $0 }
      #expect(now == 0)
      #expect(most <= limit)
      #expect(ran + refused == count)
      tasks += ran
      refusals += refused
    }
    print(
      "errgroup stress: seed \(seed), \(rounds) rounds, \(tasks) tasks, "
        + "\(refusals) refused"
    )
  }
}
