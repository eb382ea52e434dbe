import Simulation
import Testing

/// A program without a fault.
struct CorrectProgram: Sendable, CustomTestStringConvertible {
  let name: String
  let body: @Sendable (Simulation) async throws -> Bool

  var testDescription: String { name }

  enum Local {
    @TaskLocal static var depth = 0
  }

  static let all: [CorrectProgram] = [
    CorrectProgram(name: "nothing") { _ in true },

    CorrectProgram(name: "group of sleepers") { run in
      let sum = try await withThrowingTaskGroup(of: Int.self) { group in
        for index in 0..<4 {
          group.addTask {
            try await run.clock.sleep(for: .milliseconds(index % 2))
            return index
          }
        }
        return try await group.reduce(0, +)
      }
      return sum == 6
    },

    CorrectProgram(name: "groups in groups") { _ in
      let count = await withTaskGroup(of: Int.self) { outer in
        for _ in 0..<2 {
          outer.addTask {
            await withTaskGroup(of: Int.self) { inner in
              for _ in 0..<2 { inner.addTask { 1 } }
              return await inner.reduce(0, +)
            }
          }
        }
        return await outer.reduce(0, +)
      }
      return count == 4
    },

    CorrectProgram(name: "discarding group") { run in
      let count = Shared(0)
      try await withThrowingDiscardingTaskGroup { group in
        for _ in 0..<3 {
          group.addTask {
            try await run.clock.sleep(for: .milliseconds(1))
            count.update { $0 += 1 }
          }
        }
      }
      return count.value == 3
    },

    CorrectProgram(name: "actor touched by two children") { _ in
      actor Counter {
        var count = 0
        func add() { count += 1 }
      }
      let counter = Counter()
      try await together(
        { for _ in 0..<3 { await counter.add() } },
        { for _ in 0..<3 { await counter.add() } }
      )
      return await counter.count == 6
    },

    CorrectProgram(name: "two actors that call each other") { run in
      actor Echo {
        func echo(_ number: Int) async -> Int {
          await Task.yield()
          return number
        }
      }
      actor Caller {
        let echo = Echo()
        func ask(_ number: Int, _ run: Simulation) async throws -> Int {
          try await run.clock.sleep(for: .milliseconds(1))
          return await echo.echo(number) + 1
        }
      }
      let caller = Caller()
      let sum = try await withThrowingTaskGroup(of: Int.self) { group in
        for index in 0..<3 {
          group.addTask { try await caller.ask(index, run) }
        }
        return try await group.reduce(0, +)
      }
      return sum == 6
    },

    CorrectProgram(name: "stream between siblings") { _ in
      let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
      return await withTaskGroup(of: Int.self) { group in
        group.addTask {
          for index in 1...4 {
            continuation.yield(index)
            await Task.yield()
          }
          continuation.finish()
          return 0
        }
        group.addTask { await stream.reduce(0, +) }
        // A cancelled consumer may end before it has seen all.
        return await group.reduce(0, +) == 10 || Task.isCancelled
      }
    },

    CorrectProgram(name: "stream that nobody finishes, cancelled") { run in
      let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
      await withTaskGroup(of: Void.self) { group in
        group.addTask { for await _ in stream {} }
        continuation.yield(1)
        try? await run.clock.sleep(for: .milliseconds(1))
        group.cancelAll()
      }
      return true
    },

    CorrectProgram(name: "continuation resumed by a sibling") { _ in
      let waiters = Waiters()
      let isSet = Shared(false)
      try await together(
        { await waiters.wait { isSet.value } },
        {
          await Task.yield()
          isSet.update { $0 = true }
          waiters.wakeAll()
        }
      )
      return true
    },

    CorrectProgram(name: "first error cancels the others") { run in
      do {
        try await together(
          { try await run.clock.sleep(for: .seconds(3600)) },
          {
            try await run.clock.sleep(for: .milliseconds(1))
            throw Wrong()
          }
        )
        return false
      } catch is Wrong {
        return run.clock.now.offset == .milliseconds(1)
      }
    },

    CorrectProgram(name: "unstructured task on the executor") { run in
      let task = Task(executorPreference: run.executor) {
        try? await run.clock.sleep(for: .milliseconds(1))
        return 42
      }
      return await task.value == 42
    },

    CorrectProgram(name: "unstructured task, cancelled and awaited") { run in
      let task = Task(executorPreference: run.executor) {
        try await run.clock.sleep(for: .seconds(3600))
      }
      await Task.yield()
      task.cancel()
      let result = await task.result
      if case .success = result { return false }
      return run.clock.now.offset == .zero
    },

    CorrectProgram(name: "task-local values") { run in
      try await Local.$depth.withValue(7) {
        try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<2 {
            group.addTask {
              try await run.clock.sleep(for: .milliseconds(1))
              return Local.depth
            }
          }
          return try await group.reduce(0, +) == 14
        }
      }
    },

