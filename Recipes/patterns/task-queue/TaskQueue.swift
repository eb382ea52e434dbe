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
/// - Up to ``capacity`` jobs are in line. While there is no room,
///   ``submit(_:)`` and ``perform(_:)`` wait for it in turn, and
///   ``trySubmit(_:)`` refuses.
/// - A job that is submitted is a part of ``run()``, and handles its own errors.
///   A job that is performed is a part of its caller, who gets its result.
///
/// A job must not wait for its own queue: if all workers do, none can go on.
nonisolated final class TaskQueue: Sendable {
  typealias Job = nonisolated(nonsending) @Sendable () async -> Void

  /// A job came to a queue that is closed.
  struct ClosedError: Error, Equatable, CustomStringConvertible {
    var description: String { "the queue is closed" }
  }

  /// How many jobs run at once.
  let workers: Int
  /// How many jobs are in line.
  let capacity: Int

  private let state: Mutex<State>

  /// Creates a queue, whose jobs wait until it is ``run()``.
  ///
  /// - Parameters:
  ///   - workers: At least 1; with 1 it is a serial queue.
  ///   - capacity: At least 0: then each job waits for a worker that is free.
  ///     Memory is taken as it is needed, and `.max` is no bound.
  init(workers: Int, capacity: Int) {
    precondition(workers > 0, "a queue needs at least one worker")
    precondition(capacity >= 0, "a queue cannot hold less than nothing")
    (self.workers, self.capacity) = (workers, capacity)
    state = Mutex(State(workers: workers, capacity: capacity))
  }

  /// Does the jobs until the queue is closed and all have ended; once.
  ///
  /// **Cancellation** drops the jobs that wait, as ``abandon()`` does, and
  /// cancels those that were submitted and run. Those that are performed are
  /// waited for: only their callers can cancel them.
  ///
  /// **Complexity**: a child task for each worker.
  func run() async {
    await withTaskCancellationHandler {
      await withDiscardingTaskGroup { group in
        change { $0.begin() }
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
  /// **Cancellation** ends the wait at once, and the job is not done. A call
  /// that need not wait succeeds in a cancelled task too. Once it has returned
  /// only ``abandon()`` and a cancellation of ``run()`` stop the job.
  ///
  /// **Complexity**: O(1), amortised. Does not suspend where there is room.
  ///
  /// - Parameter job: Runs in a worker's task, with the priority and the
  ///   task-local values of that.
  /// - Throws: ``ClosedError`` if the queue is or becomes closed;
  ///   `CancellationError` if the task is cancelled while it waits.
  nonisolated(nonsending) func submit(_ job: @escaping Job) async throws {
    if try !trySubmit(job) { try await wait(toSubmit: Entry(job: job)) }
  }

  /// Puts a job in line if there is room, from code that is not `async`, too.
  ///
  /// - Returns: Whether there was room. None is not an error.
  /// - Throws: ``ClosedError`` if the queue is closed.
  func trySubmit(_ job: @escaping Job) throws(ClosedError) -> Bool {
    try change { state throws(ClosedError) in
      try state.submit(Entry(job: job))
    }
  }

  /// Performs a job when its turn has come, and waits for its result.
  ///
  /// **Cancellation** ends the wait at once, and the job does not start; its
  /// place in line is taken until its turn. A job that runs is cancelled as a
  /// part of the task that called.
  ///
  /// **Complexity**: O(1), amortised. Does not suspend where a worker is free.
  ///
  /// - Parameter job: Runs where the caller runs, and keeps a worker busy.
  /// - Returns: What `job` returns.
  /// - Throws: What `job` throws; ``ClosedError`` if the queue is closed, or
  ///   abandoned before the job starts; `CancellationError`.
  nonisolated(nonsending) func perform<Value>(
    _ job: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    if try !state.withLock({ try $0.lend() }) {
      try await wait(toSubmit: nil)
    }
    defer { change { $0.giveBack() } }
    // It may have been cancelled before, or when it was served.
    try Task.checkCancellation()
    return try await job()
  }

  /// Takes no more jobs.
  ///
  /// Those in line are done, and then ``run()`` returns. Calls that wait for
  /// room throw ``ClosedError``. Closing twice is not an error.
  func close() { change { $0.close() } }

  /// Takes no more jobs, and drops those that wait.
  ///
  /// Those that run, or that a worker is about to run, go on.
  ///
  /// - Returns: The jobs that were submitted and will not be done. Those to be
  ///   performed throw ``ClosedError``.
  @discardableResult
  func abandon() -> [Job] { change { $0.abandon() } }

  // MARK: Waiting

  @concurrent private func work() async {
    while let first = try? await withCheckedThrowingContinuation({ worker in
      change { $0.rest(worker) }
    }) {
      var next: Entry? = first
      while let entry = next {
        await entry.job()
        next = change { $0.next() }
      }
    }
  }

  nonisolated(nonsending) private func wait(
    toSubmit entry: Entry?
  ) async throws {
    let ticket = state.withLock { $0.takeTicket() }
    do {
      _ = try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { caller in
          change { $0.wait(ticket, entry, caller) }
        }
      } onCancel: {
        change { $0.leave(ticket) }
      }
    } catch {
      // Where the queue ends with the task, it is the task that says so.
      try Task.checkCancellation()
      throw error
    }
  }

  /// Performs an event, and then, without the lock, wakes whom it serves.
  private func change<Value, Failure: Error>(
    _ event: (inout State) throws(Failure) -> sending Value
  ) throws(Failure) -> sending Value {
    var wakes: [Wake] = []
    defer { for wake in wakes { wake.task.resume(with: wake.result) } }
    return try state.withLock { state throws(Failure) in
      defer { swap(&wakes, &state.wakes) }
      return try event(&state)
    }
  }
}

nonisolated extension TaskQueue {
  /// A task that waits: a worker for a job, or `nil` in the end; a caller for
  /// `nil`, or an error.
  private typealias Waiter = CheckedContinuation<Entry?, any Error>
  private typealias Wake = (task: Waiter, result: Result<Entry?, any Error>)

  /// A job that is submitted.
  ///
  /// A struct: in an array or an optional, each function would be wrapped in
  /// another one.
  private struct Entry { let job: Job }

  /// A place in line: of a job, or of a caller that performs its own.
  private enum Place { case job(Entry), turn(ticket: Int) }

  /// What waits, and who; each function is one event.
  ///
  /// While a worker is idle that is not lent to a caller, nothing waits.
  private struct State {
    let (workers, capacity): (Int, Int)
    var isClosed = false
    private var hasBegun = false
    private var idle: [Waiter] = []
    /// How many workers are kept busy by jobs that callers perform.
    private var lent = 0
    /// First in, first out: the first of `front` is the last.
    private var front: [Place] = []
    private var back: [Place] = []
    /// Callers in line, by ticket.
    private var turns: [Int: Waiter] = [:]
    /// Callers that wait for room with what they submit, by ticket: none below
    /// `first`.
    private var outside: [Int: (entry: Entry?, caller: Waiter)] = [:]
    private var (first, tickets) = (0, 0)
    /// Who is woken after the event.
    var wakes: [Wake] = []

    private var count: Int { front.count + back.count }

    init(workers: Int, capacity: Int) {
      (self.workers, self.capacity) = (workers, capacity)
    }

    mutating func begin() {
      precondition(!hasBegun, "a queue is run once")
      hasBegun = true
    }

    /// Returns whether there was room.
    mutating func submit(_ entry: Entry) throws(ClosedError) -> Bool {
      if isClosed { throw ClosedError() }
      if idle.count > lent {
        wakes.append((idle.removeLast(), .success(entry)))
      } else if count < capacity {
        back.append(.job(entry))
      } else {
        return false
      }
      return true
    }

    /// Returns whether a worker is lent to a caller.
    mutating func lend() throws(ClosedError) -> Bool {
      if isClosed { throw ClosedError() }
      guard idle.count > lent else { return false }
      lent += 1
      return true
    }

    mutating func takeTicket() -> Int {
      tickets += 1
      return tickets
    }

    /// A caller suspends, unless it need not wait any longer.
    mutating func wait(_ ticket: Int, _ entry: Entry?, _ caller: Waiter) {
      do {
        // Asked under the lock: a later cancellation finds the caller there.
        try Task.checkCancellation()
        let isServed = if let entry { try submit(entry) } else { try lend() }
        if isServed {
          wakes.append((caller, .success(nil)))
        } else if count < capacity {
          back.append(.turn(ticket: ticket))
          turns[ticket] = caller
        } else {
          outside[ticket] = (entry, caller)
          first = min(first, ticket)
        }
      } catch {
        wakes.append((caller, .failure(error)))
      }
    }

    /// A caller is cancelled, which may have been served before.
    mutating func leave(_ ticket: Int) {
      // Its place in line stays, or someone would have to search for it.
      let caller =
        outside.removeValue(forKey: ticket)?.caller
        ?? turns.removeValue(forKey: ticket)
      if let caller { wakes.append((caller, .failure(CancellationError()))) }
    }

    /// A caller's job has ended.
    mutating func giveBack() {
      lent -= 1
      serve()
    }

    /// A worker suspends.
    mutating func rest(_ worker: Waiter) {
      idle.append(worker)
      serve()
    }

    /// Serves the first in line, and returns the job that a worker has to do.
    mutating func next() -> Entry? {
      while let place = popFirst() {
        switch place {
        case .job(let entry): return entry
        case .turn(let ticket):
          guard let caller = turns.removeValue(forKey: ticket) else { continue }
          lent += 1
          wakes.append((caller, .success(nil)))
          return nil
        }
      }
      return nil
    }

    mutating func close() {
      isClosed = true
      for (_, place) in outside.sorted(by: { $0.key < $1.key }) {
        wakes.append((place.caller, .failure(ClosedError())))
      }
      outside = [:]
      serve()
    }

    mutating func abandon() -> [Job] {
      var dropped: [Job] = []
      close()
      while let place = popFirst() {
        switch place {
        case .job(let entry): dropped.append(entry.job)
        case .turn(let ticket):
          guard let caller = turns.removeValue(forKey: ticket) else { continue }
          wakes.append((caller, .failure(ClosedError())))
        }
      }
      return dropped
    }

    /// A worker may be free, or all may have ended.
    private mutating func serve() {
      if idle.count > lent, let entry = next() {
        wakes.append((idle.removeLast(), .success(entry)))
      }
      if isClosed, lent == 0, idle.count == workers {
        for worker in idle { wakes.append((worker, .success(nil))) }
        idle = []
      }
    }

    /// Takes the first place out of the line, and fills it from outside.
    private mutating func popFirst() -> Place? {
      if count == 0 { moveUp() }
      if front.isEmpty {
        swap(&front, &back)
        front.reverse()
      }
      let place = front.popLast()
      if count < capacity { moveUp() }
      return place
    }

    private mutating func moveUp() {
      while !outside.isEmpty {
        defer { first += 1 }
        guard let (entry, caller) = outside.removeValue(forKey: first) else {
          continue
        }
        if let entry {
          back.append(.job(entry))
          return wakes.append((caller, .success(nil)))
        }
        back.append(.turn(ticket: first))
        turns[first] = caller
        return
      }
    }
  }
}
