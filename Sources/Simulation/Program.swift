/// A body with its bounds and its judge, and what can be done with it on the
/// thread of a driver.
struct Program<Value: Sendable>: Sendable {
  let body: @Sendable (Simulation) async throws -> Value
  var options: Simulation.Options
  let check: @Sendable (Value) throws -> Void

  /// Written by the body's task and then read by the driver, one after the
  /// other on the driver's thread.
  private final class Box: @unchecked Sendable {
    var result: Result<Value, any Error>?
  }

  /// A run that is over.
  struct Attempt {
    let driver: Driver
    fileprivate let cancelAtStep: Int?
    fileprivate let result: Result<Value, any Error>?
    /// What went wrong, whatever the value is worth.
    fileprivate let reason: SimulationFailure.Reason?

    var failure: SimulationFailure? { reason.map(failure) }

    fileprivate func failure(
      _ reason: SimulationFailure.Reason
    ) -> SimulationFailure {
      SimulationFailure(
        reason: reason,
        seed: driver.chooser.seed,
        schedule: driver.chooser.schedule,
        cancelledAtStep: driver.wasCancelled ? cancelAtStep : nil,
        steps: driver.steps,
        at: VirtualClock.Instant(offset: driver.now)
      )
    }
  }

  func attempt(
    _ chooser: Chooser,
    cancelAtStep: Int? = nil,
    isLogging: Bool = false
  ) -> Attempt {
    let driver = Driver(
      chooser: chooser,
      cancelAtStep: cancelAtStep,
      options: options,
      isLogging: isLogging
    )
    let box = Box()
    var reason = driver.drive {
      do {
        box.result = .success(try await body(Simulation(driver: driver)))
      } catch {
        box.result = .failure(error)
      }
    }
    if case .failure(let error) = box.result {
      if case .outlived(let left) = reason {
        reason = .outlived(left + ["the body had thrown: \(error)"])
      }
      reason = reason ?? .thrown(error)
    }
    return Attempt(
      driver: driver,
      cancelAtStep: cancelAtStep,
      result: box.result,
      reason: reason
    )
  }

  /// What is wrong with a run, and what `check` has against its value.
  func judge(_ attempt: Attempt) -> SimulationFailure? {
    if let failure = attempt.failure { return failure }
    do {
      if let value = try attempt.result?.get() { try check(value) }
      return nil
    } catch {
      return attempt.failure(.rejected(error))
    }
  }

  /// A run with a log, and judged.
  func run(
    _ chooser: Chooser,
    cancelAtStep: Int?
  ) -> Result<Simulation.Run<Value>, SimulationFailure> {
    let attempt = attempt(
      chooser,
      cancelAtStep: cancelAtStep,
      isLogging: true
    )
    if let failure = judge(attempt) { return .failure(failure) }
    guard case .success(let value) = attempt.result else {
      preconditionFailure("A body has ended without a result.")
    }
    return .success(
      Simulation.Run(
        value: value,
        steps: attempt.driver.steps,
        schedule: attempt.driver.chooser.schedule,
        elapsed: attempt.driver.now,
        digest: attempt.driver.digest,
        wasCancelled: attempt.driver.wasCancelled
      )
    )
  }

  /// How the second run of a seed differs from the first, which has passed.
  func difference(
    _ first: Attempt,
    _ second: Attempt
  ) -> SimulationFailure? {
    if let failure = second.failure {
      // What comes from outside need not come each time.
      if case .foreignThread = failure.reason { return failure }
      return first.failure(
        .nondeterministic(
          "the first run passed, the second one failed: \(failure)"
        )
      )
    }
    let (one, other) = (first.driver, second.driver)
    if one.digest != other.digest {
      return first.failure(
        .nondeterministic(
          """
          two runs of one seed had different schedules:
            \(one.chooser.schedule) (\(one.steps) steps, \(one.now))
            \(other.chooser.schedule) (\(other.steps) steps, \(other.now))
          """
        )
      )
    }
    guard case .success(let value) = first.result,
      case .success(let again) = second.result,
      let comparable = value as? any Equatable, !isEqual(comparable, again)
    else { return nil }
    return first.failure(
      .nondeterministic(
        """
        two runs of one schedule had different values:
          \(value)
          \(again)
        """
      )
    )
  }

  private func isEqual<Left: Equatable>(_ left: Left, _ right: Any) -> Bool {
    left == right as? Left
  }

  /// The reason of a failure as a run with a log tells it; nil if its
  /// schedule does not fail so again.
  private func loggedReason(
    of failure: SimulationFailure
  ) -> SimulationFailure.Reason? {
    let again = run(
      Chooser(schedule: failure.schedule),
      cancelAtStep: failure.cancelledAtStep
    )
    guard case .failure(let again) = again,
      again.reason.isLike(failure.reason)
    else { return nil }
    return again.reason
  }

