import Synchronization

/// A concurrent object as one value that a single task uses: what its
/// histories are judged by.
///
/// An operation is two steps, its call and its return. What waits is a
/// request in the model's state, and its return is refused until something
/// has served it. So neither waiting nor cancellation is a special case.
///
/// What other operations can see of an operation should happen at its call:
/// one that never returns has its call at most.
package protocol SequentialModel: Hashable, Sendable {
  associatedtype Call: Hashable & Sendable
  associatedtype Return: Hashable & Sendable

  /// The operation `id` is called.
  mutating func call(_ call: Call, id: Int)

  /// The operation `id` returns, if it may return this value now.
  ///
  /// - Returns: Whether it may. The model is thrown away if it may not.
  mutating func tryReturn(_ value: Return, id: Int) -> Bool
}

/// What tasks did with a concurrent object, and between which instants.
package struct History<Model: SequentialModel>: Hashable, Sendable {
  package struct Operation: Hashable, Sendable {
    /// Who did it: a task does one operation after the other.
    package var lane: String
    package var call: Model.Call
    /// What it returned, or `nil` if it never did.
    package var value: Model.Return?
    package var began: Int
    /// `Int.max` if it never ended.
    package var ended: Int

    /// Creates an operation that returned.
    package init(
      _ lane: String,
      _ call: Model.Call,
      _ value: Model.Return,
      _ ticks: ClosedRange<Int>
    ) {
      (self.lane, self.call, self.value) = (lane, call, value)
      (began, ended) = (ticks.lowerBound, ticks.upperBound)
    }

    /// Creates an operation that never returned.
    package init(_ lane: String, _ call: Model.Call, since began: Int) {
      (self.lane, self.call) = (lane, call)
      (self.began, ended) = (began, .max)
    }

    var label: String {
      "\(call)" + (value.map { " → \($0)" } ?? "")
    }
  }

  /// The operations, in the order in which they began.
  package let operations: [Operation]

  package init(_ operations: [Operation]) {
    self.operations = operations.sorted { $0.began < $1.began }
  }

  /// Whether any two operations of different lanes overlap.
  package var hasOverlap: Bool {
    operations.enumerated().contains { index, operation in
      operations[..<index].contains {
        $0.lane != operation.lane && $0.ended >= operation.began
      }
    }
  }

  /// Whether some order of all steps agrees with real time and is one that
  /// the model allows.
  ///
  /// Both steps of an operation lie between its two ticks. An operation that
  /// never returned may have its call or not.
  ///
  /// - Complexity: Exponential in the number of operations that overlap, at
  ///   worst. Many steps are tried only once, since what follows from them
  ///   depends on the steps taken and the model alone.
  package func isLinearizable(from model: Model) -> Bool {
    order(from: model) != nil
  }
}

// MARK: The search

extension History {
  fileprivate struct Step: Hashable {
    let operation: Int
    let isReturn: Bool
  }

  private struct Configuration: Hashable {
    var taken: [UInt8]
    var model: Model
  }

  /// An order of the steps that the model allows, or `nil` if there is none.
  ///
  /// This is the search of Wing and Gong (1993), with Lowe's memory of the
  /// configurations that failed.
  ///
  /// Of the operations with these `indices`, by default all, those that are
  /// `optional` may have both steps, the call alone, or none; those that are
  /// `called` must have their call, whatever else.
  private func order(
    from model: Model,
    optional: Set<Int> = [],
    of indices: [Int]? = nil,
    called: [Int] = []
  ) -> [Step]? {
    let indices = indices ?? Array(operations.indices)
    let required = byEnd.filter {
      indices.contains($0) && !optional.contains($0)
    }
    /// How many steps of each operation are taken.
    var taken = [UInt8](repeating: 0, count: operations.count)
    var failed: Set<Configuration> = []
    var order: [Step] = []

    /// Completes the order; `clock` is the tick that the steps so far have
    /// reached at the least.
    func extend(_ model: Model, clock: Int) -> Bool {
      let first = required.first { taken[$0] < 2 }
      if first == nil, called.allSatisfy({ taken[$0] > 0 }) { return true }
      let configuration = Configuration(taken: taken, model: model)
      if failed.contains(configuration) { return false }
      // Returns before calls: a good guess, and no more than that.
      let firstEnd = first.map { operations[$0].ended } ?? .max
      for isReturn in [true, false] {
        for index in indices {
          let operation = operations[index]
          if operation.began > firstEnd { break }
          guard taken[index] == (isReturn ? 1 : 0), operation.ended >= clock
          else { continue }
          var next = model
          if isReturn {
            guard let value = operation.value,
              next.tryReturn(value, id: index)
            else { continue }
          } else {
            next.call(operation.call, id: index)
          }
          taken[index] += 1
          order.append(Step(operation: index, isReturn: isReturn))
          if extend(next, clock: max(clock, operation.began)) { return true }
          order.removeLast()
          taken[index] -= 1
        }
      }
      failed.insert(configuration)
      return false
    }
    return extend(model, clock: .min) ? order : nil
  }

