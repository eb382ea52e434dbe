import Cookbook

extension TaskQueueExamples {
  /// Tasks that come at their moments; each submits a job or ends the queue.
  struct Jobs: ExampleInput {
    var workers = 2
    var capacity = 2
    var arrivals = [1, 2, 3, 4, 5, 6]
    var jobs = [20, 30, 20, 20, 20, 20]
    var trying: [Int] = []
    var closing: [Int] = []
    var abandoning: [Int] = []
    var patience: [Int] = []
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...1024, random: 1...3, "how many jobs run"),
        .count(\.capacity, in: 0...1024, random: 0...3, "how many jobs wait"),
        .durations(
          \.arrivals,
          least: 1,
          random: 3...6,
          // Which of two comes first decides who is refused.
          ties: .noneOfSums { _ in true },
          "the millisecond at which each task comes"
        ),
        .each(
          \.jobs,
          of: \.arrivals,
          random: { $1.duration() },
          "the milliseconds that the job of each takes"
        ),
        .indices(\.trying, of: \.arrivals, "who does not wait for room"),
        .indices(\.closing, of: \.arrivals, "who closes the queue instead"),
        .indices(\.abandoning, of: \.arrivals, "who abandons it instead"),
        .each(
          \.patience,
          of: \.arrivals,
          random: { $1.isOne(in: 3) ? $1.duration() : 0 },
          "cancel each so many milliseconds after it came; 0: never"
        ),
        .moment(\.cancelAfter, "cancel all after so many milliseconds"),
      ]
    }

    func store(_ stage: Stage) -> @Sendable (Int) async -> Void {
      { [jobs] in
        try? await stage.work("job \($0)", jobs.dropFirst($0).first ?? 0)
      }
    }

    /// Lets the tasks come, and submit what they come for.
    func come(
      _ stage: Stage,
      to queue: TaskQueue? = nil,
      submit: @escaping @Sendable (Int) async throws -> Void
    ) async {
      let visits = Visits(arrivals: arrivals, patience: patience)
      await visits.come(stage) { task in
        do {
          if abandoning.contains(task) {
            if let queue { stage.say("dropped", queue.abandon().count) }
          } else if closing.contains(task) {
            queue?.close()
          } else {
            try await submit(task)
          }
        } catch is TaskQueue.ClosedError {
          throw Closed()
        }
      }
    }
  }

  struct Closed: Error, CustomStringConvertible { let description = "closed" }
}

// MARK: Laws

extension TaskQueueExamples {
  static let laws: [Law<Jobs>] = [
    atMost, busy, bounded, waitsIfFull, refusedIfFull, inOrder, isDone,
    .cancelledEndsAtOnce, .allEndedOnReturn,
  ]

  static let performLaws: [Law<Visits>] = [
    .neverMore, .cancelledLeave, ownResult, .allEndedOnReturn,
  ]

  static let atMost = Law<Jobs>.atMost(\.workers, "`workers` jobs")

  static let busy = moments("no worker is idle while a job waits") {
    let isRight = $1.line.isEmpty || $1.running.count == $0.workers
    return isRight ? nil : "\($1.line)"
  }

  static let bounded = moments("no more than `capacity` jobs wait") {
    $1.line.count <= $0.capacity ? nil : "\($1.line)"
  }

  static let waitsIfFull = moments("a task waits only while the line is full") {
    let isRight = $1.outside.isEmpty || $1.line.count == $0.capacity
    return isRight ? nil : "\($1.outside)"
  }

  static let refusedIfFull = moments(
    "a job is refused only if the line is full"
  ) {
    $1.wasFull || $1.refused.isEmpty ? nil : "\($1.refused), input \($0)"
  }

  static let inOrder = Law<Jobs>("jobs start in the order of submission") {
    input,
    trace in
    var latest = 0
    // What starts at one instant may be recorded in any order.
    for instant in trace.instants {
      let started = instant.events.filter(\.isOpening).compactMap(\.number)
        .map { input.arrivals[$0] }
      if let first = started.min(), first < latest {
        return "that of \(first) ms after that of \(latest) ms"
      }
      latest = max(latest, started.max() ?? 0)
    }
    return nil
  }

  static let isDone = Law<Jobs>("no job is done that is not in, and none twice")
  { input, trace in
    let started = trace.events.filter(\.isOpening).compactMap(\.number)
    let isIn = Moment.all(of: trace, input).last?.isIn ?? []
    let isOnce = Set(started).count == started.count
    return isOnce && isIn.isSuperset(of: started) ? nil : "\(started)"
  }.untimed

  static let ownResult = Law<Visits>("each task has the result of its own job")
  { _, trace in
    let lanes = Dictionary(grouping: trace.events, by: \.lane)
    return lanes.keys.sorted().first { lane in
      let life = lanes[lane, default: []]
      let fails = life.contains { $0.name == "fail" }
      let said = life.filter { $0.name == "say" }.map(\.item)
      return switch life.last.flatMap(Ending.init) {
      case .returned where lane != Event.caller:
        fails || said != life.prefix(1).map { json($0.number.map { $0 * $0 }) }
      case .threw(let error): fails != (error == "\(lane) failed")
      default: false
      }
    }
  }.untimed

  /// A law about the end of each instant before all are cancelled, or those
  /// that wait are dropped.
  private static func moments(
    _ name: String,
    _ problem: @escaping @Sendable (Jobs, Moment) -> String?
  ) -> Law<Jobs> {
    Law(name) { input, trace in
      for moment in Moment.all(of: trace, input)
      where !moment.isDropped && !moment.isCancelled {
        if let problem = problem(input, moment) {
          return "\(problem) at \(moment.at) µs"
        }
      }
      return nil
    }
  }

  /// Whose job waits for room, is in line, and runs, at the end of an instant.
  private struct Moment {
    var at = 0
    var isDropped = false
    var isCancelled = false
    var outside: Set<Int> = []
    var isIn: Set<Int> = []
    var started: Set<Int> = []
    var running: Set<Int> = []
    /// Who is refused at this instant, and whether that was right before.
    var refused: Set<Int> = []
    var wasFull = false

    var line: Set<Int> { isIn.subtracting(started) }

    static func all(of trace: Trace, _ input: Jobs) -> [Moment] {
      trace.instants.reduce(into: []) { moments, instant in
        var moment = moments.last ?? Moment()
        moment.at = instant.at
        moment.wasFull =
          moment.line.count == input.capacity
          && moment.running.count == input.workers
        moment.refused = []
        for event in instant.events { moment.happens(event, input) }
        moments.append(moment)
      }
    }

    private mutating func happens(_ event: Event, _ input: Jobs) {
      if event.lane == "dropped" { isDropped = true }
      if event.lane == Event.caller, event.name == "cancel" {
        isCancelled = true
      }
      guard let task = event.number else { return }
      if event.isOpening {
        started.insert(task)
        running.insert(task)
      }
      if event.isClosing { running.remove(task) }
      if input.closing.contains(task) || input.abandoning.contains(task) {
        return
      }
      if event.name == Event.come { outside.insert(task) }
      guard let ending = Ending(event) else { return }
      outside.remove(task)
      if ending == .returned { isIn.insert(task) }
      if ending == .threw("full") { refused.insert(task) }
    }
  }
}
