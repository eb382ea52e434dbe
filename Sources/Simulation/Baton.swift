internal import Foundation
internal import Synchronization

/// What interrupts a job within: its threads hand over one baton, and the one
/// that has it runs.
struct Baton {
  /// What a thread does with its job.
  struct Visit {
    /// The lock that it waits for.
    var wanted: Lock?
    /// How many calls there are that nothing may interrupt.
    var uninterrupted = 0
    /// How many steps it has made without an interruption.
    var stretch = 0
    /// What it has read since something changed, and what had changed then.
    var seen: [AnyObject] = []
    var changes = 0
    /// Whether it is about to read again what it has read twice.
    var isWatching = false
    /// Whether it does so because nothing else can run.
    var isAlone = false
  }

  /// How often something was written or locked.
  var changes = 0
  var held: [Lock] = []
  /// A thread that waits for a lock and must not be interrupted: nothing but
  /// what frees the lock may run.
  var urgent: DriverThread?
}

/// The lock of a ``Simulation/Mutex``.
///
/// Safety of the unchecked conformance: only `isHeld` is touched without the
/// baton.
final class Lock: @unchecked Sendable {
  private let isHeld = Atomic(false)
  var holder: DriverThread?
  /// The task that holds it, as the log knows it.
  var task: Int?

  private func take() -> Bool {
    !isHeld.exchange(true, ordering: .acquiring)
  }

  /// Takes it whatever the schedule says; it must be free soon.
  func hold() {
    while !take() { sched_yield() }
  }

  func free() { isHeld.store(false, ordering: .releasing) }

  func lock() {
    let driver = Driver.interrupting
    driver?.wait(for: self)
    hold()
    driver?.didTake(self)
  }

  func tryLock() -> Bool {
    let driver = Driver.interrupting
    driver?.step(on: self) { !isHeld.load(ordering: .relaxed) }
    guard take() else { return false }
    driver?.didTake(self)
    return true
  }

  func unlock() {
    let driver = Driver.interrupting
    driver?.interrupt()
    free()
    driver?.didFree(self)
  }
}

extension DriverThread {
  func uninterrupted<Output, E: Error>(
    _ body: () throws(E) -> Output
  ) throws(E) -> Output {
    visit.uninterrupted += 1
    defer { visit.uninterrupted -= 1 }
    return try body()
  }
}

extension Driver {
  /// The driver whose job calls, if it interrupts jobs.
  static var interrupting: Driver? {
    guard let thread = DriverThread.current, let driver = thread.driver,
      driver.options.interrupts, thread !== driver.host
    else { return nil }
    return driver
  }

  /// The thread that has the baton.
  private var thread: DriverThread {
    guard let thread = DriverThread.current else {
      preconditionFailure("A thread without the baton runs.")
    }
    return thread
  }

  /// Lets others come first, if they may.
  func interrupt() {
    let visit = thread.visit
    // The last that a root does is to destroy what it used.
    if visit.uninterrupted == 0, baton.urgent == nil, !isFinished { pause() }
  }

  private func pause() {
    let thread = thread
    thread.task = log?.running
    // A loop that never waits must not keep those out that it waits for.
    let isTired = thread.visit.stretch >= 100
    thread.visit.stretch = isTired ? 0 : thread.visit.stretch + 1
    ready.insert(.thread(thread), at: isTired ? ready.count : 0)
    let turn = next()
    if case .thread(let chosen) = turn, chosen === thread { return }
    thread.visit.stretch = 0
    if !isTired { ready.append(ready.removeFirst()) }
    pass(to: turn)
    thread.waitForBaton()
  }

  /// A step on an object that it may change; others may come first.
  func step(on object: AnyObject, changes: () -> Bool) {
    let thread = thread
    // Nothing changes meanwhile: it only has to get tired of it.
    if thread.visit.isAlone, thread.visit.changes == baton.changes, !changes(),
      countStep()
    {
      return
    }
    thread.visit.isAlone = false
    func times() -> Int {
      if thread.visit.changes != baton.changes {
        (thread.visit.changes, thread.visit.seen) = (baton.changes, [])
      }
      return thread.visit.seen.count { $0 === object }
    }
    thread.visit.isWatching = times() >= 2 && !changes()
    interrupt()
    thread.visit.isWatching = false
    if changes() {
      baton.changes += 1
    } else if times() < 2 {
      thread.visit.seen.append(object)
    }
  }

  // MARK: Locks

  func wait(for lock: Lock) {
    let thread = thread
    thread.visit.wanted = lock
    interrupt()
    if lock.holder != nil {
      let former = baton.urgent
      baton.urgent = thread
      pause()
      baton.urgent = former
    }
    thread.visit.wanted = nil
  }

  func didTake(_ lock: Lock) {
    (lock.holder, lock.task) = (thread, log?.running)
    baton.held.append(lock)
    baton.changes += 1
  }

  func didFree(_ lock: Lock) {
    lock.holder = nil
    baton.held.removeAll { $0 === lock }
    baton.changes += 1
    if baton.urgent?.visit.wanted === lock { pause() }
  }

  // MARK: Whose turn it can be

  /// The indices of what is ready and need not wait for a lock.
  ///
  /// What keeps reading what nobody changes comes only when nothing else can,
  /// and then without a choice: all read the same.
  var able: [Int] {
    var first: DriverThread?
    if let urgent = baton.urgent {
      first = urgent
      for _ in ready { first = first?.visit.wanted?.holder ?? first }
    }
    var (able, watching): ([Int], [Int]) = ([], [])
    for (index, turn) in ready.enumerated() {
      guard case .thread(let thread) = turn else {
        if first == nil { able.append(index) }
        continue
      }
      let visit = thread.visit
      if visit.wanted?.holder != nil || first != nil && first !== thread {
        continue
      }
      if visit.isWatching && visit.changes == baton.changes {
        watching.append(index)
      } else {
        able.append(index)
      }
    }
    guard able.isEmpty, let index = watching.first,
      case .thread(let thread) = ready[index]
    else { return able }
    thread.visit.isAlone = true
    return [index]
  }

  /// The jobs that were interrupted, and the locks that are held.
  var interrupted: [String] {
    func name(_ task: Int?) -> String {
      task.flatMap { log?.name(at: $0) } ?? "a task"
    }
    let threads = ready.compactMap { turn -> String? in
      guard case .thread(let thread) = turn else { return nil }
      guard let lock = thread.visit.wanted else {
        return "an interrupted job of \(name(thread.task))"
      }
      return "\(name(thread.task)) waits for a lock"
        + (lock.holder == nil ? "" : " that \(name(lock.task)) holds")
    }
    let others = baton.held.filter { lock in
      !ready.contains {
        if case .thread(let thread) = $0 {
          thread.visit.wanted === lock
        } else {
          false
        }
      }
    }
    return threads + others.map { "a lock that \(name($0.task)) holds" }
  }

  /// Ends the threads of jobs that could not be brought to their ends.
  func giveUp() {
    for case .thread(let thread) in ready { thread.leave() }
    for lock in baton.held { lock.free() }
  }
}
