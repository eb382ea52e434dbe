package import Cookbook

/// A few tasks that send, receive and close, each after a sleep of its own.
package enum ChannelDemo: Demo {
  package struct Input: DemoInput {
    package var channels = [0, 2]
    package var lanes = [
      "10 send 0 1, 10 send 0 2, 5 close 0",
      "5 receive 0, 25 send 1 3, 1 send 1 4, 1 send 1 5, 2 close 1",
      "15 receive 0, 45 receive 1, 1 receive 1, 1 receive 1, 9 receive 1",
    ]

    package init() {}

    package static let help: KeyValuePairs = [
      "channels": "the capacity of each channel",
      "lanes":
        "what each task does: \"5 send 0 7, 3 receive 1, 2 close 0\" sleeps "
        + "5 ms, sends 7 to channel 0, and so on",
    ]

    package func validate() throws(InputError) {
      try ChannelProgram.validate(channels, lanes, allowsSelect: false)
    }
  }

  package typealias Outcome = ChannelProgram.Outcome

  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder) { .pattern(Channel(capacity: $0)) }
  }

  /// The demo around any channel, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    makeChannel: (Int) -> ChannelProgram.Port
  ) async -> Outcome {
    let ports = input.channels.map(makeChannel)
    return await ChannelProgram.run(input.lanes, recorder) { step, _ in
      await ChannelProgram.perform(step, ports)
    }
  }
}

