import Simulation
import Testing

/// What runs record: a label, and where it was written.
private typealias Events = Shared<[(label: String, at: Simulation.Position?)]>

extension Events {
  fileprivate func add(_ label: String, _ run: Simulation) {
    let position = run.position
    update { $0.append((label, position)) }
  }

  fileprivate func task(_ label: String) -> String? {
    value.first { $0.label == label }?.at?.task
  }
}

@Suite("Positions") struct PositionTests {
  private actor Room {
    func enter(_ label: String, _ events: Events, _ run: Simulation) {
      events.add(label, run)
    }
  }

  /// One job of the actor runs them all.
  @Test("Tasks are told apart on an actor that they enter together")
  func actors() async throws {
    let events = Events([])
    _ = try await Simulation.run(seed: 0) { run in
      let room = Room()
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await room.enter("1", events, run) }
        group.addTask { await room.enter("2", events, run) }
        if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
          // It makes the others queue at the actor.
          group.addImmediateTask {
            events.add("3", run)
            await room.enter("3 inside", events, run)
          }
        }
      }
      await room.enter("root", events, run)
    }
    #expect(events.task("1") == "task 1")
    #expect(events.task("2") == "task 2")
    #expect(events.task("root") == "root")
    if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
      #expect(events.task("3") == "task 3")
      #expect(events.task("3 inside") == "task 3")
      let inside = events.value.filter { ["1", "2"].contains($0.label) }
      #expect(Set(inside.map(\.at?.step)).count == 1)
    }
  }

  @Test(
    "A task is called by its name, or else by its number in creation",
    .enabled(if: hasTaskNames)
  )
  func names() async throws {
    let events = Events([])
    let body: @Sendable (Simulation) async throws -> Bool = { run in
      events.update { $0 = [] }
      events.add("0", run)
      let room = Room()
      await withTaskGroup(of: Void.self) { group in
        group.addTask(name: "reader") { events.add("1", run) }
        group.addTask(name: "writer") { await room.enter("2", events, run) }
        group.addTask { events.add("3", run) }
      }
      await Task(name: "helper", executorPreference: run.executor) {
        events.add("4", run)
      }.value
      async let last: Void = events.add("5", run)
      await last
      events.add("6", run)
      return true
    }
    func expect(_ tasks: String...) {
      #expect((0..<7).map { events.task("\($0)") } == tasks)
    }
    for seed in UInt64(0)..<50 {
      _ = try await Simulation.run(seed: seed, body)
      expect("root", "reader", "writer", "task 3", "helper", "task 5", "root")
    }
    // A search keeps no count.
    _ = try await Simulation.explore(
      seeds: 1..<2,
      options: .init(threads: 1),
      body
    )
    expect("root", "reader", "writer", "a task", "helper", "a task", "root")
  }

  @Test("A step is the one that cancels there")
  func steps() async throws {
    let body: @Sendable (Simulation) async throws -> [Int?] = { run in
      // At each turn where it is, if it is not yet cancelled.
      var seen: [Int?] = []
      for _ in 0..<4 {
        if Task.isCancelled { return seen }
        seen.append(run.position?.step)
        await Task.yield()
      }
      return seen
    }
    let whole = try await Simulation.run(seed: 0, body)
    #expect(whole.value.first == 0)
    #expect(Set(whole.value).count == 4)
    for (index, step) in whole.value.enumerated() {
      let cancelled = try await Simulation.run(
        seed: 0,
        cancelAtStep: step,
        body
      )
      #expect(cancelled.value == Array(whole.value.prefix(index)))
    }
  }

  @Test("A choice against the order in which jobs became ready is told")
  func choices() async throws {
    let events = Events([])
    _ = try await Simulation.replay(schedule: "2,1") { run in
      try await together(
        { events.add("a", run) },
        { events.add("b", run) },
        { events.add("c", run) }
      )
    }
    #expect(events.value.map(\.label) == ["c", "b", "a"])
    #expect(events.value.map(\.at?.choice) == [2, 1, 0])
    #expect(events.value.map(\.at?.step) == [1, 2, 3])
  }

  @Test("A thread outside the simulation sees the time of the run")
  func foreignTime() async throws {
    _ = try await Simulation.run(
      seed: 0,
      options: .init(stepLimit: .max)
    ) { run in
      try await run.clock.sleep(for: .seconds(5))
      let seen = Shared<VirtualClock.Instant?>(nil)
      // Detached in order to call from another thread.
      Task.detached { seen.update { $0 = run.clock.now } }
      while seen.value == nil { await Task.yield() }
      #expect(seen.value == run.clock.now)
    }
  }

  @Test("A thread outside the simulation has no position")
  func foreignThreads() async throws {
    let runs = Shared<Simulation?>(nil)
    let outside = Events([])
    _ = try await Simulation.run(
      seed: 0,
      options: .init(stepLimit: .max)
    ) { run in
      runs.update { $0 = run }
      // Detached in order to call from another thread.
      Task.detached { outside.add("during the run", run) }
      while outside.value.isEmpty { await Task.yield() }
    }
    let run = try #require(runs.value)
    outside.add("after the run", run)
    #expect(outside.value.map(\.label) == ["during the run", "after the run"])
    #expect(outside.value.allSatisfy { $0.at == nil })
  }

  @Test("What outlives the body, or is drained, sees that the run has failed")
  func afterFailure() async throws {
    var events = Events([])
    var found = try await failure { [events] in
      try await Simulation.run(seed: 0) { run in
        let leak = Task(executorPreference: run.executor) {
          events.add("before", run)
          try? await run.clock.sleep(for: .seconds(1))
          events.add("after", run)
        }
        await Task.yield()
        await Task.yield()
        _ = leak
      }
    }
    #expect(found.reason.name == "outlived")
    var positions = events.value.compactMap(\.at)
    #expect(positions.map(\.task) == ["task 1", "task 1"])
    #expect(positions.map(\.isRootRunning) == [true, false])
    #expect(positions.map(\.isAfterFailure) == [false, true])
    #expect(positions.last?.step == found.steps)

    events = Events([])
    found = try await failure { [events] in
      try await Simulation.run(seed: 0) { run in
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        events.add("before", run)
        for await _ in stream {}
        events.add("after", run)
        continuation.finish()
      }
    }
    #expect(found.reason.name == "deadlock")
    positions = events.value.compactMap(\.at)
    #expect(positions.map(\.isAfterFailure) == [false, true])
    #expect(positions.map(\.isRootRunning) == [true, true])
  }

  @Test(
    "Reports call tasks by their names, with the note that each has left",
    .enabled(if: hasTaskNames)
  )
  func reports() async throws {
    actor Door {
      func wait(_ label: String, _ run: Simulation) async {
        run.note(label)
        await Waiters().wait()
      }
    }
    let found = try await failure {
      try await Simulation.run(seed: 3) { run in
        let door = Door()
        await withTaskGroup(of: Void.self) { group in
          group.addTask(name: "worker 1") { await door.wait("one", run) }
          group.addTask(name: "worker 2") { await door.wait("two", run) }
          // Leaves no note, but sleeps.
          group.addTask(name: "worker 3") {
            try? await run.clock.sleep(for: .milliseconds(5))
            await Waiters().wait()
          }
          // Runs no code of the simulation that could ask for its name.
          group.addTask(name: "worker 4") { await Waiters().wait() }
        }
      }
    }
    #expect(found.waiting.count == 5)
    for (line, (start, end)) in zip(
      found.waiting,
      [
        ("root (last ran in step 0,", " seconds)"), ("worker 1 (", ": one"),
        ("worker 2 (", ": two"), ("worker 3 (", "at 0.005 seconds)"),
        ("task 4 (", " seconds)"),
      ]
    ) {
      #expect(line.hasPrefix(start) && line.hasSuffix(end), "\(line)")
    }
  }
}

/// Whether the system keeps the names of tasks.
private let hasTaskNames =
  if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
    true
  } else { false }
