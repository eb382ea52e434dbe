import Cookbook
import Synchronization

extension OnceExamples {
  /// A once as a single task uses it; its value is the number of the run.
  ///
  /// It does not know who was cancelled. Nor can it tell whether a caller has
  /// waited for long or has just come, so whose turn is next is not judged.
  struct Model: SequentialModel {
    enum Call: Hashable, CustomStringConvertible {
      case value(task: Int)
      /// The work, from its beginning until its task has what came of it.
      case run(task: Int)

      var description: String {
        if case .run = self { "run" } else { "value()" }
      }
    }

    enum Return: Error, Hashable {
      case value(Int), failed(Int), interrupted(Int)
      /// The wait ended, not the work.
      case cancelled
    }

    private var runs = 0
    private var value: Int?
    /// The task of each call.
    private var tasks: [Int: Int] = [:]
    /// The calls without an answer: whose turn it is, then who waits.
    private var line: [Int] = []
    private var run: Int?
    private var answers: [Int: Return] = [:]

    mutating func call(_ call: Call, id: Int) {
      switch call {
      case .value(let task):
        tasks[id] = task
        answers[id] = value.map { .value($0) }
        if value == nil { line.append(id) }
      case .run(let task):
        // A run out of turn is none, and will not return.
        guard run == nil, let first = line.first, tasks[first] == task else {
          return
        }
        run = id
        runs += 1
      }
    }

    mutating func tryReturn(_ value: Return, id: Int) -> Bool {
      if id == run { return endRun(value) }
      if let answer = answers.removeValue(forKey: id) { return answer == value }
      guard value == .cancelled,
        let place = line.dropFirst().firstIndex(of: id)
      else { return false }
      line.remove(at: place)
      return true
    }

    private mutating func endRun(_ result: Return) -> Bool {
      run = nil
      answers[line.removeFirst()] = result
      if result == .interrupted(runs) { return true }
      for waiter in line { answers[waiter] = result }
      line = []
      if result == .value(runs) { value = runs }
      return value != nil || result == .failed(runs)
    }
  }

  /// A call of a task, and the runs that it made.
  private final class Asking: Sendable {
    @TaskLocal static var current = Asking(task: 0)
    let task: Int
    let runs = Mutex<[(Int, Model.Return)]>([])
    var lane: String { "task \(task)" }

    init(task: Int) { self.task = task }
  }

  /// Tasks ask for the value of what is like a once, in a program that is
  /// different for each seed: some are cancelled, and some runs fail.
  static func histories(
    _ make: @escaping Make
  ) -> HistoryProgram<Model> {
    HistoryProgram(model: { Model() }) { seed, recorder, clock in
      var random = SeededGenerator(seed: seed)
      let calls = (0..<Int.random(in: 2...4, using: &random)).map { _ in
        Int.random(in: 1...2, using: &random)
      }
      let patience = calls.map { _ in
        Bool.random(using: &random)
          ? nil : Int.random(in: 0...5, using: &random)
      }
      let failures = max(0, Int.random(in: -1...2, using: &random))
      let pauses = Int.random(in: 1...4, using: &random)
      let runs = Count()
      let value = make {
        let run = runs.next() + 1
        let asking = Asking.current
        let call = Model.Call.run(task: asking.task)
        let operation = recorder.begin(lane: asking.lane, call)
        for _ in 0..<pauses where !Task.isCancelled {
          await clock.letOthersRun()
        }
        let planned = run <= failures ? Model.Return.failed(run) : .value(run)
        let result = Task.isCancelled ? .interrupted(run) : planned
        asking.runs.withLock { $0.append((operation, result)) }
        guard case .value = result else { throw result }
        return run
      }
      await clock.runTogether(patience: patience) { task in
        for _ in 0..<calls[task] {
          let asking = Asking(task: task + 1)
          let call = Model.Call.value(task: asking.task)
          await recorder.perform(lane: asking.lane, call) {
            let result: Model.Return
            do {
              result = .value(
                try await Asking.$current.withValue(asking, operation: value)
              )
            } catch {
              result = error as? Model.Return ?? .cancelled
            }
            // Not before: what came of a run need not be told until then.
            for (operation, run) in asking.runs.withLock({ $0 }) {
              recorder.end(operation, run)
            }
            return result
          }
        }
      }
    }
  }
}
