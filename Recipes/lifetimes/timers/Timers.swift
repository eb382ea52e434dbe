import Synchronization

/// A clock whose sleeps leave nothing behind when they are cancelled.
///
/// ```swift
/// try await Task.sleep(for: .seconds(60), clock: .timers)
/// let timer = ContinuousClock.timers.after(.seconds(2)) { save() }
/// timer.reset(after: .seconds(2))  // or timer.stop()
/// ```
///
/// The runtime keeps a cancelled `Task.sleep` until its deadline. Here one
/// task sleeps until the first of all deadlines, and is never cancelled.
///
/// - Timers fire in the order of their deadlines, those of one deadline in the
///   order in which they started, and never before it.
/// - A timer that is stopped, and a sleep that is cancelled, is gone at once.
/// - A task that sleeps for timers that are all gone ends at the deadline for
///   which it started. Of *n* that sleep, each started for at most half of
///   the time that was left to the one before: there are few.
///
/// In tests, create one with a test's clock. Actions see no task-local values.
nonisolated final class TimerQueue<C: Clock>: Clock, Sendable
where C.Duration == Duration {
  private let clock: C
  private let executor: (any TaskExecutor)?
  private let state = Mutex(State())

  /// Creates a queue; most programs need only ``ContinuousClock/timers``.
  ///
  /// - Parameters:
  ///   - clock: What measures the time, and sleeps.
  ///   - executor: Where its own tasks run; `nil` is the default executor.
  init(_ clock: C, executor: (any TaskExecutor)? = nil) {
    (self.clock, self.executor) = (clock, executor)
  }

  /// The time of the clock that the queue was created with.
  var now: C.Instant { clock.now }

  /// That of the clock that the queue was created with.
  var minimumResolution: Duration { clock.minimumResolution }

  /// Suspends the current task until a deadline.
  ///
  /// **Cancellation** ends the sleep at once, and nothing is left of it. One
  /// that was cancelled before does not sleep.
  ///
  /// **Complexity**: O(log *n*) for *n* timers, and O(1) for a deadline after
  /// all others. Does not suspend if the deadline has passed.
  ///
  /// - Parameters:
  ///   - deadline: When to go on; it may have passed.
  ///   - tolerance: Is not used.
  /// - Throws: `CancellationError` if the task is cancelled before it goes on.
  ///   A deadline that has passed is not an error.
  nonisolated(nonsending) func sleep(
    until deadline: C.Instant,
    tolerance: Duration? = nil
  ) async throws {
    try Task.checkCancellation()
    if deadline <= clock.now { return }
    let place = Place()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiter in
        _ = start({ waiter.resume(with: $0) }, at: deadline, place)
        // The handler may have run before there was anything to remove.
        if Task.isCancelled { cancel(place) }
      }
    } onCancel: {
      cancel(place)
    }
  }

  private func cancel(_ place: Place) {
    state.withLock { $0.remove(place) }?.act(.failure(CancellationError()))
  }

  /// Performs an action later, unless the timer is stopped.
  ///
  /// The queue performs one action after the other, in a task of its own: an
  /// action should be short. It lives on while there are timers.
  ///
  /// The timer holds the action, also when it has fired or was stopped. A type
  /// that keeps its timer captures itself weakly: `{ [weak self] in … }`.
  ///
  /// **Complexity**: as ``sleep(until:tolerance:)``. Never suspends.
  ///
  /// - Parameters:
  ///   - delay: How long to wait.
  ///   - action: What to do then.
  /// - Returns: The timer, which need not be kept.
  @discardableResult
  func after(
    _ delay: Duration,
    perform action: @escaping @Sendable () -> Void
  ) -> Timer {
    let timer = Timer(queue: self) { _ in action() }
    timer.reset(after: delay)
    return timer
  }

  /// An action that is due later, or was.
  nonisolated struct Timer: Sendable {
    fileprivate let queue: TimerQueue
    fileprivate let place = Place()
    fileprivate let act: Action

    /// Makes sure that the action does not begin any more.
    ///
    /// One that has begun goes on, and is not waited for.
    ///
    /// - Complexity: O(log *n*) for *n* timers.
    /// - Returns: Whether the timer was waiting, so that this stopped it.
    @discardableResult
    func stop() -> Bool {
      // What it held is released outside the lock.
      queue.state.withLock { $0.remove(place) } != nil
    }

    /// Stops the timer, if it is waiting, and starts it anew.
    ///
    /// - Parameter delay: How long to wait from now on.
    /// - Complexity: O(log *n*) for *n* timers.
    /// - Returns: Whether the timer was waiting.
    @discardableResult
    func reset(after delay: Duration) -> Bool {
      // `ContinuousClock` traps where the instant is out of its range.
      let delay = min(delay, .seconds(1 << 40))
      let due = queue.clock.now.advanced(by: delay)
      return queue.start(act, at: due, place) != nil
    }
  }

  /// Ends the tasks that sleep for timers that are gone, and waits for that.
  ///
  /// For tests that look for what is left, and for a queue of your own that is
  /// not needed any more. Does nothing while a timer waits. A task that is firing
  /// a timer ends by itself; one that a call at the same time starts is ended
  /// by the next call of this.
  ///
  /// **Cancellation** is not looked at. **Complexity**: O(1) for each task.
  nonisolated(nonsending) func endSleepers() async {
    let tasks = state.withLock { $0.dismissAll() }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// Starts a timer in the place of one that waits, which is returned.
  private func start(
    _ act: @escaping Action,
    at due: C.Instant,
    _ place: Place
  ) -> Entry? {
    let (old, sleeper) = state.withLock { state in
      let old = state.remove(place)
      return (old, state.add(act, at: due, place, now: clock.now))
    }
    guard let sleeper else { return old }
    // Detached: it must not keep what the current task's values hold, or
    // sleep with the low priority of whoever came first.
    let task = Task.detached(executorPreference: executor, priority: .high) {
      await self.serve(sleeper)
    }
    state.withLock { $0.keep(task, of: sleeper.id) }
    return old
  }

  /// Sleeps, fires what is due, and sleeps on while there is a need for it.
  @concurrent private func serve(_ sleeper: Sleeper) async {
    var step = Step.sleep(until: sleeper.wake)
    while true {
      switch step {
      case .sleep(let until):
        // Where it is dismissed, the next step is the last.
        try? await clock.sleep(until: until, tolerance: nil)
      case .fire(let act): act(.success(()))
      case .end: return
      }
      step = state.withLock { $0.step(of: sleeper.id, now: clock.now) }
    }
  }
}