  /// The operations that have returned, by the tick of their end.
  private var byEnd: [Int] {
    operations.indices.filter { operations[$0].ended != .max }
      .sorted { operations[$0].ended < operations[$1].ended }
  }
}

// MARK: Counter-examples

extension History {
  /// A drawing of why no order of the steps is allowed, or `nil` if there is
  /// one.
  ///
  /// Only the operations that matter are drawn, and a sentence below names
  /// the return that nothing explains.
  package func counterexample(from model: Model) -> String? {
    guard !isLinearizable(from: model),
      let culprit = firstUnexplained(from: model)
    else { return nil }
    let history = shrunk(from: model, culprit)
    // Shrinking keeps the culprit, and what comes before it explained.
    guard let last = history.firstUnexplained(from: model) else { return nil }
    let operation = history.operations[last]
    let steps = history.before(last).order(from: model) ?? []
    let value = operation.value.map { "\($0)" } ?? ""
    let before = "One order explains all before: \(history.text(of: steps)); no"
    return """
      \(history.drawing)
      \(steps.isEmpty ? "No" : before) order lets \(operation.lane)'s \
      \(operation.call) return \(value).
      """
  }

  /// The operation whose return is the first that cannot be explained.
  private func firstUnexplained(from model: Model) -> Int? {
    byEnd.first {
      !prefix(until: operations[$0].ended).isLinearizable(from: model)
    }
  }

  /// What had happened at a tick; what ended later need not have its steps.
  private func prefix(until tick: Int) -> History {
    History(
      operations.prefix { $0.began <= tick }.map { operation in
        var operation = operation
        if operation.ended > tick { operation.ended = .max }
        return operation
      }
    )
  }

  /// What had happened when an operation had yet to return.
  private func before(_ index: Int) -> History {
    var operations = prefix(until: operations[index].ended).operations
    operations[index].ended = .max
    operations[index].value = nil
    return History(operations)
  }

  /// The fewest operations that are rejected for the same reason.
  ///
  /// It is not enough that the rest is rejected: what is read too late would
  /// become what nobody wrote. So an operation goes only if others need not
  /// go with it to explain the rest, if no duty to take one's steps is needed
  /// less without it, and if the culprit could return then what it can now.
  private func shrunk(from model: Model, _ culprit: Int) -> History {
    let part = prefix(until: operations[culprit].ended)
    let before = part.before(culprit)
    var optional: Set<Int> = []
    for index in part.operations.indices.reversed()
    where part.order(from: model, optional: optional.union([index])) == nil {
      optional.insert(index)
    }
    let duties = part.operations.indices.filter { !optional.contains($0) }
    let values = Set(operations.compactMap(\.value))
    func possibleValues(_ indices: [Int]) -> Set<Model.Return> {
      values.filter { value in
        var operations = part.operations
        operations[culprit].value = value
        return History(operations)
          .order(from: model, of: indices, called: indices) != nil
      }
    }
    var kept = Array(part.operations.indices)
    let possible = possibleValues(kept)
    var isShrinking = true
    while isShrinking {
      isShrinking = false
      for index in kept.reversed() where index != culprit {
        // What an operation did on its way goes with it.
        let inner = kept.filter { part.isInside($0, index) }
        let rest = kept.filter { $0 != index && !inner.contains($0) }
        guard rest.contains(culprit), !duties.contains(index),
          duties.allSatisfy(rest.contains),
          before.order(from: model, of: rest) != nil,
          duties.allSatisfy({
            part.order(from: model, optional: optional.union([$0]), of: rest)
              != nil
          }),
          possibleValues(rest) == possible
        else { continue }
        kept = rest
        isShrinking = true
      }
    }
    return History(kept.map { operations[$0] })
  }

