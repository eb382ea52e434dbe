import Cookbook

extension TaskQueueExamples {
  static let serialLaws = [oneByOne, each, .allEndedOnReturn]

  static let each = Law<Calls>.eachOnce {
    $0.jobs.indices.map { "job \($0)" }
  }

  static let oneByOne = Law<Calls>(
    "jobs run one after the other, in the order of the calls"
  ) { _, trace in
    let started = trace.events.filter(\.isOpening).compactMap(\.number)
    let isAlone = trace.busy.allSatisfy { $0.count <= 1 }
    return isAlone && started == started.sorted() ? nil : "\(started)"
  }.untimed

  static let laws: [Law<Jobs>] = [
    atMost, busy, bounded, inTurn, isDone, .allEndedOnReturn,
  ]

  static let atMost = Law<Jobs>.atMost(\.workers, "`workers` jobs")

  static let busy = moments("no worker is idle while a job is in line") {
    let isRight = $1.line.isEmpty || $1.running.count == $0.workers
    return isRight ? nil : "\($1.line)"
  }

  static let bounded = moments("no more than `capacity` jobs are in line") {
    $1.line.count <= $0.capacity ? nil : "\($1.line)"
  }

  static let inTurn = moments(
    "jobs start in turn; a task waits, or is refused, only if there is no room"
  ) { input, moment in
    let isEmpty = moment.line.count < input.capacity
    if isEmpty, let task = moment.outside.first { return "task \(task) waits" }
    if !moment.wasFull, let task = moment.refused.first {
      return "task \(task) is refused"
    }
    let came: (Int) -> Int = { input.arrivals[$0] }
    let next = moment.line.union(moment.outside).map(came).min() ?? .max
    return moment.started.first { came($0) > next }.map { "\($0) overtakes" }
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
      for moment in Moment.all(of: trace, input) where !moment.isOver {
        if let problem = problem(input, moment) {
          return "\(problem) at \(moment.at) µs"
        }
      }
      return nil
    }
  }

  /// Whose job waits for room, is in line, and runs, at the end of an
  /// instant.
  private struct Moment {
    var at = 0
    var isOver = false
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
      let isCancelled = event.lane == Event.caller && event.name == "cancel"
      if isCancelled || event.lane == "dropped" { isOver = true }
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
