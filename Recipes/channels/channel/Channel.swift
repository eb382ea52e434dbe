import Synchronization

/// Hands elements from tasks that send to tasks that receive, in order.
///
/// A channel holds up to ``capacity`` elements that were sent and not yet
/// received. With a capacity of 0 it holds none: a send returns when a
/// receive has taken its element. Those who have to wait are served first
/// come, first served.
///
/// **Cancellation** ends a wait, and nothing else. A send or a receive that
/// need not wait succeeds in a cancelled task as well, so that it can clean
/// up; one that waits throws `CancellationError`, and then it has sent or
/// received nothing. A loop that seldom waits has to look at
/// `Task.isCancelled` itself.
///
/// Every operation is linearizable, and none resumes a task while it holds
/// a lock. Complexity of each: O(1), amortised; ``close()`` takes time for
/// each task that waits. A task that has to wait may stay awake for some
/// microseconds before it suspends, where that has paid off lately.
nonisolated public final class Channel<Element: Sendable>: Sendable {
  /// How many elements a channel holds that nobody has received.
  public let capacity: Int
  private let gap1 = CacheLines()
  // Who needs both locks takes this one first.
  private let state: Mutex<ChannelState<Element>>
  // What `state` and `outbox` count, for those who look without a lock.
  private let sent = Atomic(0)
  private let gap2 = CacheLines()
  private let outbox = Mutex(Outbox<Element>())
  private let received = Atomic(0)
  private let gap3 = CacheLines()
  private let patience = Patience()

  /// Creates an open channel.
  ///
  /// - Parameter capacity: At least 0. Memory is taken as it is needed.
  public init(capacity: Int = 0) {
    precondition(capacity >= 0, "a channel cannot hold less than nothing")
    self.capacity = capacity
    state = Mutex(ChannelState(capacity: capacity))
  }

  // #region send
  /// Sends an element, waiting while the channel is full.
  ///
  /// With a capacity of 0 it waits until the element is received.
  ///
  /// - Parameter element: Whoever receives it owns it: hence `Sendable`.
  /// - Throws: ``ChannelClosedError`` if the channel is or becomes closed;
  ///   `CancellationError` if the task is cancelled while it waits. Either
  ///   way nobody receives the element.
  @inline(__always)  // without, every send pays for a frame of its own
  nonisolated(nonsending) public func send(_ element: Element) async throws {
    if !isBuffered(element) { try await sendOrWait(element) }
  }

  nonisolated(nonsending)
    private func sendOrWait(_ element: Element) async throws
  {
    // Awake, it waits for room for many: for one, it would soon be back.
    if !hasRoom { _ = patience.lasts { hasRoom } }
    let attempt = withBoth { state, outbox in
      state.send(element, outbox) ?? state.waitToSend(element)
    }
    guard case .wait(let waiter, let ticket) = attempt else {
      return try attempt.finish().get()
    }
    defer { waiter.free() }
    if capacity > 0 || !patience.lasts(until: { waiter.isServed }) {
      await withTaskCancellationHandler {
        await waiter.wait()
      } onCancel: {
        state.withLock { $0.senders.remove(ticket) }?.peer.resume(.cancelled)
      }
    }
    try waiter.message.get()
  }
  // #endregion

  // #region receive
  /// Receives the next element, waiting while there is none.
  ///
  /// - Returns: The element, or `nil` once the channel is closed and every
  ///   element in it has been received.
  /// - Throws: `CancellationError` if the task is cancelled while it waits;
  ///   no element is lost by that. The end is not an error.
  @inline(__always)
  nonisolated(nonsending)
    public func receive() async throws(CancellationError) -> Element?
  {
    if let element = takeBuffered() { return element }
    return try await receiveOrWait().get()
  }

  nonisolated(nonsending)
    private func receiveOrWait() async -> Received<Element>
  {
    if !hasElements { _ = patience.lasts { hasElements } }
    let attempt = withBoth { state, outbox in
      state.receive(&outbox) ?? state.waitToReceive()
    }
    guard case .wait(let waiter, let ticket) = attempt else {
      return attempt.finish()
    }
    defer { waiter.free() }
    if capacity > 0 || !patience.lasts(until: { waiter.isServed }) {
      await withTaskCancellationHandler {
        await waiter.wait()
      } onCancel: {
        state.withLock { $0.receivers.remove(ticket) }?.resume(.cancelled)
      }
    }
    return waiter.message
  }
  // #endregion

  // #region try
  /// Sends an element if that is possible without waiting.
  ///
  /// - Returns: Whether the element was sent.
  /// - Throws: ``ChannelClosedError`` if the channel is closed.
  public func trySend(_ element: Element) throws(ChannelClosedError) -> Bool {
    if isBuffered(element) { return true }
    guard let attempt = withBoth({ $0.send(element, $1) }) else {
      return false
    }
    if case .closed = attempt.finish() { throw ChannelClosedError() }
    return true
  }

  /// What ``Channel/tryReceive()`` finds.
  public enum Availability: Sendable {
    case element(Element)
    /// Nothing is there to receive now.
    case nothing
    /// The channel is closed, and nothing will come any more.
    case end
  }

  /// Receives an element if that is possible without waiting.
  public func tryReceive() -> Availability {
    if let element = takeBuffered() { return .element(element) }
    guard let attempt = withBoth({ $0.receive(&$1) }) else { return .nothing }
    if case .element(let element) = attempt.finish() {
      return .element(element)
    }
    return .end
  }
  // #endregion

  // #region close
  /// Ends the channel: what is in it can be received, and then its end.
  ///
  /// All tasks that wait are released: receivers get the end, and senders
  /// throw ``ChannelClosedError``. Closing twice is not an error.
  ///
  /// - Returns: Whether the channel was open.
  @discardableResult
  public func close() -> Bool {
    let released = state.withLock { $0.close() }
    released?.receivers.forEach { $0.resume(.end) }
    released?.senders.forEach { $0.resume(.closed) }
    return released != nil
  }
  // #endregion

  // #region buffer
  // A sender that finds room takes the one lock and a receiver that finds an
  // element the other, so that they do not wait for each other.
  @inline(__always)
  private func isBuffered(_ element: Element) -> Bool {
    if capacity == 0 { return false }
    return state.withLock { state in
      guard state.isBuffered(element, received, batch: batch) else {
        return false
      }
      sent.store(state.sent, ordering: .releasing)
      return true
    }
  }

  @inline(__always)
  private func takeBuffered() -> Element? {
    if capacity == 0 { return nil }
    return outbox.withLock { outbox in
      if outbox.areSendersWaiting { return nil }
      // Only tried: who has both locks has taken them in the other order.
      if outbox.isEmpty, hasElements {
        _ = state.withLockIfAvailable { $0.moveInbox(to: &outbox) }
      }
      guard let element = outbox.take() else { return nil }
      received.store(outbox.received, ordering: .releasing)
      return element
    }
  }
  // #endregion

  // To move few elements at a time costs more than to wait for some.
  private var batch: Int { Swift.min(capacity - capacity / 2, 64) }

  private var hasElements: Bool { count >= batch }

  private var hasRoom: Bool { capacity - count >= batch }

  // Of a moment that may be over.
  private var count: Int {
    sent.load(ordering: .acquiring) &- received.load(ordering: .acquiring)
  }

  private func withBoth<Result: Sendable>(
    _ body: (inout ChannelState<Element>, inout Outbox<Element>) -> Result
  ) -> Result {
    state.withLock { state in
      if capacity == 0 {
        var empty = Outbox<Element>()
        return body(&state, &empty)
      }
      return outbox.withLock { outbox in
        defer {
          outbox.areSendersWaiting = !state.senders.isEmpty
          sent.store(state.sent, ordering: .releasing)
          received.store(outbox.received, ordering: .releasing)
        }
        return body(&state, &outbox)
      }
    }
  }
}

