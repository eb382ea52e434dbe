import Cookbook

extension PubSubExamples {
  static func laws<K>() -> [Law<Feed<K>>] {
    K.policies.compactMap(Topic<Int>.Policy.init).map(keepsPolicy)
      + [neverIdle(), waitsOnlyIfFull(), .allEndedOnReturn]
  }

  /// A replay of what each subscriber must have been given explains what it
  /// received, and how it ended.
  static func keepsPolicy<K>(_ policy: Topic<Int>.Policy) -> Law<Feed<K>> {
    let name =
      switch policy {
      case .wait: "who is waited for gets all since it came, once, in order"
      case .dropOldest: "who is full loses only the oldest that is kept"
      case .dropNewest: "who is full loses only what comes then"
      case .disconnect: "who is full when one comes gets the rest, and an error"
      }
    return Law(name) { input, trace in
      replay(input, trace) { at, _, seats in
        seats.first { $0.policy == policy && $0.isBroken }
          .map { "\($0.lane) at \(at) µs, kept: \($0.kept)" }
      }
    }
  }

  static func neverIdle<K>() -> Law<Feed<K>> {
    Law("no subscriber waits while something is kept for it") { input, trace in
      replay(input, trace) { at, _, seats in
        // What it never gets is lost, and breaks another law.
        seats.first { seat in
          seat.isIdle
            && trace.events.contains {
              $0.lane == seat.lane && $0.at > at && Int($0.item) != nil
                && Int($0.item) == seat.kept.first
            }
        }.map { "\($0.lane) after \(at) µs, kept: \($0.kept)" }
      }
    }
  }

  static func waitsOnlyIfFull<K>() -> Law<Feed<K>> {
    Law("a publisher waits only while one is full that is waited for") {
      replay($0, $1) { at, isPublishing, seats in
        let isFull = seats.contains {
          $0.policy == .wait && $0.isHere && $0.isFull || $0.isBroken
        }
        return isPublishing && !isFull ? "after \(at) µs" : nil
      }
    }
  }

  static let startsWithAll = Law<Crowd>(
    "who has been started before the first price gets all"
  ) { input, trace in
    if trace.events.contains(where: { $0.name == "cancel" }) { return nil }
    let all = json(Array(0..<input.prices))
    return (0..<input.subscribers).map { "task \($0)" }
      .first { trace.outcome.said[$0] != [all] }
      .map { "\($0): \(trace.outcome.said[$0] ?? [])" }
  }

  /// Replays what is kept for each subscriber, up to a cancellation of all, and
  /// asks after each instant what is wrong.
  private static func replay<K>(
    _ input: Feed<K>,
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
    var (price, isPublishing, isClosed) = (0, false, false)
    for (at, events) in trace.instants where at < end?.at ?? .max {
      var published: [Int] = []
      for event in events where event.lane == "publisher" {
        if event.name == "say" { price = Int(event.item) ?? 0 }
        if event.isOpening { isPublishing = true }
        if event.isClosing { isPublishing = false }
        if event.name == "end" { published.append(price) }
        if Ending(event) != nil { isClosed = true }
      }
      for index in seats.indices where !seats[index].isBroken {
        let own = events.filter { $0.lane == seats[index].lane }
        let after = seats[index].after(published[...], own[...], isClosed)
        if let after {
          seats[index] = after
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
    let policy: Topic<Int>.Policy
    let bound: Int
    var kept: [Int] = []
    var (isHere, isBusy, isDisconnected, isBroken) = (
      false, false, false, false
    )

    init(lane: String, policy: Topic<Int>.Policy, bound: Int) {
      (self.lane, self.policy, self.bound) = (lane, policy, bound)
    }

    var isIdle: Bool { isHere && !isBusy && !isBroken }

    /// One that is idle has taken the next one.
    var isFull: Bool { kept.count == (isBusy ? bound : bound + 1) }

    /// Some order of what happens at one instant that is allowed.
    ///
    /// Whether prices or the subscriber's own events came first, the trace does
    /// not tell.
    func after(
      _ prices: ArraySlice<Int>,
      _ own: ArraySlice<Event>,
      _ isClosed: Bool
    ) -> Seat? {
      if let event = own.first {
        var seat = self
        if seat.perform(event, isClosed: isClosed && prices.isEmpty),
          let end = seat.after(prices, own.dropFirst(), isClosed)
        {
          return end
        }
      }
      guard let price = prices.first else { return own.isEmpty ? self : nil }
      var seat = self
      guard seat.keep(price) else { return nil }
      return seat.after(prices.dropFirst(), own, isClosed)
    }

    /// Whether the price may be published now.
    private mutating func keep(_ price: Int) -> Bool {
      if !isHere || isDisconnected { return true }
      if !isFull {
        kept.append(price)
        return true
      }
      switch policy {
      case .wait: return false
      case .dropOldest: kept = kept.dropFirst() + [price]
      case .dropNewest: break
      case .disconnect: isDisconnected = true
      }
      return true
    }

    /// Whether the event may happen now.
    private mutating func perform(_ event: Event, isClosed: Bool) -> Bool {
      switch event.name {
      case Event.come: isHere = true
      case "say":
        isBusy = true
        return !kept.isEmpty && json(kept.removeFirst()) == event.item
      case "end", "fail", "cancelled": isBusy = false
      case "return":
        isHere = false
        return isClosed && kept.isEmpty && !isDisconnected
      case "throw":
        isHere = false
        if event.item == "\(SlowSubscriberError())" {
          return isDisconnected && kept.isEmpty
        }
      default: break
      }
      return true
    }
  }
}
