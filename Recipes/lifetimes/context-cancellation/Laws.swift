package import Cookbook

extension ContextCancellationDemo {
  /// The line in the menu.
  package static let recipe = Recipe(
    name: "context-cancellation",
    chapter: .lifetimes,
    question: "How does context.Context enable clean cancellation, and why is "
      + "`defer cancel()` critical?",
    goConstructs: [
      "context.Context", "context.WithCancel", "context.WithTimeout",
      "context.WithDeadline", "context.WithValue", "ctx.Done()", "ctx.Err()",
      "context.Cause", "defer cancel()", "context.DeadlineExceeded",
      "context.Canceled",
    ],
    swiftConstructs: [
      "withThrowingTaskGroup", "withTaskCancellationHandler", "TaskLocal",
      "Task.isCancelled", "CancellationError", "Clock",
      "withUnsafeCurrentTask",
    ],
    problems: [
      "cancel a tree of tasks", "stop early", "timeout for async work",
      "deadline for async work", "cancel without cancelling the caller",
      "tell a timeout from a cancellation", "pass a request's values along",
    ]
  )

  /// How the timeline draws a node.
  package static let legend = Timeline.Legend(
    openings: ["start"],
    closings: ["end": "█", "cancelled": "×", "deadlineExceeded": "⧗"],
    marks: ["cancel": "!", "skipped": "-", "return": "■"]
  )

  /// Every event at the same instant in both languages.
  package static let comparison = Comparison.moments

  /// All laws, the most basic ones first.
  package static let laws: [DemoLaw<Input, Outcome>] = [
    everyNodeOnce, deadlineIsTheEarliest, reachesEveryDescendant, othersGoOn,
    reasonIsThatOfTheFirst, onlyItsOwnDeadline, leavesAtOnce, nearestValue,
  ]

  /// What a trace says about one node.
  private struct Life {
    var starts: [Event] = []
    var values: [Event] = []
    var ends: [Event] = []
    var leaves: [Event] = []
    var skips: [Event] = []
    var cancels: [Event] = []
    /// The names of its events, in order.
    var names: [String] = []
  }

  /// Something that cancels a node.
  private struct Stop {
    var at: Int
    var name: String
    /// The node whose scope it is, or `nil` for the caller's.
    var node: Int?
  }

  private static let endings: Set = ["end", "cancelled", "deadlineExceeded"]

  /// An input and a trace, with what the laws ask about them.
  private struct Story {
    let nodes: [Node]
    var lives: [Life]
    var callerStops: [Stop] = []
    var returned: Int?

    init(_ input: Input, _ trace: DemoTrace<Outcome>) {
      nodes = input.nodes
      lives = nodes.map { _ in Life() }
      for event in trace.events {
        if event.lane == "caller" {
          if event.name == "cancel" {
            callerStops.append(Stop(at: event.at, name: "cancelled"))
          } else {
            returned = event.at
          }
        }
        guard event.lane.hasPrefix("node "),
          let index = Int(event.lane.dropFirst(5)),
          lives.indices.contains(index)
        else { continue }
        lives[index].names.append(event.name)
        switch event.name {
        case "start": lives[index].starts.append(event)
        case "sees": lives[index].values.append(event)
        case "leave": lives[index].leaves.append(event)
        case "skipped": lives[index].skips.append(event)
        case "cancel": lives[index].cancels.append(event)
        default: lives[index].ends.append(event)
        }
      }
    }

    /// The node's own deadline in milliseconds.
    func ownDeadline(of index: Int) -> Int? {
      let node = nodes[index]
      guard let start = lives[index].starts.first else { return nil }
      return switch Kind(rawValue: node.kind) {
      case .timeout: start.at / 1_000 + node.milliseconds
      case .deadline: node.milliseconds
      case .plain, .cancel, nil: nil
      }
    }

    /// What cancels a node, the first in time first.
    func stops(of index: Int?) -> [Stop] {
      var stops = callerStops
      var next = index
      while let node = next {
        for cancel in lives[node].cancels {
          stops.append(Stop(at: cancel.at, name: "cancelled", node: node))
        }
        if let deadline = ownDeadline(of: node),
          let start = lives[node].starts.first
        {
          // One that has passed already counts from the start.
          let at = max(deadline * 1_000, start.at)
          stops.append(Stop(at: at, name: "deadlineExceeded", node: node))
        }
        next = nodes[node].parent
      }
      return stops.sorted { $0.at < $1.at }
    }

    /// The first instant at which something cancels a node.
    func firstStop(of index: Int?) -> Int {
      stops(of: index).first?.at ?? .max
    }

    /// The first law that some node breaks, judged by `violation`.
    func first(
      _ violation: (Int, Life) -> String?
    ) -> String? {
      for index in nodes.indices {
        if let reason = violation(index, lives[index]) {
          return "node \(index): \(reason)"
        }
      }
      return nil
    }
  }

