import Cookbook
import SelectRecipe
import Simulation
import Testing

@Suite("Select demo")
struct SelectDemoTests {
  @Test("Random programs keep the laws under every schedule")
  func laws() async throws {
    for (input, seed) in SelectDemo.inputs(300) {
      let first = try await SelectDemo.simulate(input, seed: seed)
      let second = try await SelectDemo.simulate(input, seed: seed + 1_000)
      try SelectDemo.check(first, of: input)
      // The choice comes from the input, and not from the schedule.
      #expect(first.events.sorted() == second.events.sorted())
    }
  }

  @Test("The choice changes the outcome of a program that has one")
  func choice() async throws {
    var input = SelectDemo.Input()
    input.channels = [1, 1]
    input.lanes = ["1 send 0 1, 2 send 1 2, 4 select receive 0 | receive 1"]
    var received = Set<String>()
    for seed in 0..<20 {
      input.choiceSeed = seed
      let trace = try await SelectDemo.simulate(input, seed: 1)
      received.formUnion(trace.events(named: "receive").map(\.item))
    }
    #expect(received == ["0: 1", "1: 2"])
  }

  @Test(
    "The laws reject each naive port",
    arguments: NaiveSelect.all.map(\.name)
  )
  func naive(name: String) async throws {
    let port = try #require(NaiveSelect.all.first { $0.name == name })
    var kills = 0
    var first: (seed: UInt64, law: String)?
    for (input, seed) in SelectDemo.inputs(1_000) {
      let run = try await Simulation.run(seed: seed) { simulation in
        let recorder = TraceRecorder(clock: simulation.clock)
        let outcome = await SelectDemo.run(
          input,
          recorder: recorder,
          select: port.select
        )
        return DemoTrace(events: recorder.events, outcome: outcome)
      }
      do {
        try SelectDemo.check(run.value, of: input)
      } catch {
        kills += 1
        first = first ?? (seed, error.law)
      }
    }
    print(
      "naive select \(name): killed by \"\(first?.law ?? "nothing")\",",
      "first seed \(first?.seed.description ?? "-"), \(kills) in 1,000"
    )
    #expect(kills > 0)
  }
}

/// Selects that look right.
private struct NaiveSelect: Sendable {
  let name: String
  let select: SelectDemo.Selecting

  static let all = [
    NaiveSelect(name: "a race of tasks", select: race),
    NaiveSelect(name: "default first", select: defaultFirst),
    NaiveSelect(name: "timeouts forgotten", select: withoutTimeout),
    NaiveSelect(name: "only the first case waits", select: firstOnly),
  ]

  // #region race
  /// A child task for each case: the first to return wins.
  ///
  /// The others may have sent or received too, before they were cancelled.
  static let race: SelectDemo.Selecting = { cases, channels, clock, _ in
    let ports = channels.map { ChannelProgram.Port.pattern($0) }
    return try await withThrowingTaskGroup(of: ChannelProgram.Ending.self) {
      group in
      for one in cases {
        group.addTask {
          if case .timeout(let milliseconds) = one {
            try await clock.sleep(for: .milliseconds(milliseconds))
            return .event("timeout", item: "")
          }
          if case .otherwise = one { return .event("default", item: "") }
          return await ChannelProgram.perform(one, ports)
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? .cancelled
    }
  }
  // #endregion

  /// Asks for the default before it asks for what is ready.
  static let defaultFirst: SelectDemo.Selecting = {
    cases,
    channels,
    clock,
    generator in
    if cases.contains(.otherwise) { return .event("default", item: "") }
    return try await real(cases, channels, clock, &generator)
  }

  static let withoutTimeout: SelectDemo.Selecting = {
    cases,
    channels,
    clock,
    generator in
    let rest = cases.filter {
      if case .timeout = $0 { false } else { true }
    }
    return try await real(rest, channels, clock, &generator)
  }

  /// Tries all once, and then waits for one of them.
  static let firstOnly: SelectDemo.Selecting = {
    cases,
    channels,
    clock,
    generator in
    if cases.contains(.otherwise) {
      return try await real(cases, channels, clock, &generator)
    }
    let attempt = try await real(
      cases + [.otherwise],
      channels,
      clock,
      &generator
    )
    guard case .event("default", _) = attempt else { return attempt }
    return try await real(Array(cases.prefix(1)), channels, clock, &generator)
  }

  private static let real = SelectDemo.pattern
}
