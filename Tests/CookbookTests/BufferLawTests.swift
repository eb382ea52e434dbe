import Cookbook
import Testing

@Suite("Laws of buffers")
struct BufferLawTests {
  private struct Readings: BufferInput {
    var bound = 1
    var policy = BufferPolicy.suspend
    var consumers = 1
    var pauses = [1, 1, 1]
    var stores: [Int] = []
    var cancelAfter: Int?

    static var fields: [Field<Self>] { [] }
  }

  /// The laws that a trace breaks, such as `1: sensor say 0, 2: reading 0 start`.
  private func broken(_ text: String, _ input: Readings) -> [String] {
    let events = text.split(separator: ", ").map { event in
      let words = event.split(separator: " ").map(String.init)
      let isSaid = words[words.count - 2] == "say"
      return Event(
        at: Int(words[0].dropLast()).map { $0 * 1_000 } ?? 0,
        lane: words[1...].dropLast(isSaid ? 2 : 1).joined(separator: " "),
        name: words[words.count - (isSaid ? 2 : 1)],
        item: isSaid ? words[words.count - 1] : ""
      )
    }
    return [
      .itemsAccountedFor, .bounded, .onlyIfFull, .dropsAsDeclared,
      .noConsumerIdle,
    ].compactMap { (law: Law<Readings>) in
      law.problem(input, Trace(events)).map { "\(law.name): \($0)" }
    }
  }

  private let full = """
    1: sensor say 0, 1: reading 0 start, 2: sensor say 1, 3: sensor say 2, \
    5: reading 0 end, 5: reading 1 start, 7: reading 1 end, \
    7: reading 2 start, 8: reading 2 end
    """

  @Test("A sender waits where the buffer is full, and only there")
  func waiting() {
    #expect(broken(full, Readings()) == [])
    #expect(broken(full, Readings(bound: 2)) == [])
    let late = full.replacing("3: sensor say 2, ", with: "")
      .replacing("7: reading 1 end", with: "6: sensor say 2, 7: reading 1 end")
    let reason =
      "a sender waits, or an item is dropped, only if the buffer is full"
    #expect(
      broken(late, Readings()) == ["\(reason): a sender from 3000 to 5000 µs"]
    )
    // What else happens in the meantime is no excuse.
    let busy = """
      1: sensor say 0, 1: reading 0 start, 2: reading 0 end, 3: sensor say 1, \
      3: reading 1 start, 4: sensor say 2, 4: reading 1 end, 4: reading 2 start
      """
    #expect(
      broken(busy, Readings()) == ["\(reason): a sender from 2000 to 3000 µs"]
    )
  }

  @Test("An item is dropped where the buffer is full, and only there")
  func dropping() {
    let drops = full.replacing("7: reading 2 start, 8: reading 2 end", with: "")
      .replacing("3: sensor say 2", with: "3: sensor say 2, 3: dropped say 2")
      .replacing("7: reading 1 end, ", with: "7: reading 1 end")
    #expect(broken(drops, Readings(policy: .dropNewest)) == [])
    #expect(broken(drops, Readings(bound: 2, policy: .dropNewest)).count == 1)
    #expect(broken(drops, Readings(policy: .dropOldest)).count == 1)
    let lost = drops.replacing(", 3: dropped say 2", with: "")
    #expect(broken(lost, Readings(policy: .dropNewest)).count == 1)
  }

  @Test("A consumer is idle only where nothing is kept")
  func idle() {
    #expect(broken(full, Readings(consumers: 2)).count == 1)
    let late = full.replacing("5: reading 1 start", with: "6: reading 1 start")
    #expect(broken(late, Readings()).count == 1)
  }
}