  /// Bars lost and doubled work, and starts below a cancelled parent.
  package static let everyNodeOnce = DemoLaw<Input, Outcome>(
    "every node starts and ends once, unless its parent was cancelled before"
  ) { input, trace in
    let story = Story(input, trace)
    return story.first { index, life in
      let names = life.names.filter { $0 != "cancel" }
      let parent = input.nodes[index].parent
      if let parent, story.lives[parent].starts.isEmpty {
        return names.isEmpty ? nil : "\(names), its parent never started"
      }
      let ending = life.ends.first?.name ?? ""
      let isWhole =
        names == ["start", "sees", ending, "leave"]
        && endings.contains(ending)
      guard isWhole || names == ["skipped"] else { return "\(names)" }
      let isCancelled = story.firstStop(of: parent) <= life.skips.first?.at ?? 0
      return isWhole || isCancelled ? nil : "skipped without a reason"
    }
  }

  /// Bars a child that outlives its parent's deadline.
  package static let deadlineIsTheEarliest = DemoLaw<Input, Outcome>(
    "a deadline is never later than the parent's"
  ) { input, trace in
    let story = Story(input, trace)
    return story.first { index, life in
      guard let start = life.starts.first else { return nil }
      let own = story.ownDeadline(of: index)
      let parent = input.nodes[index].parent
        .flatMap { story.lives[$0].starts.first }
        .flatMap { Int($0.item) }
      let wanted = [own, parent].compactMap(\.self).min()
      return start.item == wanted.map(String.init) ?? "none"
        ? nil : "\(start.item) instead of \(wanted.map(String.init) ?? "none")"
    }
  }

  /// Bars cancellations that are late or that stop half way down.
  package static let reachesEveryDescendant = DemoLaw<Input, Outcome>(
    "a cancelled parent stops every descendant at that instant"
  ) { input, trace in
    let story = Story(input, trace)
    return story.first { index, life in
      let stop = story.firstStop(of: index)
      if let end = life.ends.first, end.at > stop {
        return "goes on until \(end.at) µs, cancelled at \(stop) µs"
      }
      let outer = story.firstStop(of: input.nodes[index].parent)
      if let start = life.starts.first, start.at > outer {
        return "starts at \(start.at) µs, cancelled at \(outer) µs"
      }
      return nil
    }
  }

  /// Bars cancellations that go up or sideways.
  package static let othersGoOn = DemoLaw<Input, Outcome>(
    "a child that is cancelled or times out leaves the others running"
  ) { input, trace in
    let story = Story(input, trace)
    return story.first { index, life in
      guard let start = life.starts.first, let end = life.ends.first else {
        return nil
      }
      if end.name == "end" {
        let due = start.at + input.nodes[index].work * 1_000
        return end.at == due ? nil : "ends at \(end.at) µs, due at \(due) µs"
      }
      return story.stops(of: index).contains { $0.at == end.at }
        ? nil : "stops at \(end.at) µs, where nothing cancels it"
    }
  }

  /// Bars a timeout that looks like a cancellation, and the reverse.
  package static let reasonIsThatOfTheFirst = DemoLaw<Input, Outcome>(
    "the reason is that of whatever cancelled it first"
  ) { input, trace in
    let story = Story(input, trace)
    return story.first { index, life in
      guard let end = life.ends.first, end.name != "end" else { return nil }
      let stops = story.stops(of: index)
      // Of several at one instant any may be the first.
      let names = stops.filter { $0.at == stops.first?.at }.map(\.name)
      return names.contains(end.name) ? nil : "\(end.name) instead of \(names)"
    }
  }

  /// Bars an inner call that answers for an outer deadline.
  package static let onlyItsOwnDeadline = DemoLaw<Input, Outcome>(
    "a call reports a deadline if it is its own, and the first to come"
  ) { input, trace in
    let story = Story(input, trace)
    return story.first { index, life in
      guard let end = life.ends.first, let leave = life.leaves.first else {
        return nil
      }
      guard end.name != "end" else {
        return leave.item == "done" ? nil : "ended, yet \(leave.item)"
      }
      let stops = story.stops(of: index)
      let first = stops.filter { $0.at == stops.first?.at }
      let wanted = first.map {
        $0.node == index && $0.name == "deadlineExceeded"
          ? "own deadline" : "interrupted"
      }
      return wanted.contains(leave.item)
        ? nil : "\(leave.item) instead of \(wanted)"
    }
  }

