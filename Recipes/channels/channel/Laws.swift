package import Cookbook

extension ChannelDemo {
  package static let recipe = Recipe(
    name: "channel",
    chapter: .channels,
    question: "How do unbuffered and buffered channels work?",
    goConstructs: [
      "make(chan T)", "make(chan T, n)", "ch <- v", "<-ch", "close(ch)",
      "for v := range ch",
    ],
    swiftConstructs: ["AsyncSequence", "withUnsafeContinuation", "Mutex"],
    problems: [
      "hand values from task to task", "rendezvous", "bounded queue",
      "many producers", "many consumers",
    ]
  )

  package static let legend = ChannelProgram.legend
  package static let comparison = Comparison.moments
  package static let laws: [DemoLaw<Input, Outcome>] = [
    DemoLaw("a channel holds no more than its capacity") { input, trace in
      ChannelProgram.overfull(input.channels, trace.events)
    },
    DemoLaw("what is received was sent, once, and in the order of sending") {
      input,
      trace in
      ChannelProgram.disorder(input.channels, trace.events)
    },
    DemoLaw("the end comes after the close and after the last element") {
      input,
      trace in
      ChannelProgram.wrongEnd(input.channels, trace.events)
    },
    DemoLaw("nobody waits for what is there") { input, trace in
      ChannelProgram.forgotten(input.channels, input.lanes, trace)
    },
    DemoLaw("a send and the receive that it meets end at one instant") {
      input,
      trace in
      ChannelProgram.lateRendezvous(input.channels, trace.events)
    },
  ]

  package static func describe(_ outcome: Outcome) -> String {
    ChannelProgram.describe(outcome)
  }

  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    (input.channels, input.lanes) = ChannelProgram.random(using: &generator) {
      kind,
      channel,
      generator in
      switch kind {
      case 0..<9: "send \(channel) \(Int.random(in: 0...99, using: &generator))"
      case 9..<18: "receive \(channel)"
      default: "close \(channel)"
      }
    }
    return input
  }

  package static func simplerInputs(than input: Input) -> [Input] {
    ChannelProgram.simpler(than: input.lanes).map { lanes in
      var copy = input
      copy.lanes = lanes
      return copy
    }
  }
}

extension ChannelProgram {
  package static let legend = Timeline.Legend(
    openings: ["begin"],
    closings: [
      "send": "█", "receive": "█", "close": "█", "default": "█",
      "timeout": "×", "panic": "✗", "stuck": "…",
    ],
    marks: [:]
  )

  package static func describe(_ outcome: Outcome) -> String {
    guard outcome.deadlock else { return "every lane came to its end" }
    let lanes = outcome.waiting.map(String.init).joined(separator: ", ")
    return "deadlock: waiting for ever: \(lanes)"
  }

  // MARK: What laws look for

  /// The events of one channel: what happened, and with what.
  static func events(
    _ events: [Event],
    of channel: Int
  ) -> [(event: Event, element: String)] {
    events.compactMap { event in
      let parts = event.item.split(separator: " ", maxSplits: 1)
      guard parts.first == "\(channel):" || event.item == "\(channel)" else {
        return nil
      }
      return (event, parts.count > 1 ? String(parts[1]) : "")
    }
  }

  package static func overfull(_ channels: [Int], _ events: [Event]) -> String?
  {
    for (channel, capacity) in channels.enumerated() {
      let own = Self.events(events, of: channel)
      var held = 0
      for (index, one) in own.enumerated() {
        if one.event.name == "send" { held += 1 }
        if one.event.name == "receive", one.element != "end" { held -= 1 }
        // Within an instant the order of events is the scheduler's.
        let isLast =
          index + 1 == own.count || own[index + 1].event.at != one.event.at
        if isLast && held > capacity {
          return "channel \(channel) holds \(held) at \(one.event.at) µs"
        }
      }
    }
    return nil
  }

  package static func disorder(_ channels: [Int], _ events: [Event]) -> String?
  {
    for channel in channels.indices {
      let own = Self.events(events, of: channel)
      let sent = own.filter { $0.event.name == "send" }.map(\.element)
      let received = own.filter {
        $0.event.name == "receive" && $0.element != "end"
      }.map(\.element)
      // Who sent and who received at one instant may be written either way.
      if received != Array(sent.prefix(received.count)) {
        return "channel \(channel): sent \(sent), received \(received)"
      }
    }
    return nil
  }

  package static func wrongEnd(_ channels: [Int], _ events: [Event]) -> String?
  {
    for channel in channels.indices {
      var closedAt: Int?
      var firstEnd: Int?
      var held = 0
      let own = Self.events(events, of: channel)
      for (index, one) in own.enumerated() {
        if one.event.name == "send" { held += 1 }
        if one.event.name == "receive", one.element != "end" { held -= 1 }
        let isLast =
          index + 1 == own.count || own[index + 1].event.at != one.event.at
        if firstEnd != nil || one.element == "end", isLast, held > 0 {
          return "channel \(channel) ends with \(held) elements in it"
        }
        if one.event.name == "close" {
          if closedAt != nil { return "channel \(channel) is closed twice" }
          closedAt = one.event.at
        }
        if one.element == "end" { firstEnd = firstEnd ?? one.event.at }
        if one.event.name == "send", one.event.at > closedAt ?? .max {
          return "sent at \(one.event.at) µs to channel \(channel)"
        }
      }
      if let firstEnd, firstEnd < closedAt ?? .max {
        return "channel \(channel) ends before it is closed"
      }
    }
    return nil
  }

