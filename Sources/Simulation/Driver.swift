internal import Dispatch
internal import Synchronization

/// The executor, clock and scheduler of one run.
///
/// Safety of the unchecked conformance: everything but `mailbox` and `hasMail`
/// is touched by the driver thread alone, which each entry point checks.
/// Other threads leave what they want in the mailbox.
final class Driver: TaskExecutor, @unchecked Sendable {
  /// A value whose lifetime tells of unstructured tasks: these copy the
  /// task-local values of their creator and keep them until they have ended.
  private final class Sentinel: Sendable {}
  @TaskLocal private static var sentinel: Sentinel?

  /// Safe because whoever resumes a sleeper has removed it from `sleepers`.
  @safe private struct Sleeper {
    let deadline: Duration
    let id: Int
    let continuation: UnsafeContinuation<Bool, Never>

    func resume(isElapsed: Bool) {
      unsafe continuation.resume(returning: isElapsed)
    }
  }

  private struct Mailbox {
    var jobs: [UnownedJob] = []
    var report: String?
    var bell: DispatchSemaphore?
    var now = Duration.zero
    var isClosed = false
  }

  private let thread = DriverThread.ID()
  private let mailbox = Mutex(Mailbox())
  private let hasMail = Atomic(false)

  private var ready: [UnownedJob] = []
  /// Latest first, so that the next one is taken from the end.
  private var sleepers: [Sleeper] = []
  private var sleeps = 0
  private var watched = Sentinel()
  private var isFinished = false
  /// False once a failure is known: from then on sleeps end at once.
  private var isRunning = true
  private var isOpen = true

  private(set) var chooser: Chooser
  private(set) var log: Log?
  private(set) var now = Duration.zero
  private(set) var steps = 0
  private(set) var digest: UInt64 = 0
  private(set) var wasCancelled = false
  /// Which of the ready jobs runs now.
  private var choice = 0
  /// The hash of the body's own task, which is told from others without a log.
  private var root: Int?

  init(chooser: Chooser, isLogging: Bool) {
    self.chooser = chooser
    if isLogging { log = Log() }
    ready.reserveCapacity(16)
  }

  private var isInside: Bool { thread == DriverThread.ID() && isOpen }

  // MARK: The loop

  /// Runs `operation` to its end; returns what went wrong.
  func drive(
    cancelAtStep: Int?,
    options: Simulation.Options,
    _ operation: @escaping @Sendable () async -> Void
  ) -> SimulationFailure.Reason? {
    let executor = unsafe asUnownedTaskExecutor()
    // Unstructured because no task runs on this thread yet.
    let root = Task(executorPreference: self) {
      self.root = unsafe withUnsafeCurrentTask { unsafe $0?.hashValue }
      self.log?.rootDidStart()
      await Self.$sentinel.withValue(self.watched) { await operation() }
      self.isFinished = true
    }
    let reason = unsafe loop(executor, root, cancelAtStep, options)
    if reason != nil { unsafe abandon(executor, root) }
    isOpen = false
    let late = mailbox.withLock { box in
      box.isClosed = true
      return box.jobs
    }
    for job in late { globalConcurrentExecutor.enqueue(job) }
    return reason
  }

  private func loop(
    _ executor: UnownedTaskExecutor,
    _ root: Task<Void, Never>,
    _ cancelAtStep: Int?,
    _ options: Simulation.Options
  ) -> SimulationFailure.Reason? {
    while true {
      if hasMail.load(ordering: .acquiring) {
        return .foreignThread(mailbox.withLock { $0.report } ?? "")
      }
      if isFinished { return outlived() }
      while let next = sleepers.last, next.deadline <= now {
        sleepers.removeLast().resume(isElapsed: true)
      }
      if ready.isEmpty {
        if let next = sleepers.last {
          now = next.deadline
          mailbox.withLock { $0.now = now }
          mix(UInt64(truncatingIfNeeded: now.components.attoseconds))
          mix(UInt64(truncatingIfNeeded: now.components.seconds))
        } else if !waitForMail(options.grace) {
          return .deadlock(waiting: log?.waiting ?? [])
        }
        continue
      }
      if steps >= options.stepLimit { return .stepLimit }
      if steps == cancelAtStep {
        wasCancelled = true
        root.cancel()
      }
      choice = chooser.choose(among: ready.count)
      mix(UInt64(truncatingIfNeeded: ready.count << 32 | choice))
      let job = ready.remove(at: choice)
      log?.willRun(job, step: steps, at: now)
      steps += 1
      unsafe job.runSynchronously(on: executor)
    }
  }

  private func mix(_ value: UInt64) {
    digest = (digest ^ value) &* 0x9E37_79B9_7F4A_7C15
    digest ^= digest >> 29
  }

