import Synchronization

/// Hands each element that is published to all who have subscribed.
///
/// ```swift
/// let prices = Topic<Price>()
/// try await prices.publish(price)  // in any task
/// // In the task of a subscriber:
/// try await prices.subscribe(bound: 16, whenFull: .dropOldest) { prices in
///   for try await price in prices { show(price) }
/// }
/// ```
///
/// - All see the same order. A publish reaches all at once, or nobody.
/// - A subscriber sees what is published after it has subscribed, until it
///   leaves: at the end of the scope.
/// - Each says how many elements are kept for it, and what happens when
///   another one comes. Only ``Policy/wait`` holds up the publishers.
nonisolated final class Topic<Element: Sendable>: Sendable {
  /// What happens when an element is published while as many as the bound are
  /// kept for a subscriber.
  enum Policy: String, CaseIterable, Sendable {
    /// The publisher waits until there is room, or the subscriber leaves.
    case wait
    /// The oldest element that is kept is dropped.
    case dropOldest
    /// The new element is dropped.
    case dropNewest
    /// It receives what is kept, and then ``SlowSubscriberError``.
    case disconnect
  }

  private let state = Mutex(State())

  /// Creates a topic without subscribers.
  init() {}

  /// Publishes an element, and waits until all with ``Policy/wait`` have room.
  ///
  /// Publishers that wait are served first come, first served.
  ///
  /// **Cancellation** ends the wait, and nobody receives the element. A
  /// cancelled task publishes where it need not wait.
  ///
  /// **Complexity**: O(*n*) for *n* subscribers.
  ///
  /// - Throws: ``TopicClosedError`` if the topic is or becomes closed;
  ///   `CancellationError` if the task is cancelled while it waits. That nobody
  ///   has subscribed is not an error.
  nonisolated(nonsending) func publish(_ element: Element) async throws {
    if try tryPublish(element) { return }
    let ticket = state.withLock { $0.takeTicket() }
    _ = try await wait {
      try $0.publish(element) ? .some(nil) : nil
    } enter: {
      $0.lineUp(ticket, element, $1)
    } onCancel: {
      $0.line.removeValue(forKey: ticket)?.waiter
    }
  }

  /// Publishes an element if that takes no waiting, also from code that is not
  /// `async`.
  ///
  /// - Returns: Whether it was published. If not, nobody receives it.
  /// - Throws: ``TopicClosedError`` if the topic is closed.
  func tryPublish(_ element: Element) throws -> Bool {
    try change { try $0.publish(element) }
  }

  /// Subscribes while `body` runs.
  ///
  /// **Cancellation** ends the wait for an element, which throws; what is kept
  /// can be received in a cancelled task too. A subscriber leaves when `body`
  /// returns or throws, and that is when publishers go on that wait for it.
  ///
  /// **Complexity**: O(*n*) for *n* subscribers. Memory for `bound` elements is
  /// taken at once.
  ///
  /// - Parameters:
  ///   - bound: How many elements are kept at most, at least 1.
  ///   - policy: What happens when another one comes.
  ///   - body: What the subscriber does. In a closed topic there is nothing to
  ///     receive.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws.
  nonisolated(nonsending) func subscribe<Result>(
    bound: Int,
    whenFull policy: Policy,
    _ body: nonisolated(nonsending) (Subscription) async throws -> Result
  ) async rethrows -> Result {
    precondition(bound > 0, "a subscriber needs room for one element")
    let place = state.withLock { $0.join(bound: bound, policy) }
    defer { change { $0.leave(place) } }
    return try await body(Subscription(topic: self, place: place))
  }

  /// Ends the topic: what is kept can be received, and then the end.
  ///
  /// Publishers that wait throw ``TopicClosedError``. Closing twice is not an
  /// error.
  func close() { change { $0.close() } }

  /// What one subscriber receives, in one task at a time.
  struct Subscription: AsyncSequence, AsyncIteratorProtocol {
    fileprivate let topic: Topic
    fileprivate let place: Place

    /// How many elements have been dropped so far; 0 after the end of the body.
    var droppedCount: Int {
      topic.state.withLock {
        $0.isIn(place) ? $0.seats[place.index].droppedCount : 0
      }
    }

    /// Takes the oldest element that is kept, and waits while there is none.
    ///
    /// - Returns: The element, or `nil` once the topic is closed, or the body
    ///   has ended, and nothing is kept.
    /// - Throws: ``SlowSubscriberError`` if it has been disconnected and
    ///   nothing is kept; `CancellationError` if the task is cancelled while
    ///   it waits, which loses no element.
    nonisolated(nonsending) func receive() async throws -> Element? {
      if let received = try topic.change({ try $0.receive(place) }) {
        return received
      }
      return try await topic.wait {
        try $0.receive(place)
      } enter: {
        $0.seats[place.index].wait($1)
      } onCancel: { [place] in
        $0.isIn(place) ? $0.seats[place.index].waiter.take() : nil
      }
    }

    func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      try await receive()
    }

    func makeAsyncIterator() -> Subscription { self }
  }
}

