/// Who ran when, for the report of a failure, and what tasks are called.
///
/// Costs a string for each job, so that it is kept only for single runs and
/// when a failure is run again to explain it.
struct Log {
  private struct Entry {
    var name: String
    var step: Int?
    var instant: Duration
    var note: String?
  }

  static let rootName = "root"

  private var entries: [Entry] = []
  private var tasks: [String: Int] = [:]
  /// The task of the job that runs now; nil if the job carries none.
  private(set) var running: Int?
  private var runningJob: UnownedJob?
  /// Whether a current task can be taken for its job: see ``rootDidStart()``.
  private var areTasksJobs = false
  /// The task of the thread, which is no task of the run.
  private let outer = Log.current

  mutating func willEnqueue(_ job: UnownedJob, at now: Duration) {
    learnName()
    // A job that carries no task (an actor's, a yield's) has no identity.
    let key = "\(job)"
    guard !key.contains("nil"), tasks[key] == nil else { return }
    _ = add(key, at: now)
  }

  private mutating func add(_ key: String, at now: Duration) -> Int {
    let index = entries.count
    tasks[key] = index
    let name = index == 0 ? Self.rootName : "task \(index)"
    entries.append(Entry(name: name, instant: now))
    return index
  }

  mutating func willRun(_ job: UnownedJob, step: Int, at now: Duration) {
    runningJob = job
    running = tasks["\(job)"]
    if let running { update(running, step: step, at: now) }
  }

  /// An interrupted job goes on, that of the task with this index.
  mutating func goesOn(_ index: Int?, step: Int, at now: Duration) {
    running = index
    if let running { update(running, step: step, at: now) }
  }

  private mutating func update(_ index: Int, step: Int, at now: Duration) {
    entries[index].step = step
    entries[index].instant = now
  }

  // MARK: The current task

  /// Compares the first job with its task.
  ///
  /// A task is known by the number that the text of its job shows. A task that
  /// runs in a job of its own needs no more than that. But an actor's job runs
  /// several tasks, and an immediate task runs in the job of another; of those
  /// only the current task is at hand, which has no number to be seen. In the
  /// runtime a task *is* its job, one pointer, and so the one can be asked as
  /// the other. Nothing promises this, hence the look before it is relied on;
  /// without it, tasks on actors have neither notes nor numbers.
  mutating func rootDidStart() {
    guard let runningJob,
      MemoryLayout<UnownedJob>.size == MemoryLayout<UInt>.size
    else { return }
    let job = unsafe unsafeBitCast(runningJob, to: UInt.self)
    areTasksJobs = Self.current == job
  }

  private var keyOfCurrentTask: String? {
    guard areTasksJobs, let task = Self.current, task != outer else {
      return nil
    }
    return "\(unsafe unsafeBitCast(task, to: UnownedJob.self))"
  }

  /// The current task as the pointer that it is.
  private static var current: UInt? {
    guard
      unsafe MemoryLayout<UnsafeCurrentTask>.size == MemoryLayout<UInt>.size
    else { return nil }
    return unsafe withUnsafeCurrentTask { task in
      unsafe task.map { unsafe unsafeBitCast($0, to: UInt.self) }
    }
  }

  /// The name that the current task was given when it was created.
  static var givenName: String? {
    guard
      #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *)
    else { return nil }
    return Task.name
  }

  /// Only a task itself can be asked for its name, while it runs.
  ///
  /// Returns which task it is, if that is known.
  @discardableResult
  mutating func learnName() -> Int? {
    let index = keyOfCurrentTask.map { tasks[$0] } ?? running
    if let index, let name = Self.givenName { entries[index].name = name }
    return index
  }

  private mutating func meetCurrentTask(step: Int, at now: Duration) -> Int? {
    let key = keyOfCurrentTask
    // An immediate task is not enqueued before it first suspends.
    let index = key.map { tasks[$0] ?? add($0, at: now) } ?? running
    guard let index else { return nil }
    if let name = Self.givenName { entries[index].name = name }
    update(index, step: step, at: now)
    return index
  }

  mutating func nameOfCurrentTask(step: Int, at now: Duration) -> String? {
    meetCurrentTask(step: step, at: now).map { entries[$0].name }
  }

  mutating func note(_ label: String?, step: Int, at now: Duration) {
    guard let index = meetCurrentTask(step: step, at: now) else { return }
    entries[index].note = label
  }

  // MARK: Reports

  func name(of job: UnownedJob) -> String? {
    tasks["\(job)"].map { describe(entries[$0]) }
  }

  func name(at index: Int) -> String { entries[index].name }

  /// Every task that was seen; which of them have ended nobody can ask.
  var waiting: [String] { entries.map(describe) }

  /// The tasks that left a note.
  var notes: [String] { entries.filter { $0.note != nil }.map(describe) }

  private func describe(_ entry: Entry) -> String {
    let note = entry.note.map { ": \($0)" } ?? ""
    guard let step = entry.step else {
      return "\(entry.name) (ready at \(entry.instant), never ran)\(note)"
    }
    return
      "\(entry.name) (last ran in step \(step), at \(entry.instant))\(note)"
  }
}
