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
    var hasFailures = false
    var cancelled: VirtualClock.Instant?
  }

  init(report: Comment? = nil) { self.report = report }

  var hasFailures: Bool { state.withLock { $0.hasFailures } }

  /// Takes note of a failure; it goes on to the reader if the run is shown.
  func receive(_ issue: Issue) -> Issue? {
    // A failed run is cancelled and drained: what it says then means nothing.
    if Simulation.current?.position?.isAfterFailure == true { return nil }
    let isFirst = state.withLock { state in
      defer { state.hasFailures = true }
      return !state.hasFailures
    }
    guard let report else { return nil }
    var issue = issue
    if isFirst { issue.comments.append(report) }
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
    if hasFailures { throw ExpectationsFailed() }
    if case .failure(let error) = result, !(error is CancellationError) {
      throw error
    }
    let now = simulation.clock.now
    if let since = state.withLock({ $0.cancelled }), since < now {
      throw LostCancellation(after: since.duration(to: now))
    }
    try result.get()
  }
}

/// Expectations of a run have failed; Swift Testing knows which.
struct ExpectationsFailed: Error {}

/// A test went on after its task had been cancelled.
struct LostCancellation: Error, CustomStringConvertible {
  let after: Duration

  var description: String {
    "lost cancellation: the test ended \(after) after its task was cancelled"
  }
}
