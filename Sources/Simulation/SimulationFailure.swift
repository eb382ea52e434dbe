/// What went wrong in a simulated run, and how to make it go wrong again.
public struct SimulationFailure: Error, Sendable {
  /// The kinds of failure.
  public enum Reason: Sendable {
    /// Nothing was ready, nobody slept, and the body had not returned.
    ///
    /// Lists the tasks that were seen, in order of creation, with when each
    /// last ran and its note. Tasks that had ended are among them. Then, who
    /// waits for which lock of a ``Simulation/Mutex``.
    case deadlock(waiting: [String])
    /// Jobs, sleepers, tasks or locks were left when the body returned.
    case outlived([String])
    /// Two runs of one schedule differed.
    case nondeterministic(String)
    /// Something came in from a thread outside the simulation.
    case foreignThread(String)
    /// The body had not returned after `Simulation.Options.stepLimit` jobs.
    case stepLimit
    /// The body threw this error.
    case thrown(any Error)
    /// `check` threw this error.
    case rejected(any Error)

    /// The name of the case.
    public var name: String {
      switch self {
      case .deadlock: "deadlock"
      case .outlived: "outlived"
      case .nondeterministic: "nondeterministic"
      case .foreignThread: "foreignThread"
      case .stepLimit: "stepLimit"
      case .thrown: "thrown"
      case .rejected: "rejected"
      }
    }

    /// Whether both are of one kind and, if errors, of one type of error.
    public func isLike(_ other: Reason) -> Bool {
      switch (self, other) {
      case (.thrown(let left), .thrown(let right)),
        (.rejected(let left), .rejected(let right)):
        type(of: left) == type(of: right)
      default: name == other.name
      }
    }
  }

  /// What is left where neither a sleep nor a job is.
  static let unseenTask =
    "a task that is suspended, or that runs outside the simulation"

  /// What went wrong.
  public internal(set) var reason: Reason
  /// The seed of the run, or nil if it followed a schedule.
  public let seed: UInt64?
  /// The choices that were made up to the failure.
  public internal(set) var schedule: Simulation.Schedule
  /// A schedule, not longer, that fails in the same way; nil if not sought.
  public internal(set) var shortened: Simulation.Schedule?
  /// The step before which the root task was cancelled, if it was.
  public let cancelledAtStep: Int?
  /// The number of jobs that ran.
  public let steps: Int
  /// The virtual time of the failure.
  public let at: VirtualClock.Instant
}

extension SimulationFailure: CustomStringConvertible {
  /// A report of several lines; the last ones tell how to run it again.
  public var description: String {
    var lines = [
      "\(reason.name) after \(steps) steps, at \(at) of virtual time"
    ]
    switch reason {
    case .deadlock(let waiting):
      lines += ["nothing is ready and nobody sleeps; tasks seen:"]
      lines += waiting.map { "  " + $0 }
    case .outlived(let left):
      lines += ["left when the body had returned:"] + left.map { "  " + $0 }
      if left.first == Self.unseenTask {
        lines += [
          "possible causes: a Task {} that nobody awaits, a continuation that",
          "nobody resumes, a stream that nobody finishes",
        ]
      }
    case .nondeterministic(let what): lines += [what]
    case .foreignThread(let what):
      lines += [
        what,
        "possible causes: Task.sleep, Task {}, Task.detached, the main actor,",
        "a custom executor, a dispatch queue, a callback of a library",
      ]
    case .stepLimit: lines += ["the body may never end"]
    case .thrown(let error): lines += ["the body threw: \(error)"]
    case .rejected(let error): lines += ["the check threw: \(error)"]
    }
    if let seed { lines += ["seed: \(seed)"] }
    if let cancelledAtStep { lines += ["cancelAtStep: \(cancelledAtStep)"] }
    lines += ["schedule: \(schedule)"]
    if let shortened { lines += ["shortened: \(shortened)"] }
    return lines.joined(separator: "\n")
  }
}
