/// A body with its bounds and its judge, and what can be done with it on the
/// thread of a driver.
struct Program<Value: Sendable>: Sendable {
  typealias Outcome = Result<Simulation.Run<Value>, SimulationFailure>

  enum Source {
    case seed(UInt64)
    case schedule(Simulation.Schedule)
  }

  /// Written by the body's task and then read by the driver, one after the
  /// other on the driver's thread.
  private final class Box: @unchecked Sendable {
    var result: Result<Value, any Error>?
  }

  let body: @Sendable (Simulation) async throws -> Value
  var options: Simulation.Options
  var check: @Sendable (Value) throws -> Void = { _ in }

  func run(
    _ source: Source,
    cancelAtStep: Int? = nil,
    isLogging: Bool = false
  ) -> Outcome {
    attempt(source, cancelAtStep, isLogging).outcome
  }

  /// A run with a log, and judged.
  func runOnce(_ source: Source, cancelAtStep: Int?) -> Outcome {
    let outcome = run(source, cancelAtStep: cancelAtStep, isLogging: true)
    guard case .success(let run) = outcome else { return outcome }
    let seed: UInt64? = if case .seed(let seed) = source { seed } else { nil }
    return judge(run, seed: seed, cancelAtStep).map { .failure($0) } ?? outcome
  }

  private func attempt(
    _ source: Source,
    _ cancelAtStep: Int?,
    _ isLogging: Bool
  ) -> (outcome: Outcome, driver: Driver) {
    let chooser: Chooser
    var seed: UInt64?
    switch source {
    case .seed(let number):
      chooser = Chooser(seed: number)
      seed = number
    case .schedule(let schedule): chooser = Chooser(schedule: schedule)
    }
    let driver = Driver(chooser: chooser, isLogging: isLogging)
    let box = Box()
    var reason = driver.drive(cancelAtStep: cancelAtStep, options: options) {
      do {
        box.result = .success(try await body(Simulation(driver: driver)))
      } catch {
        box.result = .failure(error)
      }
    }
    if case .outlived(let left) = reason, case .failure(let error) = box.result
    {
      reason = .outlived(left + ["the body had thrown: \(error)"])
    }
    if reason == nil {
      switch box.result {
      case .success(let value):
        let run = Simulation.Run(
          value: value,
          steps: driver.steps,
          schedule: driver.chooser.schedule,
          elapsed: driver.now,
          digest: driver.digest,
          wasCancelled: driver.wasCancelled
        )
        return (.success(run), driver)
      case .failure(let error): reason = .thrown(error)
      case nil: preconditionFailure("A body has ended without a result.")
      }
    }
    let failure = SimulationFailure(
      reason: reason ?? .stepLimit,
      seed: seed,
      schedule: driver.chooser.schedule,
      cancelledAtStep: driver.wasCancelled ? cancelAtStep : nil,
      steps: driver.steps,
      at: VirtualClock.Instant(offset: driver.now)
    )
    return (.failure(failure), driver)
  }

  /// What `check` has against a value.
  func judge(
    _ run: Simulation.Run<Value>,
    seed: UInt64?,
    _ cancelAtStep: Int? = nil
  ) -> SimulationFailure? {
    do {
      try check(run.value)
      return nil
    } catch {
      return failure(.rejected(error), of: run, seed, cancelAtStep)
    }
  }

  private func failure(
    _ reason: SimulationFailure.Reason,
    of run: Simulation.Run<Value>,
    _ seed: UInt64?,
    _ cancelAtStep: Int?
  ) -> SimulationFailure {
    SimulationFailure(
      reason: reason,
      seed: seed,
      schedule: run.schedule,
      cancelledAtStep: run.wasCancelled ? cancelAtStep : nil,
      steps: run.steps,
      at: VirtualClock.Instant(offset: run.elapsed)
    )
  }

