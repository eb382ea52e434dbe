import Simulation
import Testing

@Suite("timers under the baton") struct TimersTests {
  @Test("A timer fires, is stopped or reset, whatever comes between two steps")
  func steps() async throws {
    for isReset in [false, true] {
      try await expectRightIfCancelled { run in
        let timers = TimerQueue(run.clock, executor: run.executor)
        await cancelled { try await timers.sleep(for: .seconds(9)) }
        if run.clock.now > .init() { return "slept though it was cancelled" }
        let fired = BatonTests.Tally()
        let timer = timers.after(.seconds(1)) { fired.add() }
        let wasWaiting = await outcomes(2) { task in
          if task == 0 {
            return (try? await timers.sleep(for: .seconds(1))) != nil
          }
          try? await run.clock.sleep(for: .seconds(1))
          return isReset ? timer.reset(after: .seconds(1)) : timer.stop()
        }[1]
        // Until no task is awake, also where this one is cancelled.
        await Task(executorPreference: run.executor) {
          try? await run.clock.sleep(for: .seconds(3))
        }.value
        await timers.endSleepers()
        let count = (wasWaiting ? 0 : 1) + (isReset ? 1 : 0)
        return fired.count == count ? nil : "fired \(fired.count) times"
      }
    }
  }

  @Test("No sleeper is left, whatever comes between two steps")
  func sleepers() async throws {
    try await expectRightIfCancelled { run in
      let timers = TimerQueue(run.clock, executor: run.executor)
      let timer = timers.after(.seconds(9)) {}
      _ = await outcomes(2) { task in
        if task == 0 {
          timer.reset(after: .seconds(1))
        } else {
          timer.stop()
          await timers.endSleepers()
        }
      }
      timer.stop()
      await timers.endSleepers()
      return nil
    }
  }
}

@Suite("context-cancellation under the baton")
struct ContextCancellationTests {
  @Test("The first reason stays, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { run in
      await withTaskGroup(of: String?.self) { group in
        group.addTask {
          await withDeadline(in: .seconds(1), clock: run.clock) {
            await reasons(run.clock)
          }
        }
        try? await run.clock.sleep(for: .seconds(1))
        group.cancelAll()
        return await group.next() ?? nil
      }
    }
  }

  /// Looks twice why it is cancelled, and says how that and the error differ.
  private func reasons(_ clock: VirtualClock) async -> String? {
    var isExpired: [Bool] = []
    do {
      try await withDeadline(in: .seconds(1), clock: clock) {
        defer {
          for _ in 0..<2 {
            isExpired.append(Task.cancellationReason == .deadlineExpired)
          }
        }
        try await clock.sleep(for: .seconds(9))
      }
    } catch {
      isExpired.append(error is DeadlineExpired)
    }
    return Set(isExpired).count == 1 ? nil : "\(isExpired)"
  }
}

@Suite("errgroup under the baton") struct ErrgroupTests {
  private struct Failed: Error { let task: Int }

  @Test("One task after the other fails, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { _ in
      do {
        try await withErrorGroup(limit: 1, policy: .collectAll) { group in
          for task in 0..<3 { await group.add { throw Failed(task: task) } }
        }
      } catch let errors as ErrorGroup.Errors {
        let failed = errors.inOrder.map { ($0 as? Failed)?.task }
        return failed == [0, 1, 2] ? nil : "\(failed)"
      }
      return "no error"
    }
  }
}

@Suite("wait-group under the baton") struct WaitGroupTests {
  @Test("All wait until all is done, whatever comes between two steps")
  func steps() async throws {
    try await expectRightIfCancelled { _ in
      let (jobs, done) = (WaitGroup(), BatonTests.Tally())
      jobs.add(2)
      await cancelled { try await jobs.wait() }
      let counts = await outcomes(4) { task -> Int? in
        if task < 2 {
          return (try? await jobs.wait()).map { done.count }
        }
        done.add()
        jobs.done()
        return 2
      }
      let isRight = counts.allSatisfy {
        $0 == 2 || $0 == nil && Task.isCancelled
      }
      return isRight ? nil : "\(counts)"
    }
  }
}
