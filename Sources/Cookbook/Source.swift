/// Numbers from 0 on, each of which comes after a pause and is said in a lane.
///
/// What a sensor or a network hands to an example: it produces no number
/// before it is asked for one.
package struct Source: AsyncSequence, AsyncIteratorProtocol, Sendable {
  fileprivate let stage: Stage
  fileprivate let lane: String
  fileprivate let pauses: [Int]
  fileprivate var produced = 0

  package mutating func next() async throws -> Int? {
    guard produced < pauses.count else { return nil }
    try await stage.sleep(pauses[produced])
    stage.say(lane, produced)
    defer { produced += 1 }
    return produced
  }

  package func makeAsyncIterator() -> Source { self }
}

extension Stage {
  /// Numbers from 0 on, each said in a lane after a pause in milliseconds.
  package func source(_ lane: String, _ pauses: [Int]) -> Source {
    Source(stage: self, lane: lane, pauses: pauses)
  }

  /// What consumes numbers, each in a lane of its own, such as `request 3`, for
  /// so many milliseconds; further ones are like the last.
  package func sink(
    _ lane: String,
    _ durations: [Int]
  ) -> @Sendable (Int) async throws -> Void {
    { number in
      let duration = durations.dropFirst(number).first ?? durations.last ?? 1
      try await work("\(lane) \(number)", duration)
    }
  }
}

extension Event {
  /// The number in the name of a lane such as `request 3`.
  package var number: Int? {
    lane.split(separator: " ").last.flatMap { Int($0) }
  }
}

extension Law {
  /// Numbers of a ``Source`` are started in the order in which they came.
  package static var firstComeFirstServed: Law {
    Law("first come, first served") { _, trace in
      var latest = -1
      // What starts at one instant may be recorded in any order.
      for instant in trace.instants {
        let started = instant.events.filter(\.isOpening).compactMap(\.number)
        if let first = started.min(), first < latest {
          return "\(first) after \(latest) at \(instant.at) µs"
        }
        latest = started.max() ?? latest
      }
      return nil
    }
  }

  /// What is cancelled, all or one lane, does nothing later.
  package static var cancelledEndsAtOnce: Law {
    Law("what is cancelled ends at once") { _, trace in
      for cancel in trace.events where cancel.name == "cancel" {
        let late = trace.events.first { event in
          event.at > cancel.at && event.name != Event.note
            && (cancel.lane == Event.caller || cancel.lane == event.lane)
        }
        if let late { return "\(late.lane) \(late.name) at \(late.at) µs" }
      }
      return nil
    }
  }
}
