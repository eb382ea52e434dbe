import Simulation

/// Programs without a fault, of what the repaired twins of faults leave out.
enum CorrectPrograms {
  typealias Body = @Sendable (Simulation) async throws -> Bool

  enum Local {
    @TaskLocal static var depth = 0
  }

  static let all: [(name: String, body: Body)] = [
    (
      "groups in groups",
      { _ in
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
      }
    ),
    (
      "two actors that call each other",
      { run in
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
      }
    ),
    (
      "stream between siblings",
      { _ in
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
      }
    ),
    (
      "stream that nobody finishes, cancelled",
      { run in
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        await withTaskGroup(of: Void.self) { group in
          group.addTask { for await _ in stream {} }
          continuation.yield(1)
          try? await run.clock.sleep(for: .milliseconds(1))
          group.cancelAll()
        }
        return true
      }
    ),
    (
      "task-local values",
      { run in
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
      }
    ),
  ]
}
