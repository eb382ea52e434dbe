/// The events of one run and what it came to.
package struct DemoTrace<Outcome: Equatable & Sendable>: Equatable, Sendable {
  /// In the order in which they were recorded; `at` never decreases.
  package var events: [Event]
  package var outcome: Outcome

  package init(events: [Event], outcome: Outcome) {
    self.events = events
    self.outcome = outcome
  }
}

extension DemoTrace: Codable where Outcome: Codable {}

extension DemoTrace {
  /// The events with one of these names, in order.
  package func events(named names: String...) -> [Event] {
    events.filter { names.contains($0.name) }
  }

  /// How many lanes were busy after each event, counting an event of
  /// `openings` up and one of `closings` down.
  ///
  /// - Complexity: O(*n*) in the number of events.
  package func busy(
    from openings: Set<String>,
    to closings: Set<String>
  ) -> [(event: Event, count: Int)] {
    var count = 0
    return events.map { event in
      if openings.contains(event.name) {
        count += 1
      } else if closings.contains(event.name) {
        count -= 1
      }
      return (event, count)
    }
  }

  /// The instants at which something happened, with what was the case once
  /// everything of that instant had happened.
  ///
  /// Within an instant of virtual time the order of events is the
  /// scheduler's choice. A law that must hold whatever it chooses looks at
  /// the end of each instant.
  package func instants() -> [(at: Int, events: ArraySlice<Event>)] {
    var instants: [(at: Int, events: ArraySlice<Event>)] = []
    var first = events.startIndex
    for index in events.indices {
      let next = events.index(after: index)
      if next == events.endIndex || events[next].at != events[index].at {
        instants.append((events[index].at, events[first..<next]))
        first = next
      }
    }
    return instants
  }
}
