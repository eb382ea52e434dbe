import Synchronization

/// Stages that run concurrently, each in tasks of its own.
///
///     try await Pipeline(photos)
///       .stage { try await load($0) }
///       .stage(workers: 4) { try await resize($0) }
///       .run { thumbnails in
///         for try await thumbnail in thumbnails { try await save(thumbnail) }
///       }
///
/// A pipeline is a description: nothing runs before ``run(_:)``, and each run
/// begins anew. Between two stages a bounded number of elements wait, so a
/// slow stage slows down those before it. Elements keep their order where
/// each stage has one worker.
nonisolated struct Pipeline<Element: Sendable>: Sendable {
  private typealias Stages = ThrowingDiscardingTaskGroup<any Error>

  /// How many elements may wait behind the last stage.
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

  /// Begins a pipeline with the elements of a sequence.
  ///
  /// - Parameters:
  ///   - source: Read as there is room, so it may be infinite.
  ///   - buffer: How many elements may wait for the next stage, besides the
  ///     one that is being sent; at least 0.
  init<Source: Sequence & Sendable>(_ source: Source, buffer: Int = 1)
  where Source.Element == Element {
    self.init(buffer: buffer) { stages, output in
      stages.addTask {
        try Task.checkCancellation()
        for element in source {
          try await output.send(element)
          // Where there is room, a send does not look at cancellation.
          try Task.checkCancellation()
        }
        output.close()
      }
    }
  }

  /// Begins a pipeline with the elements of an asynchronous sequence.
  ///
  /// - Parameters:
  ///   - source: Read as there is room; an error of it ends the pipeline.
  ///   - buffer: How many elements may wait for the next stage, besides the
  ///     one that is being sent; at least 0.
  init<Source: AsyncSequence & Sendable>(_ source: Source, buffer: Int = 1)
  where Source.Element == Element, Source.AsyncIterator: SendableMetatype {
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

  /// Adds a stage that transforms each element.
  ///
  /// - Parameters:
  ///   - workers: How many elements it works on at once, at least 1. With
  ///     more than one, results come as they are ready.
  ///   - buffer: How many results may wait for the next stage, besides the
  ///     one that each worker sends; at least 0.
  ///   - transform: The work on one element. An error of it ends the pipeline.
  /// - Returns: The longer pipeline.
  func stage<Output: Sendable>(
    workers: Int = 1,
    buffer: Int = 1,
    transform: @escaping @Sendable (Element) async throws -> Output
  ) -> Pipeline<Output> {
    precondition(workers > 0, "a stage needs at least one worker")
    return Pipeline<Output>(buffer: buffer) { stages, output in
      let input = Channel<Element>(capacity: self.buffer)
      self.start(&stages, input)
      let working = Atomic(workers)
      for _ in 0..<workers {
        stages.addTask { @Sendable in
          while let element = try await input.receive() {
            // A cancelled task receives an element that is there.
            try Task.checkCancellation()
            try await output.send(try await transform(element))
          }
          // The last worker closes the output. Not deferred: after an error
          // the next stage would take that for the end.
          let left = working.subtract(1, ordering: .acquiringAndReleasing)
          if left.newValue == 0 { output.close() }
        }
      }
    }
  }

  /// Runs the pipeline until `body` returns.
  ///
  /// - Parameters:
  ///   - isolation: Where `body` runs: by default on the caller's actor.
  ///   - body: The last stage: receives the results, and may return before
  ///     their end.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws. The first error in time of any stage ends
  ///   the others; the results throw it after those that wait for `body`. If
  ///   `body` returns before that, it is not an error.
  ///
  /// **Cancellation**: when `body` returns or throws, when a stage throws, and
  /// when the calling task is cancelled, all stages are cancelled, and none
  /// starts on another element. The call returns when they have ended.
  ///
  /// **Complexity**: a task for each worker, and memory for the buffers.
  func run<Value>(
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) (Results) async throws -> Value
  ) async throws -> Value {
    let results = Results(channel: Channel(capacity: buffer))
    return try await withThrowingTaskGroup(of: Void.self) { scope in
      _ = isolation  // or this closure, and the body with it, left the actor
      scope.addTask {
        do {
          // A discarding group cancels the others as soon as one has thrown.
          try await withThrowingDiscardingTaskGroup { stages in
            start(&stages, results.channel)
          }
        } catch {
          // In this order: a task that sees the end looks for an error.
          results.error.withLock { $0 = error }
          results.channel.close()
        }
      }
      // A body that leaves early must not wait for stages that cannot end.
      defer { scope.cancelAll() }
      return try await body(results)
    }
  }

  /// What the last stage sends.
  ///
  /// Several tasks may iterate: each result goes to one of them, and the
  /// error of a stage to all.
  nonisolated final class Results: AsyncSequence, Sendable {
    fileprivate let channel: Channel<Element>
    fileprivate let error = Mutex<(any Error)?>(nil)

    fileprivate init(channel: Channel<Element>) { self.channel = channel }

    /// Creates an iterator; dropping it loses no result.
    func makeAsyncIterator() -> Iterator { Iterator(results: self) }

    /// Receives the results.
    nonisolated struct Iterator: AsyncIteratorProtocol, Sendable {
      fileprivate let results: Results

      /// Waits for a result.
      ///
      /// - Returns: `nil` when every stage has ended.
      /// - Throws: The first error of a stage; `CancellationError` if the task
      ///   is cancelled, and then no result is lost.
      mutating func next(
        isolation actor: isolated (any Actor)? = #isolation
      ) async throws -> Element? {
        // Not after the receipt: what is received must be delivered.
        try Task.checkCancellation()
        if let result = try await results.channel.receive() { return result }
        if let error = results.error.withLock({ $0 }) { throw error }
        return nil
      }
    }
  }
}
