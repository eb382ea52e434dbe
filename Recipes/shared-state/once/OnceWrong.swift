import Cookbook
import Synchronization

extension OnceExamples {
  static let wrong = [
    Wrong(
      "checked-before-await",
      breaks: oneRun,
      input: Callers(arrivals: [0, 0], runs: [0], cancelFirst: nil)
    ) { await $0.ask($1, checkBeforeAwait) },
    Wrong("stored-task", breaks: .cancelledEndsAtOnce, input: Callers()) {
      await $0.ask($1, storeTask($1))
    },
  ]

  static let wrongHistories: [WrongHistories] = [
    .init("checked-before-await", .simulation, histories(checkBeforeAwait)),
    .init("kept-error", .simulation, histories(keepError)),
    .init("split-lock", .threads, histories(splitLock)),
  ]

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
