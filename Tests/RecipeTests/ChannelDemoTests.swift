import ChannelRecipe
import Cookbook
import Simulation
import Synchronization
import Testing

@Suite("Channel demo")
struct ChannelDemoTests {
  @Test("Random programs keep the laws under every schedule")
  func laws() async throws {
    for (input, seed) in ChannelDemo.inputs(300) {
      let first = try await ChannelDemo.simulate(input, seed: seed)
      let second = try await ChannelDemo.simulate(input, seed: seed + 1_000)
      try ChannelDemo.check(first, of: input)
      // What they do, and when, is no matter of schedules.
      #expect(first.events.sorted() == second.events.sorted())
      #expect(first.outcome == second.outcome)
    }
  }

  @Test("A deadlock is an outcome, and says who waits")
  func deadlock() async throws {
    var input = ChannelDemo.Input()
    input.channels = [0]
    input.lanes = ["1 send 0 1", "2 send 0 2, 4 send 0 3", "8 receive 0"]
    let trace = try await ChannelDemo.simulate(input, seed: 1)
    #expect(trace.outcome.deadlock)
    #expect(trace.outcome.waiting == [1])
    try ChannelDemo.check(trace, of: input)
  }

  @Test(
    "The laws reject each naive port",
    arguments: NaiveChannel.all.map(\.name)
  )
  func naive(name: String) async throws {
    let port = try #require(NaiveChannel.all.first { $0.name == name })
    var kills = 0
    var first: (seed: UInt64, law: String)?
    for (input, seed) in ChannelDemo.inputs(1_000) {
      let run = try await Simulation.run(seed: seed) { simulation in
        let recorder = TraceRecorder(clock: simulation.clock)
        let outcome = await ChannelDemo.run(
          input,
          recorder: recorder,
          makeChannel: port.make
        )
        return DemoTrace(events: recorder.events, outcome: outcome)
      }
      do {
        try ChannelDemo.check(run.value, of: input)
      } catch {
        kills += 1
        first = first ?? (seed, error.law)
      }
    }
    print(
      "naive channel \(name): killed by \"\(first?.law ?? "nothing")\",",
      "first seed \(first?.seed.description ?? "-"), \(kills) in 1,000"
    )
    #expect(kills > 0)
  }

  @Test("Every simpler input is valid, and some input is simpler")
  func simpler() throws {
    for (input, _) in ChannelDemo.inputs(50) {
      try input.validate()
      for simpler in ChannelDemo.simplerInputs(than: input) {
        try simpler.validate()
      }
    }
    #expect(!ChannelDemo.simplerInputs(than: .init()).isEmpty)
  }

  @Test(
    "Programs that cannot run are refused",
    arguments: [
      "send 0 1", "1 send 9 1", "1 send 0", "1 fly", "-1 close 0",
      "1 select receive 0", "1 default",
    ]
  )
  func refused(lane: String) {
    var input = ChannelDemo.Input()
    input.lanes = [lane]
    #expect(throws: InputError.self) { try input.validate() }
  }
}

extension Demo {
  /// Random inputs, each with the seed that made it.
  static func inputs(_ count: UInt64) -> [(Input, UInt64)] {
    (0..<count).map { seed in
      var generator = SeededGenerator(seed: seed)
      return (randomInput(using: &generator), seed)
    }
  }

  static func simulate(
    _ input: Input,
    seed: UInt64
  ) async throws -> DemoTrace<Outcome> {
    try await Simulation.run(seed: seed) { simulation in
      try await trace(input, clock: simulation.clock)
    }.value
  }
}

/// Channels that look right.
struct NaiveChannel: Sendable {
  let name: String
  let make: @Sendable (Int) -> ChannelProgram.Port

  static let all = [
    NaiveChannel(name: "last in, first out", make: lastInFirstOut),
    NaiveChannel(name: "one too many", make: oneTooMany),
    NaiveChannel(name: "unbounded AsyncStream", make: stream),
    NaiveChannel(name: "close drops the buffer", make: dropping),
    NaiveChannel(name: "close forgets who waits", make: forgetting),
    NaiveChannel(name: "rendezvous with a buffer of one", make: bufferOfOne),
  ]

  /// Keeps what waits in an array, and takes from its wrong end.
  private static let lastInFirstOut: @Sendable (Int) -> ChannelProgram.Port = {
    capacity in
    let room = Channel<Void>(capacity: capacity)
    let stack = Mutex<[Int]>([])
    return ChannelProgram.Port(
      send: { element in
        stack.withLock { $0.append(element) }
        try await room.send(())
      },
      receive: {
        guard try await room.receive() != nil else { return nil }
        return stack.withLock { $0.popLast() }
      },
      close: { room.close() }
    )
  }

  /// Compares with `<=` where it should with `<`.
  private static let oneTooMany: @Sendable (Int) -> ChannelProgram.Port = {
    .pattern(Channel<Int>(capacity: $0 + 1))
  }

  // #region stream
  /// What is at hand in the standard library.
  private static let stream: @Sendable (Int) -> ChannelProgram.Port = { _ in
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    let isClosed = Mutex(false)
    return ChannelProgram.Port(
      send: { element in
        if isClosed.withLock({ $0 }) { throw ChannelClosedError() }
        continuation.yield(element)
      },
      receive: {
        var iterator = stream.makeAsyncIterator()
        let element = await iterator.next()
        if element == nil { try Task.checkCancellation() }
        return element
      },
      close: {
        continuation.finish()
        return isClosed.withLock { isClosed in
          defer { isClosed = true }
          return !isClosed
        }
      }
    )
  }
  // #endregion

  /// Ends for its receivers at once.
  private static let dropping: @Sendable (Int) -> ChannelProgram.Port = {
    capacity in
    let real = Channel<Int>(capacity: capacity)
    return ChannelProgram.Port(
      send: { try await real.send($0) },
      receive: { try await real.receive() },
      close: {
        let wasOpen = real.close()
        while case .element = real.tryReceive() {}
        return wasOpen
      }
    )
  }

  /// Sets a flag, and wakes nobody.
  private static let forgetting: @Sendable (Int) -> ChannelProgram.Port = {
    capacity in
    let real = Channel<Int>(capacity: capacity)
    let isClosed = Mutex(false)
    return ChannelProgram.Port(
      send: { element in
        if isClosed.withLock({ $0 }) { throw ChannelClosedError() }
        try await real.send(element)
      },
      receive: {
        if isClosed.withLock({ $0 }), case .nothing = real.tryReceive() {
          return nil
        }
        return try await real.receive()
      },
      close: {
        isClosed.withLock { isClosed in
          defer { isClosed = true }
          return !isClosed
        }
      }
    )
  }

  /// Takes 0 for "as small as possible".
  private static let bufferOfOne: @Sendable (Int) -> ChannelProgram.Port = {
    .pattern(Channel<Int>(capacity: max($0, 1)))
  }
}