  /// Bars timers that are waited for, and work that is not.
  package static let leavesAtOnce = DemoLaw<Input, Outcome>(
    "a call returns as soon as everything below it has ended, and not before"
  ) { input, trace in
    let story = Story(input, trace)
    func lastEnd(below parent: Int?) -> Int {
      input.nodes.indices.filter { input.nodes[$0].parent == parent }
        .flatMap { story.lives[$0].leaves + story.lives[$0].skips }
        .map(\.at).max() ?? 0
    }
    guard let returned = story.returned, returned == lastEnd(below: nil) else {
      return "the caller returns at \(story.returned ?? -1) µs, "
        + "the last node is left at \(lastEnd(below: nil)) µs"
    }
    var open: Set<String> = []
    for event in trace.events {
      switch event.name {
      case "start": open.insert(event.lane)
      case "leave": open.remove(event.lane)
      case "return" where !open.isEmpty:
        return "still there on return: \(open.sorted())"
      default: break
      }
    }
    return story.first { index, life in
      guard let end = life.ends.first, let leave = life.leaves.first else {
        return nil
      }
      let due = max(end.at, lastEnd(below: index))
      return leave.at == due
        ? nil : "is left at \(leave.at) µs, due at \(due) µs"
    }
  }

  /// Bars values that do not reach, or that outer ones cover.
  package static let nearestValue = DemoLaw<Input, Outcome>(
    "a node sees the nearest value"
  ) { input, trace in
    Story(input, trace).first { index, life in
      guard let seen = life.values.first else { return nil }
      var next = Optional(index)
      while let node = next, input.nodes[node].value == nil {
        next = input.nodes[node].parent
      }
      let wanted = next.flatMap { input.nodes[$0].value } ?? "none"
      return seen.item == wanted ? nil : "\(seen.item) instead of \(wanted)"
    }
  }

  // MARK: Inputs for comparison

  /// A forest of up to eight nodes without ties.
  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    let count = Int.random(in: 0...8, using: &generator)
    // What happens at the very instant of a cancellation may go either way,
    // in both languages. So no two sums of durations are equal: each duration
    // has a bit of its own.
    var bit = 1
    func duration(atMost most: Int) -> Int {
      defer { bit <<= 1 }
      return .random(in: 0...most, using: &generator) << 26 | bit
    }
    input.nodes = (0..<count).map { index in
      // A forest, in which one node in four or so is the caller's own.
      let isTop = index == 0 || .random(in: 0..<4, using: &generator) == 0
      let kind = Kind.allCases.randomElement(using: &generator) ?? .plain
      var node = Node(
        parent: isTop ? nil : .random(in: 0..<index, using: &generator),
        kind,
        duration(atMost: kind == .deadline ? 9 : 6),
        delay: duration(atMost: 2),
        work: duration(atMost: 6)
      )
      if kind == .timeout || kind == .deadline,
        Int.random(in: 0..<8, using: &generator) == 0
      {
        node.milliseconds = .random(in: -3...0, using: &generator)
      }
      if Int.random(in: 0..<3, using: &generator) == 0 {
        node.value = ["red", "green", "blue"].randomElement(using: &generator)
      }
      return node
    }
    if Int.random(in: 0..<3, using: &generator) == 0 {
      input.cancelAfter = duration(atMost: 8)
    }
    return input
  }

  /// With fewer nodes, plainer nodes, or rounder times.
  package static func simplerInputs(than input: Input) -> [Input] {
    var simpler: [Input] = []
    func add(_ change: (inout Input) -> Void) {
      var copy = input
      change(&copy)
      if copy != input { simpler.append(copy) }
    }
    func subtree(of root: Int) -> Set<Int> {
      var subtree: Set = [root]
      for (index, node) in input.nodes.enumerated() {
        if let parent = node.parent, subtree.contains(parent) {
          subtree.insert(index)
        }
      }
      return subtree
    }
    for root in input.nodes.indices {
      add { copy in
        let gone = subtree(of: root)
        copy.nodes = input.nodes.indices.filter { !gone.contains($0) }.map {
          var node = input.nodes[$0]
          node.parent = node.parent.map { parent in
            parent - gone.count { $0 < parent }
          }
          return node
        }
      }
    }
    add { $0.cancelAfter = nil }
    for index in input.nodes.indices {
      add { $0.nodes[index].value = nil }
      add { $0.nodes[index].kind = Kind.plain.rawValue }
      // Durations keep their bits, or ties would appear; only what lies
      // above them is noise.
      add { $0.nodes[index].delay &= 1 << 26 - 1 }
      add { $0.nodes[index].work &= 1 << 26 - 1 }
      if input.nodes[index].milliseconds > 0 {
        add { $0.nodes[index].milliseconds &= 1 << 26 - 1 }
      }
    }
    return simpler
  }

  /// The nodes by what became of them.
  package static func describe(_ outcome: Outcome) -> String {
    func list(_ title: String, _ nodes: [Int]) -> String? {
      guard !nodes.isEmpty else { return nil }
      return "\(title): \(nodes.map(String.init).joined(separator: " "))"
    }
    let parts = [
      list("ended", outcome.ended),
      list("cancelled", outcome.cancelled),
      list("deadline exceeded", outcome.deadlineExceeded),
      list("skipped", outcome.skipped),
    ].compactMap(\.self)
    return parts.isEmpty ? "no nodes" : parts.joined(separator: "; ")
  }
}
