/// Readings of a sensor that go through a bounded buffer to consumers.
///
/// What the sensor produces is said in its lane, and starts in a lane of its
/// own, such as `reading 3`, once a consumer has it. What is dropped is said
/// in the lane `dropped`.
package protocol BufferInput: ExampleInput {
  /// How many items the buffer holds.
  var bound: Int { get }
  var policy: BufferPolicy { get }
  /// How many tasks consume.
  var consumers: Int { get }
  /// The milliseconds before each item.
  var pauses: [Int] { get }
  /// The milliseconds that each takes to consume.
  var stores: [Int] { get }
}

extension BufferInput {
  /// The readings, what consumes one, and what is told of a dropped one.
  package func perform(
    _ stage: Stage
  ) -> (
    sensor: Source, store: @Sendable (Int) async throws -> Void,
    report: @Sendable (Int) -> Void
  ) {
    (
      stage.source("sensor", pauses), stage.sink("reading", stores),
      { stage.say("dropped", $0) }
    )
  }
}

/// What becomes of an item when the buffer is full.
package enum BufferPolicy: String, Codable, Sendable {
  case suspend, dropNewest, dropOldest
}

extension Law where Input: BufferInput {
  package static var ofBuffers: [Law] {
    [
      itemsAccountedFor, bounded, onlyIfFull, dropsAsDeclared, noConsumerIdle,
      .firstComeFirstServed, .cancelledEndsAtOnce, .allEndedOnReturn,
    ]
  }

  package static var itemsAccountedFor: Law {
    Law("each item is consumed or dropped, and only once") { input, trace in
      let known = trace.events.compactMap(\.departed)
      let all = Set(input.pauses.indices)
      // What a cancelled run leaves in the buffer is no part of its trace.
      let isWhole = trace.stop != nil || all.subtracting(known).isEmpty
      return isWhole && Set(known).count == known.count ? nil : "\(known)"
    }.untimed
  }

  package static var bounded: Law {
    Law("no more items are kept than the bound and one whose sender waits") {
      input,
      trace in
      let most = input.bound + (input.policy == .suspend ? 1 : 0)
      return instants(of: trace).first { $0.kept > most }
        .map { "\($0.kept) at \($0.at) µs" }
    }
  }

  package static var onlyIfFull: Law {
    Law("a sender waits, or an item is dropped, only if the buffer is full") {
      input,
      trace in
      // When the next item comes, if its sender need not wait.
      var (due, next): (Int?, Int) = (nil, 0)
      for (at, events, kept) in instants(of: trace) {
        let started = events.count(where: \.isOpening)
        let drops = events.contains { $0.lane == "dropped" }
        if drops, kept + started < input.bound {
          return "an item at \(at) µs, \(kept) are kept"
        }
        if let due, due < at { return "a sender from \(due) to \(at) µs" }
        let offered = events.compactMap(\.offered).count
        next += offered
        if kept > input.bound || next == input.pauses.count {
          due = nil
        } else if due == nil || offered > 0 {
          due = at + input.pauses[next] * 1_000
        }
      }
      return nil
    }
  }

  package static var dropsAsDeclared: Law {
    Law("what is dropped is the newest, the oldest or nothing, as declared") {
      input,
      trace in
      var (newest, gone): (Int?, Set<Int>) = (nil, [])
      for instant in trace.instants {
        // What leaves at the same instant may have left before.
        gone.formUnion(instant.events.compactMap(\.departed))
        for event in instant.events {
          newest = event.offered ?? newest
          guard event.lane == "dropped", let item = event.departed else {
            continue
          }
          let isRight =
            switch input.policy {
            case .suspend: false
            case .dropNewest: item == newest
            case .dropOldest: gone.isSuperset(of: 0..<item)
            }
          if !isRight { return "\(item) at \(instant.at) µs" }
        }
      }
      return nil
    }
  }

  package static var noConsumerIdle: Law {
    Law("no consumer is idle while an item is kept") { input, trace in
      var busy = 0
      for (at, events, kept) in instants(of: trace) {
        busy += events.count(where: \.isOpening)
        busy -= events.count(where: \.isClosing)
        if kept > 0, busy < input.consumers {
          return "\(busy) busy at \(at) µs, \(kept) kept"
        }
      }
      return nil
    }
  }

  /// The instants before a cancellation, and how many items were kept at the
  /// end of each: in the buffer, or by a sender that waits.
  private static func instants(
    of trace: Trace
  ) -> [(at: Int, events: ArraySlice<Event>, kept: Int)] {
    let end = trace.stop?.at
    let departed = Set(trace.events.compactMap(\.departed))
    var kept: Set<Int> = []
    return trace.instants.filter { $0.at < end ?? .max }.map { at, events in
      // One that is never heard of again is lost.
      kept.formUnion(
        events.compactMap(\.offered)
          .filter { end != nil || departed.contains($0) }
      )
      kept.subtract(events.compactMap(\.departed))
      return (at, events, kept.count)
    }
  }
}

extension Event {
  /// The item that the source has produced.
  fileprivate var offered: Int? { lane == "sensor" ? Int(item) : nil }

  /// The item that leaves the buffer.
  fileprivate var departed: Int? {
    isOpening ? number : lane == "dropped" ? Int(item) : nil
  }
}
