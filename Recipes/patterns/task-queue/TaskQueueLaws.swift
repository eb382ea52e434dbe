import Cookbook

extension TaskQueueExamples {
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

  static let atMost = Law<Jobs>.atMost(\.workers, "`workers` jobs")

  static let busy = Law<Jobs>("no worker is idle while a job is in line") {
    problem(.firstIsServed, of: .worker, $0, $1)
  }

  static let bounded = Law<Jobs>("no more than `capacity` jobs are in line") {
    problem(.neverMore, of: .place, $0, $1)
  }

  static let inTurn = Law<Jobs>(
    "jobs start in turn; a task waits, or is refused, only if there is no room"
  ) {
    problem(.inTurn, of: .worker, $0, $1)
      ?? problem(.inTurn, of: .place, $0, $1)
      ?? problem(.firstIsServed, of: .place, $0, $1)
      ?? problem(.triesAreExact(refusal: Full()), of: .place, $0, $1)
  }

  static let isDone = Law<Jobs>("no job is done that is not in, and none twice")
  { _, trace in
    let started = trace.events.filter(\.isOpening).compactMap(\.number)
    let isIn = trace.events.filter { Ending($0) == .returned }
      .compactMap(\.number)
    let isOnce = Set(started).count == started.count
    return isOnce && Set(started).isSubset(of: isIn) ? nil : "\(started)"
  }.untimed

  static let ownResult = Law<Visits>("each task has the result of its own job")
  { _, trace in
    let outcome = trace.outcome
    let failed = Set(trace.events.filter { $0.name == "fail" }.map(\.lane))
    return outcome.endings.keys.sorted().first { lane in
      if case .threw(let error) = outcome.endings[lane] {
        return failed.contains(lane) != (error == "\(lane) failed")
      }
      let result = Int(lane.dropFirst("task ".count)).map { [json($0 * $0)] }
      return failed.contains(lane) || outcome.said[lane] != result
    }
  }.untimed

  /// What a task holds until its job has ended: a worker from its start, or a
  /// place in the queue from the return of the call.
  private enum Holding: String { case worker = "start", place = "return" }

  /// What breaks a law of visits, before those that wait are all cancelled or
  /// dropped.
  private static func problem(
    _ law: Law<Visits>,
    of holding: Holding,
    _ input: Jobs,
    _ trace: Trace
  ) -> String? {
    let end = trace.events.first {
      $0.lane == "dropped" || $0.lane == Event.caller && $0.name == "cancel"
    }
    let events = trace.events.prefix { $0.at < end?.at ?? .max }
      .compactMap { event -> Event? in
        guard let task = event.number, !input.closing.contains(task) else {
          return nil
        }
        var event = event
        event.lane = "task \(task)"
        if event.name == holding.rawValue {
          event.name = "start"
        } else if event.isOpening || Ending(event) == .returned {
          return nil
        }
        return event
      }
    let places = holding == .place ? input.capacity : 0
    return law.problem(Visits(limit: input.workers + places), Trace(events))
  }
}
