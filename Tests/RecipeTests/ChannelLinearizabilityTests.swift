import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes

/// What one task did with a channel, and between which two instants.
private struct Operation: Equatable, Sendable, CustomStringConvertible {
  enum Action: Equatable, Sendable {
    case send(Int), sendToClosed, trySend(Int), trySendFull
    case receive(Int), receiveEnd, tryReceive(Int), tryReceiveNothing
    case close, closeAgain
  }

  var action: Action
  var began: Int
  var ended: Int

  init(_ action: Action, _ span: ClosedRange<Int>) {
    self.action = action
    began = span.lowerBound
    ended = span.upperBound
  }

  var description: String { "\(action) \(began)...\(ended)" }

  var sent: Int? {
    switch action {
    case .send(let element), .trySend(let element): element
    default: nil
    }
  }

  var received: Int? {
    switch action {
    case .receive(let element), .tryReceive(let element): element
    default: nil
    }
  }

  /// Whether it can be the one of two sides that was there before.
  var canWait: Bool {
    switch action {
    case .send, .receive: true
    default: false
    }
  }
}

/// A Go channel that one goroutine uses.
private struct Model: Hashable {
  let capacity: Int
  var buffer: [Int] = []
  var isClosed = false

  /// The channel after an operation, or nil if it cannot go like that.
  func after(_ operation: Operation) -> Model? {
    var next = self
    switch operation.action {
    case .send(let element), .trySend(let element):
      guard !isClosed, buffer.count < capacity else { return nil }
      next.buffer.append(element)
    case .receive(let element), .tryReceive(let element):
      guard buffer.first == element else { return nil }
      next.buffer.removeFirst()
    case .sendToClosed: if !isClosed { return nil }
    case .trySendFull: if isClosed || buffer.count < capacity { return nil }
    case .receiveEnd: if !isClosed || !buffer.isEmpty { return nil }
    case .tryReceiveNothing: if isClosed || !buffer.isEmpty { return nil }
    case .close:
      if isClosed { return nil }
      next.isClosed = true
    case .closeAgain: if !isClosed { return nil }
    }
    return next
  }
}

/// Whether the operations can be put into one order that the model allows
/// and that agrees with real time.
///
/// The search is that of Wing and Gong (1993), with Lowe's memory of the
/// configurations that failed. Without a buffer a send and a receive are one
/// step, since neither happens before the other.
private func isLinearizable(_ history: [Operation], capacity: Int) -> Bool {
  struct Configuration: Hashable {
    var done: UInt64
    var model: Model
  }
  precondition(history.count < 64)
  let all: UInt64 = (1 << UInt64(history.count)) - 1
  var failed = Set<Configuration>()

  func search(_ done: UInt64, _ model: Model) -> Bool {
    if done == all { return true }
    let configuration = Configuration(done: done, model: model)
    if failed.contains(configuration) { return false }
    let left = history.indices.filter { done & (1 << UInt64($0)) == 0 }
    let firstEnd = left.map { history[$0].ended }.min() ?? 0
    let candidates = left.filter { history[$0].began < firstEnd }
    for index in candidates {
      let now = done | (1 << UInt64(index))
      if let next = model.after(history[index]), search(now, next) {
        return true
      }
      guard capacity == 0, !model.isClosed, let element = history[index].sent
      else { continue }
      for other in candidates where history[other].received == element {
        guard history[index].canWait || history[other].canWait else {
          continue
        }
        if search(now | (1 << UInt64(other)), model) { return true }
      }
    }
    failed.insert(configuration)
    return false
  }
  return search(0, Model(capacity: capacity))
}

@Suite("Channel histories")
struct ChannelLinearizabilityTests {
  @Test("Histories of random programs are linearizable", arguments: 0...3)
  func linearizable(capacity: Int) async throws {
    for program in UInt64(0)..<100 {
      let seeds = program * 10..<(program + 1) * 10
      _ = try await Simulation.explore(seeds: seeds) { simulation in
        await Self.record(simulation, capacity: capacity, program: program)
      } check: { history in
        try require(
          isLinearizable(history, capacity: capacity),
          "capacity \(capacity): \(history)"
        )
      }
    }
  }

