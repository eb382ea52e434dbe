import Cookbook
import Foundation
import Synchronization
import Testing

@Suite("Traces, laws and differences")
struct TraceTests {
  /// What differs, event by event; each is an instant and a name.
  private static func difference(
    _ swift: [(Int, String)],
    _ go: [(Int, String)],
    _ evidence: Evidence
  ) -> String? {
    func trace(_ events: [(Int, String)]) -> Trace {
      Trace(events.map { Event(at: $0.0, lane: "a", name: $0.1) })
    }
    return Difference.between(
      swift: trace(swift),
      go: trace(go),
      evidence: evidence
    )
  }

  @Test("Events of one instant may be permuted, and nothing else")
  func moments() {
    for (go, found) in [
      ([(0, "y"), (0, "x"), (5, "z")], nil),
      (
        [(0, "x"), (0, "y"), (6, "z")], "at 5 µs Swift has a z, Go has nothing"
      ),
      ([(0, "x"), (5, "z")], "at 0 µs Swift has a x, a y, Go has a x"),
      (
        [(0, "x"), (0, "y"), (5, "z"), (5, "z")],
        "at 5 µs Swift has a z, Go has a z, a z"
      ),
      (
        [(0, "x"), (0, "x"), (5, "z")],
        "at 0 µs Swift has a x, a y, Go has a x, a x"
      ),
    ] as [([(Int, String)], String?)] {
      let swift = [(0, "x"), (0, "y"), (5, "z")]
      #expect(Self.difference(swift, go, .moments) == found)
    }
  }

  @Test("A comparison of outcomes does not look at the instants")
  func outcomes() {
    let swift = [(0, "return")]
    #expect(Self.difference(swift, [(9, "return")], .outcome) == nil)
    #expect(Self.difference(swift, [(0, "die")], .outcome) != nil)
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
    let stage = Stage(clock: SlowClock())
    await withTaskGroup { group in
      for lane in 0..<8 {
        group.addTask {
          for _ in 0..<500 { stage.record("x", lane: "\(lane)") }
        }
      }
    }
    let stamps = stage.trace.events.map(\.at)
    #expect(stamps.count == 4_000)
    #expect(stamps == stamps.sorted())
  }
}

/// A clock of which each look is a microsecond later, and takes a while: a
/// stamp is old by the time it is known.
private struct SlowClock: Clock {
  private final class Looks: Sendable { let count = Atomic(0) }

  private let looks = Looks()
  private let start = ContinuousClock.now
  let minimumResolution = Duration.microseconds(1)

  var now: ContinuousClock.Instant {
    let count = looks.count.add(1, ordering: .relaxed).newValue
    // Others run on beside it. It must not give way: that has no bound where
    // the machine is busy.
    for _ in 0..<count * 7 % 64 * 32 {
      _ = looks.count.load(ordering: .relaxed)
    }
    return start.advanced(by: .microseconds(count))
  }

  func sleep(until: ContinuousClock.Instant, tolerance: Duration?) async {}
}
