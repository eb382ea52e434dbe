/// A simulated run, as its body sees it.
///
/// The static functions run a body under schedules of their choice and in
/// virtual time: ``run(seed:cancelAtStep:options:_:check:)`` under one,
/// ``explore(seeds:options:_:check:)`` under many,
/// ``exhaust(limit:options:_:check:)`` under all,
/// ``shortestFailure(limit:options:_:check:where:)`` under those with few
/// switches first, and ``cancelEverywhere(seeds:options:_:check:)`` with a
/// cancellation at every step. None of them runs code of the body on the
/// caller's thread.
///
/// Each takes `options`, the bounds of a run; the body, a program that must
/// reach the world through its argument, or ``current``, and of which several
/// runs may overlap; and `check`, which judges the value that the body returns
/// by throwing. The body has the task-local values of the caller.
public struct Simulation: Sendable {
  private let driver: Driver

  init(driver: Driver) { self.driver = driver }

  /// The run that the calling task is part of, if it is part of one.
  ///
  /// A task-local value: unstructured tasks inherit it too, wherever they run.
  public static var current: Simulation? {
    Driver.current.map(Simulation.init)
  }

  /// The virtual time of this run; inject it wherever code waits.
  public var clock: VirtualClock { VirtualClock(driver: driver) }

  /// The executor of this run.
  ///
  /// Child tasks and actors follow their parent onto it. Only an unstructured
  /// task must be told: `Task(executorPreference: simulation.executor) { … }`.
  public var executor: any TaskExecutor { driver }

  /// Attaches a label to the current task, which the reports of a deadlock
  /// and of leaks show; nil takes it away.
  ///
  /// Does nothing on a thread outside the simulation.
  public func note(_ label: String?) { driver.note(label) }

  /// Where in the run the calling task is; nil if no task of this run calls.
  ///
  /// Record it with each event of a run, and the events make a table with a
  /// column for each task and a row for each step. Complexity: O(1), some
  /// hundred nanoseconds.
  public var position: Position? { driver.position }
}

extension Simulation {
  /// The bounds of a simulation.
  public struct Options: Sendable {
    /// The number of jobs after which a run fails with `.stepLimit`.
    public var stepLimit: Int
    /// The number of threads that run schedules at the same time.
    public var threads: Int
    /// The real time to wait for a foreign thread before a run in which
    /// nothing can happen any more is called a deadlock.
    public var grace: Duration
    /// Whether others may run in the midst of a job, before each step of a
    /// ``Simulation/Mutex`` or ``Simulation/Atomic``.
    ///
    /// Jobs then run on several threads, one at a time. What a job does between
    /// two such steps counts as a job of its own, in the limit of steps too.
    public var interrupts: Bool

    /// Creates options; `threads` is by default the number of processors.
    public init(
      stepLimit: Int = 100_000,
      threads: Int? = nil,
      grace: Duration = .milliseconds(20),
      interrupts: Bool = false
    ) {
      self.stepLimit = stepLimit
      self.threads = max(1, threads ?? DriverThread.processors)
      self.grace = grace
      self.interrupts = interrupts
    }
  }

  /// A place in a run: a task in a step.
  public struct Position: Sendable, Hashable {
    /// The number of the job that runs now, counted from 0 as for
    /// `cancelAtStep`.
    ///
    /// An actor's job may run several tasks in one step.
    public let step: Int
    /// Which of the ready jobs was chosen for this step; 0 is the one that
    /// was ready longest.
    public let choice: Int
    /// The name of the task.
    ///
    /// This is the name that the task was given when it was created (from
    /// macOS 26 and its siblings on). Without one it is `root` for the task of
    /// the body, and `task 1`, `task 2` and so on for others, where named
    /// tasks count too. The numbers follow the order of creation, and one
    /// schedule always gives the same ones. Only
    /// ``Simulation/run(seed:cancelAtStep:options:_:check:)`` and
    /// ``Simulation/replay(schedule:cancelAtStep:options:_:check:)`` keep
    /// count; in the runs of a search an unnamed task is `a task`.
    public let task: String
    /// Whether the body has yet to return; only a leaked task sees false.
    public let isRootRunning: Bool
    /// Whether the run has failed already.
    ///
    /// Its tasks are then cancelled and run to their ends, in no step of the
    /// schedule; `step` is the number of steps that there were.
    public let isAfterFailure: Bool
  }

