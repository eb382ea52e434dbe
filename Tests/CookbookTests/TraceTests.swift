import Cookbook
import Testing

@Suite("Traces, laws and differences")
struct TraceTests {
  static func trace(
    _ events: [(Int, String)],
    outcome: Int = 0
  ) -> DemoTrace<Int> {
    DemoTrace(
      events: events.map { Event(at: $0.0, lane: "a", name: $0.1) },
      outcome: outcome
    )
  }

  @Test("Events of one instant may be permuted, and nothing else")
  func moments() {
    let swift = Self.trace([(0, "x"), (0, "y"), (5, "z")])
    func difference(_ events: [(Int, String)], outcome: Int = 0) -> String? {
      Difference.between(
        swift: swift,
        go: Self.trace(events, outcome: outcome),
        comparison: .moments
      )?.description
    }
    #expect(difference([(0, "y"), (0, "x"), (5, "z")]) == nil)
    #expect(
      difference([(0, "x"), (0, "y"), (6, "z")])
        == "at 5 µs Swift has a z, Go has nothing"
    )
    #expect(
      difference([(0, "x"), (5, "z")])
        == "at 0 µs Swift has a x, a y, Go has a x"
    )
    #expect(difference([(0, "x"), (0, "y"), (5, "z"), (5, "z")]) != nil)
    #expect(difference([(0, "x"), (0, "x"), (5, "z")]) != nil)
    #expect(
      difference([(0, "x"), (0, "y"), (5, "z")], outcome: 1)
        == "Swift comes to 0, Go to 1"
    )
  }

  @Test("A comparison of outcomes does not look at the events")
  func outcomes() {
    let (one, other) = (Self.trace([(0, "x")]), Self.trace([(9, "y")]))
    #expect(
      Difference.between(swift: one, go: other, comparison: .outcome) == nil
    )
    #expect(
      Difference.between(
        swift: one,
        go: Self.trace([], outcome: 3),
        comparison: .outcome
      ) != nil
    )
  }

  @Test("Busy lanes are counted from opening to closing")
  func busy() {
    let trace = Self.trace([
      (0, "open"), (1, "open"), (2, "note"), (3, "close"),
    ])
    #expect(
      trace.busy(from: ["open"], to: ["close"]).map(\.count) == [1, 2, 2, 1]
    )
  }

  @Test("Instants group what happened at one time")
  func instants() {
    let trace = Self.trace([(0, "a"), (0, "b"), (3, "c"), (7, "d"), (7, "e")])
    #expect(trace.instants().map(\.at) == [0, 3, 7])
    #expect(trace.instants().map(\.events.count) == [2, 1, 2])
    #expect(Self.trace([]).instants().isEmpty)
  }

  @Test("A broken law names itself and the reason")
  func laws() {
    let law = DemoLaw<Int, Int>("never more than the limit") { limit, trace in
      trace.outcome > limit ? "\(trace.outcome)" : nil
    }
    #expect(throws: Never.self) {
      try law.check(Self.trace([], outcome: 2), of: 2)
    }
    #expect(
      throws: LawViolation(law: "never more than the limit", reason: "3")
    ) {
      try law.check(Self.trace([], outcome: 3), of: 2)
    }
  }

  @Test("An event is written as JSON in the order of its fields")
  func json() {
    let event = Event(at: 7, lane: "a \"b\"\\", name: "x\n\u{1}", item: "é😀/")
    #expect(
      event.json == "{\"at\":7,\"lane\":\"a \\\"b\\\"\\\\\","
        + "\"name\":\"x\\n\\u0001\",\"item\":\"é😀/\"}"
    )
  }

  @Test("Stamps never decrease along a trace, however many threads record")
  func stampsAreOrdered() async {
    let recorder = TraceRecorder(clock: ContinuousClock())
    await withTaskGroup { group in
      for lane in 0..<8 {
        group.addTask {
          for _ in 0..<500 { recorder.record("x", lane: "\(lane)") }
        }
      }
    }
    let stamps = recorder.events.map(\.at)
    #expect(stamps.count == 4_000)
    #expect(stamps == stamps.sorted())
  }

  @Test("The generator repeats its numbers for a seed")
  func generator() {
    var generator = SeededGenerator(seed: 0)
    // The first numbers of SplitMix64 from state 0, as published.
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
  }
}
