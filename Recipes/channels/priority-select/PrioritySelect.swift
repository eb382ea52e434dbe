import Synchronization

/// Waits until one of several cases can proceed, and performs the most
/// urgent of those that can.
///
/// A case is served only if each one before it was asked and not ready.
/// Where none is ready it waits, and the first to become ready is served.
/// Cases at the end starve while those before them are always ready: see
/// ``WeightedReceiver``.
///
/// **Cancellation** ends the wait, and no case is served then.
///
/// - Parameter cases: The cases, the most urgent one first.
/// - Returns: What the action of the case returns.
/// - Throws: `CancellationError`; ``ChannelClosedError`` if the case sends on
///   a closed channel; or what the action throws.
/// - Complexity: O(*n*) for *n* cases.
nonisolated(nonsending) func prioritySelect<Output>(
  @Select.Builder<Output> _ cases: () -> [Select.Case<Output>]
) async throws -> Output {
  try await Select.first(of: cases(), choose: \.lowerBound)
}

/// Receives from two channels, from one of them more often.
///
///     let jobs = WeightedReceiver(high: urgent, low: ordinary, ratio: 3)
///     while let job = try await jobs.next() { await run(job) }
///
/// While both have elements, the low one is served after at most ``ratio``
/// elements of the high one: it gets one turn in `ratio + 1`. Tasks that
/// receive at the same time may miscount by a turn each.
nonisolated final class WeightedReceiver<Element: Sendable>: Sendable {
  /// How many elements of the high channel may come before one that waits
  /// in the low one.
  let ratio: Int
  private let state: Mutex<State>

  private struct State {
    // Absent from its end on: it would always be ready, and be asked for ever.
    var high: Channel<Element>?
    var low: Channel<Element>?
    var streak = 0
  }

  /// Creates a receiver.
  ///
  /// - Parameters:
  ///   - high: The channel that is preferred.
  ///   - low: The other one.
  ///   - ratio: At least 1.
  init(high: Channel<Element>, low: Channel<Element>, ratio: Int) {
    precondition(ratio > 0, "the high channel needs a turn")
    self.ratio = ratio
    state = Mutex(State(high: high, low: low))
  }

  /// Receives the next element, waiting while there is none.
  ///
  /// - Returns: The element, or `nil` when both channels have ended.
  /// - Throws: `CancellationError` if the task is cancelled while it waits;
  ///   no element is lost by that.
  nonisolated(nonsending) func next() async throws -> Element? {
    while true {
      let now = state.withLock { $0 }
      if now.high == nil, now.low == nil { return nil }
      let isHighFirst = now.streak < ratio
      let (first, second) =
        isHighFirst ? (now.high, now.low) : (now.low, now.high)
      let turn: Turn
      // Asked without a select first, which costs more.
      if let ready = Turn(first, isFirst: true) ?? Turn(second, isFirst: false)
      {
        turn = ready
      } else {
        turn = try await prioritySelect {
          Select.receive(from: first) { Turn(isFirst: true, element: $0) }
          Select.receive(from: second) { Turn(isFirst: false, element: $0) }
        }
      }
      let isHigh = turn.isFirst == isHighFirst
      state.withLock { state in
        switch (turn.element, isHigh) {
        case (nil, true): state.high = nil
        case (nil, false): state.low = nil
        case (_, true): state.streak = min(state.streak + 1, ratio)
        case (_, false): state.streak = 0
        }
      }
      if let element = turn.element { return element }
    }
  }

  private struct Turn {
    let isFirst: Bool
    let element: Element?

    init(isFirst: Bool, element: Element?) {
      (self.isFirst, self.element) = (isFirst, element)
    }

    init?(_ channel: Channel<Element>?, isFirst: Bool) {
      switch channel?.tryReceive() {
      case .element(let element): self.init(isFirst: isFirst, element: element)
      case .end: self.init(isFirst: isFirst, element: nil)
      case .nothing, nil: return nil
      }
    }
  }
}

/// Two queues without a bound, of which the urgent one is emptied first.
///
/// Nobody who sends has to wait, which is why memory is not bounded.
actor PriorityQueue<Element: Sendable> {
  private let urgent = Channel<Element>(capacity: .max)
  private let ordinary = Channel<Element>(capacity: .max)
  // An element in one of them for each signal in here, where receivers wait.
  private let signals = Channel<Void>(capacity: .max)

  /// Creates an empty queue.
  init() {}

  /// Appends an element to one of the queues.
  ///
  /// - Throws: ``ChannelClosedError`` if the queue is finished.
  func send(_ element: Element, isUrgent: Bool) throws {
    _ = try signals.trySend(())
    _ = try (isUrgent ? urgent : ordinary).trySend(element)
  }

  /// Lets receivers come to the end of what is there.
  func finish() { signals.close() }

  /// Receives the first urgent element, or else the first ordinary one.
  ///
  /// - Returns: The element, or `nil` when the queue is finished and empty.
  /// - Throws: `CancellationError` if the task is cancelled while it waits.
  /// - Complexity: O(1), amortised.
  func next() async throws -> Element? {
    guard try await signals.receive() != nil else { return nil }
    if case .element(let element) = urgent.tryReceive() { return element }
    return try await ordinary.receive()
  }
}
