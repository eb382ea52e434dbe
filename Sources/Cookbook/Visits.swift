/// Tasks that come at their moments, want some of what there is only so much
/// of, hold it for a while and give it back: an input for locks, semaphores
/// and pools, and the laws of what they do.
package struct Visits: ExampleInput {
  package var limit: Int
  package var arrivals: [Int]
  package var holds: [Int]
  package var sizes: [Int]
  package var trying: [Int]
  package var failing: [Int]
  package var patience: [Int]
  package var cancelAfter: Int?

  /// Creates an input; of lists that are too short, further tasks hold for no
  /// time, want 1, and have patience for ever.
  package init(
    limit: Int = 3,
    arrivals: [Int] = [0, 2, 4, 6, 8, 30],
    holds: [Int] = [40, 27, 33, 20, 26, 30],
    sizes: [Int] = [],
    trying: [Int] = [],
    failing: [Int] = [],
    patience: [Int] = [0, 0, 0, 0, 14]
  ) {
    (self.limit, self.arrivals, self.holds) = (limit, arrivals, holds)
    (self.sizes, self.trying, self.failing) = (sizes, trying, failing)
    self.patience = patience
  }

  package init() { self.init(limit: 3) }

  package static var fields: [Field<Self>] {
    [
      .count(\.limit, in: 1...1024, random: 1...4, "how much there is"),
      .durations(
        \.arrivals,
        random: 3...7,
        ties: .none,
        "the millisecond at which each task comes"
      ),
      .each(
        \.holds,
        of: \.arrivals,
        "the milliseconds for which each holds what it came for"
      ),
      .each(
        \.sizes,
        of: \.arrivals,
        in: { 1...$0.limit },
        // A random input wants more only where the default one does, and
        // then in a half of the cases.
        random: {
          $0.sizes.isEmpty || $0.limit % 2 == 1 ? 1 : $1.int(in: 1...$0.limit)
        },
        "how much each wants"
      ),
      .indices(\.trying, of: \.arrivals, "who does not wait for it"),
      .indices(\.failing, of: \.arrivals, "whose work fails at its end"),
      .patience(\.patience, of: \.arrivals),
      .moment(\.cancelAfter, "cancel all after so many milliseconds"),
    ]
  }

  package func size(of task: Int) -> Int { sizes.dropFirst(task).first ?? 1 }

  /// For how many milliseconds a task holds what it came for.
  package func hold(of task: Int) -> Int { holds.dropFirst(task).first ?? 0 }

  /// Lets the tasks come, each in a lane of its own.
  ///
  /// `body` is what each does, by its index. Once it has what it came for it
  /// calls ``hold(_:_:)``.
  package func come(
    _ stage: Stage,
    _ body: @escaping @Sendable (_ task: Int) async throws -> Void
  ) async {
    await withTaskGroup { group in
      for (task, arrival) in arrivals.enumerated() {
        let lane = "task \(task)"
        let limit = patience.dropFirst(task).first ?? 0
        group.addTask(name: lane) {
          // Who is cancelled before does not come.
          do { try await stage.sleep(arrival) } catch { return }
          await stage.cancel(lane, after: limit > 0 ? limit : nil) {
            await stage.attempt(lane) {
              stage.record(Event.come, lane: lane)
              try await body(task)
            }
          }
        }
      }
    }
  }

  /// Keeps a task busy for as long as it holds what it came for.
  package func hold(_ task: Int, _ stage: Stage) async throws {
    try await stage.work(
      "task \(task)",
      hold(of: task),
      fails: failing.contains(task)
    )
  }
}

extension Event {
  /// The name of events that say when a task came.
  package static let come = "come"

  fileprivate var task: Int? {
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

extension Law<Visits> {
  package static var neverMore: Law {
    Law("never more is held than there is") { input, trace in
      var held = 0
      for event in trace.events {
        guard let task = event.task else { continue }
        if event.isOpening { held += input.size(of: task) }
        if event.isClosing { held -= input.size(of: task) }
        if held > input.limit { return "\(held) at \(event.at) µs" }
      }
      return nil
    }.untimed
  }

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

  package static var firstIsServed: Law {
    Law("the first in line does not wait for what is free") { input, trace in
      for moment in Moment.all(of: trace) {
        let held = moment.holdingThen.reduce(0) { $0 + input.size(of: $1) }
        if let first = moment.left.first,
          held + input.size(of: first) <= input.limit
        {
          return "task \(first) after \(moment.at) µs, \(held) held"
        }
      }
      return nil
    }
  }

  /// A task that does not wait throws `refusal` only where it would have to.
  package static func triesAreExact(refusal: some Error) -> Law {
    Law("a try is refused only where too little is free or somebody waits") {
      input,
      trace in
      for moment in Moment.all(of: trace) where moment.waiting.isEmpty {
        let refused = moment.tasks { $0.item == "\(refusal)" }
        // Before or after which other event of its instant a try came, the
        // trace does not tell: whoever held then may be the reason.
        let reasons = moment.holding.union(moment.tasks { _ in true })
          .subtracting(refused)
        let held = reasons.reduce(0) { $0 + input.size(of: $1) }
        for task in refused where held + input.size(of: task) <= input.limit {
          return "task \(task) at \(moment.at) µs, \(held) held"
        }
      }
      return nil
    }
  }

  package static var held: Law {
    Law("a task that returns has held what it came for, once") { _, trace in
      let lanes = Dictionary(grouping: trace.events, by: \.lane)
      return lanes.keys.sorted().first { lane in
        let life = lanes[lane, default: []]
        guard life.contains(where: { $0.task != nil }) else { return false }
        let starts = life.count(where: \.isOpening)
        return starts > 1 || starts != life.count(where: \.isClosing)
          || starts == 0 && life.contains { $0.name == "return" }
      }
    }.untimed
  }

  package static var allFree: Law {
    .says("all is free when all tasks have ended", \.limit)
  }
}

extension Law {
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
