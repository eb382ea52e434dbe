import Synchronization

/// Runs jobs concurrently, never more than ``workers`` of them at once.
///
///     let pages = try await BoundedPool(workers: 4)
///       .map(urls) { try await download($0) }
///
/// The bound is that of one call: a pool holds nothing between calls. Each
/// call keeps these promises:
///
/// - A job starts as soon as a worker is free, in the order of the sequence,
///   which the jobs' tasks read lazily (its closures, if it has any, must be
///   `@Sendable`) and which, except by ``map(_:transform:)``, may be infinite.
/// - The first error cancels the jobs that run, and is the one thrown.
/// - The call returns after every job that it started has ended.
///
/// **Cancellation**: cancelling the calling task cancels the jobs that run,
/// and no other starts. The call then throws what the jobs throw, or
/// `CancellationError` if jobs were left; if none was and those that ran
/// finished all the same, it returns as if nothing had happened.
nonisolated struct BoundedPool: Sendable {
  /// The bound: at most this many jobs run at once.
  let workers: Int

  /// Creates a pool; this starts nothing.
  ///
  /// - Parameter workers: The bound, at least 1.
  init(workers: Int) {
    precondition(workers > 0, "a pool needs at least one worker")
    self.workers = workers
  }

  /// Performs a job on each element.
  ///
  /// - Parameters:
  ///   - elements: Read one at a time, as workers become free.
  ///   - perform: The job.
  /// - Throws: The first error in time of any job, or `CancellationError`.
  /// - Complexity: O(`workers`) tasks and memory, whatever the number of
  ///   elements.
  nonisolated(nonsending) func forEach<Elements: Sequence>(
    _ elements: sending Elements,
    perform: @escaping @Sendable (Elements.Element) async throws -> Void
  ) async throws
  where Elements.Element: Sendable, Elements.Iterator: SendableMetatype {
    try await run(SharedIterator(elements.makeIterator()), perform)
  }

  nonisolated(nonsending) private func run<Elements: IteratorProtocol>(
    _ source: SharedIterator<Elements>,
    _ perform: @escaping @Sendable (Elements.Element) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<workers {
        // The first job of each child is taken here, so that there are
        // never more children than jobs.
        guard let first = source.next() else { break }
        group.addTask {
          var next = Optional(first)
          while let element = next {
            do {
              try Task.checkCancellation()
              try await perform(element)
            } catch {
              // The group cancels only once the parent has seen the error;
              // until then another child could start a job.
              source.close()
              throw error
            }
            next = source.next()
          }
        }
      }
      // `waitForAll()` would await every child before it threw.
      while try await group.next() != nil {}
    }
  }

  /// Transforms each element; the results are in the order of the elements.
  ///
  /// - Parameters:
  ///   - elements: A finite sequence, read as workers become free.
  ///   - transform: The job.
  /// - Returns: One result for each element.
  /// - Throws: The first error in time of any job, or `CancellationError`;
  ///   no result is returned then.
  /// - Complexity: O(`workers`) tasks; O(*n*) memory, for the results.
  nonisolated(nonsending) func map<Elements: Sequence, Result: Sendable>(
    _ elements: sending Elements,
    transform: @escaping @Sendable (Elements.Element) async throws -> Result
  ) async throws -> [Result]
  where Elements.Element: Sendable, Elements.Iterator: SendableMetatype {
    let results = Mutex<[(offset: Int, result: Result)]>([])
    try await forEach(elements.enumerated()) { @Sendable next in
      let result = try await transform(next.element)
      results.withLock { $0.append((next.offset, result)) }
    }
    // In order but for jobs that ran at once, which the sort makes use of.
    return results.withLock { $0 }.sorted { $0.offset < $1.offset }
      .map(\.result)
  }

  /// Transforms each element and hands over each result as it comes.
  ///
  /// - Parameters:
  ///   - elements: Read one at a time, as workers become free.
  ///   - transform: The job.
  ///   - isolation: Where `receive` runs: by default on the caller's actor.
  ///   - receive: Called with one result after the other, by the caller's
  ///     task. While it suspends, the result of each worker waits for it, and
  ///     no further job starts: a slow receiver slows the pool down. An
  ///     error that it throws ends the call as an error of a job does.
  /// - Throws: The first error in time of a job or of `receive`, or
  ///   `CancellationError`. All results that came have been received, unless
  ///   `receive` failed.
  /// - Complexity: That of ``forEach(_:perform:)``.
  func mapUnordered<Elements: Sequence, Result: Sendable>(
    _ elements: sending Elements,
    transform: @escaping @Sendable (Elements.Element) async throws -> Result,
    isolation: isolated (any Actor)? = #isolation,
    receive: nonisolated(nonsending) (Result) async throws -> Void
  ) async throws
  where Elements.Element: Sendable, Elements.Iterator: SendableMetatype {
    let source = SharedIterator(elements.makeIterator())
    let results = Handoff<Result>()
    let firstError = Mutex<(any Error)?>(nil)
    let fail = { @Sendable (error: any Error) in
      firstError.withLock { $0 = $0 ?? error }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      _ = isolation  // or this closure, and `receive` with it, left the actor
      // Their errors must cancel them while this task is busy receiving.
      group.addTask {
        defer { results.close() }
        try await run(source) { element in
          do {
            await results.send(try await transform(element))
          } catch {
            fail(error)
            throw error
          }
        }
      }
      var isReceiving = true
      while let result = await results.next() {
        do {
          if isReceiving { try await receive(result) }
        } catch {
          isReceiving = false
          fail(error)
          group.cancelAll()
        }
      }
      let end = await group.nextResult()
      if let error = firstError.withLock({ $0 }) { throw error }
      try end?.get()
    }
  }
}

