import ChannelRecipe
import Synchronization

/// Stages that run concurrently and hand elements on, each in its own tasks.
///
/// A pipeline is a description; nothing runs before ``run(_:)``. Between two
/// stages a bounded number of elements wait, so a slow stage slows down those
/// before it, and memory does not grow with the number of elements. Where
/// every stage has one worker, the elements keep their order.
nonisolated public struct Pipeline<Element: Sendable>: Sendable {
  private typealias Stages = ThrowingDiscardingTaskGroup<any Error>

  /// How many elements wait behind the last stage.
  private let buffer: Int
  /// Starts all stages, the last of which sends to the channel.
  private let start: @Sendable (inout Stages, Channel<Element>) -> Void

  private init(
    buffer: Int,
    start: @escaping @Sendable (inout Stages, Channel<Element>) -> Void
  ) {
    self.buffer = buffer
    self.start = start
  }

  // #region source
  /// Begins a pipeline with the elements of a sequence.
  ///
  /// - Parameters:
  ///   - source: Read as there is room, so it may be infinite.
  ///   - buffer: How many elements wait for the next stage, besides one in
  ///     the hand of this stage; at least 0.
  public init<Source: Sequence & Sendable>(_ source: Source, buffer: Int = 1)
  where Source.Element == Element {
    self.init(buffer: buffer) { stages, output in
      stages.addTask {
        for element in source {
          // Where there is room, a send does not look at the cancellation.
          try Task.checkCancellation()
          try await output.send(element)
        }
        output.close()
      }
    }
  }

  /// Begins a pipeline with the elements of an asynchronous sequence.
  ///
  /// - Parameters:
  ///   - source: Read as there is room, so it may be infinite. An error of it
  ///     ends the pipeline.
  ///   - buffer: How many elements wait for the next stage, besides one in
  ///     the hand of this stage; at least 0.
  public init<Source: AsyncSequence & Sendable>(
    _ source: Source,
    buffer: Int = 1
  ) where Source.Element == Element, Source.AsyncIterator: SendableMetatype {
    self.init(buffer: buffer) { stages, output in
      stages.addTask {
        try Task.checkCancellation()
        for try await element in source {
          try await output.send(element)
          try Task.checkCancellation()
        }
        output.close()
      }
    }
  }
  // #endregion

  // #region stage
  /// Adds a stage that transforms each element.
  ///
  /// - Parameters:
  ///   - workers: How many elements it works on at once, at least 1. With
  ///     more than one, results come as they are ready.
  ///   - buffer: How many results wait for the next stage, besides one in the
  ///     hand of each worker; at least 0.
  ///   - transform: The work on one element. An error of it ends the pipeline.
  /// - Returns: The longer pipeline.
  public func stage<Output: Sendable>(
    workers: Int = 1,
    buffer: Int = 1,
    transform: @escaping @Sendable (Element) async throws -> Output
  ) -> Pipeline<Output> {
    precondition(workers > 0, "a stage needs at least one worker")
    return Pipeline<Output>(buffer: buffer) { stages, output in
      let input = Channel<Element>(capacity: self.buffer)
      self.start(&stages, input)
      let working = Countdown(from: workers)
      for _ in 0..<workers {
        stages.addTask {
          while let element = try await input.receive() {
            // An element that is there is received by a cancelled task too.
            try Task.checkCancellation()
            try await output.send(try await transform(element))
          }
          // Not deferred: the next stage would take an error for the end,
          // and finish as if all were well.
          if working.isLast() { output.close() }
        }
      }
    }
  }
  // #endregion

  // #region run
  /// Runs the pipeline until `body` returns.
  ///
  /// - Parameter body: The last stage: receives the results, and may return
  ///   before their end.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws. The first error in time of any stage ends
  ///   the others, and the sequence throws it after the results that wait for
  ///   `body`; a `body` that does not read as far as that never sees it, and
  ///   that is not an error.
  ///
  /// **Cancellation**: when `body` returns or throws, when a stage throws, and
  /// when the calling task is cancelled, the tasks of all stages are
  /// cancelled, and none starts on another element. The call returns when
  /// they have ended.
  ///
  /// **Complexity**: a task for each worker, and memory for the buffers.
  nonisolated(nonsending) public func run<Value>(
    _ body: (Results) async throws -> Value
  ) async throws -> Value {
    let (output, failure) = (Channel<Element>(capacity: buffer), FirstError())
    return try await withThrowingTaskGroup(of: Void.self) { scope in
      scope.addTask {
        do {
          // A discarding group cancels the others as soon as one has thrown.
          try await withThrowingDiscardingTaskGroup { stages in
            start(&stages, output)
          }
        } catch {
          failure.error.withLock { $0 = error }
          output.close()
        }
      }
      // A body that leaves early must not wait for stages that cannot end.
      defer { scope.cancelAll() }
      return try await body(Results(channel: output, failure: failure))
    }
  }
  // #endregion

  // #region Results
  /// What the last stage sends.
  ///
  /// Several tasks may iterate: each result goes to one of them.
  nonisolated public struct Results: AsyncSequence, Sendable {
    fileprivate let channel: Channel<Element>
    fileprivate let failure: FirstError

    /// Creates an iterator; dropping it loses no result.
    public func makeAsyncIterator() -> Iterator {
      Iterator(channel: channel, failure: failure)
    }

    /// Receives the results.
    nonisolated public struct Iterator: AsyncIteratorProtocol, Sendable {
      fileprivate let channel: Channel<Element>
      fileprivate let failure: FirstError

      /// Waits for a result.
      ///
      /// - Returns: `nil` when every stage has ended.
      /// - Throws: The first error of a stage, or `CancellationError`.
      public mutating func next(
        isolation actor: isolated (any Actor)? = #isolation
      ) async throws -> Element? {
        if let result = try await channel.receive() {
          // A cancelled task must not start on what was on its way to it.
          try Task.checkCancellation()
          return result
        }
        if let error = failure.error.withLock({ $0 }) { throw error }
        return nil
      }

      /// Waits for a result.
      public mutating func next() async throws -> Element? {
        try await next(isolation: nil)
      }
    }
  }
  // #endregion
}

nonisolated private final class FirstError: Sendable {
  let error = Mutex<(any Error)?>(nil)
}

/// Tells the last of some workers that it is the last.
nonisolated private final class Countdown: Sendable {
  private let count: Atomic<Int>

  init(from count: Int) { self.count = Atomic(count) }

  func isLast() -> Bool {
    // Counted and looked at in one step, or two could find none left.
    count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0
  }
}
