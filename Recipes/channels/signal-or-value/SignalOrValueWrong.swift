import Cookbook
import Synchronization

extension SignalOrValueExamples {
  // MARK: A signal

  static let wrongSignals = [
    Wrong(
      "value-sent",
      breaks: .deadlock,
      input: Readers(arrivals: [0, 0, 0])
    ) { input, stage in
      let ready = Channel<Void>()
      await signal(input, stage) {
        _ = try await ready.receive()
      } open: {
        try await ready.send(())
      }
    },
    Wrong("polls", breaks: allAtOnce, input: Readers(load: 35)) {
      input,
      stage in
      let isReady = Atomic(false)
      await signal(input, stage) {
        while !isReady.load(ordering: .acquiring) {
          try await stage.sleep(10)
        }
      } open: {
        isReady.store(true, ordering: .releasing)
      }
    },
    Wrong(
      "asked-first",
      breaks: .deadlock,
      input: Readers(arrivals: [1], load: 1)
    ) { input, stage in
      let ready = AskedFirst()
      await signal(input, stage) {
        await wait(for: ready) { stage.note("task 0", $0) }
      } open: {
        stage.note(Event.caller, "opens")
        await ready.open()
      }
    },
  ]

  // #region asked-first
  actor AskedFirst {
    private(set) var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func next() async {
      await withCheckedContinuation { waiting.append($0) }
    }

    func open() {
      isOpen = true
      for task in waiting { task.resume() }
    }
  }

  static func wait(for ready: AskedFirst, log: (String) -> Void) async {
    if await !ready.isOpen {
      log("waits")
      await ready.next()
    }
  }
  // #endregion

  /// The example `plain`, with another thing to wait for.
  private static func signal(
    _ input: Readers,
    _ stage: Stage,
    wait: @escaping @Sendable () async throws -> Void,
    open: @escaping @Sendable () async throws -> Void
  ) async {
    let (load, forEachTask) = input.perform(stage)
    await withTaskGroup { group in
      group.addTask(name: Event.caller) {
        _ = await load()
        try? await open()
      }
      await forEachTask {
        try await wait()
        return "config"
      }
    }
  }

  static let wrongGates = [
    Wrong("stream", breaks: notEarly, input: .patient) { input, stage in
      let (load, forEachTask) = input.perform(stage)
      let config = Mutex("")
      await withDiscardingTaskGroup { group in
        // #region stream
        let (ready, signals) = AsyncStream.makeStream(of: Void.self)
        group.addTask { @Sendable in
          let new = await load()
          config.withLock { $0 = new }
          signals.finish()
        }
        await forEachTask {
          for await _ in ready {}
          return config.withLock { $0 }
        }
        // #endregion
      }
    },
    Wrong(
      "task-value",
      breaks: .cancelledEndsAtOnce,
      input: .patient,
      body: plain
    ),
  ]

  static let wrongCounts = [
    Wrong("first-closes", breaks: counted, input: Readers()) { input, stage in
      let (done, signals) = AsyncStream.makeStream(of: Void.self)
      await withDiscardingTaskGroup { group in
        for task in input.arrivals.indices {
          group.addTask {
            try? await input.work(task, stage)
            signals.finish()
          }
        }
        for await _ in done {}
        stage.print("all are done")
      }
    }
  ]

  static let wrongRedraws = [
    // A signal counts only where somebody waits for it.
    Wrong("no-room", breaks: lastIsDrawn, input: Changes(pauses: [10, 10])) {
      try await redraw($0, $1, room: 0)
    },
    Wrong("each-signal", breaks: noneForNothing, input: Changes()) {
      try await redraw($0, $1, room: .max)
    },
  ]
}
