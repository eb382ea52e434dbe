import Synchronization

/// A bounded buffer between tasks that produce and tasks that consume.
///
///     let readings = BoundedBuffer<Reading>(bound: 64, whenFull: .suspend)
///     try await readings.send(reading)  // in a producer
///     for try await reading in readings { try await store(reading) }
///
/// Any number of tasks may send, and any number may receive: each element
/// goes to one of them. Elements come out in the order in which they went in,
/// and tasks that wait are served first come, first served.
///
/// **Cancellation** ends a wait, and nothing else. A send that waits throws,
/// and nobody receives its element; a receive that waits throws, and takes
/// none. A call that need not wait succeeds in a cancelled task too.
///
/// **Complexity**: O(1) for each call, amortised; ``close()`` takes time for
/// each task that waits. Memory for `bound` elements is taken at once.
nonisolated final class BoundedBuffer<Element: Sendable>: Sendable {
  /// What becomes of an element when the buffer is full.
  enum Policy: String, Sendable {
    /// Its sender waits for room: nothing is lost.
    case suspend
    /// It is dropped: those that came before it are kept.
    case dropNewest
    /// The oldest element is dropped to make room for it.
    case dropOldest
  }

  private let state: Mutex<State>

  /// Creates an empty buffer.
  ///
  /// - Parameters:
  ///   - bound: How many elements it holds at most, at least 1.
  ///   - policy: What becomes of an element when the buffer is full.
  init(bound: Int, whenFull policy: Policy) {
    precondition(bound > 0, "a buffer needs room for one element")
    state = Mutex(State(bound: bound, policy: policy))
  }

  /// How many elements have been dropped so far.
  var droppedCount: Int { state.withLock { $0.droppedCount } }

  /// Puts an element into the buffer; if that is full, does what the policy
  /// says.
  ///
  /// - Returns: What was dropped: `element`, the oldest one, or `nil`.
  ///   Dropping is not an error.
  /// - Throws: ``BufferClosedError`` if the buffer is or becomes closed;
  ///   `CancellationError` if the task is cancelled while it waits.
  @discardableResult
  nonisolated(nonsending) func send(
    _ element: Element
  ) async throws -> Element? {
    if let step = try state.withLock({ try $0.send(element) }) {
      return step.finish()
    }
    return try await wait(toSend: element)
  }

  /// Puts an element into the buffer without waiting, from code that is not
  /// `async`.
  ///
  /// - Returns: What was dropped; `element` where ``send(_:)`` would wait.
  /// - Throws: ``BufferClosedError`` if the buffer is closed.
  @discardableResult
  func offer(_ element: Element) throws -> Element? {
    try state.withLock { try $0.send(element, mayWait: false) }?.finish()
  }

  /// Takes the oldest element, and waits while there is none.
  ///
  /// - Returns: The element, or `nil` once the buffer is closed and empty.
  /// - Throws: `CancellationError` if the task is cancelled while it waits.
  nonisolated(nonsending) func receive() async throws -> Element? {
    if let step = state.withLock({ $0.receive() }) { return step.finish() }
    return try await wait(toSend: nil)
  }

  /// Ends the buffer: what is in it can be received, and then its end.
  ///
  /// Senders that wait throw ``BufferClosedError``. Closing twice is not an
  /// error.
  func close() {
    for waiter in state.withLock({ $0.close() }) {
      let isReceiver = waiter.element == nil
      waiter.continuation.resume(
        with: isReceiver ? .success(nil) : .failure(BufferClosedError())
      )
    }
  }

  nonisolated(nonsending) private func wait(
    toSend element: Element?
  ) async throws -> Element? {
    let ticket = state.withLock { $0.nextTicket() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let waiter = Waiter(element, continuation)
        do {
          // Asked under the lock: a later cancellation finds the waiter there.
          let step = try state.withLock {
            try $0.wait(ticket, waiter, isCancelled: Task.isCancelled)
          }
          if let step { continuation.resume(returning: step.finish()) }
        } catch {
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      // It may have been served before.
      let waiter = state.withLock { $0.waiters.removeValue(forKey: ticket) }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }
}

/// An element was sent to a buffer that is closed.
nonisolated struct BufferClosedError: Error, Equatable {}

nonisolated extension BoundedBuffer: AsyncSequence {
  /// Receives until the buffer ends; several iterators share the elements.
  struct AsyncIterator: AsyncIteratorProtocol, Sendable {
    fileprivate let buffer: BoundedBuffer

    mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      try await buffer.receive()
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(buffer: self) }
}

nonisolated extension BoundedBuffer {
  /// A task that waits, to send its element or else to receive one.
  ///
  /// A class, since a continuation in a generic enum would make the compiler
  /// look up the layout of the enum for each call.
  private final class Waiter: Sendable {
    typealias Continuation = CheckedContinuation<Element?, any Error>

    let element: Element?
    let continuation: Continuation

    init(_ element: Element?, _ continuation: Continuation) {
      (self.element, self.continuation) = (element, continuation)
    }
  }

  /// What is left to do once the lock is released.
  private struct Step {
    var result: Element?
    var woken: (waiter: Waiter, element: Element?)?

    func finish() -> Element? {
      woken?.waiter.continuation.resume(returning: woken?.element)
      return result
    }
  }

  /// What is in the buffer and who waits; each function is one event, and
  /// returns `nil` where the task has to wait.
  private struct State {
    private let policy: Policy
    private var isClosed = false
    private(set) var droppedCount = 0
    /// A ring; the oldest element is at `head`.
    private var slots: [Element?]
    private var (head, count) = (0, 0)
    // By ticket, and none below `first`. One line is enough, since senders
    // wait only while the buffer is full, and receivers while it is empty.
    var waiters: [Int: Waiter] = [:]
    private var (first, last) = (0, 0)

    init(bound: Int, policy: Policy) {
      self.policy = policy
      slots = Array(repeating: nil, count: bound)
    }

    mutating func send(_ element: Element, mayWait: Bool = true) throws -> Step?
    {
      if isClosed { throw BufferClosedError() }
      if count == 0, let receiver = popWaiter() {
        return Step(woken: (receiver, element))
      }
      if count == slots.count {
        if policy == .suspend, mayWait { return nil }
        droppedCount += 1
        if policy != .dropOldest { return Step(result: element) }
      }
      let oldest = count == slots.count ? pop() : nil
      append(element)
      return Step(result: oldest)
    }

    mutating func receive() -> Step? {
      guard let element = pop() else { return isClosed ? Step() : nil }
      guard let sender = popWaiter() else { return Step(result: element) }
      if let next = sender.element { append(next) }
      return Step(result: element, woken: (sender, nil))
    }

    mutating func nextTicket() -> Int {
      last += 1
      return last
    }

    /// A task takes its place in line, unless it need not wait any longer.
    mutating func wait(
      _ ticket: Int,
      _ waiter: Waiter,
      isCancelled: Bool
    ) throws -> Step? {
      let step =
        if let element = waiter.element { try send(element) } else { receive() }
      if step != nil { return step }
      if isCancelled { throw CancellationError() }
      waiters[ticket] = waiter
      if ticket < first { first = ticket }
      return nil
    }

    mutating func close() -> [Waiter] {
      isClosed = true
      defer { waiters = [:] }
      return Array(waiters.values)
    }

    private mutating func popWaiter() -> Waiter? {
      while !waiters.isEmpty {
        defer { first += 1 }
        if let waiter = waiters.removeValue(forKey: first) { return waiter }
      }
      return nil
    }

    private mutating func append(_ element: Element) {
      slots[(head + count) % slots.count] = element
      count += 1
    }

    private mutating func pop() -> Element? {
      guard count > 0 else { return nil }
      defer {
        slots[head] = nil
        head = (head + 1) % slots.count
        count -= 1
      }
      return slots[head]
    }
  }
}
