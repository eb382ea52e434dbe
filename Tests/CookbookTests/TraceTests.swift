import Cookbook
import Foundation
import Synchronization
import Testing

@Suite("Traces, laws and differences")
struct TraceTests {
  static func trace(_ events: [(Int, String)]) -> Trace {
    Trace(events.map { Event(at: $0.0, lane: "a", name: $0.1) })
  }

  @Test("Events of one instant may be permuted, and nothing else")
  func moments() {
    let swift = Self.trace([(0, "x"), (0, "y"), (5, "z")])
    func difference(_ events: [(Int, String)]) -> String? {
      Difference.between(
        swift: swift,
        go: Self.trace(events),
        evidence: .moments
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
  }

  @Test("A comparison of outcomes does not look at the instants")
  func outcomes() {
    func difference(_ one: [(Int, String)], _ other: [(Int, String)]) -> Bool {
      Difference.between(
        swift: Self.trace(one),
        go: Self.trace(other),
        evidence: .outcome
      ) != nil
    }
    #expect(!difference([(0, "return")], [(9, "return")]))
    #expect(difference([(0, "return")], [(0, "die")]))
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

  @Test("The generator repeats its numbers for a seed")
  func generator() {
    var generator = SeededGenerator(seed: 0)
    // The first numbers of SplitMix64 from state 0, as published.
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
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
    for _ in 0..<count * 7 % 64 { sched_yield() }
    return start.advanced(by: .microseconds(count))
  }

  func sleep(until: ContinuousClock.Instant, tolerance: Duration?) async {}
}
