import Synchronization

/// Hands elements from tasks that send to tasks that receive, in order.
///
///     let channel = Channel<Int>(capacity: 8)
///     // In one task:
///     for job in jobs { try await channel.send(job) }
///     channel.close()
///     // In others:
///     for try await job in channel { await run(job) }
///
/// It holds up to ``capacity`` elements. With a capacity of 0 it holds none:
/// a send returns when a receive has taken its element. Tasks that are
/// suspended are served in the order in which they came; at a buffer, one that
/// still stays awake has no place in the line, and a later one can be served
/// before it. Every operation is linearizable.
///
/// **Cancellation** ends a wait, and nothing else: a send or a receive that
/// waits throws `CancellationError`, and has sent or received nothing. One
/// that need not wait succeeds in a cancelled task too, so that it can clean
/// up; a loop that seldom waits has to look at `Task.isCancelled` itself.
///
/// **Complexity**: O(1) for each operation, amortised; O(*n*) for ``close()``
/// and O(log *n*) for a cancellation where *n* tasks wait. A task that has to
/// wait may stay awake for some microseconds before it suspends, where that
/// has paid off lately; not on an actor.
nonisolated final class Channel<Element: Sendable>: Sendable {
  /// How many elements a channel holds that nobody has received.
  let capacity: Int
  private let gap1 = CacheLines()
  // An operation that needs both locks takes this one first.
  private let state: Mutex<State>
  // What `state` and `outbox` count, to be read without a lock.
  private let sent = Atomic(0)
  private let gap2 = CacheLines()
  private let outbox = Mutex(Outbox())
  private let received = Atomic(0)
  private let gap3 = CacheLines()
  let patience = Patience()

  /// Creates an open channel.
  ///
  /// - Parameter capacity: At least 0. Memory is taken as it is needed.
  init(capacity: Int = 0) {
    precondition(capacity >= 0, "a channel cannot hold less than nothing")
    self.capacity = capacity
    state = Mutex(State(capacity: capacity))
  }

  /// Sends an element, waiting while the channel is full, and with a capacity
  /// of 0 until the element is received.
  ///
  /// - Parameter element: What the receiver gets.
  /// - Throws: ``ChannelClosedError`` if the channel is or becomes closed;
  ///   `CancellationError` if the task is cancelled while it waits. In both
  ///   cases nobody receives the element.
  @inline(__always)  // without, every send pays for a frame of its own
  nonisolated(nonsending) func send(_ element: Element) async throws {
    if !appendToBuffer(element) { try await sendOrWait(element) }
  }

  /// Receives the next element, waiting while there is none.
  ///
  /// - Returns: The element, or `nil` once the channel is closed and every
  ///   element in it has been received.
  /// - Throws: `CancellationError` if the task is cancelled while it waits;
  ///   no element is lost by that. The end is not an error.
  @inline(__always)
  nonisolated(nonsending)
    func receive() async throws(CancellationError) -> Element?
  {
    if let element = takeFromBuffer() { return element }
    return try await receiveOrWait()
  }

  /// Sends an element if that is possible without waiting.
  ///
  /// - Returns: Whether the element was sent.
  /// - Throws: ``ChannelClosedError`` if the channel is closed.
  func trySend(_ element: Element) throws(ChannelClosedError) -> Bool {
    if appendToBuffer(element) { return true }
    guard let attempt = withBoth({ $0.send(element, $1) }) else {
      return false
    }
    if case .closed = attempt.finish() { throw ChannelClosedError() }
    return true
  }

  /// What ``Channel/tryReceive()`` finds; nothing comes after the end.
  enum Availability: Sendable { case element(Element), nothing, end }

  /// Receives an element if that is possible without waiting.
  ///
  /// - Returns: The element, or why there is none.
  func tryReceive() -> Availability {
    if let element = takeFromBuffer() { return .element(element) }
    guard let attempt = withBoth({ $0.receive(&$1) }) else { return .nothing }
    guard case .received(let element) = attempt.finish() else { return .end }
    return .element(element)
  }

  /// Ends the channel: what is in it can be received, and then its end.
  ///
  /// All tasks that wait are released: receivers get the end, and senders
  /// throw ``ChannelClosedError``. Closing twice is not an error.
  ///
  /// - Returns: Whether the channel was open.
  @discardableResult
  func close() -> Bool {
    let released = state.withLock { $0.close() }
    released?.forEach { $0.resume(.closed) }
    return released != nil
  }

  // MARK: Without waiting

  /// Sends if the lock of the senders is enough for it, so that senders and
  /// receivers do not wait for each other.
  @inline(__always)
  private func appendToBuffer(_ element: Element) -> Bool {
    if capacity == 0 { return false }
    return state.withLock { state in
      guard state.hasRoom(forMany: batch, received) else { return false }
      state.append(element)
      sent.store(state.sent, ordering: .relaxed)
      return true
    }
  }

  /// Receives if the lock of the receivers is enough for it.
  @inline(__always)
  private func takeFromBuffer() -> Element? {
    if capacity == 0 { return nil }
    return outbox.withLock { outbox in
      if outbox.areSendersWaiting { return nil }
      // Only tried: both locks are taken in the other order elsewhere.
      if outbox.isEmpty, hasElements {
        _ = state.withLockIfAvailable { outbox.refill(&$0.inbox) }
      }
      guard let element = outbox.take() else { return nil }
      received.store(outbox.received, ordering: .relaxed)
      return element
    }
  }

  // To move few elements at a time costs more than to wait for some.
  private var batch: Int { Swift.min(capacity - capacity / 2, 64) }

  private var hasElements: Bool { count >= batch }
  private var hasRoom: Bool { count <= capacity - batch }
  // Of a moment that may be over; below 0 if elements came and went between
  // the two loads.
  private var count: Int {
    sent.load(ordering: .relaxed) &- received.load(ordering: .relaxed)
  }

  // MARK: With both locks

  nonisolated(nonsending)
    private func sendOrWait(_ element: Element) async throws
  {
    // Awake, it waits for room for many: for one, it would soon be back.
    if !hasRoom { _ = await patience.lasts { _ in hasRoom } }
    let attempt = withBoth { state, outbox in
      state.send(element, outbox)
        ?? state.wait(.task(Waiter()), toSend: element)
    }
    try await finish(attempt).sent()
  }

  // It returns what `receive` returns: where `receive` had to convert it, the
  // compiler joined the two ways before the caller looks whether it is still
  // on its executor, and each element without a wait paid for that look: with
  // one sender, one receiver and a buffer, 53 ns instead of 24.
  nonisolated(nonsending)
    private func receiveOrWait() async throws(CancellationError) -> Element?
  {
    if !hasElements {
      // Where many do not come soon, one is enough: it is not kept waiting.
      _ = await patience.lasts { hasElements || $0 > 1_000 && count > 0 }
    }
    let attempt = withBoth { state, outbox in
      state.receive(&outbox) ?? state.waitToReceive(.task(Waiter()))
    }
    return try await finish(attempt).received()
  }

  /// Wakes the task that the attempt met, or waits until one meets it.
  @inline(__always)
  nonisolated(nonsending)
    private func finish(_ attempt: Attempt) async -> Outcome
  {
    guard case .waiting(.task(let waiter), let ticket) = attempt else {
      return attempt.finish()
    }
    defer { waiter.free() }
    // With a buffer it has been awake before it took its place.
    if capacity == 0, await patience.lasts(until: { _ in waiter.isServed }) {
      return waiter.outcome
    }
    await withTaskCancellationHandler {
      await waiter.wait()
    } onCancel: {
      state.withLock { $0.leave(ticket) }?.resume(.cancelled)
    }
    return waiter.outcome
  }

  /// Performs an event of the state machine under both locks.
  func withBoth<Result: Sendable>(
    _ event: (inout State, inout Outbox) -> Result
  ) -> Result {
    state.withLock { state in
      if capacity == 0 {
        var empty = Outbox()
        return event(&state, &empty)
      }
      return outbox.withLock { outbox in
        defer {
          outbox.areSendersWaiting = !state.senders.isEmpty
          sent.store(state.sent, ordering: .relaxed)
          received.store(outbox.received, ordering: .relaxed)
        }
        return event(&state, &outbox)
      }
    }
  }
}

/// An element was sent on a channel that is closed.
nonisolated struct ChannelClosedError: Error, Equatable {}

nonisolated extension Channel: AsyncSequence {
  /// Receives like ``Channel/receive()``; several iterators share the elements,
  /// and one that is dropped loses none.
  struct AsyncIterator: AsyncIteratorProtocol, Sendable {
    fileprivate let channel: Channel

    mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(CancellationError) -> Element? {
      try await channel.receive()
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(channel: self) }
}
