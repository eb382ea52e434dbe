internal import Dispatch
internal import Foundation

/// A thread that only simulations use: a simulation blocks its thread, which
/// neither the main thread nor one of the cooperative pool may do.
///
/// Safety of the unchecked conformance: everything but the bell is touched only
/// by the thread that has the baton of the run.
final class DriverThread: @unchecked Sendable {
  private static let key = {
    var key = pthread_key_t()
    unsafe pthread_key_create(&key, nil)
    return key
  }()

  /// The thread that calls, if it is one of these.
  static var current: DriverThread? {
    unsafe pthread_getspecific(key).map {
      unsafe Unmanaged.fromOpaque($0).takeUnretainedValue()
    }
  }

  /// Whether the thread that calls works for a driver.
  static func isWorking(for driver: Driver) -> Bool {
    guard let thread = unsafe pthread_getspecific(key) else { return false }
    return unsafe Unmanaged<DriverThread>.fromOpaque(thread)
      ._withUnsafeGuaranteedRef { $0.driver === driver }
  }

  static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Runs `work` on a new thread and suspends the caller until it has returned.
  ///
  /// It is a task there, so that the tasks that it creates have the task-local
  /// values of the caller, but no child: cancellation does not reach it.
  static func run<Output: Sendable>(
    _ work: @escaping @Sendable () -> Output
  ) async -> Output {
    await Task(executorPreference: Host()) { work() }.value
  }

  /// Runs each of its jobs on a new thread.
  private final class Host: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      DriverThread().start { [self] thread in
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
        for idle in thread.idle { idle.leave() }
      }
    }
  }

  private let bell = DispatchSemaphore(value: 0)
  private var isLeaving = false
  /// The run that it works for.
  var driver: Driver?
  /// What it is to begin with when it gets the baton.
  var errand: Driver.Turn?
  /// Threads that wait for an errand of a run that this one hosts.
  var idle: [DriverThread] = []
  /// What the job on its stack is about.
  var visit = Baton.Visit()
  /// The task of the job on its stack, as the log knows it.
  var task: Int?

  private func start(_ work: @escaping @Sendable (DriverThread) -> Void) {
    Thread.detachNewThread { [self] in
      unsafe pthread_setspecific(
        Self.key,
        Unmanaged.passUnretained(self).toOpaque()
      )
      work(self)
    }
  }

  /// A thread that has no job on its stack.
  func takeIdle() -> DriverThread {
    if let thread = idle.popLast() { return thread }
    let thread = DriverThread()
    thread.start { thread in
      while true {
        thread.waitForBaton()
        thread.driver?.work(on: thread)
      }
    }
    return thread
  }

  func wake() { bell.signal() }

  func waitForBaton() {
    bell.wait()
    // Drops what is on the stack: code that waits for a lock, or spins, can
    // neither be cancelled nor made to return.
    if isLeaving { Thread.exit() }
  }

  /// Waits for the baton, and says so if it does not come.
  func waitForEnd() {
    if bell.wait(timeout: .now() + 60) == .success { return }
    let what = """
      A simulated run has not ended for a minute. If it hangs, a handler of a \
      cancellation may have been interrupted: see withoutInterruption.

      """
    FileHandle.standardError.write(Data(what.utf8))
    bell.wait()
  }

  /// Ends the thread, wherever it waits for the baton.
  func leave() {
    isLeaving = true
    wake()
  }
}
