public import Simulation
internal import Synchronization
public import Testing

/// A trait that runs a test under many schedules, in virtual time.
///
/// Create it by ``Testing/Trait/simulated(schedules:cancelling:options:)`` or
/// one of its siblings. The test fails once, with the shortest schedule that
/// was found, if under any of them
///
/// - something outlives its body: a task, a sleep, a stream that nobody ends;
/// - nothing can happen any more, and its body has not returned;
/// - an expectation fails, or its body throws an error;
/// - something comes in from outside, such as `Task.sleep` or `Task {}`.
///
/// A test inherits the trait from its suite. If it has one of its own, only
/// that one counts. Each case of a test with arguments runs so.
public struct SimulatedTrait: TestTrait, SuiteTrait, TestScoping {
  enum Plan {
    case seeds(Int)
    case all(limit: Int)
    case one(String)
  }

  let plan: Plan
  let cancelling: Int
  let options: Simulation.Options

  /// True: the tests of a suite inherit the trait.
  public var isRecursive: Bool { true }

  /// Runs a test case under each schedule, when Swift Testing calls it.
  ///
  /// - Precondition: `function` is a closure that Swift Testing has handed out,
  ///   not one that was written in place of the argument.
  public func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    // In a run already: the trait of the suite has chosen this one's plan.
    guard Record.current == nil else { return try await function() }
    let last = test.traits.lazy.compactMap { $0 as? Self }.last ?? self
    // A task of a failed run may wait for ever and keeps the closure, which
    // `withoutActuallyEscaping` takes for a mistake and ends the process.
    // What Swift Testing hands out lies on the heap and can be kept.
    let judge = unsafe unsafeBitCast(
      Keeping(call: last.judge),
      to: Borrowing.self
    )
    try await judge.call(function, test)
  }
}

private typealias Body = @concurrent @Sendable () async throws -> Void
private struct Keeping { let call: (@escaping Body, Test) async throws -> Void }
private struct Borrowing { let call: (Body, Test) async throws -> Void }

extension Trait where Self == SimulatedTrait {
  /// Runs a test under 1,000 schedules; see
  /// ``simulated(schedules:cancelling:options:)``.
  public static var simulated: Self { .simulated() }

  /// Runs a test under so many schedules, in virtual time.
  ///
  /// ```swift
  /// @Test(.simulated(schedules: 10_000, cancelling: 10))
  /// func pool() async throws {
  ///   let pool = Pool(size: 2, clock: .simulated)
  ///   …
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - schedules: how many, at least 1. Each runs twice, and must do the same
  ///     again.
  ///   - cancelling: in how many of them the task of the test is cancelled,
  ///     once before each of its steps. It must then end at that instant, and
  ///     leave nothing; it may throw `CancellationError`. What fails without a
  ///     cancellation fails with one too: expect what holds in both.
  ///   - options: the bounds of each run.
  /// - Returns: the trait.
  public static func simulated(
    schedules: Int = 1_000,
    cancelling: Int = 0,
    options: Simulation.Options = .patient
  ) -> Self {
    precondition(schedules > 0, "under no schedule nothing is tested")
    return Self(
      plan: .seeds(schedules),
      cancelling: cancelling,
      options: options
    )
  }

  /// Runs a test under all of its schedules; fails it if there are more than
  /// `limit`.
  ///
  /// `cancelling` and `options` are as for
  /// ``simulated(schedules:cancelling:options:)``.
  public static func simulated(
    allUpTo limit: Int,
    cancelling: Int = 0,
    options: Simulation.Options = .patient
  ) -> Self {
    Self(plan: .all(limit: limit), cancelling: cancelling, options: options)
  }

  /// Runs a test once, as a failure has told.
  ///
  /// `replay` is what the failure has printed: `"seed 5"`, `"schedule 0,1"`, or
  /// one of these with `" cancelAtStep 3"`. The environment variable
  /// `SIMULATION_REPLAY` does the same for each simulated test that is run.
  public static func simulated(
    replay: String,
    options: Simulation.Options = .patient
  ) -> Self {
    Self(plan: .one(replay), cancelling: 0, options: options)
  }
}

extension Simulation.Options {
  /// The bounds of a simulated test if it says nothing else.
  ///
  /// Half a second passes before a run in which nothing can happen is called a
  /// deadlock: on a busy machine what comes from outside may take so long.
  public static var patient: Self { Self(grace: .milliseconds(500)) }
}

extension Clock where Self == VirtualClock {
  /// The virtual clock of the simulated test that calls.
  ///
  /// - Precondition: the calling task is part of one.
  public static var simulated: Self {
    guard let simulation = Simulation.current else {
      preconditionFailure("The test has no trait .simulated.")
    }
    return simulation.clock
  }
}
