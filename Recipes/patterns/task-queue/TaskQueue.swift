import Synchronization

/// Jobs that wait in line for a few workers.
///
/// ```swift
/// let queue = TaskQueue(workers: 4, capacity: 100)
/// group.addTask { await queue.run() }  // once, in a task of the owner
/// try await queue.submit { await store(photo) }  // in any task
/// ```
///
/// - Jobs start in the order in which they are submitted, never more than
///   ``workers`` at once. With one worker each starts when the one before it
///   has ended.
/// - Up to ``capacity`` jobs wait. When there is no room, ``submit(_:)`` and
///   ``perform(_:)`` wait for it in turn, and ``trySubmit(_:)`` refuses.
/// - A job that is submitted is a part of ``run()``: it runs in one of its
///   child tasks, and handles its own errors. A job that is performed is a part
///   of its caller, who gets its result.
///
/// A job must not wait for its own queue, by `perform`, or by `submit` where all
/// workers do: nobody would be left to make room.
nonisolated final class TaskQueue: Sendable {
  typealias Job = nonisolated(nonsending) @Sendable () async -> Void

  /// A job came to a queue that is closed.
  struct ClosedError: Error, Equatable {}

  /// How many jobs run at once.
  let workers: Int
  /// How many jobs wait for a worker.
  let capacity: Int

  private let state: Mutex<State>

  /// Creates a queue; its jobs wait until it is ``run()``.
  ///
  /// - Parameters:
  ///   - workers: At least 1; with 1 it is a serial queue.
  ///   - capacity: At least 0: then a job is handed to a worker that is free.
  ///     Memory is taken as it is needed, so `.max` is no bound.
  init(workers: Int, capacity: Int) {
    precondition(workers > 0, "a queue needs at least one worker")
    precondition(capacity >= 0, "a queue cannot hold less than nothing")
    (self.workers, self.capacity) = (workers, capacity)
    state = Mutex(State(workers: workers, capacity: capacity))
  }

  /// Does the jobs until the queue is closed and all have ended; once.
  ///
  /// **Cancellation** drops the jobs that wait, as ``abandon()`` does, and
  /// cancels those that it runs. It returns when they have ended, and those
  /// that are performed too, which only their callers can cancel.
  ///
  /// **Complexity**: a child task for each worker.
  func run() async {
    await withTaskCancellationHandler {
      await withDiscardingTaskGroup { group in
        state.change { $0.begin(&$1) }
        for worker in 1...workers {
          group.addTask(name: "worker \(worker)") { await self.work() }
        }
      }
    } onCancel: {
      abandon()
    }
  }

  /// Puts a job in line; waits while there is no room.
  ///
  /// **Cancellation** ends the wait at once, and the job is not done. A task
  /// that is cancelled before submits nothing. Once it has returned, only
  /// ``abandon()`` and a cancellation of ``run()`` can stop the job.
  ///
  /// **Complexity**: O(1), amortised. Does not suspend where there is room.
  ///
  /// - Parameter job: Runs in a worker's task, with its priority and its
  ///   task-local values.
  /// - Throws: ``ClosedError`` if the queue is or becomes closed;
  ///   `CancellationError`.
  nonisolated(nonsending) func submit(_ job: @escaping Job) async throws {
    if try trySubmit(job) { return }
    try await wait(toSubmit: Entry(job: job))
  }

  /// Puts a job in line if there is room; for code that is not `async`, too.
  ///
  /// Jobs that one thread submits are in the order of its calls.
  ///
  /// - Returns: Whether there was room.
  /// - Throws: ``ClosedError`` if the queue is closed. No room is no error.
  func trySubmit(_ job: @escaping Job) throws(ClosedError) -> Bool {
    try state.change { state, wakes throws(ClosedError) in
      try state.submit(Entry(job: job), &wakes)
    }
  }

  /// Performs a job when its turn has come, and waits for its result.
  ///
  /// **Cancellation** ends the wait at once, and the job does not start; its
  /// place in line stays taken until its turn. A job that runs is cancelled, as
  /// a part of the task that called.
  ///
  /// **Complexity**: O(1), amortised. Does not suspend where a worker is free.
  ///
  /// - Parameter job: Runs where the caller runs, and keeps a worker busy.
  /// - Returns: What `job` returns.
  /// - Throws: What `job` throws. Without a call of it ``ClosedError`` if the
  ///   queue is closed, or abandoned while it waits; `CancellationError`.
  nonisolated(nonsending) func perform<Result>(
    _ job: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try Task.checkCancellation()
    if !state.withLock({ $0.takeSlot() }) { try await wait(toSubmit: nil) }
    defer { state.change { _ = $0.release(&$1, to: .anyone) } }
    // It may have been cancelled after it was served.
    try Task.checkCancellation()
    return try await job()
  }

  /// Takes no more jobs. Those in line are done, and then ``run()`` returns.
  ///
  /// Calls that wait for room throw ``ClosedError``. Closing twice is not an
  /// error.
  func close() { state.change { $0.close(&$1) } }

  /// Takes no more jobs, and drops those that wait. Those that run go on.
  ///
  /// - Returns: The jobs that were submitted and will not be done. Those that
  ///   were to be performed throw ``ClosedError``.
  @discardableResult
  func abandon() -> [Job] { state.change { $0.abandon(&$1) } }

  // MARK: Waiting

  @concurrent private func work() async {
    var next = await nextEntry()
    while let entry = next {
      await entry.job()
      next = state.change { $0.release(&$1, to: .worker) }
      if next == nil { next = await nextEntry() }
    }
  }

  private func nextEntry() async -> Entry? {
    await withCheckedContinuation { worker in
      state.change { $0.wait(worker, &$1) }
    }
  }

  nonisolated(nonsending)
    private func wait(toSubmit entry: Entry?) async throws
  {
    let ticket = state.withLock { $0.takeTicket() }
    do {
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { caller in
          // Asked under the lock: a later cancellation finds the caller there.
          state.change {
            $0.wait(ticket, entry, caller, isCancelled: Task.isCancelled, &$1)
          }
        }
      } onCancel: {
        state.change { $0.leave(ticket, &$1) }
      }
    } catch {
      // One that is cancelled with the queue says so, whichever came first.
      try Task.checkCancellation()
      throw error
    }
  }
}

