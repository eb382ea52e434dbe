import Cookbook
import Synchronization

/// Wrong versions, each as somebody would write it.
extension OnceExamples {
  private static func wrong(
    _ name: String,
    breaks breach: Breach,
    arrivals: [Int] = [0, 1],
    runs: [Int] = [9],
    failures: Int = 0,
    cancelFirst: Int? = nil,
    _ make: @escaping @Sendable (@escaping Load, Stage) -> Load
  ) -> Wrong<Callers> {
    let input = Callers(
      arrivals: arrivals,
      runs: runs,
      failures: failures,
      cancelFirst: cancelFirst
    )
    return Wrong(name, breaks: breach, input: input) { input, stage in
      let (load, callers) = input.perform(stage)
      let value = make(load, stage)
      await withTaskGroup { group in
        for (index, caller) in callers.enumerated() {
          group.addTask(name: "caller \(index)") { await caller(value) }
        }
      }
    }
  }

  static let wrong = [
    wrong(
      "checked-before-await",
      breaks: .law(oneRun.name),
      arrivals: [0, 0],
      runs: [0]
    ) { load, _ in using(CheckedBeforeAwait.self)(load) },
    wrong("flag-first", breaks: .law(finishedValue.name)) { load, _ in
      let hasBegun = Atomic(false)
      let value = Mutex(-1)
      return { @Sendable in
        if !hasBegun.exchange(true, ordering: .relaxed) {
          let new = try await load()
          value.withLock { $0 = new }
        }
        return value.withLock { $0 }
      }
    },
    wrong("stored-task", breaks: .law(cancelledLeave.name), cancelFirst: 3) {
      load,
      stage in
      let config = Config(load, stage)
      return { try await config.value() }
    },
    wrong("kept-error", breaks: .law(handsOver.name), cancelFirst: 3) {
      load,
      _ in keepError(load)
    },
    wrong(
      "left-running",
      breaks: .law(Law<Callers>.allEndedOnReturn.name),
      arrivals: [0],
      cancelFirst: 5
    ) { load, stage in
      let hasBegun = Atomic(false)
      let value = Mutex<Int?>(nil)
      return { @Sendable in
        if !hasBegun.exchange(true, ordering: .relaxed) {
          stage.startTask {
            let new = try await load()
            value.withLock { $0 = new }
          }
        }
        while true {
          if let value = value.withLock({ $0 }) { return value }
          try await stage.sleep(3)
        }
      }
    },
    wrong("abandoned", breaks: .deadlock, failures: 1) { load, _ in
      using(Abandoned.self)(load)
    },
  ]

  static let wrongHistories = [
    WrongHistories(
      "checked-before-await",
      .simulation,
      Program.histories(using(CheckedBeforeAwait.self))
    ),
    WrongHistories(
      "abandoned",
      .simulation,
      Program.histories(using(Abandoned.self))
    ),
    WrongHistories("kept-error", .simulation, Program.histories(keepError)),
    WrongHistories(
      "split-lock",
      .threads,
      Program.histories(using(SplitLock.self))
    ),
  ]

  /// As `OnceValues` does, be it another caller's cancellation.
  private static let keepError: @Sendable (@escaping Load) -> Load = { load in
    let config = Once { () -> Result<Int, any Error> in
      do { return .success(try await load()) } catch { return .failure(error) }
    }
    return { try await config.value().get() }
  }

  protocol Asked: Sendable {
    init(_ load: @escaping Load)
    func value() async throws -> Int
  }

  private static func using<Config: Asked>(
    _ type: Config.Type
  ) -> @Sendable (@escaping Load) -> Load {
    { load in
      let config = type.init(load)
      return { try await config.value() }
    }
  }

  // #region checked-before-await
  actor CheckedBeforeAwait {
    private let load: Load
    private var stored: Int?

    init(_ load: @escaping Load) { self.load = load }

    func value() async throws -> Int {
      if let stored { return stored }
      let new = try await load()
      stored = new
      return new
    }
  }
  // #endregion

  /// A runner that throws, cancelled or not, leaves the others waiting.
  private actor Abandoned: Asked {
    private let load: Load
    private var stored: Int?
    private var isRunning = false
    private var waiters: [CheckedContinuation<Int, Never>] = []

    init(_ load: @escaping Load) { self.load = load }

    func value() async throws -> Int {
      if let stored { return stored }
      if isRunning {
        return await withCheckedContinuation { waiters.append($0) }
      }
      isRunning = true
      let new = try await load()
      stored = new
      for waiter in waiters { waiter.resume(returning: new) }
      return new
    }
  }

  /// Between its first two locks a run can end, and so begins another.
  final class SplitLock: Asked {
    private let load: Load
    private let stored = Mutex<Int?>(nil)
    private let current = Mutex<Once<Int>?>(nil)

    init(_ load: @escaping Load) { self.load = load }

    func value() async throws -> Int {
      if let stored = stored.withLock({ $0 }) { return stored }
      let run = current.withLock { current in
        let run = current ?? Once(load)
        current = run
        return run
      }
      let value = try await run.value()
      stored.withLock { $0 = value }
      current.withLock { $0 = nil }
      return value
    }
  }
}

extension OnceExamples.CheckedBeforeAwait: OnceExamples.Asked {}
