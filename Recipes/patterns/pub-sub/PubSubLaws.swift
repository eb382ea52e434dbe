import Cookbook

extension PubSubExamples {
  static let laws = [
    keepsPolicies, neverIdle, waitsOnlyIfFull, .allEndedOnReturn,
  ]

  static let keepsPolicies = Law<Feed>(
    "each gets all since it came, once, in order, but for what its policy drops"
  ) {
    replay($0, $1) { at, _, seats in
      seats.first(where: \.isBroken)
        .map { "\($0.lane), \($0.policy), at \(at) µs, kept: \($0.kept)" }
    }
  }

  static let neverIdle = Law<Feed>(
    "no subscriber waits while something is kept for it"
  ) { input, trace in
    replay(input, trace) { at, _, seats in
      // What it never gets is lost, and breaks another law.
      seats.first { seat in
        seat.isHere && !seat.isBusy && !seat.isBroken
          && trace.events.contains {
            $0.at > at && $0.lane == seat.lane && $0.item == seat.kept.first
          }
      }.map { "\($0.lane) after \(at) µs, kept: \($0.kept)" }
    }
  }

  static let waitsOnlyIfFull = Law<Feed>(
    "a publisher waits only while a subscriber with .wait is full"
  ) {
    replay($0, $1) { at, isPublishing, seats in
      let isFull = seats.contains {
        $0.policy == .wait && $0.isHere && $0.isFull || $0.isBroken
      }
      return isPublishing && !isFull ? "after \(at) µs" : nil
    }
  }

  static let startsWithAll = Law<Crowd>(
    "a subscriber started before the first price gets all"
  ) { input, trace in
    if trace.cancellation < .max { return nil }
    let all = json(Array(0..<input.prices))
    return (0..<input.subscribers).map { "task \($0)" }
      .first { trace.outcome.said[$0] != [all] }
      .map { "\($0): \(trace.outcome.said[$0] ?? [])" }
  }

  /// Replays what is kept for each subscriber, up to a cancellation of all, and
  /// asks after each instant what is wrong.
  private static func replay(
    _ input: Feed,
    _ trace: Trace,
    problem: (_ at: Int, _ isPublishing: Bool, [Seat]) -> String?
  ) -> String? {
    let end = trace.events.first {
      $0.name == "cancel" && $0.lane == Event.caller
    }
    var seats = input.arrivals.indices.map {
      Seat(
        lane: "task \($0)",
        policy: input.policy(of: $0),
        bound: input.bound
      )
    }
    var (price, isPublishing, isClosed) = ("", false, false)
    for (at, events) in trace.instants where at < end?.at ?? .max {
      var published: [String] = []
      for event in events where event.lane == "publisher" {
        if event.name == "say" { price = event.item }
        if event.name == "end" { published.append(price) }
        isPublishing = event.isOpening || isPublishing && !event.isClosing
        isClosed = isClosed || Ending(event) != nil
      }
      for index in seats.indices {
        let own = events.filter { $0.lane == seats[index].lane }
        if let next = seats[index].after(published[...], own[...], isClosed) {
          seats[index] = next
        } else {
          seats[index].isBroken = true
        }
      }
      if let problem = problem(at, isPublishing, seats) { return problem }
    }
    return nil
  }

  /// What is kept for one subscriber.
  private struct Seat {
    let lane: String
    let policy: Policy
    let bound: Int
    var kept: [String] = []
    var isHere = false
    var isBusy = false
    var isDisconnected = false
    var isBroken = false

    /// One that is idle has taken the next one.
    var isFull: Bool { kept.count == (isBusy ? bound : bound + 1) }

    /// Some order of what happens at one instant that is allowed.
    ///
    /// Whether prices or the subscriber's own events came first, the trace does
    /// not tell.
    func after(
      _ prices: ArraySlice<String>,
      _ own: ArraySlice<Event>,
      _ isClosed: Bool
    ) -> Seat? {
      if isBroken || prices.isEmpty && own.isEmpty { return self }
      var seat = self
      if let event = own.first,
        seat.allows(event, isClosed: isClosed && prices.isEmpty),
        let end = seat.after(prices, own.dropFirst(), isClosed)
      {
        return end
      }
      seat = self
      guard let price = prices.first, seat.keeps(price) else { return nil }
      return seat.after(prices.dropFirst(), own, isClosed)
    }

    /// Whether the price may be published now.
    private mutating func keeps(_ price: String) -> Bool {
      if !isHere || isDisconnected { return true }
      switch policy {
      case _ where !isFull: kept.append(price)
      case .wait: return false
      case .dropOldest: kept = kept.dropFirst() + [price]
      case .dropNewest: break
      case .disconnect: isDisconnected = true
      }
      return true
    }

    /// Whether the event may happen now.
    private mutating func allows(_ event: Event, isClosed: Bool) -> Bool {
      if event.name == Event.come { isHere = true }
      if Ending(event) != nil { isHere = false }
      if event.isClosing { isBusy = false }
      switch event.name {
      case "say":
        isBusy = true
        return !kept.isEmpty && kept.removeFirst() == event.item
      case "return": return isClosed && kept.isEmpty && !isDisconnected
      case "throw" where event.item == "\(SlowSubscriberError())":
        return isDisconnected && kept.isEmpty
      default: return true
      }
    }
  }
}