/// An element was sent on a channel that is closed.
nonisolated public struct ChannelClosedError: Error, Equatable {
  /// Creates the error.
  public init() {}
}

// #region sequence
nonisolated extension Channel: AsyncSequence {
  /// Receives until the channel ends; several iterators share the elements.
  public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
    fileprivate let channel: Channel

    /// Receives the next element, like ``Channel/receive()``.
    ///
    /// - Throws: `CancellationError` if the task is cancelled while it waits.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(CancellationError) -> Element? {
      try await channel.receive()
    }
  }

  /// Creates an iterator; dropping it loses no element.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(channel: self)
  }
}
// #endregion

// MARK: The state machine

/// What a channel knows, but for the elements that were moved on.
///
/// Each event is one method; it returns what to do once the lock is released.
nonisolated private struct ChannelState<Element: Sendable>: Sendable {
  typealias Sender = (element: Element, peer: Peer<Sent>)
  typealias Receiver = Peer<Received<Element>>

  enum SendAttempt: Sendable {
    case sent
    case handOver(Element, Receiver)
    case closed
    case wait(Waiter<Sent>, Ticket)
    case enrolled(Ticket)
    /// A selection that was served by another channel meanwhile.
    case lost

    /// Wakes the receiver, if any.
    func finish() -> Sent {
      if case .handOver(let element, let receiver) = self {
        receiver.resume(.element(element))
      }
      return if case .closed = self { .closed } else { .sent }
    }
  }

  enum ReceiveAttempt: Sendable {
    case take(Element)
    case takeAndWake(Element, Peer<Sent>)
    case end
    case wait(Waiter<Received<Element>>, Ticket)
    case enrolled(Ticket)
    case lost

    /// Wakes the sender, if any.
    func finish() -> Received<Element> {
      switch self {
      case .take(let element): return .element(element)
      case .takeAndWake(let element, let sender):
        sender.resume(.sent)
        return .element(element)
      case .end, .wait, .enrolled, .lost: return .end
      }
    }
  }

  private let capacity: Int
  private var isClosed = false
  /// How many elements came into the buffer.
  private(set) var sent = 0
  // How many left it, when this was last looked up.
  private var received = 0
  private var inbox: [Element] = []
  // At most one of the lists has plain waiters in it. Senders wait only
  // while the buffer is full, receivers only while it is empty.
  var senders = WaitList<Sender>()
  var receivers = WaitList<Receiver>()

  init(capacity: Int) { self.capacity = capacity }

  /// Appends an element if nobody waits and there is room, for many if it
  /// has to be looked up: false does not mean that there is none.
  mutating func isBuffered(
    _ element: Element,
    _ received: borrowing Atomic<Int>,
    batch: Int
  ) -> Bool {
    guard receivers.isEmpty, senders.isEmpty, !isClosed else { return false }
    if sent - self.received >= capacity {
      self.received = received.load(ordering: .acquiring)
      if sent - self.received > capacity - batch { return false }
    }
    append(element)
    return true
  }

  mutating func moveInbox(to outbox: inout Outbox<Element>) {
    outbox.refill(&inbox)
  }

  // Returns nil where the sender has to wait.
  mutating func send(
    _ element: Element,
    _ outbox: Outbox<Element>,
    for selection: Selection.Claim? = nil
  ) -> SendAttempt? {
    if isClosed { return selection.isLost ? .lost : .closed }
    var isLost = false
    let receiver = receivers.popFirst { receiver in
      receiver.verdict(for: selection, isLost: &isLost)
    }
    if let receiver { return .handOver(element, receiver) }
    if isLost { return .lost }
    received = outbox.received
    guard sent - received < capacity else { return nil }
    if selection.isLost { return .lost }
    append(element)
    return .sent
  }

  // Returns nil where the receiver has to wait.
  mutating func receive(
    _ outbox: inout Outbox<Element>,
    for selection: Selection.Claim? = nil
  ) -> ReceiveAttempt? {
    if outbox.isEmpty { outbox.refill(&inbox) }
    if !outbox.isEmpty, selection.isLost { return .lost }
    var isLost = false
    if let element = outbox.take() {
      // The first of those who wait moves up, or later ones overtake it.
      let sender = senders.popFirst { sender in
        sender.peer.verdict(for: nil, isLost: &isLost)
      }
      guard let sender else { return .take(element) }
      append(sender.element)
      return .takeAndWake(element, sender.peer)
    }
    let sender = senders.popFirst { sender in
      sender.peer.verdict(for: selection, isLost: &isLost)
    }
    if let sender { return .takeAndWake(sender.element, sender.peer) }
    if isLost { return .lost }
    guard isClosed else { return nil }
    return selection.isLost ? .lost : .end
  }

  mutating func waitToSend(_ element: Element) -> SendAttempt {
    let waiter = Waiter<Sent>()
    return .wait(waiter, senders.append((element, .task(waiter))))
  }

  mutating func waitToReceive() -> ReceiveAttempt {
    let waiter = Waiter<Received<Element>>()
    return .wait(waiter, receivers.append(.task(waiter)))
  }

  mutating func close() -> (receivers: [Receiver], senders: [Peer<Sent>])? {
    if isClosed { return nil }
    isClosed = true
    var released: (receivers: [Receiver], senders: [Peer<Sent>]) = ([], [])
    var isLost = false
    while let receiver = receivers.popFirst({
      $0.verdict(for: nil, isLost: &isLost)
    }) {
      released.receivers.append(receiver)
    }
    while let sender = senders.popFirst({
      $0.peer.verdict(for: nil, isLost: &isLost)
    }) {
      released.senders.append(sender.peer)
    }
    return released
  }

  private mutating func append(_ element: Element) {
    inbox.append(element)
    sent += 1
  }
}

