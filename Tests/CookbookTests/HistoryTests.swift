import Cookbook
import Foundation
import Testing

// MARK: Models

/// A variable.
private struct Register: SequentialModel {
  enum Call: Hashable {
    case write(Int), read
  }

  private var value = 0
  /// What each operation that has been called will return.
  private var answers: [Int: Int] = [:]

  mutating func call(_ call: Call, id: Int) {
    if case .write(let new) = call { value = new }
    answers[id] = value
  }

  mutating func tryReturn(_ value: Int, id: Int) -> Bool {
    answers.removeValue(forKey: id) == value
  }
}

/// A semaphore of one permit, first come, first served, whose waits can be
/// cancelled.
private struct Permit: SequentialModel {
  enum Call {
    case acquire, release
  }

  enum Return {
    case done, cancelled
  }

  private var free = 1
  private var waiting: [Int] = []
  private var served: Set<Int> = []

  mutating func call(_ call: Call, id: Int) {
    switch call {
    case .acquire: waiting.append(id)
    case .release:
      free += 1
      served.insert(id)
    }
    serve()
  }

  mutating func tryReturn(_ value: Return, id: Int) -> Bool {
    switch value {
    case .done: return served.remove(id) != nil
    case .cancelled:
      guard let place = waiting.firstIndex(of: id) else { return false }
      waiting.remove(at: place)
      return true
    }
  }

  private mutating func serve() {
    while free > 0, !waiting.isEmpty {
      free -= 1
      served.insert(waiting.removeFirst())
    }
  }
}

// MARK: Planted histories

private typealias Variable = History<Register>.Operation
private typealias Gate = History<Permit>.Operation

@Suite("Histories")
struct HistoryTests {
  /// Judges what somebody has thought out: a line that says whether it is
  /// right, and then its operations.
  ///
  /// Each has a lane, a call, a value unless it never returned, and two ticks.
  private func judge<Model: SequentialModel>(
    _ histories: String,
    from model: Model,
    calls: [Model.Call],
    values: [Model.Return]
  ) throws {
    for history in histories.components(separatedBy: "\n\n") {
      let lines = history.split(separator: "\n")
      let operations = try lines.dropFirst().joined(separator: ",")
        .split(separator: ",").map { operation in
          let words = operation.split(separator: " ")
          let (lane, ticks) = (String(words[0]), words[words.count - 1])
          let call = try #require(calls.first { "\($0)" == words[1] })
          let times = ticks.split(separator: "-").compactMap { Int($0) }
          var done = History<Model>.Operation(lane, call, since: times[0])
          if times.count == 2 {
            let value = try #require(values.first { "\($0)" == words[2] })
            (done.value, done.ended) = (value, times[1])
          }
          return done
        }
      let isRight = History(operations).isLinearizable(from: model)
      #expect(isRight == lines[0].hasPrefix("right: "), "\(history)")
    }
  }

  @Test("The checker tells right histories of a variable from wrong ones")
  func variable() throws {
    try judge(
      """
      wrong: a read of what nobody wrote
      A read 1 0-1

      wrong: a read of what was overwritten
      A write(1) 1 0-1, A write(2) 2 2-3, B read 1 4-5

      wrong: a read before its write
      A read 1 0-1, B write(1) 1 2-3

      wrong: the new value, then the old one, while it is written
      A write(1) 1 0-9, B read 1 1-2, B read 0 3-4

      wrong: two readers that see two writes in different orders
      A write(1) 1 0-9, B write(2) 2 0-9
      C read 1 1-2, C read 2 3-4, C read 1 5-6, D read 2 1-2

      wrong: a write without an end that is seen and then not
      A write(1) 0-, B read 1 1-2, B read 0 3-4

      right: nothing at all

      right: a read of either value while it is written
      A write(1) 1 0-9, B read 0 1-2, B read 1 3-4, C read 1 1-2

      right: a write without an end that is seen late
      A write(1) 0-, B read 0 1-2, B read 1 3-4

      right: a write without an end that is never seen
      A write(1) 0-, B read 0 1-2

      right: steps at one tick overlap
      A read 1 0-1, B write(1) 1 1-2
      """,
      from: Register(),
      calls: [.write(1), .write(2), .read],
      values: [0, 1, 2]
    )
  }

