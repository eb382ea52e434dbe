import Cookbook

extension SelectExamples {
  private static func wrong(
    _ name: String,
    breaks law: Law<Visits>,
    _ input: Visits,
    _ take: @escaping Take
  ) -> Wrong<Visits> {
    Wrong(name, breaks: law, input: input) { input, stage in
      try await serve(input, stage, take: take)
    }
  }

  static let wrong = [
    wrong(
      "race-of-tasks",
      breaks: .allFree,
      Visits(
        limit: 2,
        arrivals: [1, 2, 3],
        holds: [9, 8, 1],
        trying: [0, 1],
        patience: [0, 0, 20]
      )
    ) { task, pools in
      if pools.input.trying.contains(task) {
        return try await take(task, pools)
      }
      let primary = Noted(pools.primary, pools.stage, "child 1")
      let replica = Noted(pools.replica, pools.stage, "child 2")
      let (clock, patience) = (pools.stage.clock, pools.patience(task))
      // #region race-of-tasks
      return try await withThrowingTaskGroup(of: Int?.self) { group in
        group.addTask(name: "child 1") { try await primary.receive() }
        group.addTask(name: "child 2") { try await replica.receive() }
        group.addTask {
          try await clock.sleep(for: patience)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next().flatMap(\.self)
      }
      // #endregion
    },
    wrong(
      "default-first",
      breaks: .triesAreExact(refusal: TooLate()),
      Visits(limit: 1, arrivals: [1], trying: [0])
    ) { task, pools in
      pools.input.trying.contains(task) ? nil : try await take(task, pools)
    },
    wrong(
      "without-timeout",
      breaks: inTime,
      Visits(limit: 1, arrivals: [1, 2], holds: [9], patience: [0, 3])
    ) { _, pools in
      try await pools.select {
        Select.receive(from: pools.primary) { $0 }
        Select.receive(from: pools.replica) { $0 }
      }
    },
    wrong(
      "only-the-first-waits",
      breaks: .firstIsServed,
      Visits(limit: 2, arrivals: [1, 2, 3], holds: [5, 20])
    ) { _, pools in
      let ready = try await pools.select {
        Select.receive(from: pools.primary) { $0 }
        Select.receive(from: pools.replica) { $0 }
        Select.default { nil }
      }
      if let ready { return ready }
      return try await pools.primary.receive()
    },
    wrong(
      "tries-again",
      breaks: .inTurn,
      Visits(limit: 1, arrivals: [1, 2, 4], holds: [12, 9, 9])
    ) { _, pools in
      // Each attempt goes to the end of the line.
      while true {
        let connection = try await pools.select {
          Select.receive(from: pools.primary) { $0 }
          Select.receive(from: pools.replica) { $0 }
          Select.timeout(.milliseconds(10), clock: pools.stage.clock) { nil }
        }
        if let connection { return connection }
      }
    },
  ]

  /// A channel that says in tables of steps who has received from it.
  private struct Noted: Sendable {
    let receive: @Sendable () async throws -> Int?

    init(_ channel: Channel<Int>, _ stage: Stage, _ child: String) {
      receive = {
        defer { stage.note(child, "receives") }
        return try await channel.receive()
      }
    }
  }
}
