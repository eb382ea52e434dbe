import Simulation
import Testing

@Suite("Shortest failures") struct ShortestFailureTests {
  /// Children of one job each, and the order in which they ran.
  @Sendable static func order(
    of count: Int,
    _ run: Simulation
  ) async throws -> [Int] {
    let order = Shared<[Int]>([])
    await withDiscardingTaskGroup { group in
      for index in 0..<count {
        group.addTask { order.update { $0.append(index) } }
      }
    }
    return order.value
  }

  @Test("A failure is shortened to no choice at all where that fails too")
  func isShortenedToNone() async throws {
    let body: @Sendable (Simulation) async throws -> [Int] = {
      try await Self.order(of: 3, $0)
    }
    var seed: UInt64 = 0
    while try await Simulation.run(seed: seed, body).value != [2, 1, 0] {
      seed += 1
    }
    let found = try await failure { [seed] in
      try await Simulation.explore(seeds: seed..<seed + 1, body) {
        // What lies between the two passes.
        if $0 == [2, 1, 0] || $0 == [0, 1, 2] { throw Wrong() }
      }
    }
    #expect(found.shortened == "-")
  }

  @Test("The one schedule that fails is found, without zeros at its end")
  func isFound() async throws {
    let body: @Sendable (Simulation) async throws -> [Int] = {
      try await Self.order(of: 4, $0)
    }
    for (wrong, schedule) in [
      ([0, 1, 2, 3], "-"), ([1, 0, 2, 3], "1"), ([0, 1, 3, 2], "0,0,1"),
      ([3, 2, 0, 1], "3,2"), ([3, 2, 1, 0], "3,2,1"),
    ] as [([Int], Simulation.Schedule)] {
      let check: @Sendable ([Int]) throws -> Void = {
        if $0 == wrong { throw Wrong() }
      }
      let found = await Simulation.shortestFailure(
        limit: 24,
        body,
        check: check
      )
      #expect(found?.schedule == schedule)
      #expect(found?.seed == nil)
      let again = try await failure {
        try await Simulation.replay(schedule: schedule, body, check: check)
      }
      #expect(again.reason.name == "rejected")
      #expect(again.steps == found?.steps)
    }
  }

  @Test("Of failures with as many switches the one with the fewest steps wins")
  func fewestSteps() async throws {
    // The search meets "1" before "2".
    let found = await Simulation.shortestFailure(limit: 100) { run in
      let first = Shared<Int?>(nil)
      await withDiscardingTaskGroup { group in
        for index in 0..<3 {
          group.addTask { first.update { $0 = $0 ?? index } }
        }
      }
      if first.value == 1 { for _ in 0..<5 { await Task.yield() } }
      if first.value != 0 { throw Wrong() }
    }
    #expect(found?.schedule == "2")
  }

  @Test("Every schedule runs once, as far as the limit allows")
  func limit() async throws {
    for limit in [0, 1, 10, 23, 24, 1_000] {
      let runs = Shared<[[Int]]>([])
      let found = await Simulation.shortestFailure(limit: limit) { run in
        let order = try await Self.order(of: 4, run)
        runs.update { $0.append(order) }
        return order
      } check: {
        // The last of all to be tried.
        if limit == 24, $0 == [3, 2, 1, 0] { throw Wrong() }
      }
      #expect((found != nil) == (limit == 24))
      // One more where it fails, for what a log can tell.
      #expect(runs.value.count == (limit == 24 ? 25 : min(limit, 24)))
      #expect(Set(runs.value).count == min(limit, 24))
    }
  }

  @Test("A failure of another kind is passed over")
  func predicate() async throws {
    struct Other: Error {}
    let body: @Sendable (Simulation) async throws -> [Int] = {
      try await Self.order(of: 3, $0)
    }
    let check: @Sendable ([Int]) throws -> Void = {
      if $0 == [2, 1, 0] { throw Wrong() }
      if $0 != [0, 1, 2] { throw Other() }
    }
    let any = await Simulation.shortestFailure(limit: 10, body, check: check)
    #expect(any?.schedule == "1")
    let found = await Simulation.shortestFailure(
      limit: 10,
      body,
      check: check,
      where: { failure in
        if case .rejected(is Wrong) = failure.reason { true } else { false }
      }
    )
    #expect(found?.schedule == "2,1")
  }

  @Test("No seed finds a shorter failure, and a repaired program has none")
  func isShortest() async throws {
    let options = Simulation.Options(stepLimit: 500, grace: .zero)
    for fault in Fault.all
    where !["foreignThread", "nondeterministic"].contains(fault.reason) {
      func search(limit: Int, isRepaired: Bool) async -> SimulationFailure? {
        await Simulation.shortestFailure(
          limit: limit,
          options: options,
          { try await fault.body($0, isRepaired) },
          check: Fault.check,
          where: { isRepaired || $0.reason.name == fault.reason }
        )
      }
      let found = try #require(
        await search(limit: 10_000, isRepaired: false),
        "\(fault.name)"
      )
      #expect(found.schedule.choices.last != 0, "\(fault.name)")
      let others = await Simulation.failures(
        seeds: 0..<500,
        options: options,
        { try await fault.body($0, false) },
        check: Fault.check
      ).filter { $0.reason.name == fault.reason }
      #expect(!others.isEmpty, "\(fault.name)")
      for other in others {
        #expect(
          (switches(found), found.steps) <= (switches(other), other.steps),
          "\(fault.name)"
        )
      }
      let again = await search(limit: 10_000, isRepaired: false)
      #expect(again?.schedule == found.schedule, "\(fault.name)")
      let repaired = await search(limit: 500, isRepaired: true)
      #expect(repaired == nil, "\(fault.name)")
    }
  }

  /// How often a schedule departs from first-in-first-out order.
  private func switches(_ failure: SimulationFailure) -> Int {
    failure.schedule.choices.count { $0 != 0 }
  }

  @Test("A failure that does not come again is called nondeterministic")
  func nondeterminism() async throws {
    let runs = Shared(0)
    let found = await Simulation.shortestFailure(limit: 1) { _ in
      runs.update { $0 += 1 }
      if runs.value == 1 { throw Wrong() }
    }
    #expect(found?.reason.name == "nondeterministic")
  }

  @Test("A search whose task is cancelled stops")
  func cancellation() async throws {
    // More than there is time for.
    let limit = 100_000_000
    let runs = Shared(0)
    await withTaskGroup(of: Void.self) { group in
      let (started, start) = AsyncStream.makeStream(of: Void.self)
      group.addTask {
        let found = await Simulation.shortestFailure(limit: limit) { run in
          start.finish()
          runs.update { $0 += 1 }
          return try await Self.order(of: 10, run)
        }
        #expect(found == nil)
      }
      for await _ in started {}
      group.cancelAll()
    }
    #expect(runs.value > 0)
    #expect(runs.value < limit)
  }
}
