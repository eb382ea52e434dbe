import ChannelRecipe
import Synchronization

// #region withFanOut
/// Transforms elements in several workers, whose results come as one sequence.
///
/// A worker takes the next element when the result of its last one has been
/// handed over, so elements are read lazily, and may be infinite.
///
/// - Parameters:
///   - elements: The source that the workers share.
///   - workers: How many elements are worked on at once, at least 1.
///   - buffer: How many results wait for `body`, besides the one that each
///     worker holds; at least 0.
///   - transform: The work on one element.
///   - body: Receives the results in the order in which they come. It may
///     return before their end.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws. The sequence that it reads throws the first
///   error in time of any worker; a `body` that does not read as far as that
///   never sees it, and that is not an error.
///
/// **Cancellation**: as for ``withFanIn(of:buffer:body:)``; no work on another
/// element starts.
///
/// **Complexity**: O(`workers`) tasks and O(`workers` + `buffer`) memory,
/// whatever the number of elements.
nonisolated(nonsending)
  public func withFanOut<Elements: Sequence, Output: Sendable, Value>(
    over elements: sending Elements,
    workers: Int,
    buffer: Int = 0,
    transform:
      @escaping @Sendable (Elements.Element) async throws -> Output,
    body: (FanIn<Output>) async throws -> Value
  ) async throws -> Value
where Elements.Element: Sendable, Elements.Iterator: SendableMetatype {
  precondition(workers > 0, "a fan-out needs at least one worker")
  let source = SharedIterator(elements.makeIterator())
  let worker = Worker(source: source, transform: transform)
  return try await withFanIn(
    of: Array(repeating: worker, count: workers),
    buffer: buffer,
    body: body
  )
}
// #endregion

// #region withFanIn
/// Reads several sequences at once, as one sequence.
///
/// Each input has a child task of its own, so a slow one holds back nobody.
/// The sequence ends when every input has ended.
///
/// - Parameters:
///   - inputs: The sequences; each is iterated once.
///   - buffer: How many elements wait for `body`, besides the one that each
///     input's task holds; at least 0.
///   - body: Receives the elements in the order in which they come. It may
///     return before their end.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws. The first error in time of any input ends the
///   others, and the sequence throws it after the elements that wait in the
///   buffer; a `body` that does not read as far as that never sees it, and
///   that is not an error.
///
/// **Cancellation**: when `body` returns or throws, when an input throws, and
/// when the calling task is cancelled, the inputs' tasks are cancelled, and no
/// input is asked for another element. The call returns when they have ended.
///
/// **Complexity**: O(*n*) tasks for *n* inputs, and O(*n* + `buffer`) memory,
/// whatever the number of elements.
nonisolated(nonsending)
  public func withFanIn<Input: AsyncSequence & Sendable, Value>(
    of inputs: [Input],
    buffer: Int = 0,
    body: (FanIn<Input.Element>) async throws -> Value
  ) async throws -> Value
where Input.Element: Sendable, Input.AsyncIterator: SendableMetatype {
  let output = FanIn<Input.Element>(buffer: buffer)
  return try await withThrowingTaskGroup(of: Void.self) { scope in
    scope.addTask {
      do {
        // A discarding group cancels the others as soon as one has thrown.
        try await withThrowingDiscardingTaskGroup { producers in
          for input in inputs {
            producers.addTask { try await output.send(input) }
          }
        }
        output.finish()
      } catch {
        output.finish(throwing: error)
      }
    }
    // A body that leaves early must not have to wait for infinite inputs.
    defer { scope.cancelAll() }
    return try await body(output)
  }
}
// #endregion

// #region FanIn
/// The elements of several inputs, in the order in which they come.
///
/// Several tasks may iterate: each element goes to one of them.
nonisolated public struct FanIn<Element: Sendable>: AsyncSequence, Sendable {
  private let channel: Channel<Element>
  private let failure = FirstError()

  fileprivate init(buffer: Int) {
    channel = Channel(capacity: buffer)
  }

  nonisolated(nonsending)
    fileprivate func send<Input: AsyncSequence>(_ input: Input) async throws
  where Input.Element == Element {
    try Task.checkCancellation()
    for try await element in input {
      try await channel.send(element)
      // Not left to the input: it may be deaf to cancellation.
      try Task.checkCancellation()
    }
  }

  fileprivate func finish(throwing error: (any Error)? = nil) {
    failure.error.withLock { $0 = error }
    channel.close()
  }

  /// Creates an iterator; dropping it loses no element.
  public func makeAsyncIterator() -> Iterator {
    Iterator(channel: channel, failure: failure)
  }

  /// Receives the elements.
  nonisolated public struct Iterator: AsyncIteratorProtocol, Sendable {
    fileprivate let channel: Channel<Element>
    fileprivate let failure: FirstError

    /// Waits for an element.
    ///
    /// - Returns: `nil` when every input has ended.
    /// - Throws: The first error of an input, or `CancellationError`.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> Element? {
      if let element = try await channel.receive() {
        // A cancelled task must not start on what was on its way to it.
        try Task.checkCancellation()
        return element
      }
      if let error = failure.error.withLock({ $0 }) { throw error }
      return nil
    }

    /// Waits for an element.
    public mutating func next() async throws -> Element? {
      try await next(isolation: nil)
    }
  }
}
// #endregion

nonisolated private final class FirstError: Sendable {
  let error = Mutex<(any Error)?>(nil)
}

/// The results of one worker; each iteration is another one.
nonisolated private struct Worker<Base: IteratorProtocol, Output: Sendable>:
  AsyncSequence, AsyncIteratorProtocol, Sendable
where Base: SendableMetatype, Base.Element: Sendable {
  let source: SharedIterator<Base>
  let transform: @Sendable (Base.Element) async throws -> Output

  func makeAsyncIterator() -> Self { self }

  func next() async throws -> Output? { try await next(isolation: nil) }

  func next(isolation actor: isolated (any Actor)?) async throws -> Output? {
    guard let element = source.next() else { return nil }
    return try await work(on: element)
  }

  // Apart from `next`: a `catch` that comes into a loop which also sends
  // makes the optimiser of Swift 6.3.1 crash.
  private func work(on element: Base.Element) async throws -> Output {
    do {
      return try await transform(element)
    } catch {
      // The others are cancelled a little later; until then one of them
      // could take an element.
      source.close()
      throw error
    }
  }
}

/// An iterator that several tasks advance.
///
/// `SendableMetatype`: its conformance must not be isolated to an actor,
/// since the tasks call it from anywhere.
nonisolated private final class SharedIterator<Base: IteratorProtocol>: Sendable
where Base: SendableMetatype, Base.Element: Sendable {
  private let base: Mutex<Base?>

  init(_ base: sending Base) {
    self.base = Mutex(base)
  }

  func next() -> Base.Element? {
    base.withLock { $0?.next() }
  }

  /// Ends the iteration for every task.
  func close() {
    base.withLock { $0 = nil }
  }
}
