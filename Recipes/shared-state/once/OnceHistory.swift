import Cookbook
import Synchronization

extension OnceExamples {
  /// A once as a single task uses it; its value is the number of the run.
  ///
  /// A caller that waits cannot be told from one that has just come, so whose
  /// turn is next is not judged.
  struct Model: SequentialModel {
    typealias Call = String

    enum Return: Error, Hashable {
      /// A run succeeded; the caller's own run failed, or was cancelled.
      case value(Int), failed(Int)
      /// The wait ended.
      case cancelled
    }

    private var runs = 0
    private var value: Int?
    /// The callers that came when the value was there.
    private var late: Set<Int> = []
    /// The callers that are there, and those that have met another.
    private var (here, met): (Set<Int>, Set<Int>) = ([], [])

    mutating func call(_ call: Call, id: Int) {
      if value != nil { late.insert(id) }
      here.insert(id)
      if here.count > 1 { met.formUnion(here) }
    }

    mutating func tryReturn(_ result: Return, id: Int) -> Bool {
      here.remove(id)
      switch result {
      case .value(let run):
        if value == nil {
          runs += 1
          value = runs
        }
        return run == value
      case .failed(let run):
        runs += 1
        return run == runs && value == nil
      case .cancelled:
        // Who meets nobody has nobody to wait for.
        return met.contains(id) && !late.contains(id)
      }
    }
  }

  /// Tasks ask for the value of what is like a once, in a program that is
  /// different for each seed: some are cancelled, and some runs fail.
  static func histories(_ make: @escaping Make) -> HistoryProgram<Model> {
    HistoryProgram(model: { Model() }) { seed, recorder, clock in
      var random = SeededGenerator(seed: seed)
      let patience = (1...Int.random(in: 2...4, using: &random)).map { _ in
        Bool.random(using: &random)
          ? Int.random(in: 0...5, using: &random) : nil
      }
      let failures = max(0, Int.random(in: -1...2, using: &random))
      let pauses = Int.random(in: 1...4, using: &random)
      let runs = Atomic(0)
      let value = make {
        let run = runs.add(1, ordering: .relaxed).newValue
        for _ in 0..<pauses where !Task.isCancelled {
          await clock.letOthersRun()
        }
        if Task.isCancelled || run <= failures {
          throw Model.Return.failed(run)
        }
        return run
      }
      await clock.runTogether(patience: patience) { task in
        for _ in 0..<2 {
          await recorder.perform(lane: "task \(task + 1)", "value()") {
            do {
              return .value(try await value())
            } catch {
              return error as? Model.Return ?? .cancelled
            }
          }
        }
      }
    }
  }
}