  @Test("The checker tells right histories of a semaphore from wrong ones")
  func permit() throws {
    try judge(
      """
      wrong: two hold the one permit
      A acquire done 0-1, B acquire done 2-3, A release done 4-5

      wrong: one release serves two
      A acquire done 0-1, B acquire done 2-7, C acquire done 3-8
      A release done 4-5

      wrong: cancelled, though the permit was free
      A acquire cancelled 0-1

      wrong: a cancelled waiter has kept the permit
      A acquire done 0-1, B acquire cancelled 2-5, A release done 6-7
      C acquire cancelled 8-9

      right: a waiter is served by a release
      A acquire done 0-1, B acquire done 2-5, A release done 3-4
      B release done 6-7

      right: two waiters are served in the order of their calls
      A acquire done 0-1, B acquire done 2-6, C acquire done 3-9
      A release done 4-5, B release done 7-8

      right: a cancelled waiter lets the next one pass
      A acquire done 0-1, B acquire cancelled 2-6, C acquire done 3-9
      A release done 7-8

      right: who waits for ever may hold others up, or have yet to come
      A acquire done 0-1, B acquire 2-, A release done 3-4
      C acquire cancelled 5-6

      right: a release that is seen before it returns
      A acquire done 0-1, A release done 2-9, B acquire done 3-4
      """,
      from: Permit(),
      calls: [.acquire, .release],
      values: [.done, .cancelled]
    )
  }

