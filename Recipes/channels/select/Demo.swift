public import ChannelRecipe
package import Cookbook

// Public, as otherwise the import could not be: and a `package import` keeps
// the optimiser from specialising `select` for other modules, which makes it
// six times as slow there.
/// What the programs select from.
public typealias NumberChannel = Channel<Int>

/// Tasks that send, receive, close and select, each after a sleep.
package enum SelectDemo: Demo {
  package struct Input: DemoInput {
    package var channels = [0, 1]
    package var lanes = [
      "5 select receive 0 | timeout 10, 1 select receive 0 | receive 1",
      "40 select send 0 7 | send 1 8, 2 select receive 1 | default",
      "60 send 0 9, 1 close 0",
      "90 receive 0, 20 select receive 0 | default",
    ]
    package var choiceSeed = 1

    package init() {}

    package static let help: KeyValuePairs = [
      "channels": "the capacity of each channel",
      "lanes":
        "what each task does: \"5 send 0 7, 3 select receive 1 | timeout 4\" "
        + "sleeps 5 ms, sends 7 to channel 0, and so on",
      "choiceSeed": "what Swift chooses by where several cases are ready",
    ]

    package func validate() throws(InputError) {
      try ChannelProgram.validate(channels, lanes, allowsSelect: true)
    }
  }

  package typealias Outcome = ChannelProgram.Outcome

  /// The pattern, so that tests can put others in its place.
  package typealias Selecting =
    @Sendable (
      [ChannelProgram.Step], [NumberChannel], any Clock<Duration>,
      inout SeededGenerator
    ) async throws -> ChannelProgram.Ending

  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder, select: pattern)
  }

  /// The demo around any select, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    select: @escaping Selecting
  ) async -> Outcome {
    let channels = input.channels.map { NumberChannel(capacity: $0) }
    let ports = channels.map { ChannelProgram.Port.pattern($0) }
    let seed = UInt64(truncatingIfNeeded: input.choiceSeed)
    return await ChannelProgram.run(input.lanes, recorder) { step, number in
      guard case .select(let cases) = step else {
        return await ChannelProgram.perform(step, ports)
      }
      var generator = SeededGenerator(seed: seed << 32 | UInt64(number))
      do {
        return try await select(cases, channels, recorder.clock, &generator)
      } catch {
        return error is ChannelClosedError ? .panic : .cancelled
      }
    }
  }

  // #region demo
  package static let pattern: Selecting = { cases, channels, clock, generator in
    try await select(using: &generator) {
      for one in cases {
        switch one {
        case .send(let channel, let element):
          Case.send(element, to: channels[channel]) {
            .event("send", item: "\(channel): \(element)")
          }
        case .receive(let channel):
          Case.receive(from: channels[channel]) { element in
            ChannelProgram.received(element, from: channel)
          }
        case .timeout(let milliseconds):
          Case.timeout(.milliseconds(milliseconds), clock: clock) {
            .event("timeout", item: "")
          }
        default:
          Case.default { .event("default", item: "") }
        }
      }
    }
  }
  // #endregion
}
