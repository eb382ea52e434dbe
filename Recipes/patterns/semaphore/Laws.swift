package import Cookbook

extension SemaphoreDemo {
  package static let recipe = Recipe(
    name: "semaphore",
    chapter: .patterns,
    question:
      "Use a buffered channel as a semaphore to limit concurrency.",
    goConstructs: [
      "make(chan struct{}, n)", "semaphore.Weighted",
      "golang.org/x/sync/semaphore", "semaphore.NewWeighted", "TryAcquire",
    ],
    swiftConstructs: [
      "withUnsafeContinuation", "withTaskCancellationHandler", "Mutex",
      "Atomic",
    ],
    problems: [
      "limit concurrency", "semaphore", "permits", "rate of concurrent access",
      "DispatchSemaphore in async code", "fair lock", "weighted limit",
    ]
  )

  package static let legend = Timeline.Legend(
    openings: ["start"],
    closings: ["end": "█", "cancelled": "×"],
    marks: [
      "wait": "○", "leave": "×", "try": "?", "refused": "✗", "cancel": "!",
      "return": "■",
    ]
  )

  package static let comparison = Comparison.moments

  package static let laws: [DemoLaw<Input, Outcome>] = [
    neverMoreThanPermits, servedInOrder, noIdlePermit, tryIsExact,
    cancelledLeavesAtOnce, everyPermitIsBack, everyTaskEndsOnce,
    allEndedOnReturn,
  ]

  package static let neverMoreThanPermits = DemoLaw<Input, Outcome>(
    "never more than `permits` are held"
  ) { input, trace in
    var held = 0
    for event in trace.events {
      held += change(of: event, input)
      if held > input.permits {
        return "\(held) at \(event.at) µs, permits: \(input.permits)"
      }
    }
    return nil
  }

  package static let servedInOrder = DemoLaw<Input, Outcome>(
    "nobody overtakes one who waits"
  ) { input, trace in
    var line: [Int] = []
    for instant in trace.instants() {
      var lastStarted: Int?
      for event in instant.events {
        guard let task = task(of: event) else { continue }
        switch event.name {
        case "wait", "try": line.append(task)
        case "start": lastStarted = max(lastStarted, line.firstIndex(of: task))
        default: break
        }
      }
      // Who is woken at one instant may start in any order. What counts is
      // who was left waiting.
      let gone = Set(
        instant.events.filter { $0.name != "wait" }.compactMap(task)
      )
      if let lastStarted,
        let left = line[..<lastStarted].first(where: { !gone.contains($0) })
      {
        return "task \(line[lastStarted]) started at \(instant.at) µs "
          + "before task \(left)"
      }
      line.removeAll { gone.contains($0) }
    }
    return nil
  }

  package static let noIdlePermit = DemoLaw<Input, Outcome>(
    "the first in line does not wait for permits that are free"
  ) { input, trace in
    var line: [Int] = []
    var held = 0
    for instant in trace.instants() {
      for event in instant.events {
        held += change(of: event, input)
        guard let task = task(of: event) else { continue }
        if event.name == "wait" {
          line.append(task)
        } else {
          line.removeAll { $0 == task }
        }
      }
      if let first = line.first, input.weight(of: first) + held <= input.permits
      {
        return "task \(first) waits after \(instant.at) µs, \(held) held"
      }
    }
    return nil
  }

  package static let tryIsExact = DemoLaw<Input, Outcome>(
    "a try is refused only if too little is free or somebody waits"
  ) { input, trace in
    var holding: Set<Int> = []
    var waiting: Set<Int> = []
    for instant in trace.instants() {
      // Before or after which other event of its instant a try came, the
      // trace does not tell: whoever held or waited then may be the reason.
      var reasons = holding
      for task in instant.events.compactMap(task) { reasons.insert(task) }
      let refused = instant.events.filter { $0.name == "refused" }
        .compactMap(task)
      reasons.subtract(refused)
      let held = reasons.reduce(0) { $0 + input.weight(of: $1) }
      for task in refused
      where waiting.isEmpty && held + input.weight(of: task) <= input.permits {
        return "task \(task) at \(instant.at) µs, \(held) held"
      }
      for event in instant.events {
        guard let task = task(of: event) else { continue }
        waiting.remove(task)
        holding.remove(task)
        if event.name == "wait" { waiting.insert(task) }
        if event.name == "start" { holding.insert(task) }
      }
    }
    return nil
  }

  package static let cancelledLeavesAtOnce = DemoLaw<Input, Outcome>(
    "a cancelled task waits no longer, and gets no permit later"
  ) { input, trace in
    let cancelledAt = trace.events(named: "cancel").first?.at ?? .max
    var comes: [Int: Int] = [:]
    for event in trace.events {
      guard let task = task(of: event) else { continue }
      if event.name == "wait" || event.name == "try" { comes[task] = event.at }
      let patience = input.patience(of: task).map {
        $0 * 1_000 + comes[task, default: 0]
      }
      let limit = min(patience ?? .max, cancelledAt)
      let isEarly =
        ["leave", "cancelled"].contains(event.name) && event.at < limit
      if event.at > limit || isEarly {
        return "task \(task): \(event.name) at \(event.at) µs, "
          + "cancelled at \(limit) µs"
      }
    }
    return nil
  }

  package static let everyPermitIsBack = DemoLaw<Input, Outcome>(
    "every permit is free when all tasks have ended"
  ) { input, trace in
    let free = trace.outcome.free
    return free == input.permits ? nil : "\(free) of \(input.permits)"
  }

