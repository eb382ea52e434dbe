/// What happened in one run of an example, in order; `at` never decreases.
package struct Trace: Equatable, Sendable, Codable {
  package var events: [Event]

  package init(_ events: [Event]) { self.events = events }
}

/// What a run came to: what each lane said, and how each ended that did.
///
/// It is derived from the events and never declared.
package struct Outcome: Hashable, Sendable, CustomStringConvertible {
  package let said: [String: [String]]
  package let endings: [String: Ending]

  /// A line such as `caller: [1,4], returns; sender: throws cancelled`.
  package var description: String {
    lanes.map(description).joined(separator: "; ")
  }

  /// The lanes that said something or ended, by name.
  package var lanes: [String] {
    Set(said.keys).union(endings.keys).sorted()
  }

  /// What one lane came to: `caller: [1,4], returns`.
  package func description(of lane: String) -> String {
    let parts =
      said[lane, default: []]
      + [endings[lane]?.description].compactMap { $0 }
    return "\(lane): " + parts.joined(separator: ", ")
  }
}

extension Event {
  /// The name of events that tables of steps show and nothing else sees.
  package static let note = "note"
  /// The lane in which the example's own task is recorded.
  package static let caller = "caller"
  /// The lane of what an example says on standard error.
  package static let errors = "stderr"

  package var isOpening: Bool { name == "start" }
  package var isClosing: Bool {
    name == "end" || name == "fail" || name == "cancelled"
  }
  /// Whether it stops the others: a job has failed, the caller is cancelled,
  /// or a consumer leaves.
  package var isStop: Bool {
    name == "fail" || name == "cancel" || name == "leave"
  }
}

extension Trace {
  package var outcome: Outcome {
    var said: [String: [String]] = [:]
    var endings: [String: Ending] = [:]
    for event in events {
      if event.name == "say" {
        said[event.lane, default: []].append(event.item)
      } else if let ending = Ending(event) {
        endings[event.lane] = ending
      }
    }
    return Outcome(said: said, endings: endings)
  }

  /// How the example's own task ended; `nil` while it has not.
  package var ending: Ending? { end.flatMap { Ending(events[$0]) } }

  /// The index of the event that says so.
  package var end: Int? {
    events.firstIndex { $0.lane == Event.caller && Ending($0) != nil }
  }

  /// The events that the languages are compared by.
  package var comparable: [Event] { events.filter { $0.name != Event.note } }

  /// What the jobs have failed with, in the order of time.
  package var errors: [String] {
    events.compactMap { event in
      switch event.name {
      case "fail": "\(event.lane) failed"
      case "cancelled": "cancelled"
      default: nil
      }
    }
  }

  /// The first instant at which something stopped the others.
  package var stop: Event? { events.first(where: \.isStop) }

  /// When something was cancelled first, in microseconds; later than all if
  /// nothing was.
  package var cancellation: Int {
    events.first { $0.name == "cancel" }?.at ?? .max
  }

  /// The events by instant.
  ///
  /// Within an instant of virtual time the order of events is the scheduler's
  /// choice. A law that must hold whatever it chooses looks at the end of
  /// each instant.
  package var instants: [(at: Int, events: ArraySlice<Event>)] {
    var instants: [(at: Int, events: ArraySlice<Event>)] = []
    var rest = events[...]
    while let first = rest.first {
      let instant = rest.prefix { $0.at == first.at }
      instants.append((first.at, instant))
      rest = rest.dropFirst(instant.count)
    }
    return instants
  }

  /// How many lanes were busy after each event.
  package var busy: [(event: Event, count: Int)] {
    var count = 0
    return events.map { event in
      count += event.isOpening ? 1 : event.isClosing ? -1 : 0
      return (event, count)
    }
  }

  /// Whether at some instant after the first several lanes became free, and
  /// so wanted the same thing.
  package var isContended: Bool {
    instants.contains { instant in
      instant.at > 0 && instant.events.filter(\.isClosing).count > 1
    }
  }
}