  /// What was left when the body returned.
  private func outlived() -> SimulationFailure.Reason? {
    var left = sleepers.reversed().map {
      "a task that sleeps until \($0.deadline)"
    }
    for job in ready {
      left.append(
        "a ready job" + (log?.name(of: job).map { " of \($0)" } ?? "")
      )
    }
    if left.isEmpty && !isKnownUniquelyReferenced(&watched) {
      left.append(
        "a task that is suspended, or that runs outside the simulation"
      )
    }
    if !left.isEmpty { left += log?.notes ?? [] }
    return left.isEmpty ? nil : .outlived(left)
  }

  /// Cancels and runs what is left, so that a failed run leaks little.
  ///
  /// Bounded: code that ignores cancellation is given up.
  private func abandon(
    _ executor: UnownedTaskExecutor,
    _ root: Task<Void, Never>
  ) {
    isRunning = false
    choice = 0
    root.cancel()
    for _ in 0..<1_000 {
      let mail = mailbox.withLock { box in
        defer { box.jobs = [] }
        return box.jobs
      }
      ready += mail
      while let next = sleepers.popLast() {
        next.resume(isElapsed: false)
      }
      if ready.isEmpty { return }
      let job = ready.removeFirst()
      log?.willRun(job, step: steps, at: now)
      unsafe job.runSynchronously(on: executor)
    }
  }

  // MARK: Entries from tasks

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isInside {
      log?.willEnqueue(job, at: now)
      return ready.append(job)
    }
    let isClosed = mailbox.withLock { box in
      if !box.isClosed { box.jobs.append(job) }
      return box.isClosed
    }
    if isClosed {
      // The run has been given up: let what still comes back end elsewhere.
      globalConcurrentExecutor.enqueue(job)
    } else {
      ring("a job was enqueued by a thread outside the simulation")
    }
  }

  var currentOffset: Duration {
    isInside ? now : mailbox.withLock { $0.now }
  }

  func sleep(until deadline: Duration) async throws {
    guard isInside else {
      ring("a task outside the simulation slept on the virtual clock")
      // Waits for cancellation only. To return at once would make a loop
      // around this call spin on a thread of the pool.
      return try await Task.sleep(for: .seconds(1 << 30))
    }
    log?.learnName()
    sleeps += 1
    let id = sleeps
    let isCancelled = !isRunning || Task.isCancelled
    let deadline = isCancelled ? now : deadline
    let isElapsed = await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { continuation in
        unsafe insert(
          Sleeper(deadline: deadline, id: id, continuation: continuation)
        )
      }
    } onCancel: {
      wake(deadline, id)
    }
    if isCancelled || !isElapsed { throw CancellationError() }
  }

  func note(_ label: String?) {
    if isInside { log?.note(label, step: step, at: now) }
  }

  /// The number of the job that runs now.
  private var step: Int { isRunning ? steps - 1 : steps }

  var position: Simulation.Position? {
    guard isInside,
      let hash = unsafe withUnsafeCurrentTask(body: { unsafe $0?.hashValue })
    else { return nil }
    let isRoot = hash == root && !isFinished
    return Simulation.Position(
      step: step,
      choice: choice,
      task: log?.nameOfCurrentTask(step: step, at: now)
        ?? (isRoot ? Log.rootName : Log.givenName ?? "a task"),
      isRootRunning: !isFinished,
      isAfterFailure: !isRunning
    )
  }

  // MARK: Sleepers

  /// The first index whose sleeper is not due later than (`deadline`, `id`).
  private func index(_ deadline: Duration, _ id: Int) -> Int {
    var low = 0
    var high = sleepers.count
    while low < high {
      let middle = (low + high) / 2
      let other = (sleepers[middle].deadline, sleepers[middle].id)
      if other > (deadline, id) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func insert(_ sleeper: Sleeper) {
    sleepers.insert(sleeper, at: index(sleeper.deadline, sleeper.id))
  }

  private func wake(_ deadline: Duration, _ id: Int) {
    guard isInside else {
      // Enough: the run fails, and then every sleeper is woken.
      return ring("a thread outside the simulation cancelled a sleeping task")
    }
    let index = index(deadline, id)
    guard index < sleepers.count, sleepers[index].id == id else { return }
    sleepers.remove(at: index).resume(isElapsed: false)
  }

  // MARK: Foreign threads

  private func ring(_ report: String) {
    let bell = mailbox.withLock { box in
      box.report = box.report ?? report
      // With the bell, or a driver that is about to wait hears neither.
      hasMail.store(true, ordering: .releasing)
      return box.bell
    }
    bell?.signal()
  }

  private func waitForMail(_ grace: Duration) -> Bool {
    guard grace > .zero else { return hasMail.load(ordering: .acquiring) }
    let bell = DispatchSemaphore(value: 0)
    mailbox.withLock { $0.bell = bell }
    if hasMail.load(ordering: .acquiring) { return true }
    let (seconds, attoseconds) = grace.components
    let nanoseconds =
      Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
    _ = bell.wait(timeout: .now() + .nanoseconds(nanoseconds))
    return hasMail.load(ordering: .acquiring)
  }
}
