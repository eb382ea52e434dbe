import Cookbook
import SemaphoreRecipe
import Synchronization

/// Wrong semaphores, each as somebody would write it.
enum NaiveSemaphores {
  typealias Gate = SemaphoreDemo.Gate

  // #region losesPermit
  /// Asks after a suspension whether the task is cancelled, as one should.
  ///
  /// Here the permit has been handed over by then.
  final class LosesPermit: Gate {
    private typealias Waiter = (id: Int, continuation: Continuation)
    private typealias Continuation = CheckedContinuation<Void, any Error>
    private let state: Mutex<(free: Int, nextID: Int, waiters: [Waiter])>

    init(permits: Int) { state = Mutex((permits, 0, [])) }

    func acquire(_ count: Int) async throws {
      let id = state.withLock { state in
        state.nextID += 1
        return state.nextID
      }
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
          let isReady: Bool? = state.withLock { state in
            if Task.isCancelled { return false }
            if state.free > 0 {
              state.free -= 1
              return true
            }
            state.waiters.append((id, continuation))
            return nil
          }
          if isReady == true { continuation.resume() }
          if isReady == false {
            continuation.resume(throwing: CancellationError())
          }
        }
      } onCancel: {
        let waiter = state.withLock { state in
          state.waiters.firstIndex { $0.id == id }
            .map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(throwing: CancellationError())
      }
      try Task.checkCancellation()
    }

    func tryAcquire(_ count: Int) -> Bool {
      state.withLock { state in
        guard state.free > 0 else { return false }
        state.free -= 1
        return true
      }
    }

