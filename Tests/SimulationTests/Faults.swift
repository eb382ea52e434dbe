import Simulation
import Testing

/// A small program in two versions: with a fault, and repaired.
struct Fault: Sendable {
  typealias Body =
    @Sendable (Simulation, _ isRepaired: Bool) async throws -> Bool

  let name: String
  /// The kind of failure that the faulty version must be reported as.
  let reason: String
  /// Returns whether the result is right.
  let body: Body

  static func check(_ isRight: Bool) throws {
    if !isRight { throw Wrong() }
  }
}

/// Runs all of `bodies` as children; the first error cancels the others.
func together(
  _ bodies: (@Sendable () async throws -> Void)...
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { group in
    for body in bodies { group.addTask { try await body() } }
    // Not `waitForAll`: that one cancels nobody when a child has failed.
    for try await _ in group {}
  }
}

extension Fault {
  static let all: [Fault] = [
    // The first example of the documentation.
    Fault(name: "lost wake-up", reason: "deadlock") { run, isRepaired in
      actor Flag {
        private var isSet = false
        private var waiters: [CheckedContinuation<Void, Never>] = []

        var isRaised: Bool { isSet }

        func raise() {
          isSet = true
          for waiter in waiters { waiter.resume() }
          waiters = []
        }

        func join(isRepaired: Bool) async {
          if isRepaired && isSet { return }
          await withCheckedContinuation { waiters.append($0) }
        }
      }
      let flag = Flag()
      try await together(
        {
          if await flag.isRaised { return }
          run.note("waits for the flag")
          await flag.join(isRepaired: isRepaired)
        },
        { await flag.raise() }
      )
      return true
    },

    Fault(name: "re-entrant actor", reason: "rejected") { run, isRepaired in
      actor Account {
        var balance = 100

        func withdraw(_ amount: Int, _ run: Simulation, isRepaired: Bool)
          async throws
        {
          guard balance >= amount else { return }
          if isRepaired { balance -= amount }
          try await run.clock.sleep(for: .milliseconds(1))
          if !isRepaired { balance -= amount }
        }
      }
      let account = Account()
      try await together(
        { try await account.withdraw(80, run, isRepaired: isRepaired) },
        { try await account.withdraw(70, run, isRepaired: isRepaired) }
      )
      return await account.balance >= 0
    },

    Fault(name: "leaked unstructured child", reason: "outlived") {
      _,
      isRepaired in
      let waiters = Waiters()
      if isRepaired {
        try await together(
          { await waiters.wait() },
          {
            while waiters.count == 0 { await Task.yield() }
            waiters.wakeAll()
          }
        )
      } else {
        Task { await waiters.wait() }
      }
      return true
    },

    Fault(name: "leaked sleeper", reason: "outlived") { run, isRepaired in
      let heartbeat = Task(executorPreference: run.executor) {
        while !Task.isCancelled {
          try? await run.clock.sleep(for: .seconds(1))
        }
      }
      try? await run.clock.sleep(for: .milliseconds(2500))
      if isRepaired {
        heartbeat.cancel()
        await heartbeat.value
      }
      return true
    },

    Fault(name: "two locks in opposite order", reason: "deadlock") {
      _,
      isRepaired in
      let locks = [AsyncLock(), AsyncLock()]
      @Sendable func transfer(from: Int, to: Int) async {
        let order = isRepaired ? [min(from, to), max(from, to)] : [from, to]
        await locks[order[0]].lock()
        await Task.yield()
        await locks[order[1]].lock()
        locks[order[1]].unlock()
        locks[order[0]].unlock()
      }
      try await together(
        { await transfer(from: 0, to: 1) },
        { await transfer(from: 1, to: 0) }
      )
      return true
    },

    Fault(name: "real time", reason: "foreignThread") { run, isRepaired in
      if isRepaired {
        try await run.clock.sleep(for: .milliseconds(1))
      } else {
        try await Task.sleep(for: .milliseconds(1))
      }
      return true
    },

    Fault(name: "detached task", reason: "foreignThread") { run, isRepaired in
      let work: @concurrent @Sendable () async -> Int = {
        if !isRepaired { try? await Task.sleep(for: .microseconds(100)) }
        return (1...100).reduce(0, +)
      }
      let task =
        isRepaired
        ? Task(executorPreference: run.executor, operation: work)
        : Task.detached(operation: work)
      return await task.value == 5050
    },

    Fault(name: "main-actor hop", reason: "foreignThread") { _, isRepaired in
      actor Screen { func show() {} }
      if isRepaired { await Screen().show() } else { await MainActor.run {} }
      return true
    },

    Fault(name: "livelock", reason: "stepLimit") { _, isRepaired in
      // A consumer that takes "closed" for "empty for now".
      let queue = Shared((items: [1, 2, 3], isClosed: false))
      let sum = Shared(0)
      try await together(
        {
          while true {
            let item = queue.update { $0.items.popLast() }
            if let item { sum.update { $0 += item } }
            if isRepaired && item == nil && queue.value.isClosed { return }
            if !isRepaired && sum.value > 6 { return }
            await Task.yield()
          }
        },
        { queue.update { $0.isClosed = true } }
      )
      return sum.value == 6
    },

    Fault(name: "results in the order of completion", reason: "rejected") {
      _,
      isRepaired in
      let results = await withTaskGroup(of: (Int, Int).self) { group in
        for index in 0..<3 { group.addTask { (index, index * index) } }
        var results: [(Int, Int)] = []
        for await result in group { results.append(result) }
        if isRepaired { results.sort { $0.0 < $1.0 } }
        return results.map(\.1)
      }
      return results == [0, 1, 4]
    },

    Fault(name: "timer not released", reason: "rejected") { run, isRepaired in
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await run.clock.sleep(for: .seconds(3600))
          return false
        }
        group.addTask {
          try await run.clock.sleep(for: .milliseconds(1))
          return true
        }
        _ = try await group.next()
        if isRepaired { group.cancelAll() }
      }
      return run.clock.now.offset == .milliseconds(1)
    },

    Fault(name: "system's random numbers", reason: "nondeterministic") {
      run,
      isRepaired in
      let jitter = isRepaired ? 500_000 : Int.random(in: 0..<1_000_000)
      try await run.clock.sleep(for: .microseconds(jitter))
      return true
    },
  ]
}
