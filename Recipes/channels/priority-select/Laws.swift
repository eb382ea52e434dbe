package import Cookbook

extension PrioritySelectDemo {
  package static let recipe = Recipe(
    name: "priority-select",
    chapter: .channels,
    question: "How does select treat several ready cases, and how do you "
      + "implement true priority?",
    goConstructs: ["nested select with default", "select"],
    swiftConstructs: ["actor"],
    problems: [
      "urgent messages first", "priority between channels", "starvation",
    ]
  )

  package static let legend = Timeline.Legend(
    openings: ["start"],
    closings: ["end": "█", "cancelled": "×"],
    marks: ["put": "◦"]
  )

  package static let comparison = Comparison.moments

  package static let laws: [DemoLaw<Input, Outcome>] = [
    DemoLaw("every job is done once, in the order of its kind") { _, trace in
      let started = trace.events(named: "start").map(\.item)
      if trace.outcome.order != started { return "\(trace.outcome.order)" }
      for kind in ["high", "low"] {
        let put = trace.events(named: "put").map(\.item)
          .filter { $0.hasPrefix(kind) }
        let done = started.filter { $0.hasPrefix(kind) }
        let wanted =
          trace.outcome.error == nil ? put : Array(put.prefix(done.count))
        if done != wanted { return "put \(put), done \(done)" }
      }
      return nil
    },
    DemoLaw("the worker is not idle while a job waits") { _, trace in
      var (waiting, isBusy) = (0, false)
      for instant in trace.instants() {
        for event in instant.events {
          switch event.name {
          case "put": waiting += 1
          case "start": (waiting, isBusy) = (waiting - 1, true)
          case "end", "cancelled": isBusy = false
          default: break
          }
          if event.name == "cancelled" { return nil }
        }
        if waiting > 0, !isBusy { return "idle after \(instant.at) µs" }
      }
      return nil
    },
    DemoLaw("an urgent job that waits is done before any other") {
      input,
      trace in
      guard input.mode != Mode.weighted.rawValue else { return nil }
      return turns(trace).first { !$0.isHigh && $0.waitingHigh > 0 }.map {
        "\($0.job) at \($0.at) µs, before \($0.waitingHigh) urgent ones"
      }
    },
    DemoLaw("a job that waits lets only `ratio` urgent ones go before it") {
      input,
      trace in
      guard input.mode == Mode.weighted.rawValue else { return nil }
      var streak = 0
      for turn in turns(trace) {
        if !turn.isHigh {
          // Its turn comes early only where no urgent job waits.
          if turn.waitingHigh > 0, streak < input.ratio {
            return "\(turn.job) after \(streak) urgent jobs"
          }
          streak = 0
        } else {
          if streak >= input.ratio, turn.waitingLow > 0 {
            return "\(turn.job) after \(streak) urgent jobs"
          }
          streak += 1
        }
      }
      return nil
    },
  ]

  private struct TakenTurn {
    var job: String
    var at: Int
    var isHigh: Bool
    /// How many others waited at that time.
    var waitingHigh: Int
    var waitingLow: Int
  }

  private static func turns(_ trace: DemoTrace<Outcome>) -> [TakenTurn] {
    var turns: [TakenTurn] = []
    var (high, low) = (0, 0)
    for event in trace.events {
      let isHigh = event.item.hasPrefix("high")
      if event.name == "put" {
        if isHigh { high += 1 } else { low += 1 }
      } else if event.name == "start" {
        if isHigh { high -= 1 } else { low -= 1 }
        turns.append(
          TakenTurn(
            job: event.item,
            at: event.at,
            isHigh: isHigh,
            waitingHigh: high,
            waitingLow: low
          )
        )
      }
    }
    return turns
  }

  package static func describe(_ outcome: Outcome) -> String {
    outcome.order.joined(separator: ", ")
  }

  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    input.mode = Mode.allCases.randomElement(using: &generator)?.rawValue ?? ""
    input.ratio = .random(in: 1...4, using: &generator)
    // Each job comes at a residue of its own, and work keeps residues: so
    // the worker never looks for a job at the instant at which one comes.
    input.work = .random(in: 1...6, using: &generator) * 32
    let count = Int.random(in: 1...20, using: &generator)
    let times = (0..<count).map { index in
      Int.random(in: 0...16, using: &generator) * 32 + index
    }.shuffled(using: &generator)
    let split = Int.random(in: 0...count, using: &generator)
    input.high = times.prefix(split).sorted()
    input.low = times.dropFirst(split).sorted()
    return input
  }

  package static func simplerInputs(than input: Input) -> [Input] {
    var simpler: [Input] = []
    for index in input.high.indices {
      var copy = input
      copy.high.remove(at: index)
      simpler.append(copy)
    }
    for index in input.low.indices {
      var copy = input
      copy.low.remove(at: index)
      simpler.append(copy)
    }
    return simpler
  }
}
