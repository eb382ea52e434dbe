import Cookbook

/// What looks like a select, as somebody would write it.
extension SelectExamples {
  private static func wrong(
    _ name: String,
    breaks law: Law<Requests> = inTurn,
    arrivals: [Int] = [1, 2],
    patience: [Int],
    uses: [Int] = [9],
    connections: Int = 1,
    _ take: @escaping Take
  ) -> Wrong<Requests> {
    let input = Requests(
      arrivals: arrivals,
      patience: patience,
      uses: uses,
      connections: connections
    )
    return Wrong(name, breaks: law, input: input) { input, stage in
      try await serve(input, stage, take: take)
    }
  }

  static let wrongTakes = [
    wrong(
      "race-of-tasks",
      breaks: allBack,
      arrivals: [1, 2, 3],
      patience: [0, 0, 9],
      uses: [9, 8, 1],
      connections: 2
    ) { pools, patience in
      guard let patience else { return try await take(pools, nil) }
      let (primary, replica) = (pools.primary, pools.replica)
      let clock = pools.clock
      // #region race-of-tasks
      return try await withThrowingTaskGroup(of: Int?.self) { group in
        group.addTask(name: "child 1") { try await primary.receive() }
        group.addTask(name: "child 2") { try await replica.receive() }
        group.addTask {
          try await clock.sleep(for: patience)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
      // #endregion
    },
    wrong("default-first", patience: [0]) { pools, patience in
      patience == nil ? nil : try await take(pools, patience)
    },
    wrong("without-timeout", patience: [3]) { pools, _ in
      try await pools.select {
        Select.receive(from: pools.primary) { $0 }
        Select.receive(from: pools.replica) { $0 }
      }
    },
    wrong(
      "only-the-first-waits",
      arrivals: [1, 2, 3],
      patience: [50],
      uses: [20, 5],
      connections: 2
    ) { pools, patience in
      if let connection = try await take(pools, nil) { return connection }
      return try await pools.replica.receive()
    },
    wrong("tries-again", arrivals: [1, 2, 4], patience: [50], uses: [12]) {
      pools,
      _ in
      // Each attempt goes to the end of the line.
      while true {
        let connection = try await take(pools, .milliseconds(10))
        if let connection { return connection }
      }
    },
  ]

  static let wrongFirsts = [
    Wrong(
      "no-cancel",
      breaks: firstEnds,
      input: Answers(answers: [1, 3], limit: 9)
    ) { input, stage in
      let ask = input.ask(stage)
      let answer = try await withThrowingTaskGroup(of: String?.self) { group in
        for mirror in input.answers.indices {
          group.addTask { try await ask(mirror) }
        }
        return try await group.next() ?? nil
      }
      stage.print(answer)
    }
  ]
}
