/// A clock whose time passes only when a simulation has nothing else to do.
///
/// Hand it to code that takes a `some Clock<Duration>`. A day costs nothing.
public struct VirtualClock: Clock {
  /// A point in virtual time, as the time that has passed since the run began.
  public struct Instant: InstantProtocol, CustomStringConvertible {
    /// The time since the run began.
    public let offset: Duration

    /// Creates the instant that lies `offset` after the beginning of a run.
    public init(offset: Duration = .zero) { self.offset = offset }

    /// The instant that lies `duration` later.
    public func advanced(by duration: Duration) -> Instant {
      Instant(offset: offset + duration)
    }

    /// How much later `other` is.
    public func duration(to other: Instant) -> Duration {
      other.offset - offset
    }

    /// Whether `left` is the earlier one.
    public static func < (left: Instant, right: Instant) -> Bool {
      left.offset < right.offset
    }

    /// The time since the run began.
    public var description: String { "\(offset)" }
  }

  let driver: Driver

  /// The virtual time; it stands still while a task runs.
  public var now: Instant { Instant(offset: driver.currentOffset) }

  /// The finest step that the clock can make: one attosecond.
  public var minimumResolution: Duration {
    Duration(secondsComponent: 0, attosecondsComponent: 1)
  }

  /// Suspends the current task until the clock has reached `deadline`.
  ///
  /// Every call is a scheduling point, even one whose deadline has passed or
  /// whose task is cancelled already: a loop that only sleeps can then be
  /// found to make no progress. All sleepers with one deadline become ready
  /// together, and the schedule decides which of them runs first.
  ///
  /// Cancellation ends the sleep at the instant at which it happens; a sleep
  /// that has reached its deadline before is not undone by it. Complexity:
  /// O(*n*) moves of machine words for *n* sleepers, O(log *n*) comparisons.
  ///
  /// - Parameters:
  ///   - deadline: the instant at which the task becomes ready again.
  ///   - tolerance: ignored; virtual time needs none.
  /// - Throws: `CancellationError` if the task is cancelled before or during
  ///   the sleep. A deadline in the past is not an error.
  public func sleep(
    until deadline: Instant,
    tolerance: Duration? = nil
  ) async throws {
    try await driver.sleep(until: deadline.offset)
  }
}
