import Cookbook
import Synchronization
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

/// A queue whose `take` finds nothing where it is empty.
private struct Queue: SequentialModel {
  enum Call: Hashable {
    case put(Int), take
  }

  enum Return: Hashable {
    case done, nothing, value(Int)
  }

  private var values: [Int] = []
  private var answers: [Int: Return] = [:]

  mutating func call(_ call: Call, id: Int) {
    switch call {
    case .put(let value):
      values.append(value)
      answers[id] = .done
    case .take:
      answers[id] = values.isEmpty ? .nothing : .value(values.removeFirst())
    }
  }

  mutating func tryReturn(_ value: Return, id: Int) -> Bool {
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

private final class Box<Value: Sendable>: Sendable {
  let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }
}

// MARK: Planted histories

/// A history that somebody has thought out.
private struct Planted: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let drawing: String
  let isLinearizable: Bool

  init<Model: SequentialModel>(
    _ name: String,
    _ model: Model,
    _ operations: [History<Model>.Operation]
  ) {
    let history = History(operations)
    testDescription = name
    drawing = history.drawing
    isLinearizable = history.isLinearizable(from: model)
  }
}

private typealias Variable = History<Register>.Operation
private typealias Line = History<Queue>.Operation
private typealias Gate = History<Permit>.Operation

@Suite("Histories")
struct HistoryTests {
  @Test("The checker rejects wrong histories", arguments: Self.wrong)
  private func rejects(planted: Planted) {
    #expect(!planted.isLinearizable, "\(planted.drawing)")
  }

  @Test("The checker accepts right histories", arguments: Self.right)
  private func accepts(planted: Planted) {
    #expect(planted.isLinearizable, "\(planted.drawing)")
  }

