import Cookbook

extension HedgedRequestExamples {
  static let wrongCalls = [
    Wrong(
      "first-answer",
      breaks: firstWins,
      input: Call(attempts: [9, 9], failing: [0], delay: 5)
    ) { input, stage in
      let (fetch, delay, clock) = (input.fetch(stage), input.time, stage.clock)
      // #region first-answer
      let page = try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await fetch(0) }
        group.addTask {
          try await clock.sleep(for: delay)
          return try await fetch(1)
        }
        defer { group.cancelAll() }
        return try await group.next()
      }
      // #endregion
      stage.print(page ?? -1)
    },
    Wrong(
      "losers-go-on",
      breaks: losersEnd,
      input: Call(attempts: [9, 2], delay: 5)
    ) { input, stage in
      let (fetch, delay, clock) = (input.fetch(stage), input.time, stage.clock)
      let page = try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await fetch(0) }
        group.addTask {
          try await clock.sleep(for: delay)
          return try await fetch(1)
        }
        return try await group.next()
      }
      stage.print(page ?? -1)
    },
    Wrong(
      "left-behind",
      breaks: .allEndedOnReturn,
      input: Call(attempts: [9, 2], delay: 5)
    ) { input, stage in
      let fetch = input.fetch(stage)
      let (answers, output) = AsyncStream.makeStream(of: Int.self)
      stage.startTask { output.yield(try await fetch(0)) }
      stage.startTask {
        try await stage.sleep(input.delay)
        output.yield(try await fetch(1))
      }
      for await page in answers {
        stage.print(page)
        break
      }
    },
  ]

  static let wrongSends = [
    Wrong(
      "waits-for-the-delay",
      breaks: onTime,
      input: Call(attempts: [2, 3], failing: [0], delay: 5),
      body: plain
    )
  ]

  static let wrongBudgets = [
    Wrong("budget-of-its-own", breaks: withinBudget, input: Calls()) {
      let delay = Duration.milliseconds($0.delay)
      let budget = $0.budget
      func run(_ calls: Calls, _ stage: Stage, _ clock: some Clock<Duration>)
        async
      {
        await calls.come(stage) { attempt in
          try await HedgedRequest(after: delay, budget: budget, clock: clock)
            .send(attempt)
        }
      }
      await run($0, $1, $1.clock)
    }
  ]
}