nonisolated extension Mutex where Value == TaskQueue.State {
  /// Performs an event, and then, without the lock, wakes whom it serves.
  fileprivate func change<Result, Failure: Error>(
    _ event:
      (inout TaskQueue.State, inout [TaskQueue.Wake]) throws(Failure) ->
      sending Result
  ) throws(Failure) -> sending Result {
    var wakes: [TaskQueue.Wake] = []
    defer { for wake in wakes { wake() } }
    return try withLock { state throws(Failure) in try event(&state, &wakes) }
  }
}

nonisolated extension TaskQueue {
  fileprivate typealias Caller = CheckedContinuation<Void, any Error>
  fileprivate typealias Worker = CheckedContinuation<Entry?, Never>

  fileprivate enum Wake {
    case caller(Caller, Swift.Result<Void, any Error>)
    case worker(Worker, Entry?)

    func callAsFunction() {
      switch self {
      case .caller(let caller, let result): caller.resume(with: result)
      case .worker(let worker, let entry): worker.resume(returning: entry)
      }
    }
  }

  /// A job that is submitted.
  ///
  /// A struct: each function in an optional or an array would be wrapped in
  /// another one.
  fileprivate struct Entry { let job: Job }

  /// A place in line: a job to hand to a worker, or the turn of a caller.
  private enum Place {
    case job(Entry)
    case turn(ticket: Int)
  }

  /// What waits, and who; each function is one event.
  ///
  /// A slot is the right to run a job. The free ones are counted; a worker or a
  /// caller has each other one. While one is free nothing waits.
  fileprivate struct State {
    private let workers: Int
    private let capacity: Int
    private var isClosed = false
    private var hasBegun = false
    private var free = 0
    private var line = Line()
    /// Callers that wait for their turn, by ticket.
    private var turns: [Int: Caller] = [:]
    /// Callers that wait for room, with what they submit, by ticket: none below
    /// `first`.
    private var outside: [Int: (entry: Entry?, caller: Caller)] = [:]
    private var (first, tickets) = (0, 0)
    /// Jobs that have a slot and no worker yet, and workers without a job.
    private var ready: [Entry] = []
    private var idle: [Worker] = []

    init(workers: Int, capacity: Int) {
      (self.workers, self.capacity) = (workers, capacity)
    }

    private var isOver: Bool { isClosed && hasBegun && free == workers }

    mutating func begin(_ wakes: inout [Wake]) {
      precondition(!hasBegun, "a queue is run once")
      hasBegun = true
      for _ in 0..<workers { _ = release(&wakes, to: .anyone) }
    }

    /// Returns whether there was room.
    mutating func submit(
      _ entry: Entry,
      _ wakes: inout [Wake]
    ) throws(ClosedError) -> Bool {
      if isClosed { throw ClosedError() }
      if free > 0 {
        free -= 1
        hand(entry, &wakes)
      } else {
        guard line.count < capacity else { return false }
        line.append(.job(entry))
      }
      return true
    }

    /// A caller comes that would perform a job; returns whether it can.
    mutating func takeSlot() -> Bool {
      guard free > 0, !isClosed else { return false }
      free -= 1
      return true
    }

    mutating func takeTicket() -> Int {
      tickets += 1
      return tickets
    }

    /// A caller suspends, unless it need not wait any longer.
    mutating func wait(
      _ ticket: Int,
      _ entry: Entry?,
      _ caller: Caller,
      isCancelled: Bool,
      _ wakes: inout [Wake]
    ) {
      do {
        if isCancelled { throw CancellationError() }
        if isClosed { throw ClosedError() }
        if let entry {
          if try !submit(entry, &wakes) { return waitOutside() }
        } else if !takeSlot() {
          guard line.count < capacity else { return waitOutside() }
          line.append(.turn(ticket: ticket))
          turns[ticket] = caller
          return
        }
        wakes.append(.caller(caller, .success(())))
      } catch {
        wakes.append(.caller(caller, .failure(error)))
      }

      func waitOutside() {
        outside[ticket] = (entry, caller)
        first = min(first, ticket)
      }
    }

    /// A caller is cancelled, which may have been served before.
    mutating func leave(_ ticket: Int, _ wakes: inout [Wake]) {
      // Its place in line stays, or someone would have to search for it.
      let caller =
        outside.removeValue(forKey: ticket)?.caller
        ?? turns.removeValue(forKey: ticket)
      guard let caller else { return }
      wakes.append(.caller(caller, .failure(CancellationError())))
    }

    enum Taker { case worker, anyone }

    /// A slot is free: passes it on, and returns a job that the worker who had
    /// it takes itself.
    mutating func release(_ wakes: inout [Wake], to taker: Taker) -> Entry? {
      while let place = popFirst(&wakes) {
        switch place {
        case .job(let entry):
          if taker == .worker { return entry }
          hand(entry, &wakes)
          return nil
        case .turn(let ticket):
          // If it has left, the slot is still free.
          guard let caller = turns.removeValue(forKey: ticket) else { continue }
          wakes.append(.caller(caller, .success(())))
          return nil
        }
      }
      free += 1
      endIfOver(&wakes)
      return nil
    }

    /// A worker has no job.
    mutating func wait(_ worker: Worker, _ wakes: inout [Wake]) {
      if !ready.isEmpty {
        wakes.append(.worker(worker, ready.removeFirst()))
      } else {
        idle.append(worker)
        endIfOver(&wakes)
      }
    }

    mutating func close(_ wakes: inout [Wake]) {
      isClosed = true
      for (_, place) in outside.sorted(by: { $0.key < $1.key }) {
        wakes.append(.caller(place.caller, .failure(ClosedError())))
      }
      outside = [:]
      endIfOver(&wakes)
    }

    mutating func abandon(_ wakes: inout [Wake]) -> [Job] {
      var dropped = ready.map(\.job)
      free += ready.count
      ready = []
      close(&wakes)
      while let place = line.popFirst() {
        switch place {
        case .job(let entry): dropped.append(entry.job)
        case .turn(let ticket):
          guard let caller = turns.removeValue(forKey: ticket) else { continue }
          wakes.append(.caller(caller, .failure(ClosedError())))
        }
      }
      return dropped
    }

    private mutating func endIfOver(_ wakes: inout [Wake]) {
      guard isOver else { return }
      for worker in idle { wakes.append(.worker(worker, nil)) }
      idle = []
    }

    /// A job that has a slot gets a worker.
    private mutating func hand(_ entry: Entry, _ wakes: inout [Wake]) {
      if let worker = idle.popLast() {
        wakes.append(.worker(worker, entry))
      } else {
        ready.append(entry)
      }
    }

    /// Takes the first place out of the line, and fills it from outside.
    private mutating func popFirst(_ wakes: inout [Wake]) -> Place? {
      if line.isEmpty { moveUp(&wakes) }
      let place = line.popFirst()
      if line.count < capacity { moveUp(&wakes) }
      return place
    }

    private mutating func moveUp(_ wakes: inout [Wake]) {
      while !outside.isEmpty {
        defer { first += 1 }
        guard let (entry, caller) = outside.removeValue(forKey: first) else {
          continue
        }
        if let entry {
          line.append(.job(entry))
          wakes.append(.caller(caller, .success(())))
        } else {
          line.append(.turn(ticket: first))
          turns[first] = caller
        }
        return
      }
    }
  }

  /// First in, first out; memory as needed.
  private struct Line {
    private var coming: [Place] = []
    /// The first one is the last, where it can be removed in O(1).
    private var going: [Place] = []

    var isEmpty: Bool { going.isEmpty && coming.isEmpty }
    var count: Int { going.count + coming.count }

    mutating func append(_ place: Place) { coming.append(place) }

    mutating func popFirst() -> Place? {
      if going.isEmpty {
        swap(&going, &coming)
        going.reverse()
      }
      return going.popLast()
    }
  }
}