  /// How the second run of a seed differs from the first.
  func difference(
    _ first: Simulation.Run<Value>,
    _ second: Outcome,
    seed: UInt64
  ) -> SimulationFailure? {
    let what: String
    switch second {
    case .failure(let failure):
      // What comes from outside need not come each time.
      if case .foreignThread = failure.reason { return failure }
      what = "the first run passed, the second one failed: \(failure)"
    case .success(let second) where second.digest != first.digest:
      what = """
        two runs of one seed had different schedules:
          \(first.schedule) (\(first.steps) steps, \(first.elapsed))
          \(second.schedule) (\(second.steps) steps, \(second.elapsed))
        """
    case .success(let second):
      guard let value = first.value as? any Equatable,
        !isEqual(value, second.value)
      else { return nil }
      what = """
        two runs of one schedule had different values:
          \(first.value)
          \(second.value)
        """
    }
    return failure(.nondeterministic(what), of: first, seed, nil)
  }

  private func isEqual<Left: Equatable>(_ left: Left, _ right: Any) -> Bool {
    left == right as? Left
  }

  /// The failure of a schedule, or nil if it passes.
  private func failure(
    of schedule: Simulation.Schedule,
    _ cancelAtStep: Int?
  ) -> SimulationFailure? {
    failure(
      in: run(.schedule(schedule), cancelAtStep: cancelAtStep),
      cancelAtStep
    )
  }

  private func failure(
    in outcome: Outcome,
    _ cancelAtStep: Int? = nil
  ) -> SimulationFailure? {
    switch outcome {
    case .success(let run): judge(run, seed: nil, cancelAtStep)
    case .failure(let failure): failure
    }
  }

  /// The reason of a failure as a run with a log tells it; nil if its
  /// schedule does not fail so again.
  private func loggedReason(
    of failure: SimulationFailure
  ) -> SimulationFailure.Reason? {
    let again = runOnce(
      .schedule(failure.schedule),
      cancelAtStep: failure.cancelledAtStep
    ).failure
    guard let again, again.reason.isLike(failure.reason) else { return nil }
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
      let result = quick.failure(of: .init(choices: choices), step)
      budget -= 100 + (result?.steps ?? failure.steps)
      guard let result, result.reason.isLike(failure.reason) else {
        return false
      }
      best = choices
      return true
    }
    var cut = best.count
    while cut > 0 {
      while cut <= best.count, fails(Array(best.dropLast(cut))) {}
      cut /= 2
    }
    for index in best.indices where index < best.count && best[index] != 0 {
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
        let (outcome, driver) = attempt(
          .schedule(schedule(of: switches)),
          nil,
          false
        )
        if let failure = failure(in: outcome), isWanted(failure),
          failure.steps < best?.steps ?? .max
        {
          best = failure
        }
        guard best == nil else { continue }
        // One more switch, behind the last one, so that each schedule has one
        // way to be reached; no more of them than can still run.
        let decisions = driver.chooser.decisions
        let free = decisions.indices.dropFirst((switches.last?.index ?? -1) + 1)
        for index in free where next.count < limit - runs {
          for choice in 1..<Int(decisions[index].count) {
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
  ) -> Result<Simulation.Exhaustion, SimulationFailure> {
    var prefix: [Chooser.Decision] = []
    var schedules = 0
    while schedules < limit && !isStopped() {
      let schedule = Simulation.Schedule(
        choices: prefix.map { Int($0.choice) }
      )
      let (outcome, driver) = attempt(.schedule(schedule), nil, false)
      schedules += 1
      var decisions = driver.chooser.decisions
      switch outcome {
      case .failure(let failure): return .failure(explain(failure))
      case .success(let run):
        // The same choices must lead to the same alternatives.
        let counts = decisions.prefix(prefix.count).map(\.count)
        if counts != prefix.map(\.count) {
          let what = "one prefix led to different numbers of ready jobs"
          return .failure(failure(.nondeterministic(what), of: run, nil, nil))
        }
        if let failure = judge(run, seed: nil) {
          return .failure(explain(failure))
        }
      }
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
