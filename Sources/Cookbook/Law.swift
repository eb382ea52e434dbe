/// A promise: a named predicate over an input and a trace.
///
/// A law is written once, and judges the traces of both languages.
package struct Law<Input: Sendable>: Sendable {
  /// The promise, as a short sentence.
  package let name: String
  /// Whether it is about instants, which only virtual time has.
  package var isTimed = true
  /// Says what breaks the promise, or `nil` when it is kept.
  package let problem: @Sendable (Input, Trace) -> String?

  /// Creates a law that `problem` says the breach of.
  package init(
    _ name: String,
    problem: @escaping @Sendable (Input, Trace) -> String?
  ) {
    self.name = name
    self.problem = problem
  }

  /// The same promise, which holds on real threads too.
  package var untimed: Law {
    var law = self
    law.isTimed = false
    return law
  }

  /// The same promise where a failure ends its own job and stops no other.
  package var failuresStopNothing: Law {
    var law = Law(name) { input, trace in
      let events = trace.events.map { event in
        var event = event
        if event.name == "fail" { event.name = "end" }
        return event
      }
      return problem(input, Trace(events))
    }
    law.isTimed = isTimed
    return law
  }
}

/// A run broke a law.
package struct LawViolation: Error, CustomStringConvertible {
  package let law: String
  package let reason: String

  package var description: String { "broken law: \(law) (\(reason))" }
}

// MARK: What many recipes promise

extension Law {
  package static func atMost(
    _ limit: @escaping @Sendable (Input) -> Int,
    _ name: String
  ) -> Law {
    Law("never more than \(name) at once") { input, trace in
      trace.busy.first { $0.count > limit(input) }
        .map { "\($0.count) at \($0.event.at) µs" }
    }.untimed
  }

  /// None is idle while work is left: at the end of each instant before a
  /// stop, as many are busy as can be.
  package static func noneIdle(
    of limit: @escaping @Sendable (Input) -> Int,
    jobs: @escaping @Sendable (Input) -> Int
  ) -> Law {
    Law("none is idle while work is left") { input, trace in
      var (started, closed) = (0, 0)
      for instant in trace.instants {
        if instant.events.contains(where: \.isStop) { return nil }
        started += instant.events.count(where: \.isOpening)
        closed += instant.events.count(where: \.isClosing)
        let wanted = min(limit(input), jobs(input) - closed)
        if started - closed < wanted {
          return "\(started - closed) busy at \(instant.at) µs, not \(wanted)"
        }
      }
      return nil
    }
  }

  /// Each lane of `lanes` starts and ends once; after a stop, what has
  /// started has ended, and once, unless lanes start `evenAfterStop`.
  package static func eachOnce(
    evenAfterStop: Bool = false,
    _ lanes: @escaping @Sendable (Input) -> [String]
  ) -> Law {
    Law("each job runs once") { input, trace in
      var counts: [String: (started: Int, ended: Int)] = [:]
      for event in trace.events {
        if event.isOpening { counts[event.lane, default: (0, 0)].started += 1 }
        if event.isClosing { counts[event.lane, default: (0, 0)].ended += 1 }
      }
      let isWhole = evenAfterStop || trace.stop == nil
      for lane in lanes(input) {
        let count = counts.removeValue(forKey: lane) ?? (0, 0)
        let wanted = isWhole ? 1 : min(count.started, 1)
        if count.started != wanted || count.ended != wanted {
          return "\(lane) started \(count.started) times, "
            + "ended \(count.ended) times"
        }
      }
      return counts.keys.min().map { "there is no \($0)" }
    }.untimed
  }

  /// Where all goes well, the caller says exactly this.
  package static func says(
    _ name: String,
    _ value: @escaping @Sendable (Input) -> some Encodable & SendableMetatype
  ) -> Law {
    Law(name) { input, trace in
      let said = trace.outcome.said[Event.caller] ?? []
      // What is said of a run that was stopped has laws of its own.
      guard trace.ending == .returned else {
        return said.isEmpty ? nil : "\(said) after an error"
      }
      let wanted = json(value(input))
      return said == [wanted] ? nil : "\(said) instead of \(wanted)"
    }.untimed
  }

  /// What a lane comes to is said once, when the lane ends.
  ///
  /// Before a stop nothing is lost.
  package static func saidAtTheEnd(
    _ name: String,
    of value:
      @escaping @Sendable (String) -> (some Encodable & SendableMetatype)?
  ) -> Law {
    Law(name) { _, trace in
      var ended: [String: Int] = [:]
      for event in trace.events {
        if event.isClosing, let value = value(event.lane) {
          ended[json(value)] = event.at
        } else if event.name == "say",
          ended.removeValue(forKey: event.item) != event.at
        {
          return "\(event.item) came at \(event.at) µs"
        }
      }
      // What ends at the very instant of a stop may be dropped.
      let lost = ended.filter { $0.value < trace.stop?.at ?? .max }.keys
      return lost.min().map { "\($0) never came" }
    }
  }

