/// Runs a job at once, on the thread that enqueues it.
///
/// Whoever resumes a task runs it before anything else, which shows what is
/// resumed too early: under a lock, or before what it looks at is there.
final class InlineExecutor: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    unsafe job.runSynchronously(on: asUnownedTaskExecutor())
  }
}
