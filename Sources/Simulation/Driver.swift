internal import Dispatch
internal import Synchronization

/// The executor, clock and scheduler of one run.
///
/// Safety of the unchecked conformance: everything but `mailbox` and `hasMail`
/// is touched only by the thread that has the baton, which each entry point
/// checks. Without interruptions that is one thread for the whole run. Other
/// threads leave what they want in the mailbox.
final class Driver: TaskExecutor, @unchecked Sendable {
  /// A value whose lifetime tells of unstructured tasks: these copy the
  /// task-local values of their creator and keep them until they have ended.
  private final class Sentinel: Sendable {
    let driver: Driver

    init(of driver: Driver) { self.driver = driver }
  }
  @TaskLocal private static var sentinel: Sentinel?

  /// The driver of the run that the calling task is part of.
  static var current: Driver? { sentinel?.driver }

  /// Safe because whoever resumes a sleeper has removed it from `sleepers`.
  @safe private struct Sleeper {
    let deadline: Duration
    let id: Int
    /// Its task, as the log knows it.
    let task: Int?
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

  /// What can come next: a job begins, the one that was interrupted on a
  /// thread goes on, or the task of the body is cancelled.
  enum Turn {
    case job(UnownedJob)
    case thread(DriverThread)
    case cancellation
  }

  private let mailbox = Mutex(Mailbox())
  private let hasMail = Atomic(false)

  let options: Simulation.Options
  private let cancelAtStep: Int?
  /// The thread that waits for the end of the run, or does all of it.
  let host: DriverThread
  private var root: Task<Void, Never>?
  var ready: [Turn] = []
  /// Latest first, so that the next one is taken from the end.
  private var sleepers: [Sleeper] = []
  private var sleeps = 0
  /// Nil before and after the run: each keeps the other.
  private var watched: Sentinel?
  private(set) var isFinished = false
  private var isOver = false
  private var reason: SimulationFailure.Reason?
  /// False once a failure is known: from then on sleeps end at once.
  private var isRunning = true
  private var isOpen = true
  /// For how many more turns a run that has failed is cleaned up.
  private lazy var leftTurns = options.interrupts ? 20_000 : 1_000
  /// Whether its cancellation has begun.
  private var isCleaning = false
  /// What the interruptions of a run are about.
  var baton = Baton()

  private(set) var chooser: Chooser
  private(set) var log: Log?
  private(set) var now = Duration.zero
  private(set) var steps = 0
  private(set) var digest: UInt64 = 0
  private(set) var wasCancelled = false
  /// Which of the ready jobs runs now.
  private var choice = 0
  /// The hash of the body's own task, which is told from others without a log.
  private var rootHash: Int?
  /// That of the task of the thread, which is no task of the run.
  private let outerHash = Driver.hashOfCurrentTask

  init(
    chooser: Chooser,
    cancelAtStep: Int?,
    options: Simulation.Options,
    isLogging: Bool
  ) {
    guard let host = DriverThread.current else {
      preconditionFailure("A driver needs a thread of its own.")
    }
    (self.host, self.options, self.chooser) = (host, options, chooser)
    self.cancelAtStep = cancelAtStep
    if isLogging { log = Log() }
    ready.reserveCapacity(16)
    host.driver = self
  }

  private var isInside: Bool { DriverThread.isWorking(for: self) && isOpen }

  // MARK: The loop

  /// Runs `operation` to its end; returns what went wrong.
  func drive(
    _ operation: @escaping @Sendable () async -> Void
  ) -> SimulationFailure.Reason? {
    watched = Sentinel(of: self)
    // Unstructured because the task of this thread waits for the end.
    root = Task(executorPreference: self) {
      self.rootHash = Self.hashOfCurrentTask
      self.log?.rootDidStart()
      await Self.$sentinel.withValue(self.watched) { await operation() }
      self.isFinished = true
    }
    run()
    if reason != nil {
      (isRunning, isOver, choice) = (false, false, 0)
      run()
      giveUp()
    }
    isOpen = false
    (root, watched) = (nil, nil)
    let late = mailbox.withLock { box in
      box.isClosed = true
      return box.jobs
    }
    for job in late { globalConcurrentExecutor.enqueue(job) }
    return reason
  }

  private func run() {
    guard options.interrupts else { return work(on: host) }
    pass(to: nil)
    host.waitForEnd()
  }

  /// Makes one turn after the other on this thread, which has the baton.
  func work(on thread: DriverThread) {
    let executor = unsafe asUnownedTaskExecutor()
    var turn = thread.errand.take() ?? next()
    while let now = turn {
      thread.visit = Baton.Visit()
      switch now {
      case .job(let job):
        unsafe job.runSynchronously(on: executor)
      case .cancellation:
        // The handlers run in the midst of the runtime.
        thread.uninterrupted { root?.cancel() }
      case .thread(let other):
        host.idle.append(thread)
        return other.wake()
      }
      turn = next()
    }
    if thread === host { return }
    host.idle.append(thread)
    host.wake()
  }

