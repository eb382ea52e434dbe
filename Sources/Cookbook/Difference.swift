/// Where two traces of the same input part.
package enum Difference {
  /// Compares what an example did in the two languages; `nil` where they agree
  /// as its evidence demands.
  package static func between(
    swift: Trace,
    go: Trace,
    evidence: Evidence
  ) -> String? {
    switch evidence {
    case .moments:
      firstMoment(in: swift.comparable, differingFrom: go.comparable)
    case .outcome:
      unexpected(swift, "Swift", [go.outcome.description])
    case .outcomes, .race:
      unexpected(swift, "Swift", evidence.declared(isGo: false))
        ?? unexpected(go, "Go", evidence.declared(isGo: true))
    case .history, .refused, .claims: nil
    }
  }

  /// An outcome that is none of those that are allowed.
  private static func unexpected(
    _ trace: Trace,
    _ language: String,
    _ allowed: Set<String>?
  ) -> String? {
    let outcome = trace.outcome.description
    guard let allowed, !allowed.contains(outcome) else { return nil }
    let wanted = allowed.sorted().map { "'\($0)'" }.joined(separator: " or ")
    return "\(language) comes to '\(outcome)', not \(wanted)"
  }

  /// The first instant whose events, as multisets, are not the same.
  private static func firstMoment(
    in swift: [Event],
    differingFrom go: [Event]
  ) -> String? {
    let (swift, go) = (swift.sorted(), go.sorted())
    guard swift != go else { return nil }
    let same = zip(swift, go).prefix { $0 == $1 }.count
    let candidates = [swift.dropFirst(same).first, go.dropFirst(same).first]
    guard let at = candidates.compactMap({ $0?.at }).min() else { return nil }
    func moment(_ events: [Event]) -> String {
      let names = events.filter { $0.at == at }.map { event in
        "\(event.lane) \(event.name)"
          + (event.item.isEmpty ? "" : " (\(event.item))")
      }
      return names.isEmpty ? "nothing" : names.joined(separator: ", ")
    }
    return "at \(Timeline.duration(at)) "
      + "Swift has \(moment(swift)), Go has \(moment(go))"
  }
}

extension Event: Comparable {
  /// By time; within an instant by what is written, which means nothing.
  package static func < (left: Event, right: Event) -> Bool {
    (left.at, left.lane, left.name, left.item)
      < (right.at, right.lane, right.name, right.item)
  }
}
