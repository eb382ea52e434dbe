package import Cookbook

/// What the recipe shows; see README.md.
package enum AMillionTasksExamples {
  package static let recipe = Recipe(
    name: "a-million-tasks",
    chapter: .runtime,
    question: "Why do millions of goroutines work where threads fail?",
    goConstructs: [
      "go", "close(ch)", "sync.WaitGroup", "runtime.LockOSThread",
    ],
    swiftConstructs: ["withDiscardingTaskGroup", "actor", "Thread"],
    problems: [
      "a million tasks", "how many goroutines can I start",
      "memory of a goroutine",
      "tasks against threads", "stack size", "release all waiters at once",
    ],
    examples: [
      waiting,
      Example("released", wrong: [forgetful], body: release),
    ]
  )

  struct Crowd: ExampleInput {
    var tasks = 100
    var release = 30

    static var fields: [Field<Self>] {
      [
        .count(\.tasks, in: 1...100_000, random: 1...20, "how many wait"),
        .duration(\.release, repeats: 1, "when they are released"),
      ]
    }
  }

  // #region gate
  actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func wait() async {
      if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
      isOpen = true
      for task in waiting { task.resume() }
      waiting = []
    }
  }
  // #endregion

  private static func release(_ input: Crowd, _ stage: Stage) async throws {
    let n = input.tasks
    let pause = { try? await stage.sleep(input.release) }
    let perform = { @Sendable in try? await stage.work("tasks", 20) }
    // #region released
    let gate = Gate()
    await withDiscardingTaskGroup { group in
      for _ in 0..<n {
        group.addTask {
          await gate.wait()
          await perform()
        }
      }
      await pause()
      await gate.open()
    }
    // #endregion
  }

  private static let forgetful = Wrong(
    "forgets",
    breaks: .deadlock,
    input: Crowd(tasks: 2, release: 0)
  ) { input, stage in
    let gate = Gate()
    await withDiscardingTaskGroup { group in
      for task in 1...input.tasks {
        group.addTask(name: "task \(task)") {
          stage.note("task \(task)", "waits")
          await gate.wait()
          try? await stage.work("tasks", 20)
        }
      }
      try? await stage.sleep(input.release)
      stage.note(Event.caller, "wakes all")
      await gate.wakeAll()
    }
  }
}

extension AMillionTasksExamples.Gate: Footprint.Gate {
  var count: Int { waiting.count }

  // #region forgets
  func wakeAll() {
    for task in waiting { task.resume() }
    waiting = []
  }
  // #endregion
}
