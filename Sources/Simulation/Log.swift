/// Who ran when, for the report of a failure.
///
/// Costs a string for each job, so that it is kept only for single runs and
/// when a failure is run again to explain it.
struct Log {
  private struct Entry {
    let name: String
    var step: Int?
    var instant: Duration
    var note: String?
  }

  private var entries: [Entry] = []
  private var tasks: [String: Int] = [:]
  private var owners: [Int: Int] = [:]
  private var current: Int?

  mutating func willEnqueue(_ job: UnownedJob, step: Int, at now: Duration) {
    // A job that carries no task (an actor's, a yield's) has no identity.
    let key = "\(job)"
    guard !key.contains("nil"), tasks[key] == nil else { return }
    tasks[key] = entries.count
    let name = entries.isEmpty ? "root task" : "task \(entries.count)"
    entries.append(Entry(name: name, instant: now))
  }

  mutating func willRun(_ job: UnownedJob, step: Int, at now: Duration) {
    current = tasks["\(job)"]
    if let current {
      entries[current].step = step
      entries[current].instant = now
    }
  }

  mutating func note(_ label: String?, step: Int, at now: Duration) {
    // On an actor the running job is not the task's own: then the task is
    // known only if it has left a note before.
    guard
      let hash = unsafe withUnsafeCurrentTask(body: { unsafe $0?.hashValue })
    else { return }
    if let index = current ?? owners[hash] {
      owners[hash] = index
      entries[index].note = label
    } else if let label {
      owners[hash] = entries.count
      entries.append(
        Entry(name: "a task on an actor", step: step, instant: now, note: label)
      )
    }
  }

  func name(of job: UnownedJob) -> String? {
    tasks["\(job)"].map { describe(entries[$0]) }
  }

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