/// Hands elements from tasks to one that takes them all; nobody's cancellation
/// ends a wait.
nonisolated private final class Handoff<Element: Sendable>: Sendable {
  private struct State {
    var senders: [(Element, taken: CheckedContinuation<Void, Never>)] = []
    var receiver: CheckedContinuation<Element?, Never>?
    var isClosed = false
  }

  private let state = Mutex(State())

  nonisolated(nonsending) func send(_ element: Element) async {
    await withCheckedContinuation { taken in
      let receiver = state.withLock { state in
        if state.receiver == nil { state.senders.append((element, taken)) }
        return state.receiver.take()
      }
      guard let receiver else { return }
      receiver.resume(returning: element)
      taken.resume()
    }
  }

  nonisolated(nonsending) func next() async -> Element? {
    await withCheckedContinuation { receiver in
      let (sender, isClosed) = state.withLock { state in
        let sender = state.senders.isEmpty ? nil : state.senders.removeFirst()
        if sender == nil, !state.isClosed { state.receiver = receiver }
        return (sender, state.isClosed)
      }
      if sender != nil || isClosed { receiver.resume(returning: sender?.0) }
      sender?.taken.resume()
    }
  }

  func close() {
    let receiver = state.withLock { state in
      state.isClosed = true
      return state.receiver.take()
    }
    receiver?.resume(returning: nil)
  }
}

/// An iterator that several tasks advance.
///
/// `SendableMetatype`: its conformance must not be isolated to an actor,
/// since the tasks call it from anywhere.
nonisolated private final class SharedIterator<Base: IteratorProtocol>: Sendable
where Base: SendableMetatype, Base.Element: Sendable {
  private let base: Mutex<Base>
  private let isClosed = Atomic(false)

  init(_ base: sending Base) { self.base = Mutex(base) }

  func next() -> Base.Element? {
    // Looked at twice, since it may be closed while the base takes its time.
    let next = base.withLock { isOpen ? $0.next() : nil }
    return isOpen ? next : nil
  }

  private var isOpen: Bool { !isClosed.load(ordering: .relaxed) }

  /// Ends the iteration for every task; waits for none that advances it.
  func close() { isClosed.store(true, ordering: .relaxed) }
}
