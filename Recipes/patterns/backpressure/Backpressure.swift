import ChannelRecipe
import Synchronization

/// A bounded buffer between a producer and a consumer that may be slower.
///
/// What happens to an element for which there is no room is said once, by
/// the ``Policy``; then ``send(_:)`` is the same call for all of them.
/// Elements come out in the order in which they went in. Several tasks may
/// send, and several may receive: each element goes to one of them.
///
/// **Cancellation** ends a wait. A send that waits for room throws, and its
/// element is not in the buffer. A receive that waits throws, and takes
/// none; if the policy drops, the buffer is then closed as well, because an
/// `AsyncStream` ends with a consumer that is cancelled.
nonisolated public struct BackpressureBuffer<Element: Sendable>: Sendable {
  /// What becomes of an element when the buffer is full.
  public enum Policy: Sendable {
    /// The producer waits, and nothing is lost.
    case suspend
    /// The element is dropped: those that wait were first.
    case dropNewest
    /// The oldest element is dropped to make room: the latest ones count.
    case dropOldest
  }

  /// A stream, and what it has dropped, which it does not count itself.
  private final class DroppingStream: Sendable {
    let stream: AsyncStream<Element>
    let continuation: AsyncStream<Element>.Continuation
    let dropped = Atomic(0)

    init(_ policy: AsyncStream<Element>.Continuation.BufferingPolicy) {
      (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: policy)
    }
  }

  /// One of the two is there, the channel if the policy is to suspend.
  private let channel: Channel<Element>?
  private let dropping: DroppingStream?

  // #region init
  /// Creates an empty buffer.
  ///
  /// - Parameters:
  ///   - bound: The elements that it holds at most, at least 1.
  ///   - policy: What becomes of an element when it is full.
  public init(bound: Int, whenFull policy: Policy) {
    precondition(bound > 0, "a buffer needs room for one element")
    channel = policy == .suspend ? Channel(capacity: bound) : nil
    // The stream's policies say what is kept, not what is dropped.
    dropping =
      switch policy {
      case .suspend: nil
      case .dropNewest: DroppingStream(.bufferingOldest(bound))
      case .dropOldest: DroppingStream(.bufferingNewest(bound))
      }
  }
  // #endregion

  /// How many elements have been dropped so far.
  public var droppedCount: Int {
    dropping?.dropped.load(ordering: .relaxed) ?? 0
  }

  // #region send
  /// Puts an element into the buffer, as the policy has it.
  ///
  /// **Complexity**: O(1), amortised. Suspends only if the policy is
  /// ``Policy/suspend`` and the buffer is full.
  ///
  /// - Parameter element: What the consumer is to have.
  /// - Returns: What was dropped for it: `element` itself, the oldest one,
  ///   or `nil`. Dropping is not an error.
  /// - Throws: `CancellationError` if the task is cancelled while it waits;
  ///   `ChannelClosedError` if the buffer is closed.
  @discardableResult
  @inline(__always)  // one async call, not two
  nonisolated(nonsending)
    public func send(_ element: Element) async throws -> Element?
  {
    guard let dropping else {
      try await channel?.send(element)
      return nil
    }
    // One step under the stream's lock: were making room and sending two,
    // the consumer could make room in between, and one be dropped too many.
    switch dropping.continuation.yield(element) {
    case .enqueued: return nil
    case .dropped(let loser):
      dropping.dropped.wrappingAdd(1, ordering: .relaxed)
      return loser
    case .terminated: throw ChannelClosedError()
    @unknown default: return nil
    }
  }

  /// Ends the buffer: what is in it can be received, and then its end.
  public func close() {
    channel?.close()
    dropping?.continuation.finish()
  }
  // #endregion

  // #region receive
  /// Takes the oldest element, waiting while there is none.
  ///
  /// **Complexity**: O(1).
  ///
  /// - Returns: The element, or `nil` once the buffer is closed and empty.
  /// - Throws: `CancellationError` if the task is cancelled while it waits.
  @inline(__always)
  nonisolated(nonsending)
    public func receive() async throws(CancellationError) -> Element?
  {
    guard let dropping else { return try await channel?.receive() }
    var iterator = dropping.stream.makeAsyncIterator()
    let element = await iterator.next(isolation: #isolation)
    // A stream tells its end and a cancellation by the same nil.
    if element == nil, Task.isCancelled { throw CancellationError() }
    return element
  }
  // #endregion
}

nonisolated extension BackpressureBuffer: AsyncSequence {
  /// Receives until the buffer ends; several iterators share the elements.
  public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
    fileprivate let buffer: BackpressureBuffer

    /// Takes the oldest element, like ``BackpressureBuffer/receive()``.
    ///
    /// - Throws: `CancellationError` if the task is cancelled while it waits.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(CancellationError) -> Element? {
      try await buffer.receive()
    }
  }

  /// Creates an iterator; dropping it loses no element.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(buffer: self)
  }
}

// #region TokenBucket
/// Tokens to be taken, each of which comes back one period after it was
/// taken.
///
/// So no window of that length, wherever it begins, holds more than there
/// are tokens; and no token that is back lies idle while a task waits. Tasks
/// are served first come, first served. Many tokens let bursts through; for
/// calls at even distances give out one token, and a shorter period.
nonisolated public final class TokenBucket<C: Clock>: Sendable
where C.Duration == Duration {
  /// When each token can be taken, the soonest at `next`.
  private struct Tokens: Sendable {
    var returns: [C.Instant]
    var next = 0

    var soonest: C.Instant { returns[next] }

    mutating func take(until instant: C.Instant) {
      returns[next] = instant
      next += 1
      if next == returns.count { next = 0 }
    }
  }

  private let clock: C
  private let period: Duration
  /// Whoever has taken the tokens out is at the head of the line: a lock
  /// whose waiters are served in turn, and leave when they are cancelled.
  private let line = Channel<Tokens>(capacity: 1)

  /// Creates a full bucket.
  ///
  /// - Parameters:
  ///   - tokens: How many may be taken in each window, at least 1.
  ///   - period: The length of a window, greater than zero.
  ///   - clock: What the period is measured by.
  public init(
    tokens: Int,
    per period: Duration,
    clock: C = ContinuousClock()
  ) {
    precondition(tokens > 0 && period > .zero, "such a bucket stays empty")
    self.clock = clock
    self.period = period
    let now = clock.now
    putBack(Tokens(returns: Array(repeating: now, count: tokens)))
  }

  /// Takes a token, waiting until one is back and all who came before have
  /// theirs.
  ///
  /// **Cancellation**: a task that is cancelled before it has a token takes
  /// none, and whoever is next moves up at once.
  ///
  /// **Complexity**: O(1). Does not suspend if nobody waits and a token is
  /// there.
  ///
  /// - Throws: `CancellationError` if the task is cancelled first.
  nonisolated(nonsending) public func wait() async throws {
    guard var tokens = try await line.receive() else {
      preconditionFailure("nobody closes the line")
    }
    defer { putBack(tokens) }
    try Task.checkCancellation()
    var now = clock.now
    if now < tokens.soonest {
      try await clock.sleep(until: tokens.soonest, tolerance: nil)
      now = clock.now
    }
    // From now, not from when it was back: a token that nobody came for
    // must not return sooner than a period after it is used.
    tokens.take(until: now.advanced(by: period))
  }

  private func putBack(_ tokens: Tokens) {
    do {
      let hasRoom = try line.trySend(tokens)
      precondition(hasRoom, "there is one set of tokens")
    } catch {
      preconditionFailure("nobody closes the line")
    }
  }
}
// #endregion
