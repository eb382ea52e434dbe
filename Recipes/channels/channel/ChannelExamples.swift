package import Cookbook

/// What the recipe shows; see README.md.
package enum ChannelExamples {
  package static let recipe = Recipe(
    name: "channel",
    chapter: .channels,
    question: "How do unbuffered and buffered channels work?",
    goConstructs: [
      "make(chan T)", "make(chan T, n)", "ch <- v", "<-ch", "close(ch)",
      "for v := range ch",
    ],
    swiftConstructs: ["AsyncSequence", "withUnsafeContinuation", "Mutex"],
    problems: [
      "hand values from task to task", "rendezvous", "bounded queue",
      "many producers", "many consumers",
    ],
    copies: ["Channel.swift", "ChannelState.swift", "ChannelWaiting.swift"],
    examples: [Example("rendezvous", body: rendezvous)]
  )

  private static func rendezvous(_ stage: Stage) async throws {
    let print: (Int) -> Void = stage.print
    // #region rendezvous
    let numbers = Channel<Int>()
    try await withThrowingTaskGroup { group in
      group.addTask {
        for number in 1...3 { try await numbers.send(number) }
        numbers.close()
      }
      for try await number in numbers { print(number) }
      try await group.waitForAll()
    }
    // #endregion
  }
}