  /// A lane that is stuck though its operation could go on.
  package static func forgotten(
    _ channels: [Int],
    _ lanes: [String],
    _ trace: DemoTrace<Outcome>
  ) -> String? {
    var held = [Int](repeating: 0, count: channels.count)
    var isClosed = held.map { _ in false }
    for channel in channels.indices {
      for one in events(trace.events, of: channel) {
        if one.event.name == "send" { held[channel] += 1 }
        if one.event.name == "receive", one.element != "end" {
          held[channel] -= 1
        }
        if one.event.name == "close" { isClosed[channel] = true }
      }
    }
    var senders = held.map { _ in 0 }
    var receivers = senders
    for lane in trace.outcome.waiting {
      let done = trace.events.filter {
        $0.lane == "lane \(lane)" && $0.name == "begin"
      }.count
      guard let steps = steps(of: lanes[lane]), done > 0, done <= steps.count
      else { continue }
      let step = steps[done - 1].1
      // A selection does not meet itself: only plain steps are paired.
      let cases =
        switch step {
        case .select(let cases): cases
        default: [step]
        }
      for case let one in cases {
        switch one {
        case .send(let channel, _):
          if isClosed[channel] || held[channel] < channels[channel] {
            return "lane \(lane) waits to send to channel \(channel)"
          }
          if cases.count == 1 { senders[channel] += 1 }
        case .receive(let channel):
          if isClosed[channel] || held[channel] > 0 {
            return "lane \(lane) waits to receive from channel \(channel)"
          }
          if cases.count == 1 { receivers[channel] += 1 }
        default: break
        }
      }
    }
    for channel in channels.indices
    where senders[channel] > 0 && receivers[channel] > 0 {
      return "both sides of channel \(channel) wait"
    }
    return nil
  }

  package static func lateRendezvous(
    _ channels: [Int],
    _ events: [Event]
  ) -> String? {
    for (channel, capacity) in channels.enumerated() where capacity == 0 {
      let own = Self.events(events, of: channel)
      let sent = own.filter { $0.event.name == "send" }
      let received = own.filter {
        $0.event.name == "receive" && $0.element != "end"
      }
      for (sent, received) in zip(sent, received)
      where sent.event.at != received.event.at {
        return "sent at \(sent.event.at) µs, received at "
          + "\(received.event.at) µs on channel \(channel)"
      }
    }
    return nil
  }

  /// A default that was served though another case was ready.
  package static func hasty(
    _ channels: [Int],
    _ lanes: [String],
    _ events: [Event]
  ) -> String? {
    for event in events where event.name == "default" {
      guard let lane = Int(event.lane.dropFirst(5)),
        lanes.indices.contains(lane),
        let steps = steps(of: lanes[lane])
      else { continue }
      let number = events.filter {
        $0.lane == event.lane && $0.name == "begin" && $0.at <= event.at
      }.count
      guard number > 0, number <= steps.count,
        case .select(let cases) = steps[number - 1].1
      else { continue }
      // Only this lane does anything at this instant.
      for one in cases {
        guard let channel = one.channels.first else { continue }
        let before = Self.events(events, of: channel).filter {
          $0.event.at < event.at
        }
        let sent = before.filter { $0.event.name == "send" }.count
        let received = before.filter {
          $0.event.name == "receive" && $0.element != "end"
        }.count
        let isClosed = before.contains { $0.event.name == "close" }
        var isReady = isClosed
        if case .send = one {
          isReady = isReady || sent - received < channels[channel]
        } else {
          isReady = isReady || sent > received
        }
        if isReady {
          return "\(event.lane) at \(event.at) µs: \(one) was ready"
        }
      }
    }
    return nil
  }

  // MARK: Programs for comparison

  /// A program in which no two lanes do anything by themselves at one time.
  ///
  /// Each sleep has a bit of its own, so that no two sums of sleeps are
  /// equal, and what one lane does wakes others only to sleep again.
  package static func random<Generator: RandomNumberGenerator>(
    using generator: inout Generator,
    step: (_ kind: Int, _ channel: Int, inout Generator) -> String
  ) -> (channels: [Int], lanes: [String]) {
    let channels = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
      max(0, Int.random(in: -2...3, using: &generator))
    }
    var bits = Array(0..<20).shuffled(using: &generator)
    let count = Int.random(in: 1...5, using: &generator)
    let lanes = (0..<count).map { _ in
      (0..<Int.random(in: 1...4, using: &generator)).map { _ in
        let sleep = 1 << (bits.popLast() ?? 20)
        let kind = Int.random(in: 0..<20, using: &generator)
        let channel = Int.random(in: channels.indices, using: &generator)
        return "\(sleep) " + step(kind, channel, &generator)
      }.joined(separator: ", ")
    }
    return (channels, lanes)
  }

  package static func simpler(than lanes: [String]) -> [[String]] {
    var simpler: [[String]] = []
    for index in lanes.indices {
      var copy = lanes
      copy.remove(at: index)
      simpler.append(copy)
    }
    for index in lanes.indices {
      let steps = lanes[index].split(separator: ",")
      for step in steps.indices where steps.count > 1 {
        var rest = steps
        rest.remove(at: step)
        var copy = lanes
        copy[index] = rest.joined(separator: ",")
        simpler.append(copy)
      }
    }
    return simpler
  }
}