  /// What a run without a failure yields.
  public struct Run<Value: Sendable>: Sendable {
    /// What the body returned.
    public let value: Value
    /// The number of jobs that ran.
    public let steps: Int
    /// The choices that were made.
    public let schedule: Schedule
    /// The virtual time that passed.
    public let elapsed: Duration
    /// A hash of how many jobs were ready at each step, which one was chosen,
    /// and at which instants; equal for equal schedules.
    public let digest: UInt64
    /// Whether the run was long enough for the cancellation asked for.
    public let wasCancelled: Bool
  }

  /// How much of some schedules was tried.
  public struct Exploration: Sendable {
    /// The number of schedules that ran, whether once or twice.
    public let schedules: Int
    /// Whether these were all: false if the limit was reached, or if the
    /// calling task was cancelled.
    public let isComplete: Bool
  }

  /// Runs a body once, under the schedule that a seed generates.
  ///
  /// The same seed gives the same schedule. Before the step `cancelAtStep`,
  /// counted from 0, the task that runs the body is cancelled; nil, or one
  /// beyond the end, cancels nothing. Cancellation of the calling task does not
  /// reach the body.
  ///
  /// - Returns: the value and the schedule.
  /// - Throws: what went wrong. An error of the body is `.thrown`, also a
  ///   `CancellationError` after a cancellation; one of `check` is
  ///   `.rejected`.
  public static func run<Value: Sendable>(
    seed: UInt64,
    cancelAtStep: Int? = nil,
    options: Options = Options(),
    _ body: @escaping @Sendable (Simulation) async throws -> Value,
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) async throws(SimulationFailure) -> Run<Value> {
    let program = Program(body: body, options: options, check: check)
    return try await DriverThread.run {
      program.run(Chooser(seed: seed), cancelAtStep: cancelAtStep)
    }.get()
  }

  /// Runs a body once, under a schedule that a failure or a run has reported.
  ///
  /// `cancelAtStep` is as for ``run(seed:cancelAtStep:options:_:check:)``.
  ///
  /// - Returns: the value and the schedule as it was followed.
  /// - Throws: what went wrong.
  public static func replay<Value: Sendable>(
    schedule: Schedule,
    cancelAtStep: Int? = nil,
    options: Options = Options(),
    _ body: @escaping @Sendable (Simulation) async throws -> Value,
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) async throws(SimulationFailure) -> Run<Value> {
    let program = Program(body: body, options: options, check: check)
    return try await DriverThread.run {
      program.run(Chooser(schedule: schedule), cancelAtStep: cancelAtStep)
    }.get()
  }

  /// Runs a body under the schedules of many seeds, each twice.
  ///
  /// Both runs of a seed must have the same schedule and, if `Value` is
  /// `Equatable`, the same value. A failure is run again to explain it and to
  /// look for a shorter schedule that fails in the same way.
  ///
  /// `check` judges one of the two values. Cancellation of the calling task
  /// ends the exploration after the current schedules; that is not an error.
  ///
  /// - Returns: how much was tried.
  /// - Throws: the failure of the smallest seed that fails.
  public static func explore<Value: Sendable>(
    seeds: Range<UInt64>,
    options: Options = Options(),
    _ body: @escaping @Sendable (Simulation) async throws -> Value,
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) async throws(SimulationFailure) -> Exploration {
    let program = Program(body: body, options: options, check: check)
    let survey = await Survey.make(of: seeds, stopsEarly: true, options) {
      seed,
      survey in
      survey.count += 1
      let first = program.attempt(Chooser(seed: seed))
      if let failure = first.failure { return failure }
      let second = program.attempt(Chooser(seed: seed))
      return program.difference(first, second) ?? program.judge(first)
    }
    if let failure = survey.failures.first {
      throw await DriverThread.run { program.explain(failure) }
    }
    return Exploration(
      schedules: survey.count,
      isComplete: survey.isComplete
    )
  }

  /// All failures among the schedules of many seeds, by seed.
  ///
  /// Each seed runs once, and no failure is explained or shortened: this
  /// counts how often a test finds a planted fault. By default there is no
  /// grace, so that waiting for a foreign thread may count as a deadlock.
  ///
  /// - Returns: the failures; fewer if the calling task is cancelled.
  public static func failures<Value: Sendable>(
    seeds: Range<UInt64>,
    options: Options = Options(grace: .zero),
    _ body: @escaping @Sendable (Simulation) async throws -> Value,
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) async -> [SimulationFailure] {
    let program = Program(body: body, options: options, check: check)
    return await Survey.make(of: seeds, stopsEarly: false, options) { seed, _ in
      program.judge(program.attempt(Chooser(seed: seed)))
    }.failures
  }

