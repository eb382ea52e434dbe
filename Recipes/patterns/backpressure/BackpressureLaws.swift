import Cookbook

extension BackpressureExamples {
  static func lawsOfAll<Input>() -> [Law<Input>] {
    [inOrder(), endsAtOnce(), .allEndedOnReturn]
  }

  static func inOrder<Input>() -> Law<Input> {
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

  static func endsAtOnce<Input>() -> Law<Input> {
    Law("what is cancelled ends at once") { _, trace in
      for cancel in trace.events where cancel.name == "cancel" {
        let late = trace.events.first { event in
          event.at > cancel.at
            && (cancel.lane == Event.caller || cancel.lane == event.lane)
        }
        if let late { return "\(late.lane) \(late.name) at \(late.at) µs" }
      }
      return nil
    }
  }

  // MARK: Buffers

  static func lawsOfBuffers<K>() -> [Law<Readings<K>>] {
    [accounted(), bounded(), onlyIfFull(), asDeclared(), noIdleConsumer()]
      + lawsOfAll()
  }

  static func accounted<K>() -> Law<Readings<K>> {
    Law("each reading is stored, dropped or left, and only once") {
      input,
      trace in
      let account = Account(trace)
      let offered = account.offered.map(\.reading)
      let known = (account.departed + (account.left ?? [])).sorted()
      var unknown = Set(offered).subtracting(known)
      if trace.stop != nil {
        // A sender that waits is refused; a stream says nothing of its rest.
        unknown.subtract(account.left == nil ? offered[...] : offered.suffix(1))
      } else if offered.count < input.pauses.count {
        return "only \(offered)"
      }
      return unknown.isEmpty && Set(known).count == known.count
        ? nil : "\(known) of \(offered)"
    }.untimed
  }

  static func bounded<K>() -> Law<Readings<K>> {
    Law("no more than `bound` readings are kept, and one sender waits") {
      input,
      trace in
      let most = input.bound + (input.policy == .suspend ? 1 : 0)
      return Account(trace).instants.first { $0.kept > most }
        .map { "\($0.kept) at \($0.at) µs" }
    }
  }

  static func onlyIfFull<K>() -> Law<Readings<K>> {
    Law("a sender waits, or a reading is dropped, only if the buffer is full") {
      input,
      trace in
      // When the next reading comes, if its sender need not wait.
      var due: Int?
      var next = 0
      for instant in Account(trace).instants {
        if instant.dropped > 0, instant.kept + instant.started < input.bound {
          return "a reading at \(instant.at) µs, \(instant.kept) are kept"
        }
        if let due, due < instant.at {
          return "a sender from \(due) to \(instant.at) µs"
        }
        next += instant.offered
        let pause = input.pauses.dropFirst(next).first
        if instant.kept > input.bound || pause == nil {
          due = nil
        } else if let pause, due == nil || instant.offered > 0 {
          due = instant.at + pause * 1_000
        }
      }
      return nil
    }
  }

  static func asDeclared<K>() -> Law<Readings<K>> {
    Law("what is dropped is the newest, the oldest or nothing, as declared") {
      input,
      trace in
      var (newest, gone): (Int?, Set<Int>) = (nil, [])
      for instant in trace.instants {
        // What leaves at the same instant may have left before.
        gone.formUnion(instant.events.compactMap(\.departed))
        for event in instant.events {
          if event.lane == "sensor" { newest = Int(event.item) }
          guard event.lane == "dropped", let reading = event.departed,
            input.policy == .suspend
              || input.policy == .dropNewest && reading != newest
              || !gone.isSuperset(of: 0..<reading)
                && input.policy == .dropOldest
          else { continue }
          return "\(reading) at \(instant.at) µs"
        }
      }
      return nil
    }
  }

  static func noIdleConsumer<K>() -> Law<Readings<K>> {
    Law("no consumer is idle while a reading is kept") { input, trace in
      Account(trace).instants
        .first { $0.kept > 0 && $0.busy < input.consumers }
        .map { "\($0.busy) busy at \($0.at) µs, \($0.kept) kept" }
    }
  }

  /// Where the readings were.
  private struct Account {
    struct Instant {
      var at = 0
      var (offered, dropped, started) = (0, 0, 0)
      /// At the end of the instant; a sender that waits counts as well.
      var (kept, busy) = (0, 0)
    }

    private(set) var offered: [(reading: Int, at: Int)] = []
    private(set) var departed: [Int] = []
    private(set) var left: [Int]?
    /// Until a cancellation.
    private(set) var instants: [Instant] = []

    init(_ trace: Trace) {
      let end = trace.stop?.at
      var departures: [Int: Int] = [:]
      for event in trace.events {
        if let reading = event.departed {
          departed.append(reading)
          departures[reading] = event.at
        } else if event.lane == "sensor", let reading = Int(event.item) {
          offered.append((reading, event.at))
        } else if event.lane == "left" {
          left = event.item.split { !$0.isNumber }.compactMap { Int($0) }
        }
      }
      var busy = 0
      for (at, events) in trace.instants where at < end ?? .max {
        let started = events.count(where: \.isOpening)
        busy += started - events.count(where: \.isClosing)
        var instant = Instant()
        instant.at = at
        instant.offered = events.count { $0.lane == "sensor" }
        instant.dropped = events.count { $0.lane == "dropped" }
        instant.started = started
        instant.busy = busy
        instant.kept = offered.count { reading, offeredAt in
          // One that is never heard of again is not in the buffer.
          let until = departures[reading] ?? end ?? offeredAt
          return offeredAt <= at && at < until
        }
        instants.append(instant)
      }
    }
  }

  // MARK: Limits

  static let tokensSuffice = Law<Requests>(
    "no stretch of time holds more than the burst and what comes in"
  ) { input, trace in
    var tokens = Tokens(input)
    for event in trace.events where event.isOpening {
      if event.at < tokens.due {
        return "\(event.lane) at \(event.at) µs, not \(tokens.due) µs"
      }
      tokens.take(at: event.at)
    }
    return nil
  }

  static let noIdleToken = Law<Requests>(
    "no token lies idle while a request waits"
  ) { input, trace in
    var (tokens, waiting): (Tokens, Set<String>) = (Tokens(input), [])
    for instant in trace.instants {
      if !waiting.isEmpty, tokens.due < instant.at {
        return "\(waiting.sorted()) from \(tokens.due) to \(instant.at) µs"
      }
      for event in instant.events {
        switch event.name {
        case "say": waiting.insert("request \(event.item)")
        case "start":
          waiting.remove(event.lane)
          tokens.take(at: event.at)
        case "cancel" where event.lane == Event.caller: return nil
        case "cancel": waiting.remove(event.lane)
        default: break
        }
      }
    }
    return nil
  }

  /// A bucket as one task alone would keep it, in microseconds.
  private struct Tokens {
    private let (burst, every): (Int, Int)
    private var full = 0

    init(_ input: Requests) {
      (burst, every) = (input.burst, input.every * 1_000)
    }

    /// When the next token is there.
    var due: Int { full - (burst - 1) * every }

    mutating func take(at time: Int) { full = max(full, time) + every }
  }
}

extension Event {
  /// The number in the name of the lane.
  fileprivate var number: Int? {
    lane.split(separator: " ").last.flatMap { Int($0) }
  }

  /// The reading that leaves the buffer, if one does.
  fileprivate var departed: Int? {
    isOpening ? number : lane == "dropped" ? Int(item) : nil
  }
}