  // One channel for many rounds: at first it does not stay awake in waits.
  @Test("Histories on real threads are linearizable", arguments: 0...3)
  func threads(capacity: Int) async {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let channel = Channel<Int>(capacity: capacity)
    var operations = 0
    for _ in 0..<1_000 {
      let history = History()
      await withTaskGroup(of: Void.self) { group in
        for lane in 0..<4 {
          let kinds = (0..<6).map { _ in
            Int.random(in: 0..<19, using: &generator)
          }
          group.addTask {
            for (index, kind) in kinds.enumerated() {
              await history.perform(kind, lane * 10 + index, channel)
            }
            history.finish()
          }
        }
        // Those who are left wait for each other, or soon will.
        var yields = 0
        while history.finished < 4, yields < 50 {
          await Task.yield()
          yields += 1
        }
        group.cancelAll()
      }
      while case .element = channel.tryReceive() {}
      let recorded = history.operations
      operations += recorded.count
      #expect(
        isLinearizable(recorded, capacity: capacity),
        "seed \(seed), capacity \(capacity): \(recorded)"
      )
    }
    print(
      "channel histories on real threads: seed \(seed), capacity",
      "\(capacity), 1,000 rounds, \(operations) operations"
    )
  }

  @Test("The checker rejects wrong histories", arguments: 0..<Self.wrong.count)
  func planted(index: Int) {
    let (capacity, history) = Self.wrong[index]
    #expect(!isLinearizable(history, capacity: capacity), "\(history)")
  }

  @Test("The checker accepts right histories", arguments: 0..<Self.right.count)
  func planted(rightIndex: Int) {
    let (capacity, history) = Self.right[rightIndex]
    #expect(isLinearizable(history, capacity: capacity), "\(history)")
  }

  private static let wrong: [(Int, [Operation])] = [
    // An element that nobody sent.
    (1, [Operation(.receive(1), 0...1)]),
    // Doubled.
    (
      1,
      [
        Operation(.send(1), 0...1), Operation(.receive(1), 2...3),
        Operation(.receive(1), 4...5),
      ]
    ),
    // Lost.
    (
      1,
      [Operation(.send(1), 0...1), Operation(.tryReceiveNothing, 2...3)]
    ),
    // Overtaken.
    (
      2,
      [
        Operation(.send(1), 0...1), Operation(.send(2), 2...3),
        Operation(.receive(2), 4...5), Operation(.receive(1), 6...7),
      ]
    ),
    // More than the capacity.
    (1, [Operation(.send(1), 0...1), Operation(.send(2), 2...3)]),
    (1, [Operation(.send(1), 0...1), Operation(.trySend(2), 2...3)]),
    // A send that returns before anybody receives.
    (0, [Operation(.send(1), 0...1), Operation(.receive(1), 2...3)]),
    // Neither side waited.
    (0, [Operation(.trySend(1), 0...3), Operation(.tryReceive(1), 1...2)]),
    // Full, though there was room.
    (1, [Operation(.trySendFull, 0...1)]),
    // An end without a close.
    (1, [Operation(.receiveEnd, 0...1)]),
    // An end before the last element.
    (
      1,
      [
        Operation(.send(1), 0...1), Operation(.close, 2...3),
        Operation(.receiveEnd, 4...5), Operation(.receive(1), 6...7),
      ]
    ),
    // Sent after the close.
    (1, [Operation(.close, 0...1), Operation(.send(1), 2...3)]),
    // Refused before the close.
    (1, [Operation(.sendToClosed, 0...1), Operation(.close, 2...3)]),
    // Closed twice for the first time.
    (1, [Operation(.close, 0...1), Operation(.close, 2...3)]),
    // Received before it was sent.
    (1, [Operation(.receive(1), 0...1), Operation(.send(1), 2...3)]),
    // Two that do not overlap meet through a third.
    (
      0,
      [
        Operation(.send(1), 0...9), Operation(.receive(2), 1...2),
        Operation(.send(2), 3...4), Operation(.receive(1), 5...6),
      ]
    ),
  ]

  private static let right: [(Int, [Operation])] = [
    (0, [Operation(.send(1), 0...2), Operation(.receive(1), 1...3)]),
    (0, [Operation(.send(1), 0...3), Operation(.tryReceive(1), 1...2)]),
    (1, [Operation(.send(1), 0...1), Operation(.receive(1), 2...3)]),
    (
      2,
      [
        Operation(.send(1), 0...3), Operation(.send(2), 1...2),
        Operation(.receive(2), 4...5), Operation(.receive(1), 6...7),
      ]
    ),
    (
      1,
      [
        Operation(.send(1), 0...1), Operation(.close, 2...3),
        Operation(.receive(1), 4...5), Operation(.receiveEnd, 6...7),
        Operation(.sendToClosed, 8...9), Operation(.closeAgain, 10...11),
      ]
    ),
  ]

  /// Runs a program that its number makes, and writes down what it did.
  private static func record(
    _ simulation: Simulation,
    capacity: Int,
    program: UInt64
  ) async -> [Operation] {
    var generator = SeededGenerator(seed: program)
    let channel = Channel<Int>(capacity: capacity)
    let history = History()
    let executor = simulation.executor
    var tasks: [Task<Void, Never>] = []
    for lane in 0..<4 {
      let kinds = (0..<4).map { _ in Int.random(in: 0..<20, using: &generator) }
      tasks.append(
        Task(executorPreference: executor) {
          for (index, kind) in kinds.enumerated() {
            await history.perform(kind, lane * 10 + index, channel)
          }
        }
      )
    }
    // Some are cancelled in the middle, and in the end all who are left.
    let victim = Int.random(in: 0..<8, using: &generator)
    if victim < 4 {
      let task = tasks[victim]
      await Task(executorPreference: executor) { task.cancel() }.value
    }
    try? await simulation.clock.sleep(for: .seconds(1))
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
    return history.operations
  }

  private final class History: Sendable {
    private let state = Mutex((operations: [Operation](), time: 0))
    private let lanes = Atomic(0)

    var operations: [Operation] { state.withLock { $0.operations } }

    var finished: Int { lanes.load(ordering: .relaxed) }

    func finish() { lanes.add(1, ordering: .relaxed) }

    private func tick() -> Int {
      state.withLock { state in
        state.time += 1
        return state.time
      }
    }

    func perform(_ kind: Int, _ element: Int, _ channel: Channel<Int>) async {
      let began = tick()
      guard let action = await act(kind, element, channel) else { return }
      state.withLock { state in
        state.time += 1
        state.operations.append(Operation(action, began...state.time))
      }
    }

    /// Returns nil for an operation that was cancelled: it did nothing.
    private func act(
      _ kind: Int,
      _ element: Int,
      _ channel: Channel<Int>
    ) async -> Operation.Action? {
      switch kind {
      case 0..<7:
        do {
          try await channel.send(element)
          return .send(element)
        } catch {
          return error is ChannelClosedError ? .sendToClosed : nil
        }
      case 7..<14:
        do {
          return try await channel.receive().map { .receive($0) } ?? .receiveEnd
        } catch {
          return nil
        }
      case 14..<16:
        do {
          return try channel.trySend(element) ? .trySend(element) : .trySendFull
        } catch {
          return .sendToClosed
        }
      case 16..<19:
        switch channel.tryReceive() {
        case .element(let element): return .tryReceive(element)
        case .nothing: return .tryReceiveNothing
        case .end: return .receiveEnd
        }
      default: return channel.close() ? .close : .closeAgain
      }
    }
  }
}
