import Dispatch

@testable import Recipes

/// An actor that knows whether the code that asks runs on it.
actor CallersActor {
  private static let here = DispatchSpecificKey<Bool>()

  private nonisolated final class Executor: SerialExecutor {
    let queue = DispatchQueue(label: "the caller's actor")

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async {
        unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
      }
    }
  }

  private let executor = Executor()

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe executor.asUnownedSerialExecutor()
  }

  /// It is not `Sendable`, so a body that uses it must run on the actor.
  nonisolated final class Account {
    var wasHere: [Bool] = []

    nonisolated(nonsending) func visit() async {
      wasHere.append(DispatchQueue.getSpecific(key: here) ?? false)
      await Task.yield()
      wasHere.append(DispatchQueue.getSpecific(key: here) ?? false)
    }
  }

  /// A function that has no actor but that of its caller, and calls with a
  /// body that visits the account.
  typealias Call =
    nonisolated(nonsending) @Sendable (Account) async throws ->
    Void

  /// Where the visits were that a call made, the actor or not.
  func visits(of call: Call) async throws -> [Bool] {
    executor.queue.setSpecific(key: Self.here, value: true)
    let account = Account()
    try await call(account)
    return account.wasHere
  }

  /// A call for each body that the files take, by recipe.
  nonisolated static let calls: KeyValuePairs<String, Call> = [
    "errgroup": { account in
      try await withErrorGroup(limit: 1) { group in
        for _ in 1...2 { await group.add {} }
        await account.visit()
      }
    },
    "bounded-pool": { account in
      try await BoundedPool(workers: 2).mapUnordered(0..<2) {
        $0
      } receive: { _ in
        await account.visit()
      }
    },
    "fan-out-fan-in": { account in
      try await withFanOut(over: 0..<2, workers: 2) {
        $0
      } body: { numbers in
        for try await _ in numbers { await account.visit() }
      }
      try await withFanIn(of: [AsyncStream { 1 }.prefix(2)]) { numbers in
        for try await _ in numbers { await account.visit() }
      }
    },
    "pipeline": { account in
      try await Pipeline(0..<2).run { numbers in
        for try await _ in numbers { await account.visit() }
      }
    },
    "semaphore": { account in
      try await Semaphore(permits: 1).withPermit { await account.visit() }
    },
    "pub-sub": { account in
      await Topic<Int>().subscribe(bound: 1, whenFull: .dropNewest) { _ in
        await account.visit()
      }
    },
    "task-queue": { account in
      let queue = TaskQueue(workers: 1, capacity: 1)
      let running = Task { await queue.run() }
      try await queue.perform { await account.visit() }
      queue.close()
      await running.value
    },
    "select": { account in
      try await select {
        Select.timeout(.microseconds(1)) { await account.visit() }
      }
    },
    "priority-select": { account in
      try await prioritySelect {
        Select.timeout(.microseconds(1)) { await account.visit() }
      }
    },
    "context-cancellation": { account in
      await withDeadline(in: .seconds(3_600)) { await account.visit() }
    },
    "operation-timeout": { account in
      try await withAttempts(1, in: .seconds(3_600)) { _ in
        await account.visit()
      }
    },
  ]
}