nonisolated extension ContinuousClock {
  /// The timers of the process, on the clock that runs on while it sleeps.
  static let timers = TimerQueue(ContinuousClock())
}

nonisolated extension Clock where Self == TimerQueue<ContinuousClock> {
  /// The timers of the process, where a clock is asked for.
  static var timers: Self { ContinuousClock.timers }
}

extension TimerQueue {
  /// Where a timer is in the heap, which changes under the lock only.
  nonisolated fileprivate final class Place: Sendable {
    let index = Atomic(-1)
  }

  /// What a timer does when it is due, or a sleep when it is cancelled too.
  fileprivate typealias Action = @Sendable (Result<Void, any Error>) -> Void

  nonisolated private struct Entry {
    let deadline: C.Instant
    let number: Int
    let place: Place
    let act: Action
  }

  /// A task that sleeps until an instant, or fires what is due.
  nonisolated private struct Sleeper {
    let id: Int
    var wake: C.Instant
    var task: Task<Void, Never>?
  }

  nonisolated private enum Step {
    case fire(Action)
    case sleep(until: C.Instant)
    case end
  }

  /// The timers, and who sleeps for them; each function is one event.
  nonisolated private struct State {
    /// A binary heap: no entry is before the one at half of its index.
    private var heap: [Entry] = []
    private var added = 0
    /// Each wakes before the one before it.
    private var sleepers: [Sleeper] = []
    /// The one that is awake: one at a time, or two could change the order.
    private var firing: Int?

    /// Adds a timer; returns the sleeper that has to start for it.
    mutating func add(
      _ act: @escaping Action,
      at deadline: C.Instant,
      _ place: Place,
      now: C.Instant
    ) -> Sleeper? {
      added += 1
      heap.append(
        Entry(deadline: deadline, number: added, place: place, act: act)
      )
      place.index.store(heap.count - 1, ordering: .relaxed)
      lift(heap.count - 1)
      // The one that is awake looks again before it sleeps.
      guard firing == nil, let wake = missingWake(now: now) else { return nil }
      sleepers.append(Sleeper(id: added, wake: wake))
      return sleepers.last
    }

    /// Removes a timer, if it is there.
    mutating func remove(_ place: Place) -> Entry? {
      let index = place.index.load(ordering: .relaxed)
      return index < 0 ? nil : remove(at: index)
    }

    /// A sleeper is awake: what it does next.
    mutating func step(of id: Int, now: C.Instant) -> Step {
      let index = sleepers.firstIndex { $0.id == id }
      guard let index else { return .end }
      let isFiring = firing ?? id == id
      if isFiring, let first = heap.first, first.deadline <= now {
        firing = id
        return .fire(remove(at: 0).act)
      }
      var sleeper = sleepers.remove(at: index)
      guard isFiring else { return .end }
      firing = nil
      guard let wake = missingWake(now: now) else { return .end }
      sleeper.wake = wake
      sleepers.append(sleeper)
      return .sleep(until: wake)
    }

    /// Keeps the task of a sleeper, unless that has ended.
    mutating func keep(_ task: Task<Void, Never>, of id: Int) {
      let index = sleepers.firstIndex { $0.id == id }
      if let index { sleepers[index].task = task }
    }

    /// Gives away who sleeps for nothing; the one that is awake ends by itself.
    ///
    /// One whose task is not known yet stays: nobody could wait for its end.
    mutating func dismissAll() -> [Task<Void, Never>] {
      guard heap.isEmpty else { return [] }
      func isDismissed(_ sleeper: Sleeper) -> Bool {
        sleeper.id != firing && sleeper.task != nil
      }
      defer { sleepers.removeAll(where: isDismissed) }
      return sleepers.filter(isDismissed).compactMap(\.task)
    }

    /// When a sleeper that is missing has to wake.
    private func missingWake(now: C.Instant) -> C.Instant? {
      guard let due = heap.first?.deadline else { return nil }
      guard let other = sleepers.last?.wake else { return due }
      if other <= max(due, now) { return nil }
      // At most half of the other's time, or descending deadlines would
      // leave a sleeper each.
      return min(due, now.advanced(by: now.duration(to: other) / 2))
    }

    // MARK: The heap

    private mutating func remove(at index: Int) -> Entry {
      swap(index, heap.count - 1)
      let removed = heap.removeLast()
      removed.place.index.store(-1, ordering: .relaxed)
      if index < heap.count {
        lift(index)
        sink(index)
      }
      // Gives back what a crowd has taken. `Array(heap)` would share it.
      if heap.capacity > 64, heap.count < heap.capacity / 4 {
        heap = heap.map(\.self)
      }
      return removed
    }

    private mutating func lift(_ start: Int) {
      var index = start
      while index > 0, isBefore(index, (index - 1) / 2) {
        swap(index, (index - 1) / 2)
        index = (index - 1) / 2
      }
    }

    private mutating func sink(_ start: Int) {
      var index = start
      while 2 * index + 1 < heap.count {
        var child = 2 * index + 1
        if child + 1 < heap.count, isBefore(child + 1, child) { child += 1 }
        if !isBefore(child, index) { return }
        swap(index, child)
        index = child
      }
    }

    private mutating func swap(_ one: Int, _ other: Int) {
      heap.swapAt(one, other)
      heap[one].place.index.store(one, ordering: .relaxed)
      heap[other].place.index.store(other, ordering: .relaxed)
    }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
      let (left, right) = (heap[one].deadline, heap[other].deadline)
      return left == right
        ? heap[one].number < heap[other].number : left < right
    }
  }
}

