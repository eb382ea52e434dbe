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
/// the lock. Complexity of each: O(1), amortised; ``close()`` takes time for
/// each task that waits.
nonisolated public final class Channel<Element: Sendable>: Sendable {
  /// How many elements a channel holds that nobody has received.
  public let capacity: Int
  private let state: Mutex<ChannelState<Element>>

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
    let attempt = state.withLock { state in
      state.send(element) ?? .wait(state.senders.reserve())
    }
    if let ticket = attempt.finish() {
      try await send(element, at: ticket).get()
    } else if case .closed = attempt {
      throw ChannelClosedError()
    }
  }

  nonisolated(nonsending)
    private func send(_ element: Element, at ticket: Ticket) async -> Sent
  {
    await withTaskCancellationHandler {
      // Not the checked one, which costs as much again: each continuation
      // is in the list of waiters or taken out of it, once, to be resumed.
      await unsafe withUnsafeContinuation {
        (continuation: UnsafeContinuation<Sent, Never>) in
        let wake = unsafe Wake(continuation)
        // Asked again: the lock was not held since the first time.
        let attempt = state.withLock { state in
          state.send(element, at: ticket, orWait: wake)
        }
        if attempt.finish() == nil { wake(attempt.sent) }
      }
    } onCancel: {
      state.withLock { $0.senders.cancel(ticket) }?.waiter.resume(.cancelled)
    }
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
    let attempt = state.withLock { state in
      state.receive() ?? .wait(state.receivers.reserve())
    }
    guard let ticket = attempt.finish() else { return attempt.element }
    return try await receive(at: ticket).get()
  }

  nonisolated(nonsending)
    private func receive(at ticket: Ticket) async -> Received<Element>
  {
    await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation {
        (continuation: UnsafeContinuation<Received<Element>, Never>) in
        let wake = unsafe Wake(continuation)
        let attempt = state.withLock { state in
          state.receive(at: ticket, orWait: wake)
        }
        if attempt.finish() == nil { wake(attempt.received) }
      }
    } onCancel: {
      state.withLock { $0.receivers.cancel(ticket) }?.resume(.cancelled)
    }
  }
  // #endregion

  // #region try
  /// Sends an element if that is possible without waiting.
  ///
  /// - Returns: Whether the element was sent.
  /// - Throws: ``ChannelClosedError`` if the channel is closed.
  public func trySend(_ element: Element) throws(ChannelClosedError) -> Bool {
    guard let attempt = state.withLock({ $0.send(element) }) else {
      return false
    }
    attempt.finish()
    if case .closed = attempt { throw ChannelClosedError() }
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
    guard let attempt = state.withLock({ $0.receive() }) else {
      return .nothing
    }
    attempt.finish()
    return attempt.element.map(Availability.element) ?? .end
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

/// What a channel knows.
///
/// Each event is one method; it returns what to do once the lock is released.
nonisolated private struct ChannelState<Element: Sendable>: Sendable {
  typealias Sender = (element: Element, waiter: Waiter<Sent>)
  typealias Receiver = Waiter<Received<Element>>

  enum SendAttempt: Sendable {
    case sent
    case handOver(Element, Receiver)
    case closed
    case cancelled
    case wait(Ticket)
    /// A selection that was served by another channel meanwhile.
    case lost

    /// Wakes the receiver, if any; returns the ticket of one who waits.
    @discardableResult
    func finish() -> Ticket? {
      switch self {
      case .handOver(let element, let receiver):
        receiver.resume(.element(element))
      case .wait(let ticket): return ticket
      case .sent, .closed, .cancelled, .lost: break
      }
      return nil
    }

    var sent: Sent {
      switch self {
      case .closed: .closed
      case .cancelled: .cancelled
      case .sent, .handOver, .wait, .lost: .sent
      }
    }
  }

  enum ReceiveAttempt: Sendable {
    case take(Element)
    case takeAndWake(Element, Waiter<Sent>)
    case end
    case cancelled
    case wait(Ticket)
    case lost

    @discardableResult
    func finish() -> Ticket? {
      switch self {
      case .takeAndWake(_, let sender): sender.resume(.sent)
      case .wait(let ticket): return ticket
      case .take, .end, .cancelled, .lost: break
      }
      return nil
    }

    var element: Element? {
      switch self {
      case .take(let element), .takeAndWake(let element, _): element
      case .end, .cancelled, .wait, .lost: nil
      }
    }

    var received: Received<Element> {
      if case .cancelled = self { return .cancelled }
      return element.map(Received.element) ?? .end
    }
  }

  private let capacity: Int
  private var isClosed = false
  private var buffer = Ring<Element>()
  // At most one of the lists has plain waiters in it. Senders wait only
  // while the buffer is full, receivers only while it is empty.
  var senders = WaitList<Sender>()
  var receivers = WaitList<Receiver>()

  init(capacity: Int) { self.capacity = capacity }

  // Returns nil where the sender has to wait.
  mutating func send(
    _ element: Element,
    for selection: Selection.Claim? = nil
  ) -> SendAttempt? {
    if isClosed { return selection.isLost ? .lost : .closed }
    var isLost = false
    let receiver = receivers.popFirst { receiver in
      receiver.verdict(for: selection, isLost: &isLost)
    }
    if let receiver { return .handOver(element, receiver) }
    if isLost { return .lost }
    guard buffer.count < capacity else { return nil }
    if selection.isLost { return .lost }
    buffer.append(element)
    return .sent
  }

  // Returns nil where the receiver has to wait.
  mutating func receive(
    for selection: Selection.Claim? = nil
  ) -> ReceiveAttempt? {
    if buffer.count > 0 {
      if selection.isLost { return .lost }
      guard let element = buffer.popFirst() else { return nil }
      // The first of those who wait moves up, or later ones overtake it.
      var isLost = false
      let sender = senders.popFirst { sender in
        sender.waiter.verdict(for: nil, isLost: &isLost)
      }
      guard let sender else { return .take(element) }
      buffer.append(sender.element)
      return .takeAndWake(element, sender.waiter)
    }
    var isLost = false
    let sender = senders.popFirst { sender in
      sender.waiter.verdict(for: selection, isLost: &isLost)
    }
    if let sender { return .takeAndWake(sender.element, sender.waiter) }
    if isLost { return .lost }
    guard isClosed else { return nil }
    return selection.isLost ? .lost : .end
  }

  mutating func send(
    _ element: Element,
    at ticket: Ticket,
    orWait wake: Wake<Sent>
  ) -> SendAttempt {
    if senders.isCancelled(ticket) {
      senders.release(ticket)
      return .cancelled
    }
    if let attempt = send(element) {
      senders.release(ticket)
      return attempt
    }
    senders.append((element, .task(wake)), at: ticket)
    return .wait(ticket)
  }

  mutating func receive(
    at ticket: Ticket,
    orWait wake: Wake<Received<Element>>
  ) -> ReceiveAttempt {
    if receivers.isCancelled(ticket) {
      receivers.release(ticket)
      return .cancelled
    }
    if let attempt = receive() {
      receivers.release(ticket)
      return attempt
    }
    receivers.append(.task(wake), at: ticket)
    return .wait(ticket)
  }

  mutating func close() -> (receivers: [Receiver], senders: [Waiter<Sent>])? {
    if isClosed { return nil }
    isClosed = true
    var released: (receivers: [Receiver], senders: [Waiter<Sent>]) = ([], [])
    var isLost = false
    while let receiver = receivers.popFirst({
      $0.verdict(for: nil, isLost: &isLost)
    }) {
      released.receivers.append(receiver)
    }
    while let sender = senders.popFirst({
      $0.waiter.verdict(for: nil, isLost: &isLost)
    }) {
      released.senders.append(sender.waiter)
    }
    return released
  }
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

/// A continuation; safe to hold, since whoever takes it out of the list of
/// waiters is the only one to call it.
@safe nonisolated private struct Wake<Message: Sendable>: Sendable {
  private let continuation: UnsafeContinuation<Message, Never>

  init(_ continuation: UnsafeContinuation<Message, Never>) {
    unsafe self.continuation = continuation
  }

  func callAsFunction(_ message: Message) {
    unsafe continuation.resume(returning: message)
  }
}

/// Who waits at a channel.
nonisolated private enum Waiter<Message: Sendable>: Sendable {
  case task(Wake<Message>)
  case selection(Selection.Claim)

  func resume(_ message: Message) {
    switch self {
    case .task(let wake): wake(message)
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

// MARK: Waiters

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
nonisolated private struct WaitList<Waiter: Sendable>: Sendable {
  private struct Node: Sendable {
    var waiter: Waiter?
    var serial: Int
    var isCancelled = false
    var previous = none
    var next = none
  }

  private static var none: Int { -1 }
  private var nodes: [Node] = []
  private var first = none
  private var last = none
  private var free = none
  private var serial = 0

  /// A place for one who may have to wait, to know it by.
  mutating func reserve() -> Ticket {
    serial &+= 1
    let slot = free
    guard slot != Self.none else {
      nodes.append(Node(serial: serial))
      return Ticket(slot: nodes.count - 1, serial: serial)
    }
    free = nodes[slot].next
    nodes[slot] = Node(serial: serial)
    return Ticket(slot: slot, serial: serial)
  }

  mutating func release(_ ticket: Ticket) { free(ticket.slot) }

  mutating func append(_ waiter: Waiter, at ticket: Ticket) {
    let slot = ticket.slot
    nodes[slot].waiter = waiter
    nodes[slot].previous = last
    if last == Self.none { first = slot } else { nodes[last].next = slot }
    last = slot
  }

  func isCancelled(_ ticket: Ticket) -> Bool { nodes[ticket.slot].isCancelled }

  /// Takes a waiter out of turn, or leaves word for one who is to come.
  mutating func cancel(_ ticket: Ticket) -> Waiter? {
    let slot = ticket.slot
    guard nodes[slot].serial == ticket.serial else { return nil }
    if nodes[slot].waiter == nil {
      nodes[slot].isCancelled = true
      return nil
    }
    return remove(slot)
  }

  mutating func popFirst(_ verdict: (Waiter) -> Verdict) -> Waiter? {
    var slot = first
    while slot != Self.none, let waiter = nodes[slot].waiter {
      let next = nodes[slot].next
      switch verdict(waiter) {
      case .take: return remove(slot)
      case .drop: _ = remove(slot)
      case .skip: break
      case .stop: return nil
      }
      slot = next
    }
    return nil
  }

  private mutating func remove(_ slot: Int) -> Waiter? {
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
    defer { free(slot) }
    return nodes[slot].waiter
  }

  private mutating func free(_ slot: Int) {
    nodes[slot] = Node(serial: 0, next: free)
    free = slot
  }
}

/// First in, first out; grows by doubling.
nonisolated private struct Ring<Element: Sendable>: Sendable {
  private var slots: [Element?] = []
  private var first = 0
  private(set) var count = 0

  mutating func append(_ element: Element) {
    if count == slots.count { grow() }
    var index = first + count
    if index >= slots.count { index -= slots.count }
    slots[index] = element
    count += 1
  }

  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = slots[first].take()
    first += 1
    if first == slots.count { first = 0 }
    count -= 1
    return element
  }

  private mutating func grow() {
    let inOrder = slots[first...] + slots[..<first]
    slots = inOrder + Array(repeating: nil, count: max(count, 8))
    first = 0
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
    var message: (any Sendable)?
    var isResumed = false
    var wake: Wake<Void>?

    mutating func decide(_ index: Int) -> Bool {
      if winner != nil { return false }
      winner = index
      return true
    }
  }

  private let state = Mutex(State())

  /// Creates a selection that nothing has decided yet.
  public init() {}

  /// Ends the wait in favour of a case; false if it had ended before.
  ///
  /// A negative index stands for no case.
  public func end(_ index: Int) -> Bool {
    guard state.withLock({ $0.decide(index) }) else { return false }
    resume(nil)
    return true
  }

  /// What the case was served with: a ``Received`` or a ``Sent``.
  public var message: (any Sendable)? { state.withLock { $0.message } }

  /// Waits until a case is served.
  ///
  /// - Returns: The index of the case, or `nil` if the task was cancelled
  ///   first, which serves none.
  nonisolated(nonsending) public func wait() async -> Int? {
    await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation {
        (continuation: UnsafeContinuation<Void, Never>) in
        let wake = unsafe Wake(continuation)
        let isResumed = state.withLock { state in
          if !state.isResumed { state.wake = wake }
          return state.isResumed
        }
        if isResumed { wake(()) }
      }
    } onCancel: {
      _ = end(-1)
    }
    return state.withLock { $0.winner }.flatMap { $0 < 0 ? nil : $0 }
  }

  fileprivate func resume(_ message: (any Sendable)?) {
    let wake = state.withLock { state in
      state.message = message
      state.isResumed = true
      return state.wake.take()
    }
    wake?(())
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
  public func enrol(
    receiver claim: Selection.Claim
  ) -> Enrolment {
    let attempt = state.withLock { state in
      if let attempt = state.receive(for: claim) { return attempt }
      let ticket = state.receivers.reserve()
      state.receivers.append(.selection(claim), at: ticket)
      return .wait(ticket)
    }
    if let ticket = attempt.finish() { return .waiting(ticket) }
    if case .lost = attempt { return .lost }
    claim.selection.resume(attempt.received)
    return .served
  }

  /// Sends for a selection, or waits until one of its cases is served.
  public func enrol(
    sender claim: Selection.Claim,
    of element: Element
  ) -> Enrolment {
    let attempt = state.withLock { state in
      if let attempt = state.send(element, for: claim) { return attempt }
      let ticket = state.senders.reserve()
      state.senders.append((element, .selection(claim)), at: ticket)
      return .wait(ticket)
    }
    if let ticket = attempt.finish() { return .waiting(ticket) }
    if case .lost = attempt { return .lost }
    claim.selection.resume(attempt.sent)
    return .served
  }

  /// Takes back the wait of a selection; nothing if it is over.
  public func withdrawReceiver(_ ticket: Ticket) {
    _ = state.withLock { $0.receivers.cancel(ticket) }
  }

  /// Takes back the wait of a selection; nothing if it is over.
  public func withdrawSender(_ ticket: Ticket) {
    _ = state.withLock { $0.senders.cancel(ticket) }
  }
}