  /// Runs a body under every schedule, depth first.
  ///
  /// The number of schedules grows as fast as factorials do: keep the body
  /// small. After `limit` schedules it stops. Complexity: one run a schedule,
  /// on one thread.
  ///
  /// - Returns: how many schedules ran, and whether these were all.
  /// - Throws: the first failure; reaching the limit is none.
  public static func exhaust<Value: Sendable>(
    limit: Int,
    options: Options = Options(),
    _ body: @escaping @Sendable (Simulation) async throws -> Value,
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) async throws(SimulationFailure) -> Exploration {
    let program = Program(body: body, options: options, check: check)
    return try await Survey.stoppable { isStopped in
      program.exhaust(limit: limit, isStopped: isStopped)
    }.get()
  }

  /// Searches for the failure that needs the fewest switches.
  ///
  /// A switch is a choice that is not 0: a job that runs before one that has
  /// been ready for longer. The schedule without a switch runs first, then all
  /// that have one, then all that have two, until some fail; no schedule runs
  /// twice. Many faults need one switch or none, and the schedule that is
  /// left shows nothing but the fault. The search is deterministic and runs
  /// on one thread. By default there is no grace, as for
  /// ``failures(seeds:options:_:check:)``.
  ///
  /// `isWanted` says whether a failure counts, for instance only one that
  /// breaks a certain law. It sees failures before their reports have been
  /// written: no tasks that wait, no notes. Cancellation of the calling task
  /// ends the search after the current run.
  ///
  /// Complexity: one run for each schedule, and the number of schedules with
  /// *d* switches grows as the *d*-th power of the number of choices. Up to
  /// `limit` schedules run and wait in memory, each as its switches.
  ///
  /// - Returns: the failure, or nil if no run within the limit is one that is
  ///   wanted. Its `schedule` has no zeros at its end and fails in the same
  ///   way when it is replayed. None that fails so has fewer switches; of those
  ///   with as many that ran within the limit, none takes fewer steps. If the
  ///   failure does not come again, its reason is `.nondeterministic`.
  public static func shortestFailure<Value: Sendable>(
    limit: Int,
    options: Options = Options(grace: .zero),
    _ body: @escaping @Sendable (Simulation) async throws -> Value,
    check: @escaping @Sendable (Value) throws -> Void = { _ in },
    where isWanted: @escaping @Sendable (SimulationFailure) -> Bool = { _ in
      true
    }
  ) async -> SimulationFailure? {
    let program = Program(body: body, options: options, check: check)
    return await Survey.stoppable { isStopped in
      program.shortestFailure(
        limit: limit,
        isWanted: isWanted,
        isStopped: isStopped
      )
    }
  }

  /// Cancels a body at every step that it has.
  ///
  /// Each seed runs once whole, and then once for each step with the task of
  /// the body cancelled just before it. When it was cancelled the body may
  /// throw `CancellationError`, and then `check` is not asked; it may as well
  /// return. It may neither throw another error, nor deadlock, nor leak.
  ///
  /// - Returns: the number of cancelled runs; fewer than there are steps if
  ///   the calling task is cancelled.
  /// - Throws: the first failure of the smallest seed that fails; its
  ///   `cancelledAtStep` tells the step.
  public static func cancelEverywhere<Value: Sendable>(
    seeds: Range<UInt64>,
    options: Options = Options(),
    _ body: @escaping @Sendable (Simulation) async throws -> Value,
    check: @escaping @Sendable (Value) throws -> Void = { _ in }
  ) async throws(SimulationFailure) -> Int {
    let program = Program(body: body, options: options, check: check)
    let survey = await Survey.make(of: seeds, stopsEarly: true, options) {
      seed,
      survey in
      var step: Int?
      while true {
        let run = program.attempt(Chooser(seed: seed), cancelAtStep: step)
        if let failure = program.judge(run) {
          guard failure.cancelledAtStep != nil,
            case .thrown(is CancellationError) = failure.reason
          else { return failure }
        } else if step != nil && !run.driver.wasCancelled {
          return nil
        }
        if step != nil { survey.count += 1 }
        if survey.isStopped { return nil }
        step = step.map { $0 + 1 } ?? 0
      }
    }
    if let failure = survey.failures.first {
      throw await DriverThread.run { program.explain(failure) }
    }
    return survey.count
  }
}