/// Programs of steps, each of which comes after a sleep.
package enum ChannelProgram {
  package struct Outcome: Codable, Equatable, Sendable {
    package var deadlock = false
    /// The lanes that were left waiting, in order.
    package var waiting: [Int] = []

    package init() {}
  }

  /// A channel's three operations, so that tests can put others in place.
  package struct Port: Sendable {
    package var send: @Sendable (Int) async throws -> Void
    package var receive: @Sendable () async throws -> Int?
    package var close: @Sendable () -> Bool

    package init(
      send: @escaping @Sendable (Int) async throws -> Void,
      receive: @escaping @Sendable () async throws -> Int?,
      close: @escaping @Sendable () -> Bool
    ) {
      self.send = send
      self.receive = receive
      self.close = close
    }

    package static func pattern(_ channel: Channel<Int>) -> Port {
      Port(
        send: { try await channel.send($0) },
        receive: { try await channel.receive() },
        close: { channel.close() }
      )
    }
  }

  package indirect enum Step: Equatable, Sendable {
    case send(channel: Int, element: Int)
    case receive(channel: Int)
    case close(channel: Int)
    case select([Step])
    case otherwise
    case timeout(milliseconds: Int)

    package var channels: [Int] {
      switch self {
      case .send(let channel, _), .receive(let channel), .close(let channel):
        [channel]
      case .select(let steps): steps.flatMap(\.channels)
      case .otherwise, .timeout: []
      }
    }
  }

  /// What a step came to.
  package enum Ending: Sendable {
    case event(String, item: String)
    /// The channel is closed, which ends a lane as a panic would.
    case panic
    case cancelled
  }

  /// Longer than any program sleeps: who waits then waits for ever.
  static let watchdog = 1 << 40

  package static func run(
    _ lanes: [String],
    _ recorder: TraceRecorder,
    perform: @escaping @Sendable (Step, _ number: Int) async -> Ending
  ) async -> Outcome {
    await withTaskGroup(of: Int?.self) { group in
      let programs = lanes.compactMap(steps)
      for (index, steps) in programs.enumerated() {
        group.addTask {
          let lane = "lane \(index)"
          for (number, (milliseconds, step)) in steps.enumerated() {
            do {
              try await recorder.sleep(milliseconds: milliseconds)
            } catch {
              return index
            }
            recorder.record("begin", lane: lane)
            switch await perform(step, index << 16 + number) {
            case .event(let name, let item):
              recorder.record(name, lane: lane, item: item)
            case .panic:
              recorder.record("panic", lane: lane)
              return nil
            case .cancelled:
              recorder.record("stuck", lane: lane)
              return index
            }
          }
          return nil
        }
      }
      group.addTask {
        try? await recorder.sleep(milliseconds: watchdog)
        return -1
      }
      var outcome = Outcome()
      var running = programs.count
      while running > 0, let lane = await group.next() {
        if lane == -1 {
          group.cancelAll()
        } else {
          running -= 1
          if let lane { outcome.waiting.append(lane) }
        }
      }
      group.cancelAll()
      outcome.waiting.sort()
      outcome.deadlock = !outcome.waiting.isEmpty
      return outcome
    }
  }

  package static func perform(_ step: Step, _ ports: [Port]) async -> Ending {
    do {
      switch step {
      case .send(let channel, let element):
        try await ports[channel].send(element)
        return .event("send", item: "\(channel): \(element)")
      case .receive(let channel):
        let element = try await ports[channel].receive()
        return received(element, from: channel)
      case .close(let channel):
        guard ports[channel].close() else { return .panic }
        return .event("close", item: "\(channel)")
      case .select, .otherwise, .timeout: return .cancelled
      }
    } catch {
      return error is ChannelClosedError ? .panic : .cancelled
    }
  }

  package static func received(_ element: Int?, from channel: Int) -> Ending {
    .event("receive", item: "\(channel): \(element.map(String.init) ?? "end")")
  }

  // MARK: Text

  /// A lane's steps with their sleeps; nil if the text has none.
  package static func steps(of text: String) -> [(Int, Step)]? {
    var steps: [(Int, Step)] = []
    for part in text.split(separator: ",") {
      let words = part.split(separator: " ")
      guard let first = words.first, let sleep = Int(first), sleep >= 0,
        let step = step(words.dropFirst())
      else { return nil }
      steps.append((sleep, step))
    }
    return steps
  }

  private static func step(_ words: ArraySlice<Substring>) -> Step? {
    if words.first == "select" {
      let cases = words.dropFirst().split(separator: "|").map(step)
      let steps = cases.compactMap { $0 }
      return steps.count == cases.count ? .select(steps) : nil
    }
    let numbers = words.dropFirst().compactMap { Int($0) }
    guard numbers.count == words.count - 1 else { return nil }
    switch (words.first, numbers.count) {
    case ("send", 2): return .send(channel: numbers[0], element: numbers[1])
    case ("receive", 1): return .receive(channel: numbers[0])
    case ("close", 1): return .close(channel: numbers[0])
    case ("default", 0): return .otherwise
    case ("timeout", 1): return .timeout(milliseconds: numbers[0])
    default: return nil
    }
  }

  package static func validate(
    _ channels: [Int],
    _ lanes: [String],
    allowsSelect: Bool
  ) throws(InputError) {
    for capacity in channels {
      try InputError.require(capacity, in: 0...1_000_000, "channels")
    }
    for lane in lanes {
      guard let steps = steps(of: lane) else {
        throw InputError(
          field: "lanes",
          problem: "must be like \"5 send 0 7, 3 receive 1\", not \"\(lane)\""
        )
      }
      for (sleep, step) in steps {
        try InputError.require(sleep, in: 0...1 << 36, "lanes")
        let isStep =
          switch step {
          case .otherwise, .timeout: false
          case .select(let cases):
            allowsSelect
              && cases.allSatisfy {
                switch $0 {
                case .close, .select: false
                default: true
                }
              } && cases.filter { $0 == .otherwise }.count <= 1
          default: true
          }
        let known = step.channels.allSatisfy(channels.indices.contains)
        guard isStep, known else {
          throw InputError(
            field: "lanes",
            problem: known
              ? "must not have a step like one of \"\(lane)\""
              : "must name channels from 0 to \(channels.count - 1)"
          )
        }
      }
    }
  }
}
