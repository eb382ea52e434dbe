import Synchronization

/// Jobs that wait in line for a few workers.
///
/// ```swift
/// let queue = TaskQueue(workers: 4, capacity: 100)
/// group.addTask { await queue.run() }  // once, in a task of the owner
/// try await queue.submit { await store(photo) }  // in any task
/// ```
///
/// - Workers get the jobs in the order in which they are submitted, never more
///   than ``workers`` at once. With one worker each starts when the one before
///   it has ended.
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

  /// Runs the jobs, once, until the queue is closed and all have ended.
  ///
  /// **Cancellation** drops the jobs that wait, as ``abandon()`` does, and
  /// cancels those that were submitted and run. Those that are performed are
  /// waited for: only their callers can cancel them.
  ///
  /// **Complexity**: a child task for each worker.
  func run() async {
    await withTaskCancellationHandler {
      await withDiscardingTaskGroup { group in
        change { $0.begin(&$1) }
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
    try change { state, wakes throws(ClosedError) in
      try state.submit(Entry(job: job), &wakes)
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
    if try !state.withLock({ try $0.takeSlot() }) {
      try await wait(toSubmit: nil)
    }
    defer { change { $0.release(&$1) } }
    // It may have been cancelled before, or when it was served.
    try Task.checkCancellation()
    return try await job()
  }

  /// Takes no more jobs.
  ///
  /// Those in line are done, and then ``run()`` returns. Calls that wait for
  /// room throw ``ClosedError``. Closing twice is not an error.
  func close() { change { $0.close(&$1) } }

  /// Takes no more jobs, and drops those that wait.
  ///
  /// Those that run, or that a worker is about to run, go on.
  ///
  /// - Returns: The jobs that were submitted and will not be done. Those to be
  ///   performed throw ``ClosedError``.
  @discardableResult
  func abandon() -> [Job] { change { $0.abandon(&$1) } }

  // MARK: Waiting

  @concurrent private func work() async {
    while let first = try? await withCheckedThrowingContinuation({ worker in
      change { $0.wait(worker, &$1) }
    }) {
      var next: Entry? = first
      while let entry = next {
        await entry.job()
        next = change { $0.next(&$1) }
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
          change { $0.wait(ticket, entry, caller, &$1) }
        }
      } onCancel: {
        change { $0.leave(ticket, &$1) }
      }
    } catch {
      // Where the queue ends with the task, it is the task that says so.
      try Task.checkCancellation()
      throw error
    }
  }

  /// Performs an event, and then, without the lock, wakes whom it serves.
  private func change<Value, Failure: Error>(
    _ event: (inout State, inout [Wake]) throws(Failure) -> sending Value
  ) throws(Failure) -> sending Value {
    var wakes: [Wake] = []
    defer { for wake in wakes { wake.task.resume(with: wake.result) } }
    return try state.withLock { state throws(Failure) in
      try event(&state, &wakes)
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
  /// A slot is the right to run a job. Who runs one has it; the others are free,
  /// and while one is, nothing waits.
  private struct State {
    let (workers, capacity): (Int, Int)
    var isClosed = false
    var hasBegun = false
    var free = 0
    /// Jobs that have a slot, and workers that have no job.
    var ready: [Entry] = []
    var idle: [Waiter] = []
    /// First in, first out: the first of `front` is the last.
    var front: [Place] = []
    var back: [Place] = []
    /// Callers in line, by ticket.
    var turns: [Int: Waiter] = [:]
    /// Callers that wait for room with what they submit, by ticket: none below
    /// `first`.
    var outside: [Int: (entry: Entry?, caller: Waiter)] = [:]
    var first = 0
    var tickets = 0

    var count: Int { front.count + back.count }
    var isOver: Bool { isClosed && hasBegun && free == workers }

    mutating func begin(_ wakes: inout [Wake]) {
      precondition(!hasBegun, "a queue is run once")
      hasBegun = true
      for _ in 0..<workers { release(&wakes) }
    }

    /// Returns whether there was room.
    mutating func submit(
      _ entry: Entry,
      _ wakes: inout [Wake]
    ) throws(ClosedError) -> Bool {
      if try takeSlot() {
        start(entry, &wakes)
      } else if count < capacity {
        back.append(.job(entry))
      } else {
        return false
      }
      return true
    }

    mutating func takeSlot() throws(ClosedError) -> Bool {
      if isClosed { throw ClosedError() }
      guard free > 0 else { return false }
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
      _ caller: Waiter,
      _ wakes: inout [Wake]
    ) {
      do {
        // Asked under the lock: a later cancellation finds the caller there.
        try Task.checkCancellation()
        let isServed =
          if let entry { try submit(entry, &wakes) } else { try takeSlot() }
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
    mutating func leave(_ ticket: Int, _ wakes: inout [Wake]) {
      // Its place in line stays, or someone would have to search for it.
      let caller =
        outside.removeValue(forKey: ticket)?.caller
        ?? turns.removeValue(forKey: ticket)
      if let caller { wakes.append((caller, .failure(CancellationError()))) }
    }

    /// A caller's job has ended.
    mutating func release(_ wakes: inout [Wake]) {
      if let entry = passOn(&wakes) { start(entry, &wakes) }
    }

    /// A worker's job has ended; returns its next one, if there is any.
    mutating func next(_ wakes: inout [Wake]) -> Entry? {
      let entry = passOn(&wakes)
      if ready.isEmpty { return entry }
      // It comes after those that wait for a worker already.
      if let entry { ready.append(entry) }
      return ready.removeFirst()
    }

    /// A worker suspends, unless there is something to do, or the end.
    mutating func wait(_ worker: Waiter, _ wakes: inout [Wake]) {
      if !ready.isEmpty || isOver {
        let entry = ready.isEmpty ? nil : ready.removeFirst()
        wakes.append((worker, .success(entry)))
      } else {
        idle.append(worker)
      }
    }

    mutating func close(_ wakes: inout [Wake]) {
      isClosed = true
      for (_, place) in outside.sorted(by: { $0.key < $1.key }) {
        wakes.append((place.caller, .failure(ClosedError())))
      }
      outside = [:]
      endIfOver(&wakes)
    }

    mutating func abandon(_ wakes: inout [Wake]) -> [Job] {
      var dropped: [Job] = []
      close(&wakes)
      while let place = popFirst(&wakes) {
        switch place {
        case .job(let entry): dropped.append(entry.job)
        case .turn(let ticket):
          guard let caller = turns.removeValue(forKey: ticket) else { continue }
          wakes.append((caller, .failure(ClosedError())))
        }
      }
      return dropped
    }

    /// Gives a slot to the first in line; returns a job that needs a worker.
    mutating func passOn(_ wakes: inout [Wake]) -> Entry? {
      while let place = popFirst(&wakes) {
        switch place {
        case .job(let entry): return entry
        case .turn(let ticket):
          guard let caller = turns.removeValue(forKey: ticket) else { continue }
          wakes.append((caller, .success(nil)))
          return nil
        }
      }
      free += 1
      endIfOver(&wakes)
      return nil
    }

    /// A job that has a slot gets a worker.
    mutating func start(_ entry: Entry, _ wakes: inout [Wake]) {
      if let worker = idle.popLast() {
        wakes.append((worker, .success(entry)))
      } else {
        ready.append(entry)
      }
    }

    mutating func endIfOver(_ wakes: inout [Wake]) {
      guard isOver else { return }
      for worker in idle { wakes.append((worker, .success(nil))) }
      idle = []
    }

    /// Takes the first place out of the line, and fills it from outside.
    mutating func popFirst(_ wakes: inout [Wake]) -> Place? {
      if count == 0 { moveUp(&wakes) }
      if front.isEmpty {
        swap(&front, &back)
        front.reverse()
      }
      let place = front.popLast()
      if count < capacity { moveUp(&wakes) }
      return place
    }

    mutating func moveUp(_ wakes: inout [Wake]) {
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
