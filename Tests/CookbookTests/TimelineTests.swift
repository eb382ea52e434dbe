import Cookbook
import Testing

@Suite("Timeline")
struct TimelineTests {
  static func event(_ at: Int, _ lane: String, _ name: String) -> Event {
    Event(at: at, lane: lane, name: name)
  }

  @Test("A lane that ends where another begins does not overlap it")
  func touchingLanes() {
    let timeline = Timeline([
      Self.event(0, "a", "start"), Self.event(500, "a", "end"),
      Self.event(500, "b", "start"), Self.event(1_000, "b", "fail"),
      // What never ended is drawn to the edge.
      Self.event(500, "c", "start"), Self.event(1_000, "caller", "return"),
    ])
    #expect(
      timeline.lines(width: 40) == [
        "        0            500 µs         1 ms",
        "a       ████████████████················",
        "b       ················███████████████✗",
        "c       ················███████████████…",
        "caller  ·······························■",
        "█ runs", "✗ fails", "■ returns", "… has not ended",
      ]
    )
  }

  @Test("Many lanes are packed into as many rows as were busy at once")
  func packing() {
    var events: [Event] = []
    for index in 0..<100 {
      events.append(Self.event(index * 10, "job \(index)", "start"))
      if index > 0 {
        events.append(Self.event(index * 10 + 5, "job \(index - 1)", "end"))
      }
    }
    let lines = Timeline(events).lines(width: 80)
    #expect(lines.count == 4)
    #expect(lines[1].hasPrefix("row 1"))
    #expect(lines[2].hasPrefix("row 2"))
  }

  @Test("A timeline fits any width, and one without events draws nothing")
  func width() {
    let long = String(repeating: "path/", count: 40)
    let timeline = Timeline(
      [Self.event(0, long, "start"), Self.event(7, long, "end")]
    )
    for width in [0, 20, 40, 41, 80, 200] {
      let lines = timeline.lines(width: width)
      #expect(lines.allSatisfy { $0.count <= max(width, 20) }, "\(width)")
    }
    #expect(Timeline([]).lines(width: 80) == ["(nothing happened)"])
  }

  @Test("A duration has at most three digits and the unit that suits it")
  func duration() {
    for (microseconds, text) in [
      (0, "0 µs"), (999, "999 µs"), (1_000, "1 ms"), (1_500, "1.5 ms"),
      (1_050, "1.05 ms"), (12_340, "12.3 ms"), (123_456, "123 ms"),
      (1_000_000, "1 s"), (61_500_000, "61.5 s"), (7_200_000_000, "7200 s"),
    ] {
      #expect(Timeline.duration(microseconds) == text)
    }
  }

  @Test(
    "Bars have one scale where the shortest can be seen, and else their own"
  )
  func bars() {
    func widths(_ rows: [Bars.Row]) -> [Int] {
      Bars(title: "<title>", unit: "ns", rows).svg.matches(
        of: /width="(\d+)" height="12"/
      ).compactMap { Int($0.output.1) }
    }
    let first = Bars.Row(name: "a", swift: "50", go: "100")
    let shared = widths([first, Bars.Row(name: "b", swift: "200", go: "10")])
    for (longer, times, shorter) in [
      (shared[0], 2, shared[1]), (shared[3], 2, shared[0]),
      (shared[3], 20, shared[2]),
    ] { #expect(abs(longer - times * shorter) < times + 1, "\(shared)") }
    let own = widths([first, Bars.Row(name: "b", swift: "2,000", go: "1,000")])
    #expect(own[0] == own[3] && own[1] == own[2])
    let svg = Bars(
      title: "<title>",
      unit: "ns",
      [Bars.Row(name: "a", swift: "1", go: "2", isConclusive: false)]
    ).svg
    #expect(svg.contains("<title>&lt;title></title>"))
    #expect(svg.contains(">~ a</text>") && svg.contains("~ the rounds"))
  }
}