/// The ticks of a clock, each a period after the one before.
///
/// ```swift
/// for await _ in Ticker(every: .seconds(1)) {
///   await report()
/// }
/// ```
///
/// - Ticks are multiples of the period after the beginning of the loop: what
///   the loop does between them does not delay them.
/// - For a loop that is too slow one tick is kept, which comes at once when
///   the loop asks; those after it are dropped, as with `time.Ticker` in Go.
nonisolated struct Ticker<C: Clock>: AsyncSequence, Sendable
where C.Duration == Duration {
  private let period: Duration
  private let clock: C

  /// Creates a ticker, of which each loop has ticks of its own.
  ///
  /// - Parameters:
  ///   - period: The time between two ticks, above 0.
  ///   - clock: What measures the time.
  init(every period: Duration, clock: C = ContinuousClock()) {
    precondition(period > .zero, "a ticker needs a period above 0")
    // `ContinuousClock` traps where the instant is out of its range.
    (self.period, self.clock) = (Swift.min(period, .seconds(1 << 40)), clock)
  }

  /// Begins to tick.
  func makeAsyncIterator() -> Iterator {
    let due = clock.now.advanced(by: period)
    return Iterator(period: period, clock: clock, due: due)
  }

  /// One loop over the ticks.
  nonisolated struct Iterator: AsyncIteratorProtocol {
    fileprivate let period: Duration
    fileprivate let clock: C
    fileprivate var due: C.Instant

    /// Waits for the next tick.
    ///
    /// **Cancellation** ends the loop at once. **Complexity**: one sleep.
    ///
    /// - Returns: The instant at which the tick was due; `nil` if the task is
    ///   cancelled.
    nonisolated(nonsending) mutating func next() async -> C.Instant? {
      if due > clock.now {
        do { try await clock.sleep(until: due, tolerance: nil) } catch {
          return nil
        }
      } else if Task.isCancelled {
        return nil
      }
      let tick = due
      let late = tick.duration(to: clock.now)
      let missed = late.attoseconds / period.attoseconds
      due = tick.advanced(by: period * (missed + 1))
      return tick
    }
  }
}
