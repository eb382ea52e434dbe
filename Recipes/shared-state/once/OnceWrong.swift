import Cookbook
import Synchronization

extension OnceExamples {
  static let wrong = [
    wrong(
      "checked-before-await",
      breaks: oneRun,
      input: Callers(arrivals: [0, 0], runs: [0], cancelFirst: nil)
    ) { load, _ in checkBeforeAwait(load) },
    wrong("flag-first", breaks: oneRun) { load, _ in
      let hasBegun = Atomic(false)
      let value = Mutex(-1)
      return { @Sendable in
        if hasBegun.exchange(true, ordering: .relaxed) {
          return value.withLock { $0 }
        }
        let new = try await load()
        value.withLock { $0 = new }
        return new
      }
    },
    wrong("kept-error", breaks: ownErrors) { load, _ in keepError(load) },
    wrong("stored-task", breaks: .cancelledEndsAtOnce) { load, stage in
      let config = Config(load, stage)
      return { try await config.value() }
    },
  ]

  static let wrongHistories = [
    WrongHistories(
      "checked-before-await",
      .simulation,
      histories(checkBeforeAwait)
    ),
    WrongHistories("kept-error", .simulation, histories(keepError)),
    WrongHistories("split-lock", .threads, histories(splitLock)),
  ]

  private static func wrong(
    _ name: String,
    breaks law: Law<Callers>,
    input: Callers = Callers(),
    _ make: @escaping @Sendable (@escaping Load, Stage) -> Load
  ) -> Wrong<Callers> {
    Wrong(name, breaks: law, input: input) { input, stage in
      await input.ask(stage) { make($0, stage) }
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

  private static let checkBeforeAwait: Make = { load in
    let config = CheckedBeforeAwait(load)
    return { try await config.value() }
  }

  /// As `OnceValues` does, be it another caller's cancellation.
  private static let keepError: Make = { load in
    let config = Once { () -> Result<Int, any Error> in
      do { return .success(try await load()) } catch { return .failure(error) }
    }
    return { try await config.value().get() }
  }

  /// Between the first two locks a run can end, and so begins another.
  private static let splitLock: Make = { load in
    let stored = Mutex<Int?>(nil)
    let current = Mutex<Once<Int>?>(nil)
    return { @Sendable in
      if let stored = stored.withLock({ $0 }) { return stored }
      let new = Once(load)
      let run = current.withLock { current in
        current = current ?? new
        return current ?? new
      }
      let value = try await run.value()
      stored.withLock { $0 = value }
      current.withLock { $0 = nil }
      return value
    }
  }
}
