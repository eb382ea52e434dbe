import Dispatch
import Synchronization

/// Runs a job at once, on the thread that enqueues it.
///
/// Whoever resumes a task runs it before anything else, which shows what is
/// resumed too early: under a lock, or before what it looks at is there.
final class InlineExecutor: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
  }
}

/// Has threads of its own, however busy the pool is.
final class Threads: TaskExecutor {
  private let queue = DispatchQueue(label: "jobs", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async {
      unsafe job.runSynchronously(on: self.asUnownedTaskExecutor())
    }
  }
}

/// Runs one job after the other, also in the middle of one that asks for it.
final class Steps: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
  }

  func run(until isEnough: () -> Bool = { false }) {
    while !isEnough(),
      let next = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() })
    {
      unsafe next.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}
