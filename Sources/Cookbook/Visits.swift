/// Lanes that come at their moments, wait for something that there is only so
/// much of, hold it and give it back: what they do, and its laws.
extension Stage {
  /// Lets tasks come at their moments, each in the lane `task N`.
  ///
  /// Records `come` and how `body` ends; `start` and what closes it are for
  /// `body` to record, once it holds what it came for.
  ///
  /// - Parameters:
  ///   - arrivals: The millisecond at which each comes.
  ///   - patience: After how many milliseconds each is cancelled; 0 or none:
  ///     never.
  ///   - body: What each does, by its index.
  package func visit(
    arrivals: [Int],
    patience: [Int] = [],
    _ body: @escaping @Sendable (_ task: Int) async throws -> Void
  ) async {
    await withTaskGroup { group in
      for (task, arrival) in arrivals.enumerated() {
        let lane = "task \(task)"
        let limit = task < patience.count ? patience[task] : 0
        group.addTask(name: lane) {
          // Who is cancelled before does not come.
          do { try await sleep(arrival) } catch { return }
          await cancel(lane, after: limit > 0 ? limit : nil) {
            await attempt(lane) {
              record(Event.come, lane: lane)
              try await body(task)
            }
          }
        }
      }
    }
  }
}

extension Event {
  /// The name of events that say when a lane came.
  package static let come = "come"

  /// The index of a task that ``Stage/visit(arrivals:patience:_:)`` lets come.
  package var task: Int? {
    lane.hasPrefix("task ") ? Int(lane.dropFirst("task ".count)) : nil
  }
}

/// Who waits in line and who holds something, from instant to instant.
private struct Moment {
  let at: Int
  let events: ArraySlice<Event>
  /// Who waited before, in line.
  let waiting: [Int]
  /// Those, and then who came.
  let line: [Int]
  /// Who of them waits on.
  let left: [Int]
  /// Who held something before, and who holds something afterwards.
  let holding: Set<Int>
  let holdingThen: Set<Int>

  init(_ instant: (at: Int, events: ArraySlice<Event>), after last: Moment?) {
    (at, events) = instant
    waiting = last?.left ?? []
    holding = last?.holdingThen ?? []
    var (line, gone, held) = (waiting, Set<Int>(), holding)
    for event in events {
      guard let task = event.task else { continue }
      if event.name == Event.come { line.append(task) }
      if event.isOpening || Ending(event) != nil { gone.insert(task) }
      if event.isOpening { held.insert(task) }
      if event.isClosing { held.remove(task) }
    }
    self.line = line
    left = line.filter { !gone.contains($0) }
    holdingThen = held
  }

  static func all(of trace: Trace) -> [Moment] {
    trace.instants.reduce(into: []) { $0.append(Moment($1, after: $0.last)) }
  }

  /// The tasks of the events that are meant.
  func tasks(where isMeant: (Event) -> Bool) -> [Int] {
    events.filter(isMeant).compactMap(\.task)
  }
}

extension Law {
  /// How much a task wants.
  package typealias Size = @Sendable (Input, _ task: Int) -> Int

  /// Never more is held than there is.
  package static func neverMore(
    than limit: @escaping @Sendable (Input) -> Int,
    size: @escaping Size = { _, _ in 1 }
  ) -> Law {
    Law("never more is held than there is") { input, trace in
      var held = 0
      for event in trace.events {
        guard let task = event.task else { continue }
        if event.isOpening { held += size(input, task) }
        if event.isClosing { held -= size(input, task) }
        if held > limit(input) { return "\(held) at \(event.at) µs" }
      }
      return nil
    }.untimed
  }

  /// Whoever waits is served before those who came later.
  package static var inTurn: Law {
    Law("nobody overtakes one who waits") { _, trace in
      for moment in Moment.all(of: trace) {
        // Those who start at one instant may do so in any order. What counts
        // is who is left.
        let last = moment.tasks(where: \.isOpening)
          .compactMap(moment.line.firstIndex).max()
        let passed = moment.line.prefix(last ?? 0)
        if let left = passed.first(where: moment.left.contains) {
          return "task \(left) is passed at \(moment.at) µs"
        }
      }
      return nil
    }
  }

  /// Nobody waits in vain: the first in line wants more than is free.
  package static func firstIsServed(
    of limit: @escaping @Sendable (Input) -> Int,
    size: @escaping Size = { _, _ in 1 }
  ) -> Law {
    Law("the first in line does not wait for what is free") { input, trace in
      for moment in Moment.all(of: trace) {
        let held = moment.holdingThen.reduce(0) { $0 + size(input, $1) }
        if let first = moment.left.first,
          held + size(input, first) <= limit(input)
        {
          return "task \(first) after \(moment.at) µs, \(held) held"
        }
      }
      return nil
    }
  }

  /// A task that does not wait throws `refusal` only where it would have to.
  package static func triesAreExact(
    of limit: @escaping @Sendable (Input) -> Int,
    size: @escaping Size,
    refusal: some Error
  ) -> Law {
    Law("a try is refused only where too little is free or somebody waits") {
      input,
      trace in
      for moment in Moment.all(of: trace) where moment.waiting.isEmpty {
        let refused = moment.tasks { $0.item == "\(refusal)" }
        // Before or after which other event of its instant a try came, the
        // trace does not tell: whoever held then may be the reason.
        let reasons = moment.holding.union(moment.tasks { _ in true })
          .subtracting(refused)
        let held = reasons.reduce(0) { $0 + size(input, $1) }
        for task in refused where held + size(input, task) <= limit(input) {
          return "task \(task) at \(moment.at) µs, \(held) held"
        }
      }
      return nil
    }
  }

  /// A cancellation ends a wait and the work, and only those that it is for.
  package static var cancelledLeave: Law {
    Law("a cancelled task leaves at once, and no other does") { _, trace in
      let cancels = trace.events.filter { $0.name == "cancel" }
      for event in trace.events where event.task != nil {
        let at = cancels.first { $0.lane == event.lane || $0.task == nil }?.at
        if event.at > at ?? .max { return "\(event.lane) is still there" }
        if event.item == "cancelled", event.at < at ?? .max {
          return "\(event.lane) leaves at \(event.at) µs"
        }
      }
      return nil
    }
  }
}
