import Synchronization

/// Transforms elements in several tasks, whose results come as one sequence.
///
///     try await withFanOut(over: urls, workers: 4) { url in
///       try await fetch(url)
///     } body: { pages in
///       for try await page in pages { try await store(page) }
///     }
///
/// A worker takes the next element when its last result has been handed over.
///
/// - Parameters:
///   - elements: Read as workers become free, so they may be infinite.
///   - workers: How many elements are worked on at once, at least 1.
///   - buffer: How many results may wait for `body`, besides the one that each
///     worker holds; at least 0.
///   - transform: The work on one element.
///   - body: Receives the results in the order in which they come, and may
///     return before their end.
/// - Returns: What `body` returns.
/// - Throws: As ``withFanIn(of:buffer:body:)``, the first error of a worker.
///
/// **Cancellation**: as for ``withFanIn(of:buffer:body:)``.
///
/// **Complexity**: O(`workers`) tasks, and O(`workers` + `buffer`) memory.
nonisolated(nonsending)
  func withFanOut<Elements: Sequence, Output: Sendable, Value>(
    over elements: sending Elements,
    workers: Int,
    buffer: Int = 0,
    transform:
      @escaping @Sendable (Elements.Element) async throws -> Output,
    body: nonisolated(nonsending) (FanIn<Output>) async throws -> Value
  ) async throws -> Value
where Elements.Element: Sendable, Elements.Iterator: SendableMetatype {
  precondition(workers > 0, "a fan-out needs at least one worker")
  let source = SharedIterator(elements.makeIterator())
  let work: Producer<Output> = { output in
    while let element = try source.next() {
      // It may have taken long.
      try Task.checkCancellation()
      try await output.channel.send(try await transform(element))
    }
  }
  return try await withProducers(
    Array(repeating: work, count: workers),
    buffer: buffer,
    isolation: #isolation,
    body: body
  )
}

/// Reads several sequences at once, as one sequence.
///
///     try await withFanIn(of: feeds) { pages in
///       for try await page in pages { try await store(page) }
///     }
///
/// Each input has a task of its own, so a slow one holds back no other. The
/// sequence ends when every input has ended.
///
/// - Parameters:
///   - inputs: The sequences; each is iterated once.
///   - buffer: How many elements may wait for `body`, besides the one that
///     each input's task holds; at least 0.
///   - body: Receives the elements in the order in which they come, and may
///     return before their end.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws. The first error in time of any input ends the
///   others; the sequence throws it after the elements that wait for `body`.
///   If `body` returns before that, it is not an error.
///
/// **Cancellation**: when `body` returns or throws, when an input throws, and
/// when the calling task is cancelled, the inputs' tasks are cancelled, and no
/// input is asked for another element. The call returns when they have ended.
///
/// **Complexity**: a task for each input, and O(*n* + `buffer`) memory.
nonisolated(nonsending)
  func withFanIn<Input: AsyncSequence & Sendable, Value>(
    of inputs: [Input],
    buffer: Int = 0,
    body: nonisolated(nonsending) (FanIn<Input.Element>) async throws -> Value
  ) async throws -> Value
where Input.Element: Sendable, Input.AsyncIterator: SendableMetatype {
  try await withProducers(
    inputs.map { input in
      { output in
        for try await element in input {
          try await output.channel.send(element)
          try Task.checkCancellation()
        }
      }
    },
    buffer: buffer,
    isolation: #isolation,
    body: body
  )
}

/// The elements of several inputs, in the order in which they come.
///
/// Several tasks may iterate: each element goes to one of them, and the error
/// of an input to all.
nonisolated final class FanIn<Element: Sendable>: AsyncSequence, Sendable {
  fileprivate let channel: Channel<Element>
  fileprivate let error = Mutex<(any Error)?>(nil)

  fileprivate init(buffer: Int) { channel = Channel(capacity: buffer) }

  /// Creates an iterator; dropping it loses no element.
  func makeAsyncIterator() -> Iterator { Iterator(output: self) }

  /// Receives the elements.
  nonisolated struct Iterator: AsyncIteratorProtocol, Sendable {
    fileprivate let output: FanIn

    /// Waits for an element.
    ///
    /// - Returns: `nil` when every input has ended.
    /// - Throws: The first error of an input; `CancellationError` if the task
    ///   is cancelled, and then no element is lost.
    mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      // Not after the receipt: what is received must be delivered.
      try Task.checkCancellation()
      if let element = try await output.channel.receive() { return element }
      if let error = output.error.withLock({ $0 }) { throw error }
      return nil
    }
  }
}

private typealias Producer<Element: Sendable> =
  @Sendable (FanIn<Element>) async throws -> Void

/// Runs producers, each in a task of its own, until `body` returns.
private func withProducers<Element: Sendable, Value>(
  _ producers: [Producer<Element>],
  buffer: Int,
  isolation: isolated (any Actor)?,
  body: nonisolated(nonsending) (FanIn<Element>) async throws -> Value
) async throws -> Value {
  let output = FanIn<Element>(buffer: buffer)
  return try await withThrowingTaskGroup(of: Void.self) { scope in
    _ = isolation  // or this closure, and the body with it, left the actor
    scope.addTask {
      do {
        // A discarding group cancels the others as soon as one has thrown.
        try await withThrowingDiscardingTaskGroup { group in
          for produce in producers {
            group.addTask {
              try Task.checkCancellation()
              try await produce(output)
            }
          }
        }
      } catch {
        output.error.withLock { $0 = error }
      }
      // Only now: a task that sees the end looks for an error.
      output.channel.close()
    }
    // A body that leaves early must not wait for inputs that do not end.
    defer { scope.cancelAll() }
    return try await body(output)
  }
}

/// An iterator that several tasks advance.
///
/// `SendableMetatype`: its conformance must not be isolated to an actor,
/// since the tasks call it from anywhere.
nonisolated private final class SharedIterator<Base: IteratorProtocol>: Sendable
where Base: SendableMetatype, Base.Element: Sendable {
  private let base: Mutex<Base>

  init(_ base: sending Base) { self.base = Mutex(base) }

  func next() throws -> Base.Element? {
    try base.withLock { base in
      // After the wait for the lock, and for a send where there was room.
      try Task.checkCancellation()
      return base.next()
    }
  }
}