  @Test("A counter-example shows the operations that conflict, and why")
  func drawing() {
    // A's first write matters, since B reads it; what C does does not.
    let history = History<Register>([
      Variable("A", .write(1), 1, 0...3), Variable("C", .write(7), 7, 1...2),
      Variable("C", .read, 7, 4...5), Variable("A", .write(1), 1, 6...7),
      Variable("A", .write(2), 2, 8...11), Variable("B", .read, 2, 9...10),
      Variable("B", .read, 1, 12...15), Variable("C", .read, 2, 13...14),
      Variable("C", .write(8), since: 16),
    ])
    #expect(
      history.counterexample(from: Register()) == """
        A  ├─ write(1) → 1 ─┤ ├─ write(2) → 2 ─┤
        B                                        ├─ read → 1 ─┤
        One order explains all before: A write(1) → 1, A write(2) → 2; \
        no order lets B's read return 1.
        """
    )
  }

  @Test("What the search has taken back is no part of the order that explains")
  func explanation() {
    // The search tries the order of the calls first: that one does not hold.
    let history = History<Register>([
      Variable("A", .write(1), 1, 0...3), Variable("B", .write(2), 2, 1...2),
      Variable("C", .read, 1, 4...5), Variable("C", .read, 2, 6...7),
    ])
    #expect(
      history.counterexample(from: Register()) == """
        A  ├─ write(1) → 1 ─────┤
        B    ├─ write(2) → 2 ─┤
        C                         ├─ read → 1 ─┤ ├─ read → 2 ─┤
        One order explains all before: B write(2) → 2, A write(1) → 1, \
        C read → 1; no order lets C's read return 2.
        """
    )
  }

  @Test("Bars overlap as their operations do, and what never ended is open")
  func bars() {
    let history = History<Permit>([
      Gate("task 1", .acquire, .done, 0...2),
      Gate("task 2", .acquire, since: 1),
      Gate("task 1", .release, .done, 3...6),
      Gate("main", .acquire, .cancelled, 4...5),
    ])
    #expect(
      history.drawing == """
        task 1  ├─ acquire → done ─┤ ├─ release → done ──────────┤
        task 2    ├─ acquire ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
        main                           ├─ acquire → cancelled ─┤
        """
    )
  }

  @Test("A return that nothing could explain stands alone")
  func alone() {
    let history = History<Permit>([
      Gate("A", .release, .done, 0...1), Gate("B", .acquire, .cancelled, 2...3),
    ])
    #expect(
      history.counterexample(from: Permit()) == """
        B  ├─ acquire → cancelled ─┤
        No order lets B's acquire return cancelled.
        """
    )
  }

  @Test("An operation that is not ended stays pending, and overlaps the rest")
  func pending() async {
    let recorder = HistoryRecorder<Register>()
    let first = recorder.begin(lane: "A", .write(1))
    recorder.end(first, 1)
    await recorder.perform(lane: "A", .read) { 1 }
    #expect(!recorder.history.hasOverlap)
    _ = recorder.begin(lane: "A", .write(2))
    await recorder.perform(lane: "B", .read) { 2 }
    let history = recorder.history
    #expect(history.hasOverlap)
    #expect(history.isLinearizable(from: Register()))
    #expect(
      history.operations == [
        Variable("A", .write(1), 1, 1...2), Variable("A", .read, 1, 3...4),
        Variable("A", .write(2), since: 5), Variable("B", .read, 2, 6...7),
      ]
    )
  }

  // MARK: Against a checker that tries everything

  @Test("The checker agrees with one that tries every order")
  func agrees() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let counts = [
      compare(Register(), &generator) { generator in
        let value = Int.random(in: 0...2, using: &generator)
        let isWrite = Bool.random(using: &generator)
        return isWrite ? (.write(value), value) : (.read, value)
      },
      compare(Permit(), &generator) { generator in
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return (.acquire, .cancelled)
        case 1...2: return (.release, .done)
        default: return (.acquire, .done)
        }
      },
    ]
    #expect(
      counts.allSatisfy { $0.accepted > 200 && $0.rejected > 200 },
      "seed \(seed): \(counts)"
    )
  }

  private func compare<Model: SequentialModel>(
    _ model: Model,
    _ generator: inout SeededGenerator,
    _ random: (inout SeededGenerator) -> (Model.Call, Model.Return)
  ) -> (accepted: Int, rejected: Int) {
    var (accepted, rejected) = (0, 0)
    for _ in 0..<1_000 {
      let count = Int.random(in: 1...6, using: &generator) / 2 + 1
      // Ends before beginnings make intervals of any kind.
      let ticks = (0..<2 * count).shuffled(using: &generator)
      let history = History<Model>(
        (0..<count).map { index in
          let pair = ticks[2 * index...2 * index + 1].sorted()
          let (call, value) = random(&generator)
          return Int.random(in: 0..<8, using: &generator) == 0
            ? .init("\(index)", call, since: pair[0])
            : .init("\(index)", call, value, pair[0]...pair[1])
        }
      )
      let expected = isLinearizableByTrial(history, from: model)
      let isLinearizable = history.isLinearizable(from: model)
      #expect(isLinearizable == expected, "\(history)")
      let counterexample = history.counterexample(from: model)
      #expect((counterexample == nil) == expected, "\(history)")
      if expected { accepted += 1 } else { rejected += 1 }
    }
    return (accepted, rejected)
  }
}

/// Whether any order of the steps keeps real time and is one that the model
/// allows: the checker without its memory.
private func isLinearizableByTrial<Model: SequentialModel>(
  _ history: History<Model>,
  from model: Model,
  called: Set<Int> = [],
  returned: Set<Int> = []
) -> Bool {
  let operations = history.operations
  let left = operations.indices.filter { !returned.contains($0) }
  // What never ended may have its call or not.
  if left.allSatisfy({ operations[$0].value == nil }) { return true }
  return left.contains { index in
    let operation = operations[index]
    // What has ended before it began must have returned before it.
    if left.contains(where: { operations[$0].ended < operation.began }) {
      return false
    }
    var (model, called, returned) = (model, called, returned)
    if called.insert(index).inserted {
      model.call(operation.call, id: index)
    } else {
      guard let value = operation.value, model.tryReturn(value, id: index)
      else { return false }
      returned.insert(index)
    }
    return isLinearizableByTrial(
      history,
      from: model,
      called: called,
      returned: returned
    )
  }
}