  private static let wrong = [
    Planted(
      "a read of what nobody wrote",
      Register(),
      [Variable("A", .read, 1, 0...1)]
    ),
    Planted(
      "a read of what was overwritten",
      Register(),
      [
        Variable("A", .write(1), 1, 0...1), Variable("A", .write(2), 2, 2...3),
        Variable("B", .read, 1, 4...5),
      ]
    ),
    Planted(
      "a read before its write",
      Register(),
      [Variable("A", .read, 1, 0...1), Variable("B", .write(1), 1, 2...3)]
    ),
    Planted(
      "the new value, then the old one, while it is written",
      Register(),
      [
        Variable("A", .write(1), 1, 0...9), Variable("B", .read, 1, 1...2),
        Variable("B", .read, 0, 3...4),
      ]
    ),
    Planted(
      "two readers that see two writes in different orders",
      Register(),
      [
        Variable("A", .write(1), 1, 0...9), Variable("B", .write(2), 2, 0...9),
        Variable("C", .read, 1, 1...2), Variable("C", .read, 2, 3...4),
        Variable("C", .read, 1, 5...6), Variable("D", .read, 2, 1...2),
      ]
    ),
    Planted(
      "a write without an end that is seen and then not",
      Register(),
      [
        Variable("A", .write(1), since: 0), Variable("B", .read, 1, 1...2),
        Variable("B", .read, 0, 3...4),
      ]
    ),
    Planted(
      "overtaken in a queue",
      Queue(),
      [
        Line("A", .put(1), .done, 0...1), Line("A", .put(2), .done, 2...3),
        Line("B", .take, .value(2), 4...5), Line("B", .take, .value(1), 6...7),
      ]
    ),
    Planted(
      "doubled",
      Queue(),
      [
        Line("A", .put(1), .done, 0...9), Line("B", .take, .value(1), 0...9),
        Line("C", .take, .value(1), 0...9),
      ]
    ),
    Planted(
      "lost",
      Queue(),
      [
        Line("A", .put(1), .done, 0...1), Line("B", .take, .nothing, 2...3),
      ]
    ),
    Planted(
      "lost, though others overlap",
      Queue(),
      [
        Line("A", .put(1), .done, 0...2), Line("B", .put(2), .done, 1...3),
        Line("A", .take, .value(2), 4...7), Line("B", .take, .nothing, 5...8),
      ]
    ),
    Planted(
      "two hold the one permit",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1), Gate("B", .acquire, .done, 2...3),
        Gate("A", .release, .done, 4...5),
      ]
    ),
    Planted(
      "one release serves two",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1), Gate("B", .acquire, .done, 2...7),
        Gate("C", .acquire, .done, 3...8), Gate("A", .release, .done, 4...5),
      ]
    ),
    Planted(
      "cancelled, though the permit was free",
      Permit(),
      [Gate("A", .acquire, .cancelled, 0...1)]
    ),
    Planted(
      "a cancelled waiter has kept the permit",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1),
        Gate("B", .acquire, .cancelled, 2...5),
        Gate("A", .release, .done, 6...7),
        Gate("C", .acquire, .cancelled, 8...9),
      ]
    ),
    Planted(
      "served before it is released",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1), Gate("B", .acquire, .done, 2...3),
      ]
    ),
  ]

  private static let right = [
    Planted("nothing at all", Register(), []),
    Planted(
      "a read of either value while it is written",
      Register(),
      [
        Variable("A", .write(1), 1, 0...9), Variable("B", .read, 0, 1...2),
        Variable("B", .read, 1, 3...4), Variable("C", .read, 1, 1...2),
      ]
    ),
    Planted(
      "a write without an end that is seen late",
      Register(),
      [
        Variable("A", .write(1), since: 0), Variable("B", .read, 0, 1...2),
        Variable("B", .read, 1, 3...4),
      ]
    ),
    Planted(
      "a write without an end that is never seen",
      Register(),
      [Variable("A", .write(1), since: 0), Variable("B", .read, 0, 1...2)]
    ),
    Planted(
      "steps at one tick overlap",
      Register(),
      [Variable("A", .read, 1, 0...1), Variable("B", .write(1), 1, 1...2)]
    ),
    Planted(
      "two puts at once, in either order",
      Queue(),
      [
        Line("A", .put(1), .done, 0...3), Line("B", .put(2), .done, 1...2),
        Line("A", .take, .value(2), 4...5), Line("A", .take, .value(1), 6...7),
      ]
    ),
    Planted(
      "nothing found while something is put",
      Queue(),
      [Line("A", .put(1), .done, 0...3), Line("B", .take, .nothing, 1...2)]
    ),
    Planted(
      "taken before the put has returned",
      Queue(),
      [Line("A", .put(1), .done, 0...3), Line("B", .take, .value(1), 1...2)]
    ),
    Planted(
      "a waiter is served by a release",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1), Gate("B", .acquire, .done, 2...5),
        Gate("A", .release, .done, 3...4), Gate("B", .release, .done, 6...7),
      ]
    ),
    Planted(
      "two waiters are served in the order of their calls",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1), Gate("B", .acquire, .done, 2...6),
        Gate("C", .acquire, .done, 3...9), Gate("A", .release, .done, 4...5),
        Gate("B", .release, .done, 7...8),
      ]
    ),
    Planted(
      "a cancelled waiter lets the next one pass",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1),
        Gate("B", .acquire, .cancelled, 2...6),
        Gate("C", .acquire, .done, 3...9), Gate("A", .release, .done, 7...8),
      ]
    ),
    Planted(
      "who waits for ever may hold others up, or have yet to come",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1), Gate("B", .acquire, since: 2),
        Gate("A", .release, .done, 3...4),
        Gate("C", .acquire, .cancelled, 5...6),
      ]
    ),
    Planted(
      "a release that is seen before it returns",
      Permit(),
      [
        Gate("A", .acquire, .done, 0...1), Gate("A", .release, .done, 2...9),
        Gate("B", .acquire, .done, 3...4),
      ]
    ),
  ]

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
    let history = History<Queue>([
      Line("A", .put(1), .done, 0...1), Line("B", .take, .value(2), 2...3),
    ])
    #expect(
      history.counterexample(from: Queue()) == """
        B  ├─ take → value(2) ─┤
        No order lets B's take return value(2).
        """
    )
  }

  // MARK: Recorded histories

  /// Three tasks that each write and read a variable, twice.
  private static func program(
    write: @escaping @Sendable (Int) async -> Void,
    read: @escaping @Sendable () async -> Int
  ) -> HistoryProgram<Register> {
    HistoryProgram(model: { Register() }) { seed, recorder, clock in
      await clock.runTogether(patience: [nil, nil, nil]) { task in
        for round in 1...2 {
          let value = Int(seed) * 100 + task * 10 + round
          await recorder.perform(lane: "\(task)", .write(value)) {
            await write(value)
            return value
          }
          await recorder.perform(lane: "\(task)", .read) { await read() }
        }
      }
    }
  }

  @Test("What is recorded of a variable behind a lock is linearizable")
  func recorded() async {
    for seed in UInt64(0)..<100 {
      let variable = Box(0)
      let program = Self.program { value in
        variable.value.withLock { $0 = value }
      } read: {
        variable.value.withLock { $0 }
      }
      let verdict = await program.judge(seed: seed, clock: ContinuousClock())
      #expect(verdict.operations == 12)
      #expect(verdict.isLinearizable, "\(verdict.counterexample ?? "")")
    }
  }

  @Test("A variable that forgets its second write is found out")
  func forgetful() async {
    let variable = Box([Int]())
    let program = Self.program { value in
      variable.value.withLock { if $0.count < 2 { $0.append(value) } }
    } read: {
      variable.value.withLock { $0.last ?? 0 }
    }
    let verdict = await program.judge(seed: 1, clock: ContinuousClock())
    #expect(verdict.counterexample?.contains("o order lets") == true)
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
      compare(Queue(), &generator) { generator in
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return (.take, .nothing)
        case 1: return (.take, .value(1))
        case 2: return (.take, .value(2))
        default:
          return (.put(Int.random(in: 1...2, using: &generator)), .done)
        }
      },
      compare(Permit(), &generator) { generator in
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: return (.acquire, .cancelled)
        case 1...2: return (.release, .done)
        default: return (.acquire, .done)
        }
      },
    ]
    print(
      "random histories, seed \(seed), register, queue and permit:",
      counts.map { "\($0.accepted) accepted, \($0.rejected) rejected" }
        .joined(separator: "; ")
    )
    #expect(counts.allSatisfy { $0.accepted > 200 && $0.rejected > 200 })
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