    func release(_ count: Int) {
      let next = state.withLock { state -> Waiter? in
        if state.waiters.isEmpty {
          state.free += 1
          return nil
        }
        return state.waiters.removeFirst()
      }
      next?.continuation.resume()
    }
  }
  // #endregion

  /// Wakes all who wait, each of whom then looks again.
  final class WakesAll: Gate {
    private typealias Continuation = CheckedContinuation<Void, Never>
    private let state: Mutex<(free: Int, nextID: Int, all: [Int: Continuation])>

    init(permits: Int) { state = Mutex((permits, 0, [:])) }

    func acquire(_ count: Int) async throws {
      while !tryAcquire(count) {
        try Task.checkCancellation()
        let id = state.withLock { state in
          state.nextID += 1
          return state.nextID
        }
        await withTaskCancellationHandler {
          await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
              if Task.isCancelled || state.free >= count { return true }
              state.all[id] = continuation
              return false
            }
            if isFree { continuation.resume() }
          }
        } onCancel: {
          state.withLock { $0.all.removeValue(forKey: id) }?.resume()
        }
      }
    }

    func tryAcquire(_ count: Int) -> Bool {
      state.withLock { state in
        guard state.free >= count else { return false }
        state.free -= count
        return true
      }
    }

    func release(_ count: Int) {
      let all = state.withLock { state in
        defer { state.all = [:] }
        state.free += count
        return state.all.sorted { $0.key < $1.key }
      }
      for (_, continuation) in all { continuation.resume() }
    }
  }

  /// Counts across an `await`.
  final class CountsAcrossAwait: Gate {
    private let permits: Int
    private let held = Mutex(0)

    init(permits: Int) { self.permits = permits }

    func acquire(_ count: Int) async throws {
      while held.withLock({ $0 }) + count > permits {
        try Task.checkCancellation()
        await Task.yield()
      }
      // Whatever suspends here lets others pass the check above.
      await Task.yield()
      held.withLock { $0 += count }
    }

    func tryAcquire(_ count: Int) -> Bool {
      held.withLock { held in
        guard held + count <= permits else { return false }
        held += count
        return true
      }
    }

    func release(_ count: Int) { held.withLock { $0 -= count } }
  }

  /// A queue with one thing left out.
  final class Flawed: Gate {
    enum Flaw {
      /// Whoever fits is served.
      case servesAnyThatFits
      /// A waiter that leaves wakes nobody.
      case leavesSilently
      /// A wait that a cancellation does not end.
      case isDeaf
      /// A try that looks at the permits and not at the line.
      case triesBarge
      /// A cancelled waiter stays in line, and is woken a second time.
      case resumesTwice
    }

    private struct Waiter {
      var id: Int
      var count: Int
      var wakeUp: Once
    }

    /// A continuation that counts what would end the program.
    final class Once: Sendable {
      static let extra = Atomic(0)
      private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

      init(_ continuation: CheckedContinuation<Bool, Never>) {
        self.continuation = Mutex(continuation)
      }

      func resume(returning value: Bool) {
        let first = continuation.withLock { continuation in
          defer { continuation = nil }
          return continuation
        }
        first?.resume(returning: value)
        if first == nil { Self.extra.add(1, ordering: .relaxed) }
      }
    }

    private let flaw: Flaw
    private let state: Mutex<(free: Int, nextID: Int, waiters: [Waiter])>

    init(permits: Int, flaw: Flaw) {
      self.flaw = flaw
      state = Mutex((permits, 0, []))
    }

    func acquire(_ count: Int) async throws {
      let id = state.withLock { state in
        state.nextID += 1
        return state.nextID
      }
      let isGranted = await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let waiter = Waiter(id: id, count: count, wakeUp: Once(continuation))
          if Task.isCancelled && flaw != .isDeaf {
            return waiter.wakeUp.resume(returning: false)
          }
          change { $0.waiters.append(waiter) }
        }
      } onCancel: {
        leave(id)
      }
      if !isGranted { throw CancellationError() }
    }

    private func leave(_ id: Int) {
      guard flaw != .isDeaf else { return }
      let waiter = state.withLock { state -> Waiter? in
        let index = state.waiters.firstIndex { $0.id == id }
        guard let index else { return nil }
        return flaw == .resumesTwice
          ? state.waiters[index] : state.waiters.remove(at: index)
      }
      waiter?.wakeUp.resume(returning: false)
      if flaw != .leavesSilently { change { _ in } }
    }

    func tryAcquire(_ count: Int) -> Bool {
      state.withLock { state in
        let isFirst = state.waiters.isEmpty || flaw == .triesBarge
        guard isFirst && state.free >= count else { return false }
        state.free -= count
        return true
      }
    }

    func release(_ count: Int) {
      change { $0.free += count }
    }

    /// Changes the state, and serves whom it can serve then.
    private func change(
      _ event: (inout (free: Int, nextID: Int, waiters: [Waiter])) -> Void
    ) {
      let served = state.withLock { state in
        event(&state)
        var (served, left) = ([Waiter](), [Waiter]())
        for waiter in state.waiters {
          let isNext = flaw == .servesAnyThatFits || left.isEmpty
          if isNext && waiter.count <= state.free {
            state.free -= waiter.count
            served.append(waiter)
          } else {
            left.append(waiter)
          }
        }
        state.waiters = left
        return served
      }
      for waiter in served { waiter.wakeUp.resume(returning: true) }
    }
  }

  static func port(
    _ name: String,
    breaks law: DemoLaw<SemaphoreDemo.Input, SemaphoreDemo.Outcome>,
    _ gate: @escaping @Sendable (_ permits: Int) -> any Gate,
    _ change: (inout SemaphoreDemo.Input) -> Void = { _ in }
  ) -> NaivePort<SemaphoreDemo> {
    var input = SemaphoreDemo.Input()
    input.permits = 1
    input.arrivals = [0, 1, 2]
    input.holds = [4, 4, 4]
    input.patience = []
    input.trying = []
    change(&input)
    return NaivePort(name: name, brokenLaw: law.name, input: input) {
      await SemaphoreDemo.run($0, $1, gate($0.permits))
    }
  }

  static let ports: [NaivePort<SemaphoreDemo>] = [
    port(
      "a permit lost between waking and running",
      breaks: SemaphoreDemo.everyPermitIsBack,
      LosesPermit.init
    ) {
      // The second is granted its permit and cancelled at one instant.
      two(&$0, patience: 3)
    },
    port(
      "all waiters woken at once",
      breaks: SemaphoreDemo.servedInOrder,
      WakesAll.init
    ) { $0.patience = [0, 20, 20] },
    port(
      "a count across an await",
      breaks: SemaphoreDemo.neverMoreThanPermits,
      CountsAcrossAwait.init
    ) {
      $0.arrivals = [0, 0, 0]
      $0.holds = [0, 0, 0]
    },
    port(
      "whoever fits is served",
      breaks: SemaphoreDemo.servedInOrder,
      { Flawed(permits: $0, flaw: .servesAnyThatFits) }
    ) { large(&$0) },
    port(
      "a cancelled head that wakes nobody",
      breaks: SemaphoreDemo.noIdlePermit,
      { Flawed(permits: $0, flaw: .leavesSilently) }
    ) {
      large(&$0)
      $0.patience = [0, 1, 0]
    },
    port(
      "a wait deaf to cancellation",
      breaks: SemaphoreDemo.cancelledLeavesAtOnce,
      { Flawed(permits: $0, flaw: .isDeaf) }
    ) { $0.patience = [0, 1, 0] },
    port(
      "a try that overtakes",
      breaks: SemaphoreDemo.servedInOrder,
      { Flawed(permits: $0, flaw: .triesBarge) }
    ) {
      large(&$0)
      $0.trying = [2]
    },
    port(
      "a continuation resumed twice",
      breaks: SemaphoreDemo.everyPermitIsBack,
      { Flawed(permits: $0, flaw: .resumesTwice) }
    ) { two(&$0, patience: 1) },
  ]

  /// One holds and one waits: with a third, a lost permit is a deadlock.
  private static func two(_ input: inout SemaphoreDemo.Input, patience: Int) {
    input.arrivals.removeLast()
    input.holds.removeLast()
    input.patience = [0, patience]
  }

  /// A small one holds, a large one waits, and another small one comes.
  private static func large(_ input: inout SemaphoreDemo.Input) {
    input.form = SemaphoreDemo.Form.weighted.rawValue
    input.permits = 2
    input.weights = [1, 2, 1]
  }
}
