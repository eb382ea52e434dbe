import Simulation
import Testing

@Suite("Virtual clock") struct ClockTests {
  @Test("Sleepers wake in the order of their deadlines")
  func order() async throws {
    _ = try await Simulation.explore(seeds: 0..<200) { run in
      let woken = Shared<[Int]>([])
      try await withThrowingDiscardingTaskGroup { group in
        for delay in [3, 1, 2] {
          group.addTask {
            try await run.clock.sleep(for: .milliseconds(delay))
            woken.update { $0.append(delay) }
          }
        }
      }
      return woken.value
    } check: {
      if $0 != [1, 2, 3] { throw Wrong("\($0)") }
    }
  }

  @Test("A sleep of a cancelled task throws and takes no time")
  func cancelledBefore() async throws {
    let run = try await Simulation.run(seed: 1, cancelAtStep: 0) { run in
      await #expect(throws: CancellationError.self) {
        try await run.clock.sleep(for: .seconds(1))
      }
    }
    #expect(run.wasCancelled)
    #expect(run.elapsed == .zero)
  }

  @Test(
    "Cancellation ends that sleep at that instant, and no other of its deadline",
    arguments: 0..<3
  )
  func cancelledDuring(cancelled: Int) async throws {
    let exhaustion = try await Simulation.exhaust(limit: 10_000) { run in
      let sleepers = (0..<3).map { _ in
        Task(executorPreference: run.executor) {
          try? await run.clock.sleep(until: .init(offset: .seconds(3600)))
          return run.clock.now.offset
        }
      }
      try? await run.clock.sleep(for: .milliseconds(5))
      sleepers[cancelled].cancel()
      var ends: [Duration] = []
      for sleeper in sleepers { ends.append(await sleeper.value) }
      return ends
    } check: { ends in
      var expected = Array(repeating: Duration.seconds(3600), count: 3)
      expected[cancelled] = .milliseconds(5)
      if ends != expected { throw Wrong("\(ends)") }
    }
    #expect(exhaustion.isComplete)
  }

  @Test("A sleep that has reached its deadline is not cancelled any more")
  func cancelledAfter() async throws {
    let exhaustion = try await Simulation.exhaust(limit: 1_000) { run in
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          (try? await run.clock.sleep(for: .milliseconds(5))) != nil
        }
        // The child must have begun to sleep before this task does.
        try? await run.clock.sleep(for: .milliseconds(1))
        try? await run.clock.sleep(for: .milliseconds(4))
        group.cancelAll()
        return await group.next() ?? false
      }
    } check: { hasSlept in
      if !hasSlept { throw Wrong() }
    }
    #expect(exhaustion.isComplete)
    #expect(exhaustion.schedules > 1)
  }

  @Test("A sleep that is over or never began is not cut in another's place")
  func cutInAnothersPlace() async throws {
    let run = try await Simulation.run(seed: 1, cancelAtStep: 0) { run in
      // Falls asleep in this very job, and is not cancelled.
      let sleeper = Task.immediate(executorPreference: run.executor) {
        try await run.clock.sleep(for: .zero)
      }
      try? await run.clock.sleep(for: .seconds(1))
      return await sleeper.result
    }
    #expect(throws: Never.self) { try run.value.get() }
  }

  @Test("Time stands still while tasks run, and for deadlines in the past")
  func standstill() async throws {
    let run = try await Simulation.run(seed: 1) { run in
      for _ in 0..<10 { await Task.yield() }
      let before = run.clock.now.offset
      try await run.clock.sleep(for: .milliseconds(1))
      try await run.clock.sleep(until: .init(offset: .zero))
      try await run.clock.sleep(for: .zero)
      return [before, run.clock.now.offset]
    }
    #expect(run.value == [.zero, .milliseconds(1)])
    #expect(run.elapsed == .milliseconds(1))
  }

  @Test("A loop that only sleeps in vain is found, though it is cancelled")
  func cancelledLoop() async throws {
    let found = try await failure {
      try await Simulation.run(
        seed: 1,
        cancelAtStep: 2,
        options: .init(stepLimit: 100)
      ) { run in
        while run.clock.now.offset < .seconds(60) {
          try? await run.clock.sleep(for: .seconds(1))
        }
        return true
      }
    }
    #expect(found.reason.name == "stepLimit")
  }
}