  /// Adds to a failure what running it again can tell.
  ///
  /// Shortening first cuts the end off, then sets single choices to 0; it
  /// stops when it has run a million jobs. A schedule has little to do with
  /// a failure that comes from outside: these are not shortened.
  func explain(_ failure: SimulationFailure) -> SimulationFailure {
    var failure = failure
    let step = failure.cancelledAtStep
    switch failure.reason {
    case .nondeterministic, .foreignThread: return failure
    default: break
    }
    var quick = self
    quick.options.grace = .zero
    guard let reason = quick.loggedReason(of: failure) else { return failure }
    failure.reason = reason

    var budget = 1_000_000
    var best = failure.schedule.choices
    func fails(_ choices: [Int]) -> Bool {
      guard budget > 0 else { return false }
      let schedule = Simulation.Schedule(choices: choices)
      let attempt = quick.attempt(
        Chooser(schedule: schedule),
        cancelAtStep: step
      )
      budget -= 100 + attempt.driver.steps
      guard let result = quick.judge(attempt),
        result.reason.isLike(failure.reason)
      else { return false }
      best = choices
      return true
    }
    var cut = best.count
    while cut > 0 {
      while cut <= best.count, fails(Array(best.dropLast(cut))) {}
      cut /= 2
    }
    for index in best.indices where best[index] != 0 {
      var choices = best
      choices[index] = 0
      _ = fails(choices)
    }
    failure.shortened = Simulation.Schedule(choices: best).trimmed
    return failure
  }

  /// A choice that is not 0, and its index among the choices.
  private typealias Switch = (index: Int, choice: Int)

  private func schedule(of switches: [Switch]) -> Simulation.Schedule {
    var choices = Array(repeating: 0, count: (switches.last?.index ?? -1) + 1)
    for (index, choice) in switches { choices[index] = choice }
    return Simulation.Schedule(choices: choices)
  }

  func shortestFailure(
    limit: Int,
    isWanted: (SimulationFailure) -> Bool,
    isStopped: () -> Bool
  ) -> SimulationFailure? {
    var runs = 0
    var best: SimulationFailure?
    // All schedules of as many switches.
    var level: [[Switch]] = [[]]
    while !level.isEmpty && best == nil {
      var next: [[Switch]] = []
      for switches in level where runs < limit && !isStopped() {
        runs += 1
        let attempt = attempt(Chooser(schedule: schedule(of: switches)))
        if let failure = judge(attempt), isWanted(failure),
          failure.steps < best?.steps ?? .max
        {
          best = failure
        }
        guard best == nil else { continue }
        // One more switch, behind the last one, so that each schedule has one
        // way to be reached; no more of them than can still run.
        let decisions = attempt.driver.chooser.decisions
        let free = decisions.indices.dropFirst((switches.last?.index ?? -1) + 1)
        for index in free where next.count < limit - runs {
          for choice in 1..<decisions[index].count {
            next.append(switches + [(index, choice)])
          }
        }
      }
      level = next
    }
    guard var best else { return nil }
    best.schedule = best.schedule.trimmed
    if case .foreignThread = best.reason { return best }
    best.reason =
      loggedReason(of: best)
      ?? .nondeterministic(
        "a schedule failed, and did not fail so when it ran again: \(best)"
      )
    return best
  }

  func exhaust(
    limit: Int,
    isStopped: () -> Bool
  ) -> Result<Simulation.Exploration, SimulationFailure> {
    var prefix: [Chooser.Decision] = []
    var schedules = 0
    while schedules < limit && !isStopped() {
      let schedule = Simulation.Schedule(choices: prefix.map(\.choice))
      let attempt = attempt(Chooser(schedule: schedule))
      schedules += 1
      var decisions = attempt.driver.chooser.decisions
      // The same choices must lead to the same alternatives.
      let counts = decisions.prefix(prefix.count).map(\.count)
      if attempt.failure == nil, counts != prefix.map(\.count) {
        let what = "one prefix led to different numbers of ready jobs"
        return .failure(attempt.failure(.nondeterministic(what)))
      }
      if let failure = judge(attempt) { return .failure(explain(failure)) }
      while let last = decisions.last, last.choice + 1 == last.count {
        decisions.removeLast()
      }
      guard !decisions.isEmpty else {
        return .success(.init(schedules: schedules, isComplete: true))
      }
      decisions[decisions.count - 1].choice += 1
      prefix = decisions
    }
    return .success(.init(schedules: schedules, isComplete: false))
  }
}