  /// Whether one operation lies inside of another one of its lane.
  private func isInside(_ inner: Int, _ outer: Int) -> Bool {
    let (inner, outer) = (operations[inner], operations[outer])
    return inner.lane == outer.lane && inner.began > outer.began
      && inner.began < outer.ended
  }

  private func text(of steps: [Step]) -> String {
    var words: [String] = []
    for (position, step) in steps.enumerated() {
      let operation = operations[step.operation]
      let value = operation.value.map { "\($0)" } ?? ""
      let isAfterCall =
        position > 0 && steps[position - 1].operation == step.operation
      if step.isReturn && isAfterCall {
        words[words.count - 1] = "\(operation.lane) \(operation.label)"
      } else if step.isReturn {
        words.append("\(operation.lane) returns \(value)")
      } else {
        words.append("\(operation.lane) calls \(operation.call)")
      }
    }
    return words.joined(separator: ", ")
  }
}

// MARK: Drawing

extension History: CustomStringConvertible {
  package var description: String { drawing }

  /// A row for each lane, time across, and a bar for each operation.
  package var drawing: String {
    let columns = columns()
    let edge = columns.values.max() ?? 0
    let lanes = operations.map(\.lane).reduce(into: [String]()) {
      if !$0.contains($1) { $0.append($1) }
    }
    let width = lanes.map(\.count).max() ?? 0
    func fill(_ text: inout String, to column: Int, with mark: String = " ") {
      text += String(repeating: mark, count: column - text.count)
    }
    return lanes.flatMap { lane in
      // Where operations of a lane overlap it has several rows.
      var rows: [(cells: String, last: Int)] = []
      for operation in operations where operation.lane == lane {
        let row = rows.firstIndex { $0.last < operation.began } ?? rows.count
        if row == rows.count { rows.append(("", .min)) }
        let isPending = operation.ended == .max
        let to = isPending ? edge : columns[operation.ended, default: 0]
        fill(&rows[row].cells, to: columns[operation.began, default: 0])
        rows[row].cells += "├─ \(operation.label) "
        fill(&rows[row].cells, to: to, with: isPending ? "┄" : "─")
        rows[row].cells += isPending ? "┄" : "┤"
        rows[row].last = operation.ended
      }
      return rows.map { row in
        var label = lane
        fill(&label, to: width + 2)
        return label + row.cells
      }
    }.joined(separator: "\n")
  }

  /// The column of each tick, so that each bar has room for its label.
  private func columns() -> [Int: Int] {
    var columns: [Int: Int] = [:]
    var next = 0
    let ticks = Set(operations.flatMap { [$0.began, $0.ended] }).sorted()
    for tick in ticks {
      for operation in operations where operation.ended == tick {
        let from = columns[operation.began, default: next]
        next = max(next, from + operation.label.count + 5)
      }
      columns[tick] = next
      next += 2
    }
    return columns
  }
}

// MARK: Recording

/// Writes down the operations of many tasks as they happen.
package final class HistoryRecorder<Model: SequentialModel>: Sendable {
  private let operations = Mutex<[History<Model>.Operation]>([])
  private let ticks = Atomic(0)

  package init() {}

  /// What has been recorded so far; what has not ended is pending.
  package var history: History<Model> {
    History(operations.withLock { $0 })
  }

  /// Records an operation that is about to be called.
  ///
  /// - Returns: What to end it with. One that is never ended stays pending.
  package func begin(lane: String, _ call: Model.Call) -> Int {
    operations.withLock { operations in
      operations.append(.init(lane, call, since: tick()))
      return operations.count - 1
    }
  }

  /// Records that an operation has returned.
  package func end(_ operation: Int, _ value: Model.Return) {
    // Before the lock: who waits for it has returned already.
    let tick = tick()
    operations.withLock { operations in
      operations[operation].value = value
      operations[operation].ended = tick
    }
  }

  /// Performs an operation between its two ticks.
  @discardableResult
  nonisolated(nonsending) package func perform(
    lane: String,
    _ call: Model.Call,
    _ body: nonisolated(nonsending) () async -> Model.Return
  ) async -> Model.Return {
    let operation = begin(lane: lane, call)
    let value = await body()
    end(operation, value)
    return value
  }

  private func tick() -> Int {
    ticks.add(1, ordering: .sequentiallyConsistent).newValue
  }
}

