import Simulation
import Testing

/// A small program in two versions: with a fault, and repaired.
struct Fault: Sendable, CustomTestStringConvertible {
  typealias Body =
    @Sendable (Simulation, _ isRepaired: Bool) async throws -> Bool

  let name: String
  /// The kind of failure that the faulty version must be reported as.
  let reason: String
  /// Returns whether the result is right.
  let body: Body

  var testDescription: String { name }

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
    Fault(name: "lost wake-up", reason: "deadlock") { _, isRepaired in
      let isSet = Shared(false)
      let waiters = Waiters()
      try await together(
        {
          if isRepaired { return await waiters.wait { isSet.value } }
          if !isSet.value {
            await Task.yield()
            await waiters.wait()
          }
        },
        {
          isSet.update { $0 = true }
          waiters.wakeAll()
        }
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

    Fault(name: "continuation never resumed", reason: "deadlock") {
      _,
      isRepaired in
      // The faulty version keeps one waiter only: a second one replaces it.
      // Unsafe, because a checked continuation would print each loss.
      let waiters = unsafe Shared<[UnsafeContinuation<Void, Never>]>([])
      let isOpen = Shared(false)
      @Sendable func wait() async {
        await unsafe withUnsafeContinuation { continuation in
          if isOpen.value { return unsafe continuation.resume() }
          unsafe waiters.update { waiters in
            if !isRepaired { unsafe waiters = [] }
            unsafe waiters.append(continuation)
          }
        }
      }
      try await together(
        { await wait() },
        { await wait() },
        {
          isOpen.update { $0 = true }
          unsafe waiters.value.forEach { unsafe $0.resume() }
        }
      )
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

    Fault(name: "permit lost on cancellation", reason: "deadlock") {
      run,
      isRepaired in
      let semaphore = TestSemaphore(permits: 1, returnsPermit: isRepaired)
      try await together(
        {
          try await semaphore.acquire()
          defer { semaphore.release() }
          try await run.clock.sleep(for: .milliseconds(1))
        },
        {
          await withTaskGroup(of: Void.self) { group in
            group.addTask {
              guard (try? await semaphore.acquire()) != nil else { return }
              semaphore.release()
            }
            try? await run.clock.sleep(for: .milliseconds(1))
            group.cancelAll()
          }
        },
        {
          try await run.clock.sleep(for: .milliseconds(2))
          try await semaphore.acquire()
          semaphore.release()
        }
      )
      return true
    },

    Fault(name: "promise settled twice", reason: "rejected") { _, isRepaired in
      actor Promise {
        var isSettled = false
        var settlements = 0

        func settle(isRepaired: Bool) async {
          guard !isSettled else { return }
          if isRepaired { isSettled = true }
          await Task.yield()
          isSettled = true
          settlements += 1
        }
      }
      let promise = Promise()
      try await together(
        { await promise.settle(isRepaired: isRepaired) },
        { await promise.settle(isRepaired: isRepaired) }
      )
      return await promise.settlements == 1
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

    Fault(name: "unbounded concurrency", reason: "rejected") {
      run,
      isRepaired in
      let running = Shared((now: 0, most: 0))
      try await withThrowingTaskGroup(of: Void.self) { group in
        for index in 0..<5 {
          if isRepaired && index >= 2 { try await group.next() }
          group.addTask {
            running.update {
              $0.now += 1
              $0.most = max($0.most, $0.now)
            }
            try await run.clock.sleep(for: .milliseconds(1))
            running.update { $0.now -= 1 }
          }
        }
        try await group.waitForAll()
      }
      return running.value.most <= 2
    },

    Fault(name: "missed close", reason: "deadlock") { _, isRepaired in
      let isClosed = Shared(false)
      let waiters = Waiters()
      try await together(
        { await waiters.wait { isClosed.value } },
        { await waiters.wait { isClosed.value } },
        {
          isClosed.update { $0 = true }
          if isRepaired { waiters.wakeAll() } else { waiters.wakeFirst() }
        }
      )
      return true
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

    Fault(name: "barrier that misses one", reason: "deadlock") {
      _,
      isRepaired in
      actor Barrier {
        private var arrived = 0
        private let waiters = Waiters()

        func arrive(isRepaired: Bool) async {
          let count = arrived + 1
          if !isRepaired { await Task.yield() }
          arrived = count
          if arrived == 3 { waiters.wakeAll() } else { await waiters.wait() }
        }
      }
      let barrier = Barrier()
      try await together(
        { await barrier.arrive(isRepaired: isRepaired) },
        { await barrier.arrive(isRepaired: isRepaired) },
        { await barrier.arrive(isRepaired: isRepaired) }
      )
      return true
    },

    Fault(name: "once that runs twice", reason: "rejected") { _, isRepaired in
      actor Once {
        private(set) var runs = 0
        private var value: Int?
        private var isRunning = false
        private let waiters = Waiters()

        func get(isRepaired: Bool) async -> Int {
          if let value { return value }
          if isRepaired && isRunning {
            await waiters.wait()
            return 42
          }
          isRunning = true
          await Task.yield()
          runs += 1
          value = 42
          waiters.wakeAll()
          return 42
        }
      }
      let once = Once()
      try await together(
        { _ = await once.get(isRepaired: isRepaired) },
        { _ = await once.get(isRepaired: isRepaired) }
      )
      return await once.runs == 1
    },

    Fault(name: "readers and a writer together", reason: "rejected") {
      _,
      isRepaired in
      // The faulty writer looks for readers once, before it waits.
      let state = Shared((readers: 0, isWriting: false, overlaps: 0))
      try await together(
        {
          for _ in 0..<2 {
            while state.value.isWriting { await Task.yield() }
            state.update {
              $0.readers += 1
              if $0.isWriting { $0.overlaps += 1 }
            }
            await Task.yield()
            state.update { $0.readers -= 1 }
          }
        },
        {
          if isRepaired {
            while !state.update({ state in
              state.isWriting = state.readers == 0
              return state.isWriting
            }) { await Task.yield() }
          } else {
            while state.value.readers > 0 { await Task.yield() }
            await Task.yield()
            state.update { state in
              state.isWriting = true
              if state.readers > 0 { state.overlaps += 1 }
            }
          }
          await Task.yield()
          state.update { $0.isWriting = false }
        }
      )
      return state.value.overlaps == 0
    },
  ]
}