  /// Hands the baton to the thread whose turn it is, or that is idle.
  ///
  /// Without a turn the run is over, or it has yet to begin.
  func pass(to turn: Turn?) {
    if isOver { return host.wake() }
    if case .thread(let thread) = turn { return thread.wake() }
    let thread = host.takeIdle()
    (thread.driver, thread.errand) = (self, turn)
    thread.wake()
  }

  /// Whose turn it is now, or nil when the run is over.
  func next() -> Turn? {
    guard isRunning else { return nextAfterFailure() }
    while true {
      if hasMail.load(ordering: .acquiring) {
        return end(.foreignThread(mailbox.withLock { $0.report } ?? ""))
      }
      if isFinished { return end(outlived()) }
      while let next = sleepers.last, next.deadline <= now {
        sleepers.removeLast().resume(isElapsed: true)
      }
      let able = options.interrupts ? able : nil
      let count = able?.count ?? ready.count
      if count == 0 {
        if let next = sleepers.last {
          now = next.deadline
          mailbox.withLock { $0.now = now }
          mix(UInt64(truncatingIfNeeded: now.components.attoseconds))
          mix(UInt64(truncatingIfNeeded: now.components.seconds))
        } else if !waitForMail(options.grace) {
          return end(.deadlock(waiting: (log?.waiting ?? []) + interrupted))
        }
        continue
      }
      if steps >= options.stepLimit { return end(.stepLimit) }
      // Later, where a handler within the runtime waits for a lock: what the
      // runtime holds meanwhile may be what this needs.
      if !wasCancelled, let cancelAtStep, steps >= cancelAtStep,
        baton.urgent == nil
      {
        wasCancelled = true
        return .cancellation
      }
      choice = chooser.choose(among: count)
      mix(UInt64(truncatingIfNeeded: count << 32 | choice))
      return begin(ready.remove(at: able?[choice] ?? choice))
    }
  }

  private func begin(_ turn: Turn) -> Turn {
    switch turn {
    case .job(let job): log?.willRun(job, step: steps, at: now)
    case .thread(let thread): log?.goesOn(thread.task, step: steps, at: now)
    case .cancellation: break
    }
    steps += isRunning ? 1 : 0
    return turn
  }

  /// Counts a step without a choice; false if there are enough.
  func countStep() -> Bool {
    guard isRunning, steps < options.stepLimit else { return false }
    steps += 1
    return true
  }

  private func end(_ reason: SimulationFailure.Reason?) -> Turn? {
    (self.reason, isOver) = (reason, true)
    return nil
  }

  private func mix(_ value: UInt64) {
    digest = (digest ^ value) &* 0x9E37_79B9_7F4A_7C15
    digest ^= digest >> 29
  }

  /// What was left when the body returned.
  private func outlived() -> SimulationFailure.Reason? {
    var left = sleepers.reversed().map { sleeper in
      let name = sleeper.task.flatMap { log?.name(at: $0) } ?? "a task"
      return "\(name) sleeps until \(sleeper.deadline)"
    }
    for case .job(let job) in ready {
      left.append(
        "a ready job" + (log?.name(of: job).map { " of \($0)" } ?? "")
      )
    }
    if options.interrupts { left += interrupted }
    if left.isEmpty && !isKnownUniquelyReferenced(&watched) {
      left.append(SimulationFailure.unseenTask)
    }
    if !left.isEmpty { left += log?.notes ?? [] }
    return left.isEmpty ? nil : .outlived(left)
  }

  /// Cancels and runs what is left, so that a failed run leaks little.
  ///
  /// Bounded: code that ignores cancellation is given up.
  private func nextAfterFailure() -> Turn? {
    if !isCleaning, baton.urgent == nil {
      isCleaning = true
      return .cancellation
    }
    ready += mailbox.withLock { box in
      defer { box.jobs = [] }
      return box.jobs.map(Turn.job)
    }
    while let next = sleepers.popLast() {
      next.resume(isElapsed: false)
    }
    let index = options.interrupts ? able.first : ready.indices.first
    guard leftTurns > 0, let index else { return end(reason) }
    leftTurns -= 1
    return begin(ready.remove(at: index))
  }

  // MARK: Entries from tasks

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isInside {
      log?.willEnqueue(job, at: now)
      return ready.append(.job(job))
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
    let task = log?.learnName()
    sleeps += 1
    let id = sleeps
    let isCancelled = !isRunning || Task.isCancelled
    let deadline = isCancelled ? now : deadline
    let isElapsed = await withTaskCancellationHandler {
      await unsafe withUnsafeContinuation { continuation in
        unsafe insert(
          Sleeper(
            deadline: deadline,
            id: id,
            task: task,
            continuation: continuation
          )
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

  private static var hashOfCurrentTask: Int? {
    unsafe withUnsafeCurrentTask { unsafe $0?.hashValue }
  }

  var position: Simulation.Position? {
    guard isInside, let hash = Self.hashOfCurrentTask, hash != outerHash
    else { return nil }
    let isRoot = hash == rootHash && !isFinished
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
    // A day is as good as for ever, and a `DispatchTime` has an end.
    let nanoseconds = min(grace, .seconds(86_400)) / .nanoseconds(1)
    _ = bell.wait(timeout: .now() + .nanoseconds(Int(nanoseconds)))
    return hasMail.load(ordering: .acquiring)
  }
}