/// An element was published in a topic that is closed.
nonisolated struct TopicClosedError: Error, CustomStringConvertible {
  var description: String { "the topic is closed" }
}

/// A subscriber with ``Topic/Policy/disconnect`` has not kept up.
nonisolated struct SlowSubscriberError: Error, CustomStringConvertible {
  var description: String { "the subscriber is too slow" }
}

nonisolated extension Topic {
  /// A task that waits.
  ///
  /// A class, since a continuation in a generic struct would make the compiler
  /// look up the layout of the struct for each call.
  fileprivate final class Waiter: Sendable {
    typealias Continuation = CheckedContinuation<Element?, any Error>

    let continuation: Continuation

    init(_ continuation: Continuation) { self.continuation = continuation }
  }

  /// A task that waits no longer.
  private typealias Woken = (
    waiter: Waiter, result: Result<Element?, any Error>
  )

  /// Performs an event, and then, without the lock, resumes whom it wakes.
  private func change<Value>(
    _ event: (inout State) throws -> sending Value
  ) rethrows -> Value {
    var woken: [Woken] = []
    defer {
      for task in woken { task.waiter.continuation.resume(with: task.result) }
    }
    return try state.withLock { state in
      defer { swap(&woken, &state.woken) }
      return try event(&state)
    }
  }

  /// Performs an event, and waits while it returns `nil`.
  nonisolated(nonsending) private func wait(
    for event: (inout State) throws -> Element??,
    enter: (inout State, Waiter) -> Void,
    onCancel leave: @Sendable (inout State) -> Waiter?
  ) async throws -> Element? {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        do {
          let result: Element?? = try change { state in
            if let result = try event(&state) { return result }
            // Under the lock: a later cancellation finds the waiter there.
            try Task.checkCancellation()
            enter(&state, Waiter(continuation))
            return nil
          }
          if let result { continuation.resume(returning: result) }
        } catch {
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      // It may have been served before.
      let waiter = state.withLock { leave(&$0) }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Where a subscriber is kept; seats are used again, and numbers are not.
  fileprivate typealias Place = (index: Int, number: Int)

  /// Who has subscribed and who waits; each function is one event.
  ///
  /// What a task receives is `nil` where it has to wait.
  private struct State {
    var seats: [Seat] = []
    /// The publishers that wait, by ticket, and none below `first`.
    ///
    /// Only while somebody is full who is waited for.
    var line: [Int: (element: Element, waiter: Waiter)] = [:]
    private var (first, last, fullCount, joined) = (0, 0, 0, 0)
    private var isClosed = false
    /// Who is resumed after the event.
    var woken: [Woken] = []

    mutating func takeTicket() -> Int {
      last += 1
      return last
    }

    mutating func lineUp(_ ticket: Int, _ element: Element, _ waiter: Waiter) {
      line[ticket] = (element, waiter)
      first = min(first, ticket)
    }

    mutating func join(bound: Int, _ policy: Policy) -> Place {
      joined += 1
      let seat = Seat(number: joined, policy: policy, bound: bound)
      let index = seats.firstIndex { $0.number == 0 } ?? seats.count
      if index < seats.count { seats[index] = seat } else { seats.append(seat) }
      return (index, joined)
    }

    func isIn(_ place: Place) -> Bool {
      seats[place.index].number == place.number
    }

    mutating func leave(_ place: Place) {
      // A task that the body has left behind may wait.
      let waiter = seats[place.index].waiter.take()
      if let waiter { woken.append((waiter, .success(nil))) }
      if seats[place.index].isFull { fullCount -= 1 }
      seats[place.index] = Seat(number: 0, policy: .wait, bound: 0)
      goOn()
    }

    /// Returns whether it took no waiting.
    mutating func publish(_ element: Element) throws -> Bool {
      if isClosed { throw TopicClosedError() }
      if fullCount > 0 { return false }
      for index in seats.indices {
        let waiter = seats[index].offer(element, &fullCount)
        if let waiter { woken.append((waiter, .success(element))) }
      }
      return true
    }

    mutating func receive(_ place: Place) throws -> Element?? {
      let waitedFor = fullCount
      if let element = seats[place.index].pop(place.number, &fullCount) {
        if fullCount < waitedFor { goOn() }
        return element
      }
      if !isIn(place) { return .some(nil) }
      if seats[place.index].isDisconnected { throw SlowSubscriberError() }
      return isClosed ? .some(nil) : nil
    }

    mutating func close() {
      isClosed = true
      for index in seats.indices {
        let waiter = seats[index].waiter.take()
        if let waiter { woken.append((waiter, .success(nil))) }
      }
      for (_, publisher) in line.sorted(by: { $0.key < $1.key }) {
        woken.append((publisher.waiter, .failure(TopicClosedError())))
      }
      line = [:]
    }

    /// Serves publishers that wait, as long as there is room.
    private mutating func goOn() {
      while fullCount == 0, !line.isEmpty {
        defer { first += 1 }
        guard let publisher = line.removeValue(forKey: first) else { continue }
        _ = try? publish(publisher.element)
        woken.append((publisher.waiter, .success(nil)))
      }
    }
  }

  /// What is kept for a subscriber; the number of a free seat is 0.
  ///
  /// One call does all for an element: an array is copied where an element of
  /// it is looked at before it is changed.
  private struct Seat {
    let number: Int
    private let policy: Policy
    /// A ring; the oldest element is at `head`.
    private var slots: [Element?]
    private var (head, count) = (0, 0)
    private(set) var (droppedCount, isDisconnected) = (0, false)
    /// It waits only while nothing is kept.
    var waiter: Waiter?

    init(number: Int, policy: Policy, bound: Int) {
      (self.number, self.policy) = (number, policy)
      slots = Array(repeating: nil, count: bound)
    }

    /// Whether publishers wait for it.
    var isFull: Bool {
      policy == .wait && count == slots.count && number > 0
    }

    mutating func wait(_ waiter: Waiter) {
      precondition(self.waiter == nil, "one task at a time receives")
      self.waiter = waiter
    }

    /// Keeps an element, or returns the task that waits for it.
    @inline(__always)
    mutating func offer(_ element: Element, _ fullCount: inout Int) -> Waiter? {
      if number == 0 || isDisconnected { return nil }
      if let waiter = waiter.take() { return waiter }
      if count == slots.count {
        droppedCount += 1
        switch policy {
        case .wait: preconditionFailure("publishers wait for this one")
        case .dropOldest:
          slots[head] = element
          head = place(1)
        case .dropNewest: break
        case .disconnect: isDisconnected = true
        }
        return nil
      }
      slots[place(count)] = element
      count += 1
      if policy == .wait, count == slots.count { fullCount += 1 }
      return nil
    }

    @inline(__always)
    mutating func pop(_ number: Int, _ fullCount: inout Int) -> Element? {
      guard number == self.number, count > 0 else { return nil }
      if policy == .wait, count == slots.count { fullCount -= 1 }
      let element = slots[head].take()
      head = place(1)
      count -= 1
      return element
    }

    /// Where the element is that comes so many after the oldest.
    private func place(_ offset: Int) -> Int {
      let end = head + offset
      return end < slots.count ? end : end - slots.count
    }
  }
}