/// Whether any order of any choice of the steps keeps real time and is one
/// that the model allows, each order being judged when it is complete.
private func isLinearizableByTrial<Model: SequentialModel>(
  _ history: History<Model>,
  from model: Model
) -> Bool {
  typealias Step = (operation: Int, isReturn: Bool)
  let operations = history.operations

  func isAllowed(_ steps: [Step]) -> Bool {
    for (position, later) in steps.enumerated() {
      for earlier in steps[..<position] {
        let (first, second) = (earlier.operation, later.operation)
        if first == second {
          // Twice the same, or the return before the call.
          if earlier.isReturn || !later.isReturn { return false }
        } else if operations[second].ended < operations[first].began {
          return false
        }
      }
    }
    var model = model
    for step in steps {
      let operation = operations[step.operation]
      if !step.isReturn {
        model.call(operation.call, id: step.operation)
      } else if let value = operation.value,
        !model.tryReturn(value, id: step.operation)
      {
        return false
      }
    }
    return true
  }

  func tryOrders(_ chosen: [Step], _ left: [Step]) -> Bool {
    if left.isEmpty { return isAllowed(chosen) }
    return left.indices.contains { index in
      let step = left[index]
      // Half of the orders have a return before its call.
      if step.isReturn,
        !chosen.contains(where: { $0.operation == step.operation })
      {
        return false
      }
      var rest = left
      rest.remove(at: index)
      return tryOrders(chosen + [step], rest)
    }
  }

  func tryChoices(_ steps: [Step], _ pending: ArraySlice<Int>) -> Bool {
    guard let first = pending.first else { return tryOrders([], steps) }
    return tryChoices(steps, pending.dropFirst())
      || tryChoices(steps + [(first, false)], pending.dropFirst())
  }

  let ended = operations.indices.filter { operations[$0].value != nil }
  let pending = operations.indices.filter { operations[$0].value == nil }
  return tryChoices(
    ended.flatMap { [($0, false), ($0, true)] },
    pending[...]
  )
}