    CorrectProgram(name: "yields only") { _ in
      try await together(
        { for _ in 0..<5 { await Task.yield() } },
        { for _ in 0..<5 { await Task.yield() } }
      )
      return true
    },

    CorrectProgram(name: "measured by its clock") { run in
      let elapsed = try await run.clock.measure {
        try await run.clock.sleep(for: .seconds(86_400))
      }
      return elapsed == .seconds(86_400)
    },

    CorrectProgram(name: "lock across awaits") { run in
      let lock = AsyncLock()
      let inside = Shared((now: 0, most: 0))
      @Sendable func enter() async throws {
        await lock.lock()
        defer { lock.unlock() }
        inside.update {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        defer { inside.update { $0.now -= 1 } }
        try await run.clock.sleep(for: .milliseconds(1))
      }
      try await together(enter, enter, enter)
      return inside.value.most == 1
    },

    CorrectProgram(name: "polling with pauses") { run in
      let isDone = Shared(false)
      try await together(
        {
          while !isDone.value {
            try await run.clock.sleep(for: .milliseconds(10))
          }
        },
        {
          try await run.clock.sleep(for: .milliseconds(25))
          isDone.update { $0 = true }
        }
      )
      return run.clock.now.offset == .milliseconds(30)
    },

    CorrectProgram(name: "retry with growing pauses") { run in
      var pause = Duration.milliseconds(1)
      for _ in 0..<10 {
        try await run.clock.sleep(for: pause)
        pause *= 2
      }
      return run.clock.now.offset == .milliseconds(1023)
    },

    CorrectProgram(name: "timeout that fires") { run in
      let isLate = try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await run.clock.sleep(for: .seconds(5))
          return false
        }
        group.addTask {
          try await run.clock.sleep(for: .seconds(1))
          return true
        }
        defer { group.cancelAll() }
        return try await group.next() ?? false
      }
      return isLate && run.clock.now.offset == .seconds(1)
    },

    CorrectProgram(name: "semaphore under contention") { run in
      let semaphore = TestSemaphore(permits: 2, returnsPermit: true)
      let running = Shared((now: 0, most: 0))
      @Sendable func work() async throws {
        try await semaphore.acquire()
        defer { semaphore.release() }
        running.update {
          $0.now += 1
          $0.most = max($0.most, $0.now)
        }
        defer { running.update { $0.now -= 1 } }
        try await run.clock.sleep(for: .milliseconds(1))
      }
      try await together(work, work, work, work)
      return running.value.most <= 2
    },
  ]
}

@Suite("Correct programs") struct CorrectProgramTests {
  @Test("None is accused", arguments: CorrectProgram.all)
  func isNotAccused(_ program: CorrectProgram) async throws {
    let exploration = try await Simulation.explore(
      seeds: 0..<300,
      program.body,
      check: Fault.check
    )
    #expect(exploration.schedules == 300)
  }

  @Test(
    "None is accused wherever it is cancelled",
    arguments: CorrectProgram.all
  )
  func isNotAccusedWhenCancelled(_ program: CorrectProgram) async throws {
    let runs = try await Simulation.cancelEverywhere(
      seeds: 0..<20,
      program.body
    )
    #expect(runs >= 20)
  }
}
