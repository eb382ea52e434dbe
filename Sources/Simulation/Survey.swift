internal import Synchronization

/// What became of a range of seeds that several threads worked through.
struct Survey: Sendable {
  /// What the threads share.
  ///
  /// Offsets are counted from the first seed.
  private final class Work: Sendable {
    let next = Atomic<UInt64>(0)
    // Signed, as `min` of an unsigned atomic compares too in Swift 6.3.
    let bound: Atomic<Int>
    let isStopped = Atomic(false)

    init(count: UInt64) { bound = Atomic(Int(clamping: count)) }
  }

  private let work: Work
  /// By seed; if it stopped early, the first is that of the smallest seed.
  private(set) var failures: [SimulationFailure] = []
  /// What the attempts have counted.
  var count = 0
  private(set) var isComplete = true

  /// Whether the calling task has been cancelled.
  var isStopped: Bool { work.isStopped.load(ordering: .relaxed) }

  typealias Attempt =
    @Sendable (UInt64, inout Survey) -> SimulationFailure?

  /// Makes attempts on several threads; an attempt may give up when the survey
  /// is stopped.
  static func make(
    of seeds: Range<UInt64>,
    stopsEarly: Bool,
    _ options: Simulation.Options,
    _ attempt: @escaping Attempt
  ) async -> Survey {
    let work = Work(count: seeds.upperBound - seeds.lowerBound)
    return await withTaskCancellationHandler {
      await withTaskGroup(of: Survey.self) { group in
        for _ in 0..<max(1, options.threads) {
          group.addTask {
            await DriverThread.run {
              var survey = Survey(work: work)
              survey.workThrough(seeds, stopsEarly: stopsEarly, attempt)
              return survey
            }
          }
        }
        var whole = Survey(work: work)
        for await part in group {
          whole.failures += part.failures
          whole.count += part.count
          whole.isComplete = whole.isComplete && part.isComplete
        }
        whole.failures.sort { ($0.seed ?? 0) < ($1.seed ?? 0) }
        return whole
      }
    } onCancel: {
      work.isStopped.store(true, ordering: .relaxed)
    }
  }

  private mutating func workThrough(
    _ seeds: Range<UInt64>,
    stopsEarly: Bool,
    _ attempt: Attempt
  ) {
    // Taken in pieces, so that the threads seldom meet.
    let piece: UInt64 = 16
    while true {
      let first = work.next.wrappingAdd(piece, ordering: .relaxed).oldValue
      for offset in first..<first + piece {
        guard offset < work.bound.load(ordering: .relaxed) else { return }
        if !isStopped, let failure = attempt(seeds.lowerBound + offset, &self) {
          failures.append(failure)
          if stopsEarly { work.bound.min(Int(offset), ordering: .relaxed) }
        }
        if isStopped {
          isComplete = false
          return
        }
      }
    }
  }

  /// Runs `work` on a new thread; it can ask whether the caller is cancelled.
  static func stoppable<Output: Sendable>(
    _ work: @escaping @Sendable (() -> Bool) -> Output
  ) async -> Output {
    let shared = Work(count: 0)
    return await withTaskCancellationHandler {
      await DriverThread.run {
        work { shared.isStopped.load(ordering: .relaxed) }
      }
    } onCancel: {
      shared.isStopped.store(true, ordering: .relaxed)
    }
  }
}