/// The older part of the buffer, which receivers take from.
nonisolated private struct Outbox<Element: Sendable>: Sendable {
  // The oldest one is the last, where it can be removed in O(1).
  private var elements: [Element] = []
  /// How many elements left the buffer.
  private(set) var received = 0
  /// Whether one of them may have to be moved up: then both locks are needed.
  var areSendersWaiting = false

  var isEmpty: Bool { elements.isEmpty }

  mutating func refill(_ inbox: inout [Element]) {
    swap(&elements, &inbox)
    elements.reverse()
  }

  mutating func take() -> Element? {
    guard let element = elements.popLast() else { return nil }
    received += 1
    return element
  }
}

/// Keeps apart what two cores write: where it shares a cache line, each
/// write takes the line away from the other core.
nonisolated private struct CacheLines: Sendable {
  private let words:
    (
      Int, Int, Int, Int, Int, Int, Int, Int,
      Int, Int, Int, Int, Int, Int, Int, Int
    ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
}

/// How a send ends.
nonisolated public enum Sent: Sendable {
  case sent, closed, cancelled

  /// Throws what ``Channel/send(_:)`` throws.
  public func get() throws {
    switch self {
    case .sent: break
    case .closed: throw ChannelClosedError()
    case .cancelled: throw CancellationError()
    }
  }
}

/// How a receive ends.
nonisolated public enum Received<Element: Sendable>: Sendable {
  case element(Element)
  case end, cancelled

  /// Returns or throws what ``Channel/receive()`` does.
  public func get() throws(CancellationError) -> Element? {
    switch self {
    case .element(let element): return element
    case .end: return nil
    case .cancelled: throw CancellationError()
    }
  }
}

/// Who waits at a channel.
nonisolated private enum Peer<Message: Sendable>: Sendable {
  case task(Waiter<Message>)
  case selection(Selection.Claim)

  func resume(_ message: Message) {
    switch self {
    case .task(let waiter): waiter.resume(message)
    case .selection(let claim): claim.selection.resume(message)
    }
  }

  // Whether this one, at the other end, can be served now.
  //
  // `own` is the one who asks, if that is a selection: it is claimed as
  // well, and `isLost` becomes true if it was served elsewhere.
  func verdict(for own: Selection.Claim?, isLost: inout Bool) -> Verdict {
    switch self {
    case .task:
      isLost = own.isLost
      return isLost ? .stop : .take
    case .selection(let claim):
      guard let own else { return claim.take() ? .take : .drop }
      switch own.take(with: claim) {
      case .both: return .take
      case .neither: return .skip
      case .isGone: return .drop
      case .isLost:
        isLost = true
        return .stop
      }
    }
  }
}

// MARK: Waiting

// #region waiter
/// One wait, awake at first, which ends with a message.
///
/// In memory of its own, which is freed by the one who waits: a class that
/// is generic takes as long to be destroyed as all the rest.
@safe nonisolated private struct Waiter<Message: Sendable>: Sendable {
  @unsafe private struct Body: ~Copyable {
    let progress = Atomic(awake)
    var message: Message?
    // Not the checked one, which costs as much again: whoever takes a waiter
    // out of its list is the only one to resume it.
    var continuation: UnsafeContinuation<Void, Never>?
  }

  private static var awake: Int { 0 }
  private static var suspended: Int { 1 }
  private static var served: Int { 2 }

  nonisolated(unsafe) private let body: UnsafeMutablePointer<Body>

  init() {
    unsafe body = .allocate(capacity: 1)
    unsafe body.initialize(to: Body())
  }

  /// Called once, by the one who waits, after it has been served.
  func free() {
    unsafe body.deinitialize(count: 1)
    unsafe body.deallocate()
  }

  var isServed: Bool {
    unsafe body.pointee.progress.load(ordering: .acquiring) == Self.served
  }

  /// What it was served with.
  var message: Message {
    guard isServed, let message = unsafe body.pointee.message else {
      preconditionFailure("nobody has served this one")
    }
    return message
  }

  /// Called once.
  func resume(_ message: Message) {
    unsafe body.pointee.message = message
    let before = unsafe body.pointee.progress.exchange(
      Self.served,
      ordering: .acquiringAndReleasing
    )
    // One who was awake may have freed the memory by now.
    guard before == Self.suspended else { return }
    unsafe body.pointee.continuation?.resume()
  }

  nonisolated(nonsending) func wait() async {
    await unsafe withUnsafeContinuation {
      (continuation: UnsafeContinuation<Void, Never>) in
      unsafe body.pointee.continuation = continuation
      let exchange = unsafe body.pointee.progress.compareExchange(
        expected: Self.awake,
        desired: Self.suspended,
        ordering: .acquiringAndReleasing
      )
      if !exchange.exchanged { unsafe continuation.resume() }
    }
  }
}
// #endregion

// #region patience
/// Learns whether it pays to stay awake for a moment before suspending.
///
/// To suspend and be woken costs several times what two cores need to
/// exchange an element. One who stays awake for no longer than that loses
/// at most as much again (Karlin, Li, Manasse and Owicki, "Empirical studies
/// of competitive spinning", SOSP 1991); where the other side has no core to
/// run on it would lose it every time. So: a few attempts in 1,024 waits,
/// and all of them while at least 8 of 9 succeed.
nonisolated private struct Patience: ~Copyable, Sendable {
  // Changed by several at a time without a lock. A change that is lost does
  // no harm.
  private let waits = Atomic(-48)
  private let credit = Atomic(0)

  /// Whether the condition came true within some microseconds.
  ///
  /// False without having looked where that would not pay.
  @inline(__always)
  func lasts(until condition: () -> Bool) -> Bool {
    let wait = waits.load(ordering: .relaxed) &+ 1
    waits.store(wait, ordering: .relaxed)
    let phase = wait & 1_023
    let credit = credit.load(ordering: .relaxed)
    // Two that serve each other would never leave their threads to others:
    // so now and then one suspends.
    if credit > 0 ? phase == 0 : phase >= 16 { return false }
    for _ in 0..<8_000 where condition() {
      if credit < 64 { self.credit.store(credit + 1, ordering: .relaxed) }
      return true
    }
    self.credit.store(max(credit - 8, 0), ordering: .relaxed)
    return false
  }
}
// #endregion

/// A place in a list of waiters.
nonisolated public struct Ticket: Sendable {
  fileprivate var slot: Int
  // Places are used again, and tickets outlive them.
  fileprivate var serial: Int
}

nonisolated private enum Verdict { case take, drop, skip, stop }

/// First in, first out, and any one can leave: a linked list in an array.
///
/// A queue that marks those who left would grow without bound behind one
/// that waits for long. Complexity: O(1) each, amortised.
nonisolated private struct WaitList<Value: Sendable>: Sendable {
  private struct Node: Sendable {
    var value: Value?
    var serial: Int
    var previous = none
    var next = none
  }

  private static var none: Int { -1 }
  private var nodes: [Node] = []
  private var first = none
  private var last = none
  private var free = none
  private var serial = 0

  var isEmpty: Bool { first == Self.none }

  mutating func append(_ value: Value) -> Ticket {
    serial &+= 1
    let node = Node(value: value, serial: serial, previous: last)
    var slot = free
    if slot == Self.none {
      slot = nodes.count
      nodes.append(node)
    } else {
      free = nodes[slot].next
      nodes[slot] = node
    }
    if last == Self.none { first = slot } else { nodes[last].next = slot }
    last = slot
    return Ticket(slot: slot, serial: serial)
  }

  /// Takes a value out of turn, unless it has left.
  mutating func remove(_ ticket: Ticket) -> Value? {
    nodes[ticket.slot].serial == ticket.serial ? remove(ticket.slot) : nil
  }

  mutating func popFirst(_ verdict: (Value) -> Verdict) -> Value? {
    var slot = first
    while slot != Self.none, let value = nodes[slot].value {
      let next = nodes[slot].next
      switch verdict(value) {
      case .take: return remove(slot)
      case .drop: _ = remove(slot)
      case .skip: break
      case .stop: return nil
      }
      slot = next
    }
    return nil
  }

  private mutating func remove(_ slot: Int) -> Value? {
    let (previous, next) = (nodes[slot].previous, nodes[slot].next)
    if previous == Self.none {
      first = next
    } else {
      nodes[previous].next = next
    }
    if next == Self.none {
      last = previous
    } else {
      nodes[next].previous = previous
    }
    defer {
      nodes[slot] = Node(serial: 0, next: free)
      free = slot
    }
    return nodes[slot].value
  }
}

// MARK: Selections

/// One wait at several channels, which exactly one of them ends.
///
/// This and the methods that take it are what `select` is made of.
nonisolated public final class Selection: Sendable {
  /// One case of a selection.
  public struct Claim: Sendable {
    fileprivate let selection: Selection
    fileprivate let index: Int

    /// Creates the claim of the case with this index.
    public init(_ selection: Selection, index: Int) {
      self.selection = selection
      self.index = index
    }

    /// Decides the selection; false if it was decided before.
    fileprivate func take() -> Bool {
      selection.state.withLock { $0.decide(index) }
    }

    fileprivate enum Pair { case both, neither, isLost, isGone }

    /// Decides two selections, or none of them.
    ///
    /// Both under lock: if one were decided before the other, whoever meets
    /// it in between would believe it served, and it might not be.
    fileprivate func take(with other: Claim) -> Pair {
      // A selection does not send to itself.
      if selection === other.selection { return .neither }
      // In one order everywhere, or two selections that face each other
      // could wait for each other's lock.
      let isFirst =
        ObjectIdentifier(selection) < ObjectIdentifier(other.selection)
      let (low, high) = isFirst ? (self, other) : (other, self)
      return low.selection.state.withLock { lowState in
        high.selection.state.withLock { highState in
          let (own, others) =
            isFirst
            ? (lowState.winner, highState.winner)
            : (highState.winner, lowState.winner)
          if own != nil { return .isLost }
          if others != nil { return .isGone }
          lowState.winner = low.index
          highState.winner = high.index
          return .both
        }
      }
    }
  }

  private struct State: Sendable {
    var winner: Int?

    mutating func decide(_ index: Int) -> Bool {
      if winner != nil { return false }
      winner = index
      return true
    }
  }

  private static let patience = Patience()
  private let state = Mutex(State())
  private let waiter = Waiter<(any Sendable)?>()

  /// Creates a selection that nothing has decided yet.
  public init() {}

  deinit { waiter.free() }

  /// Ends the wait in favour of a case; false if it had ended before.
  ///
  /// A negative index stands for no case.
  public func end(_ index: Int) -> Bool {
    guard state.withLock({ $0.decide(index) }) else { return false }
    resume(nil)
    return true
  }

  /// What the case was served with: a ``Received`` or a ``Sent``.
  public var message: (any Sendable)? {
    waiter.isServed ? waiter.message : nil
  }

  /// Waits until a case is served.
  ///
  /// - Returns: The index of the case, or `nil` if the task was cancelled
  ///   first, which serves none.
  nonisolated(nonsending) public func wait() async -> Int? {
    if !Self.patience.lasts(until: { waiter.isServed }) {
      await withTaskCancellationHandler {
        await waiter.wait()
      } onCancel: {
        _ = end(-1)
      }
    }
    return state.withLock { $0.winner }.flatMap { $0 < 0 ? nil : $0 }
  }

  fileprivate func resume(_ message: (any Sendable)?) {
    waiter.resume(message)
  }
}

nonisolated extension Optional<Selection.Claim> {
  /// Decides the selection, if there is one; true if it was decided before.
  fileprivate var isLost: Bool { self.map { !$0.take() } ?? false }
}

/// What became of an attempt to take part in a selection.
nonisolated public enum Enrolment: Sendable {
  /// The case waits at the channel.
  case waiting(Ticket)
  /// The case was served at once, and the selection decided by that.
  case served
  /// The selection had been decided elsewhere.
  case lost
}

nonisolated extension Channel {
  /// Receives for a selection, or waits until one of its cases is served.
  public func enrol(receiver claim: Selection.Claim) -> Enrolment {
    let attempt = withBoth { state, outbox in
      state.receive(&outbox, for: claim)
        ?? .enrolled(state.receivers.append(.selection(claim)))
    }
    switch attempt {
    case .enrolled(let ticket): return .waiting(ticket)
    case .lost: return .lost
    default:
      claim.selection.resume(attempt.finish())
      return .served
    }
  }

  /// Sends for a selection, or waits until one of its cases is served.
  public func enrol(
    sender claim: Selection.Claim,
    of element: Element
  ) -> Enrolment {
    let attempt = withBoth { state, outbox in
      state.send(element, outbox, for: claim)
        ?? .enrolled(state.senders.append((element, .selection(claim))))
    }
    switch attempt {
    case .enrolled(let ticket): return .waiting(ticket)
    case .lost: return .lost
    default:
      claim.selection.resume(attempt.finish())
      return .served
    }
  }

  /// Takes back the wait of a selection; nothing if it is over.
  public func withdrawReceiver(_ ticket: Ticket) {
    _ = state.withLock { $0.receivers.remove(ticket) }
  }

  /// Takes back the wait of a selection; nothing if it is over.
  public func withdrawSender(_ ticket: Ticket) {
    _ = state.withLock { $0.senders.remove(ticket) }
  }
}
