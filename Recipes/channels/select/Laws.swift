import ChannelRecipe
package import Cookbook

extension SelectDemo {
  package static let recipe = Recipe(
    name: "select",
    chapter: .channels,
    question: "How does select work, and what are its key properties?",
    goConstructs: [
      "select", "select with default", "case <-time.After(d)", "nil channel",
    ],
    swiftConstructs: ["@resultBuilder", "withTaskCancellationHandler"],
    problems: [
      "wait for the first of several", "timeout on a channel",
      "try to send without waiting", "multiplex",
    ]
  )

  package static let legend = ChannelProgram.legend
  /// Where several cases are ready, either language chooses at random.
  package static let comparison = Comparison.outcomes

  package static let laws: [DemoLaw<Input, Outcome>] = [
    DemoLaw("one case is served, or none") { _, trace in
      var open = Set<String>()
      for event in trace.events {
        if event.name == "begin" {
          guard open.insert(event.lane).inserted else {
            return "\(event.lane) begins twice"
          }
        } else if open.remove(event.lane) == nil {
          return "\(event.lane): \(event.name) after it was served"
        }
      }
      return nil
    },
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
    DemoLaw("a case of the select is served, and no other") { input, trace in
      var count: [String: Int] = [:]
      for event in trace.events where event.name != "begin" {
        let index = count[event.lane, default: 0]
        count[event.lane] = index + 1
        guard let lane = Int(event.lane.dropFirst(5)),
          input.lanes.indices.contains(lane),
          let steps = ChannelProgram.steps(of: input.lanes[lane]),
          steps.indices.contains(index)
        else { return "\(event.lane) does more than its program" }
        guard case .select(let cases) = steps[index].1 else { continue }
        if !["panic", "stuck"].contains(event.name),
          !cases.contains(where: { isServed($0, event) })
        {
          return "\(event.lane): \(event.name) \(event.item)"
        }
      }
      return nil
    },
    DemoLaw("the default is served only where nothing else is ready") {
      input,
      trace in
      ChannelProgram.hasty(input.channels, input.lanes, trace.events)
    },
    DemoLaw("with a default it does not wait, and a timeout comes at its time")
    {
      input,
      trace in
      var began: [String: Int] = [:]
      var count: [String: Int] = [:]
      for event in trace.events {
        if event.name == "begin" {
          began[event.lane] = event.at
          continue
        }
        let index = count[event.lane, default: 0]
        count[event.lane] = index + 1
        guard let lane = Int(event.lane.dropFirst(5)),
          let steps = ChannelProgram.steps(of: input.lanes[lane]),
          case .select(let cases) = steps[index].1
        else { continue }
        let took = event.at - began[event.lane, default: 0]
        if cases.contains(.otherwise), took > 0 {
          return "\(event.lane) waited for \(took) µs"
        }
        let shortest = cases.compactMap { one -> Int? in
          if case .timeout(let milliseconds) = one { milliseconds } else { nil }
        }.min().map { $0 * 1_000 }
        if let shortest, took > shortest {
          return "\(event.lane) waited for \(took) µs"
        }
        if event.name == "timeout", took != shortest {
          return "\(event.lane) timed out after \(took) µs"
        }
      }
      return nil
    },
  ]

  private static func isServed(
    _ one: ChannelProgram.Step,
    _ event: Event
  ) -> Bool {
    switch one {
    case .send(let channel, let element):
      event.name == "send" && event.item == "\(channel): \(element)"
    case .receive(let channel):
      event.name == "receive" && event.item.hasPrefix("\(channel): ")
    case .timeout: event.name == "timeout"
    case .otherwise: event.name == "default"
    case .close, .select: false
    }
  }

  package static func describe(_ outcome: Outcome) -> String {
    ChannelProgram.describe(outcome)
  }

  package static func randomInput(
    using generator: inout some RandomNumberGenerator
  ) -> Input {
    var input = Input()
    input.choiceSeed = Int.random(in: 0..<1 << 20, using: &generator)
    var timeouts = 20
    (input.channels, input.lanes) = ChannelProgram.random(using: &generator) {
      kind,
      channel,
      generator in
      func operation(_ kind: Int, _ channel: Int) -> String {
        kind % 2 == 0
          ? "send \(channel) \(Int.random(in: 0...99, using: &generator))"
          : "receive \(channel)"
      }
      switch kind {
      case 0..<8: return operation(kind, channel)
      case 8: return "close \(channel)"
      default:
        var cases = [operation(kind, channel)]
        if kind % 4 < 3 {
          let other = Int.random(in: 0...channel, using: &generator)
          let kind = Int.random(in: 0...1, using: &generator)
          cases.append(operation(kind, other))
        }
        if kind == 9 || kind == 14 {
          cases.append("default")
        } else if kind > 14, timeouts < 34 {
          // A bit of its own, as sleeps have.
          cases.append("timeout \(1 << timeouts)")
          timeouts += 1
        }
        return "select " + cases.joined(separator: " | ")
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