  package static let everyTaskEndsOnce = DemoLaw<Input, Outcome>(
    "every task comes once, and its result is what happened to it"
  ) { input, trace in
    var lives = [[String]](repeating: [], count: input.arrivals.count)
    for event in trace.events {
      guard let task = task(of: event) else { continue }
      lives[task].append(event.name)
    }
    for (task, life) in lives.enumerated() {
      let came = input.trying.contains(task) ? "try" : "wait"
      let wanted: [String]? =
        switch trace.outcome.results[task] {
        case "absent": []
        case "refused": ["try", "refused"]
        case "left": ["wait", "leave"]
        case "done": [came, "start", "end"]
        case "cancelled": [came, "start", "cancelled"]
        default: nil
        }
      if life != wanted {
        return "task \(task) \(trace.outcome.results[task]): \(life)"
      }
    }
    return nil
  }

  package static let allEndedOnReturn = DemoLaw<Input, Outcome>(
    "every task has ended when the call returns"
  ) { input, trace in
    let last = trace.events.last { $0.name != "cancel" }
    return last?.name == "return" ? nil : "the call did not return last"
  }

  /// How many permits an event takes, negative if it gives them back.
  private static func change(of event: Event, _ input: Input) -> Int {
    guard let task = task(of: event) else { return 0 }
    return switch event.name {
    case "start": input.weight(of: task)
    case "end", "cancelled": -input.weight(of: task)
    default: 0
    }
  }

  private static func task(of event: Event) -> Int? { Int(event.item) }

  private static func max(_ left: Int?, _ right: Int?) -> Int? {
    guard let left, let right else { return left ?? right }
    return Swift.max(left, right)
  }

  // MARK: Inputs for comparison

  /// Each duration of a random input has a bit of its own below this one.
  private static let coarseBit = 26

  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    let count = Int.random(in: 0...8, using: &generator)
    input.permits = .random(in: 1...4, using: &generator)
    input.form = Form.allCases.randomElement(using: &generator)?.rawValue ?? ""
    input.weights = []
    if input.form == Form.weighted.rawValue {
      input.weights = (0..<count).map { _ in
        .random(in: 1...input.permits, using: &generator)
      }
    }
    // Two that come at one instant may come in either order.
    input.arrivals = Array(0..<count).shuffled(using: &generator)
    input.holds = (0..<count).map { _ in .random(in: 0...6, using: &generator) }
    input.patience = []
    input.trying = []
    guard Bool.random(using: &generator) else { return input }

    // A cancellation or a try at the very instant of a release may go either
    // way, in both languages. So where there is one, no two sums of durations
    // are equal: each has a bit of its own.
    var bit = 1
    func unique(_ coarse: Int) -> Int {
      defer { bit += 1 }
      return coarse << coarseBit + 1 << bit
    }
    input.arrivals = input.arrivals.map(unique)
    input.holds = input.holds.map(unique)
    input.patience = (0..<count).map { _ in
      guard Int.random(in: 0..<3, using: &generator) == 0 else { return 0 }
      return unique(.random(in: 0...8, using: &generator))
    }
    input.trying = (0..<count).filter { _ in
      Int.random(in: 0..<4, using: &generator) == 0
    }
    if Int.random(in: 0..<4, using: &generator) == 0 {
      input.cancelAfter =
        .random(in: 0...16, using: &generator) << coarseBit + 1
    }
    return input
  }

  package static func simplerInputs(than input: Input) -> [Input] {
    var simpler: [Input] = []
    func add(_ change: (inout Input) -> Void) {
      var copy = input
      change(&copy)
      if copy != input { simpler.append(copy) }
    }
    for task in input.arrivals.indices.reversed() {
      add {
        $0.arrivals.remove(at: task)
        $0.holds.remove(at: task)
        if !$0.weights.isEmpty { $0.weights.remove(at: task) }
        if !$0.patience.isEmpty { $0.patience.remove(at: task) }
        $0.trying = $0.trying.compactMap {
          $0 == task ? nil : $0 > task ? $0 - 1 : $0
        }
      }
    }
    add { $0.cancelAfter = nil }
    for index in input.trying.indices { add { $0.trying.remove(at: index) } }
    for task in input.patience.indices { add { $0.patience[task] = 0 } }
    if input.patience.allSatisfy({ $0 == 0 }) { add { $0.patience = [] } }
    for task in input.weights.indices {
      add { $0.weights[task] = 1 }
      add { $0.weights[task] = Swift.max($0.weights[task] - 1, 1) }
    }
    add {
      $0.permits = Swift.max($0.permits - 1, $0.weights.max() ?? 1)
    }
    if input.weights.allSatisfy({ $0 == 1 }) {
      add {
        $0.weights = []
        $0.form = Form.channel.rawValue
      }
    }
    // Durations keep their bits, or ties would appear; only what lies above
    // them is noise.
    let low = 1 << coarseBit - 1
    for task in input.arrivals.indices {
      add { if $0.arrivals[task] > low { $0.arrivals[task] &= low } }
      add { if $0.holds[task] > low { $0.holds[task] &= low } }
      if !input.patience.isEmpty {
        add { if $0.patience[task] > low { $0.patience[task] &= low } }
      }
    }
    return simpler
  }

  package static func describe(_ outcome: Outcome) -> String {
    let results = outcome.results.enumerated()
      .map { "\($0.offset) \($0.element)" }.joined(separator: ", ")
    return "tasks: \(results); \(outcome.free) permits free"
  }
}