// MARK: Programs

/// A random program over a concurrent object whose history is recorded.
package struct HistoryProgram<Model: SequentialModel>: Sendable {
  /// The object as it is at first.
  package let model: @Sendable () -> Model
  /// Runs the random program of a seed; time is the clock's.
  private let run: Run

  package typealias Run =
    @Sendable (
      _ seed: UInt64,
      _ recorder: HistoryRecorder<Model>,
      _ clock: any Clock<Duration>
    ) async -> Void

  package init(model: @escaping @Sendable () -> Model, run: @escaping Run) {
    self.model = model
    self.run = run
  }

  /// Runs the program of a seed once, and judges what it recorded.
  package func judge(
    seed: UInt64,
    clock: any Clock<Duration>
  ) async -> HistoryVerdict {
    let recorder = HistoryRecorder<Model>()
    await run(seed, recorder, clock)
    return HistoryVerdict(recorder.history, from: model())
  }
}

/// What became of a recorded history, whatever its model.
package struct HistoryVerdict: Sendable {
  package let operations: Int
  /// Whether any two operations overlapped: without, nothing was at stake.
  package let hasOverlap: Bool
  package let isLinearizable: Bool
  private let draw: @Sendable () -> String
  private let explain: @Sendable () -> String?

  init<Model>(_ history: History<Model>, from model: Model) {
    operations = history.operations.count
    hasOverlap = history.hasOverlap
    isLinearizable = history.isLinearizable(from: model)
    draw = { history.drawing }
    explain = { history.counterexample(from: model) }
  }

  /// The operations as bars.
  package var drawing: String { draw() }

  /// A drawing of what no order explains, or `nil` if the history is
  /// linearizable.
  ///
  /// To make it takes longer than to judge.
  package var counterexample: String? { isLinearizable ? nil : explain() }
}

extension Clock where Duration == Swift.Duration {
  /// Lets other tasks run: a scheduling point in a simulation's virtual time,
  /// and a yield in real time.
  package func letOthersRun() async {
    if self is ContinuousClock {
      await Task.yield()
    } else {
      try? await sleep(for: .zero)
    }
  }

  /// Runs several tasks that begin together, and returns when all have ended.
  ///
  /// In real time, those that have not ended after a while are cancelled. In
  /// a simulation they would be a deadlock, which is found at once.
  ///
  /// - Parameters:
  ///   - patience: For each task, after how many pauses it is cancelled, or
  ///     `nil` if it is not.
  ///   - body: What each does, with its index.
  package func runTogether(
    patience: [Int?],
    _ body: @escaping @Sendable (_ task: Int) async -> Void
  ) async {
    let (isReal, total) = (self is ContinuousClock, patience.count)
    let (begun, ended) = (Counter(), Counter())
    await withDiscardingTaskGroup { group in
      for (task, patience) in patience.enumerated() {
        group.addTask {
          await withDiscardingTaskGroup { group in
            group.addTask {
              begun.add()
              // Awake, or one thread would run one after the other; but not
              // for long, since there may be no other thread.
              let late = ContinuousClock.now + .microseconds(200)
              while isReal, begun.value < min(2, total) {
                if .now > late { await Task.yield() }
              }
              await body(task)
              ended.add()
            }
            guard let patience else { return }
            for _ in 0..<patience { await letOthersRun() }
            group.cancelAll()
          }
        }
      }
      guard isReal else { return }
      for _ in 0..<1_000 where ended.value < total { await Task.yield() }
      group.cancelAll()
    }
  }
}
