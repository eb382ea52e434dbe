internal import Simulation
internal import Synchronization
internal import Testing

/// What the expectations of one run have recorded.
final class Record: Sendable {
  @TaskLocal static var current: Record?

  private let state = Mutex<State>(State())
  /// What a reader is told of a run that is shown, and not only tried.
  private let report: Comment?

  private struct State {
    var failures = 0
    var cancelled: VirtualClock.Instant?
  }

  init(report: Comment? = nil) { self.report = report }

  var failures: Int { state.withLock { $0.failures } }

  /// Whether anything failed that a reader sees.
  var hasShown: Bool { report != nil && failures > 0 }

  /// Takes note of a failure; it goes on to the reader if the run is shown.
  func receive(_ issue: Issue) -> Issue? {
    // A failed run is cancelled and drained: what it says then means nothing.
    if Simulation.current?.position?.isAfterFailure == true { return nil }
    let count = state.withLock { state in
      state.failures += 1
      return state.failures
    }
    guard let report else { return nil }
    var issue = issue
    if count == 1 { issue.comments.append(report) }
    return issue
  }

  /// Runs `body` as one run of a test.
  ///
  /// - Throws: what `body` throws, or ``ExpectationsFailed`` or
  ///   ``LostCancellation``.
  func run(
    _ body: @Sendable () async throws -> Void,
    in simulation: Simulation
  ) async throws {
    let result: Result<Void, any Error>
    do {
      try await Self.$current.withValue(self) {
        try await withTaskCancellationHandler {
          try await body()
        } onCancel: {
          state.withLock { $0.cancelled = simulation.clock.now }
        }
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    let (failures, cancelled) = state.withLock { ($0.failures, $0.cancelled) }
    if failures > 0 { throw ExpectationsFailed(count: failures) }
    if case .failure(let error) = result, !(error is CancellationError) {
      throw error
    }
    if let cancelled, cancelled < simulation.clock.now {
      throw LostCancellation(
        after: cancelled.duration(to: simulation.clock.now)
      )
    }
    try result.get()
  }
}

/// Expectations of a run have failed; Swift Testing knows which.
struct ExpectationsFailed: Error, CustomStringConvertible {
  let count: Int

  var description: String {
    count == 1 ? "an expectation failed" : "\(count) expectations failed"
  }
}

/// A test went on after its task had been cancelled.
struct LostCancellation: Error, CustomStringConvertible {
  let after: Duration

  var description: String {
    "lost cancellation: the test ended \(after) after its task was cancelled"
  }
}