  /// A call comes to what is first in time, and ends at that instant.
  ///
  /// - Parameters:
  ///   - what: What the call is for.
  ///   - endings: How it may end, and at how many microseconds, unless it is
  ///     cancelled before.
  /// - Returns: The law, of the lane `call` where there is one.
  package static func comesFirst(
    _ what: String,
    _ endings: @escaping @Sendable (Input) -> [(at: Int, ending: String)]
  ) -> Law {
    Law("\(what), the deadline or the cancellation, whichever comes first") {
      input,
      trace in
      let lane =
        trace.outcome.lanes.contains("call") ? "call" : Event.caller
      let all = endings(input) + [(trace.cancellation, "throws cancelled")]
      let first = all.map(\.at).min() ?? 0
      // Of several at one instant any may be the first.
      let wanted =
        all.filter { $0.at == first }.map { "\(lane): \($0.ending)" }
      let found = trace.outcome.description(of: lane)
      let end = trace.events.last { $0.lane == lane && Ending($0) != nil }
      return wanted.contains(found) && end?.at == first
        ? nil : "\(found) at \(end?.at ?? -1), not \(wanted) at \(first) µs"
    }
  }

  /// Of several that stop the call at one instant any may be the first.
  package static var firstErrorIsThrown: Law {
    Law("the first error is the one thrown") { _, trace in
      let ending = trace.ending
      guard let stop = trace.stop else {
        return ending == .returned
          ? nil
          : "nothing failed, and it \(ending?.description ?? "does not end")"
      }
      let stops = trace.events.filter { $0.isStop && $0.at == stop.at }
      var candidates = Set(
        stops.map { event -> Ending in
          switch event.name {
          case "fail": .threw("\(event.lane) failed")
          case "cancel": .threw("cancelled")
          default: .returned
          }
        }
      )
      // What has ended all the same leaves nothing to cancel.
      let isCancelled = trace.events.contains { $0.name == "cancelled" }
      if stop.name == "cancel", !isCancelled { candidates.insert(.returned) }
      guard let ending, !candidates.contains(ending) else { return nil }
      let wanted = candidates.map(\.description).sorted()
      return "\(ending), not \(wanted.joined(separator: " or "))"
    }
  }

  /// Exact within an instant too: where each job ends in the lane that it
  /// started in.
  package static var firstErrorInTime: Law {
    Law("the first error in time is the one thrown") { _, trace in
      let wanted = trace.errors.first.map(Ending.threw) ?? .returned
      guard let ending = trace.ending, ending != wanted else { return nil }
      return "\(ending) instead of \(wanted)"
    }
  }

  package static var everyErrorIsSaid: Law {
    Law("every error is kept, in the order of time") { _, trace in
      let wanted = trace.errors.map { json($0) }
      let said = trace.outcome.said[Event.caller] ?? []
      return said == wanted ? nil : "\(said) instead of \(wanted)"
    }
  }

  package static var othersGoOn: Law {
    Law("only a cancellation of the caller ends the others") { _, trace in
      let end = trace.events.first { $0.name == "cancel" }?.at ?? .max
      return trace.events.first {
        $0.isClosing && ($0.at > end || $0.name == "cancelled" && $0.at < end)
      }.map { "\($0.lane): \($0.name) at \($0.at) µs" }
    }
  }

  package static var nothingStartsAfterStop: Law {
    Law("nothing starts after the first error or a cancellation") { _, trace in
      trace.events.drop { !$0.isStop }.first(where: \.isOpening)
        .map { "\($0.lane) at \($0.at) µs" }
    }
  }

  package static var othersEndAtOnce: Law {
    Law("a first error or a cancellation ends the others at once") { _, trace in
      guard let stop = trace.stop else { return nil }
      return trace.events.first { $0.isClosing && $0.at > stop.at }
        .map { "\($0.lane) went on until \($0.at) µs" }
    }
  }

  package static var allEndedOnReturn: Law {
    Law("all have ended on return") { _, trace in
      guard let end = trace.end else { return "the call did not return" }
      let open = trace.busy[end].count
      if open > 0 { return "\(open) were left" }
      return trace.events[end...].dropFirst()
        .first { $0.name != "cancel" && $0.name != Event.note }
        .map { "\($0.lane) at \($0.at) µs came after it" }
    }.untimed
  }

  /// Some order of the lanes' calls to the object that they share explains what
  /// each lane said first, or that it said nothing: each call lies between its
  /// lane's first and last event.
  ///
  /// For virtual time. On real threads all calls overlap, and have too many
  /// orders: histories judge them there.
  package static func explained<Model: SequentialModel>(
    from model: @escaping @Sendable (Input) -> Model,
    calls: @escaping @Sendable (Input) -> [(lane: String, call: Model.Call)]
  ) -> Law where Model.Return == String {
    Law("some order explains what happened") { input, trace in
      var operations: [History<Model>.Operation] = []
      for (lane, call) in calls(input) {
        let ticks = trace.events.indices.filter {
          trace.events[$0].lane == lane
        }
        guard let first = ticks.first, let last = ticks.last else { continue }
        var operation = History<Model>.Operation(lane, call, since: first)
        if let said = trace.outcome.said[lane]?.first {
          // Without the quotation marks of JSON.
          operation.value = String(said.dropFirst().dropLast())
          operation.ended = last
        }
        operations.append(operation)
      }
      return History(operations).counterexample(from: model(input))
    }
  }
}
