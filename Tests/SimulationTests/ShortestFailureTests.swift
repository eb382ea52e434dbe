import Simulation
import Testing

/// How often a schedule departs from first-in-first-out order.
private func switches(_ schedule: Simulation.Schedule) -> Int {
  schedule.choices.count { $0 != 0 }
}

@Suite("Shortest failures") struct ShortestFailureTests {
  /// Children of one job each, and the order in which they ran.
  @Sendable private static func order(
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

  @Test(
    "The one schedule that fails is found, without zeros at its end",
    arguments: zip(
      [
        [0, 1, 2, 3], [1, 0, 2, 3], [0, 1, 3, 2], [3, 2, 0, 1], [3, 2, 1, 0],
      ],
      ["-", "1", "0,0,1", "3,2", "3,2,1"] as [Simulation.Schedule]
    )
  )
  func isFound(
    _ wrong: [Int],
    _ schedule: Simulation.Schedule
  ) async throws {
    let body: @Sendable (Simulation) async throws -> [Int] = {
      try await Self.order(of: 4, $0)
    }
    let check: @Sendable ([Int]) throws -> Void = {
      if $0 == wrong { throw Wrong() }
    }
    let found = await Simulation.shortestFailure(
      limit: 24,
      body,
      check: check
    )
    #expect(found?.schedule == schedule)
    #expect(found?.reason.name == "rejected")
    #expect(found?.seed == nil)
    let again = await #expect(throws: SimulationFailure.self) {
      try await Simulation.replay(schedule: schedule, body, check: check)
    }
    #expect(again?.reason.name == "rejected")
    #expect(again?.steps == found?.steps)
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

  @Test("Every schedule runs once, and a right program has no failure")
  func everySchedule() async throws {
    let runs = Shared<[[Int]]>([])
    let found = await Simulation.shortestFailure(limit: 1_000) { run in
      let order = try await Self.order(of: 4, run)
      runs.update { $0.append(order) }
    }
    #expect(found == nil)
    #expect(runs.value.count == 24)
    #expect(Set(runs.value).count == 24)
  }

  @Test("The limit holds", arguments: [0, 1, 10, 23, 24])
  func limit(_ limit: Int) async throws {
    let runs = Shared(0)
    let found = await Simulation.shortestFailure(limit: limit) { run in
      runs.update { $0 += 1 }
      return try await Self.order(of: 4, run)
    } check: {
      // The last of all to be tried.
      if $0 == [3, 2, 1, 0] { throw Wrong() }
    }
    // One more, for what a log can tell.
    #expect(runs.value == (limit < 24 ? limit : 25))
    #expect((found != nil) == (limit == 24))
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

  private static let searchable = Fault.all.filter {
    !["foreignThread", "nondeterministic"].contains($0.reason)
  }

  @Test(
    "No seed finds a failure with fewer switches or as many and fewer steps",
    arguments: searchable
  )
  func isShortest(_ fault: Fault) async throws {
    let options = Simulation.Options(stepLimit: 500, grace: .zero)
    let body: @Sendable (Simulation) async throws -> Bool = {
      try await fault.body($0, false)
    }
    let search = { @Sendable in
      await Simulation.shortestFailure(
        limit: 10_000,
        options: options,
        body,
        check: Fault.check,
        where: { $0.reason.name == fault.reason }
      )
    }
    let found = try #require(await search())
    let count = switches(found.schedule)
    #expect(found.schedule.choices.last != 0)
    let others = await Simulation.failures(
      seeds: 0..<2_000,
      options: options,
      body,
      check: Fault.check
    ).filter { $0.reason.name == fault.reason }
    #expect(!others.isEmpty)
    for other in others {
      #expect((count, found.steps) <= (switches(other.schedule), other.steps))
    }
    let again = await #expect(throws: SimulationFailure.self) {
      try await Simulation.replay(
        schedule: found.schedule,
        options: options,
        body,
        check: Fault.check
      )
    }
    #expect(again?.reason.name == fault.reason)
    #expect(again?.steps == found.steps)
    #expect(await search()?.schedule == found.schedule)
    print("\(fault.name): \(found.schedule), \(others.count) of 2,000 seeds")
  }

  @Test("A repaired program has none", arguments: searchable)
  func repaired(_ fault: Fault) async throws {
    let found = await Simulation.shortestFailure(
      limit: 500,
      options: .init(stepLimit: 500),
      { try await fault.body($0, true) },
      check: Fault.check
    )
    #expect(found == nil)
  }

  @Test("A failure tells what its tasks waited for")
  func notes() async throws {
    let found = await Simulation.shortestFailure(limit: 10) { run in
      run.note("waits for nobody")
      await Waiters().wait()
    }
    guard case .deadlock(let waiting) = found?.reason else {
      Issue.record("\(String(describing: found))")
      return
    }
    #expect(waiting.first?.hasSuffix(": waits for nobody") == true)
  }

  @Test("A failure that does not come again is called nondeterministic")
  func nondeterminism() async throws {
    let runs = Shared(0)
    let found = await Simulation.shortestFailure(limit: 1) { _ in
      if runs.update({
        $0 += 1
        return $0
      }) == 1 {
        throw Wrong()
      }
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
