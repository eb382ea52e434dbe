import Cookbook
import Synchronization

extension SignalOrValueExamples {
  /// A gate as a single task uses it; what a call returns is a text.
  struct Model: SequentialModel {
    enum Call: Hashable { case open(Int), wait, look }

    private var value: Int?
    private var waiting: Set<Int> = []
    private var answers: [Int: String] = [:]

    mutating func call(_ call: Call, id: Int) {
      switch call {
      case .look: answers[id] = value.map { "\($0)" } ?? "closed"
      case .wait:
        if let value { answers[id] = "\(value)" } else { waiting.insert(id) }
      case .open(let new):
        answers[id] = value == nil ? "opened" : "refused"
        value = value ?? new
        for id in waiting { answers[id] = "\(new)" }
        waiting = []
      }
    }

    /// What has no answer waits, and may be cancelled.
    mutating func tryReturn(_ result: String, id: Int) -> Bool {
      if let answer = answers.removeValue(forKey: id) {
        return answer == result
      }
      return waiting.remove(id) != nil && result == "cancelled"
    }
  }

  /// Performs a call, and says what it came to.
  typealias Port = @Sendable (Model.Call) async -> String

  static func port(_ gate: Gate<Int>) -> Port {
    { call in
      switch call {
      case .open(let value): gate.open(with: value) ? "opened" : "refused"
      case .look: gate.value.map { "\($0)" } ?? "closed"
      case .wait: (try? await gate.wait()).map { "\($0)" } ?? "cancelled"
      }
    }
  }

  /// Random programs of several tasks, each of which is cancelled at some time.
  static func histories(
    _ make: @escaping @Sendable () -> Port = { port(Gate()) }
  ) -> HistoryProgram<Model> {
    HistoryProgram(model: { Model() }) { seed, recorder, clock in
      var random = SeededGenerator(seed: seed)
      let port = make()
      let programs = (1...Int.random(in: 3...4, using: &random)).map { task in
        (0..<3).map { number -> Model.Call in
          let calls = [
            .wait, .wait, .look, Model.Call.open(task * 10 + number),
          ]
          return calls[Int.random(in: 0..<4, using: &random)]
        }
      }
      let patience = programs.map { _ in Int.random(in: 1...8, using: &random) }
      await clock.runTogether(patience: patience) { task in
        for call in programs[task] {
          await recorder.perform(lane: "task \(task + 1)", call) {
            await port(call)
          }
          await clock.letOthersRun()
        }
      }
    }
  }

  static let wrongHistories: [WrongHistories] = [
    // Looks at the cancellation first.
    .init(
      "cancelled-though-open",
      .simulation,
      histories {
        let right = port(Gate())
        return { call in
          call == .wait && Task.isCancelled ? "cancelled" : await right(call)
        }
      }
    ),
    // Releases those who wait, and remembers nothing for others.
    .init(
      "forgets-who-comes-late",
      .simulation,
      histories {
        let right = port(Gate())
        let waiting = Mutex([Gate<Int>]())
        return { @Sendable call in
          if call == .wait {
            let gate = Gate<Int>()
            waiting.withLock { $0.append(gate) }
            return await port(gate)(.wait)
          }
          let said = await right(call)
          if case .open(let value) = call, said == "opened" {
            for gate in waiting.withLock({ $0 }) { gate.open(with: value) }
          }
          return said
        }
      }
    ),
  ]
}
