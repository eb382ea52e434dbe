import ContextCancellationRecipe
import Cookbook
import Simulation
import Synchronization
import Testing

@Suite("context-cancellation")
struct ContextCancellationTests {
  typealias Input = ContextCancellationDemo.Input
  typealias Node = ContextCancellationDemo.Node

  static func input(_ nodes: [Node], cancelAfter: Int? = nil) -> Input {
    var input = Input()
    input.nodes = nodes
    input.cancelAfter = cancelAfter
    return input
  }

  static let inputs: [Input] = [
    input(Input().nodes),
    input(Input().nodes, cancelAfter: 22),
    input([]),
    input([], cancelAfter: 5),
    input([Node(parent: nil, .plain, work: 0)], cancelAfter: 0),
    input([
      Node(parent: nil, .timeout, 0, work: 3),
      Node(parent: 0, .plain, work: 2),
      Node(parent: 0, .deadline, -4, delay: 1, work: 2),
      Node(parent: nil, .timeout, -1, work: 0),
    ]),
    // Everything at once: ties between ends, timeouts and cancellations.
    input([
      Node(parent: nil, .timeout, 3, work: 3),
      Node(parent: 0, .deadline, 3, work: 3),
      Node(parent: 1, .cancel, 3, work: 3),
      Node(parent: 2, .timeout, 3, work: 4),
      Node(parent: 0, .plain, delay: 3, work: 1),
    ]),
    // The inner, the outer, and the one in between come first.
    input([
      Node(parent: nil, .timeout, 9, work: 12),
      Node(parent: 0, .timeout, 6, work: 12),
      Node(parent: 1, .timeout, 3, work: 12),
    ]),
    input([
      Node(parent: nil, .timeout, 3, work: 12),
      Node(parent: 0, .timeout, 6, work: 12),
      Node(parent: 1, .timeout, 9, work: 12),
    ]),
    input([
      Node(parent: nil, .cancel, 6, work: 12, value: "outer"),
      Node(parent: 0, .deadline, 3, work: 12, value: "inner"),
      Node(parent: 1, .cancel, 9, work: 12),
      Node(parent: 0, .plain, work: 12),
    ]),
  ]

  @Test("The laws hold under 10,000 schedules")
  func explore() async throws {
    let nodes = [
      Node(parent: nil, .timeout, 6, work: 9, value: "outer"),
      Node(parent: 0, .timeout, 3, work: 9),
      Node(parent: 1, .plain, delay: 1, work: 1),
      Node(parent: 0, .cancel, 4, work: 9),
    ]
    try await expectLawful(
      ContextCancellationDemo.self,
      Self.input(nodes),
      seeds: 0..<10_000
    )
  }

  @Test("The laws hold for every kind of input", arguments: inputs)
  func everyKind(of input: Input) async throws {
    try await expectLawful(ContextCancellationDemo.self, input, seeds: 0..<100)
  }

  @Test("The laws hold for random trees")
  func randomTrees() async throws {
    var generator = SeededGenerator(seed: 7)
    for seed in 0..<300 as Range<UInt64> {
      let input = ContextCancellationDemo.randomInput(using: &generator)
      try await expectLawful(
        ContextCancellationDemo.self,
        input,
        seeds: seed..<seed + 1
      )
    }
  }

  @Test(
    "A cancellation at any step leaves nothing behind",
    arguments: inputs
  )
  func cancellation(of input: Input) async throws {
    let runs = try await cancelEverywhere(
      ContextCancellationDemo.self,
      input,
      seeds: 0..<5
    )
    #expect(runs > 0)
  }

  static let nested = [
    Node(parent: nil, .timeout, 2, work: 3),
    Node(parent: 0, .timeout, 3, work: 3),
  ]

  @Test(
    "Every schedule of a small tree keeps the laws",
    arguments: [
      (input([Node(parent: nil, .timeout, 2, work: 3)]), 6),
      (input([Node(parent: nil, .timeout, 2, work: 2)]), 12),
      (input([Node(parent: nil, .cancel, 2, work: 2)]), 4),
      (input(nested), 3_888),
    ]
  )
  func everySchedule(of input: Input, count: Int) async throws {
    let schedules = try await exhaust(ContextCancellationDemo.self, input)
    let kinds = input.nodes.map(\.kind).joined(separator: ", ")
    print("context-cancellation, \(kinds): \(schedules) schedules")
    #expect(schedules == count)
  }

  @Test("The laws reject every naive port within 1,000 seeds")
  func naivePorts() async {
    await expectRejected(NaiveScopes.ports)
  }

  // MARK: The article's questions

  @Test("Right after cancel() the reason is cancelled, and so is the task")
  func reasonAfterCancel() async {
    await #expect(throws: CancellationError.self) {
      try await withCancellation { scope in
        #expect(scope.reason == nil && !Task.isCancelled)
        scope.cancel()
        #expect(scope.reason == .cancelled && Task.isCancelled)
        scope.cancel()
        #expect(scope.reason == .cancelled)
        try Task.checkCancellation()
      }
    }
    #expect(!Task.isCancelled)
  }

  @Test("A cancelled parent cancels its descendants before cancel() returns")
  func descendants() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let inner = Shared<[CancellationScope]>([])
      try await withCancellation { scope in
        await withTaskGroup(of: Void.self) { group in
          group.addTask {
            try? await withTimeout(.seconds(9), clock: clock) {
              let child = try #require(CancellationScope.current)
              inner.withLock { $0 += [child] }
              try await withCancellation { grandchild in
                inner.withLock { $0 += [grandchild] }
                try await clock.sleep(for: .seconds(8))
              }
            }
          }
          try? await clock.sleep(for: .seconds(1))
          let scopes = inner.withLock { $0 }
          check(scopes.map(\.reason) == [nil, nil])
          scope.cancel()
          check(scopes.map(\.reason) == [.cancelled, .cancelled])
        }
        check(clock.now.offset == .seconds(1))
      }
    }
  }

  @Test("A cancelled child leaves its parent and its siblings running")
  func siblings() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask {
          try? await withCancellation { scope in
            scope.cancel()
            try await clock.sleep(for: .seconds(9))
          }
          return 1
        }
        group.addTask {
          try await clock.sleep(for: .seconds(2))
          return 2
        }
        let first = try await group.next()
        check(first == 1)
        check(clock.now.offset == .zero && !Task.isCancelled)
        let second = try await group.next()
        check(second == 2)
      }
    }
  }

  // MARK: Deadlines

  @Test("A deadline cancels on time, and says which it was")
  func deadline() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let error = await check.error(DeadlineExceeded.self) {
        try await withTimeout(.seconds(3), clock: clock) {
          try await clock.sleep(for: .seconds(9))
        }
      }
      check(clock.now.offset == .seconds(3))
      check(error?.deadline as? VirtualClock.Instant == clock.now)
      check(error?.underlying is CancellationError)
      check(!Task.isCancelled)
    }
  }

  @Test("A body that ends in time leaves no timer behind")
  func nothingPending() async throws {
    let run = try await Simulation.run(seed: 1) { simulation in
      try await withTimeout(.seconds(3_600), clock: simulation.clock) { 7 }
    }
    // A sleeper that is left would be a failure of the run.
    #expect(run.value == 7)
    #expect(run.elapsed == .zero)
  }

  @Test("A body may return nil")
  func optionalValue() async throws {
    let value: Int? = try await withTimeout(.seconds(3_600)) { nil }
    #expect(value == nil)
  }

  @Test("A timeout may last for centuries")
  func longTimeout() async throws {
    let value = try await withTimeout(.seconds(1 << 33)) { 7 }
    #expect(value == 7)
  }

  @Test(
    "A deadline that has passed cancels the body from its first line",
    arguments: [Duration.zero, .seconds(-5)]
  )
  func passedDeadline(timeout: Duration) async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      try await clock.sleep(for: .seconds(1))
      let hasRun = Mutex(false)
      await check.error(DeadlineExceeded.self) {
        try await withTimeout(timeout, clock: clock) {
          hasRun.withLock { $0 = true }
          check(Task.isCancelled)
          check(CancellationScope.current?.reason == .deadlineExceeded)
          try await clock.sleep(for: .seconds(9))
        }
      }
      check(hasRun.withLock { $0 })
      check(clock.now.offset == .seconds(1))
      let value = try await withTimeout(timeout, clock: clock) { 7 }
      check(value == 7)
    }
  }

  @Test("A cancelled caller is cancelled, even where a deadline has passed")
  func cancelledBeforehand() async throws {
    try await simulate { simulation, check in
      try await withCancellation { scope in
        scope.cancel()
        await check.error(CancellationError.self) {
          try await withTimeout(.zero, clock: simulation.clock) {
            check(CancellationScope.current?.reason == .cancelled)
            try Task.checkCancellation()
          }
        }
      }
    }
  }

  @Test("What ends at the instant of the deadline counts as it was ordered")
  func tie() async throws {
    let seen = Mutex<Set<String>>([])
    let sleepOnly = try await Simulation.exhaust(limit: 10_000) { simulation in
      let clock = simulation.clock
      return try await withTimeout(.seconds(3), clock: clock) {
        try await clock.sleep(for: .seconds(3))
        return "value"
      }
    } check: {
      if $0 != "value" { throw Unexpected(value: $0) }
    }
    let checking = try await Simulation.exhaust(limit: 10_000) { simulation in
      let clock = simulation.clock
      do {
        return try await withTimeout(.seconds(3), clock: clock) {
          try await clock.sleep(for: .seconds(3))
          try Task.checkCancellation()
          return "value"
        }
      } catch is DeadlineExceeded {
        return "deadline exceeded"
      }
    } check: { value in
      _ = seen.withLock { $0.insert(value) }
    }
    #expect(sleepOnly.isComplete && checking.isComplete)
    #expect(seen.withLock { $0 } == ["value", "deadline exceeded"])
    print(
      "context-cancellation, ties: \(sleepOnly.schedules) and "
        + "\(checking.schedules) schedules"
    )
  }

  struct Broken: Error {}
  struct Unexpected: Error { var value: String }

  @Test("An error in time is not explained by a deadline that comes later")
  func errorInTime() async throws {
    let seen = Mutex<Set<String>>([])
    let exhaustion = try await Simulation.exhaust(limit: 10_000) { simulation in
      let clock = simulation.clock
      let wasInTime = Mutex(false)
      do {
        try await withTimeout(.seconds(3), clock: clock) {
          try await clock.sleep(for: .seconds(3))
          wasInTime.withLock { $0 = !Task.isCancelled }
          throw Broken()
        }
      } catch let error as DeadlineExceeded where error.underlying is Broken {
        return (wasInTime.withLock { $0 }, "deadline exceeded")
      } catch is Broken {
        return (wasInTime.withLock { $0 }, "broken")
      }
      return (true, "nothing")
    } check: { wasInTime, error in
      if wasInTime != (error == "broken") { throw Unexpected(value: error) }
      _ = seen.withLock { $0.insert(error) }
    }
    #expect(exhaustion.isComplete)
    #expect(seen.withLock { $0 } == ["broken", "deadline exceeded"])
  }

  @Test("An error after the deadline is kept inside of DeadlineExceeded")
  func lateError() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let error = await check.error(DeadlineExceeded.self) {
        try await withTimeout(.seconds(3), clock: clock) {
          do {
            try await clock.sleep(for: .seconds(9))
          } catch {
            throw Broken()
          }
        }
      }
      check(error?.underlying is Broken)
    }
  }

  @Test("A body that catches its cancellation returns its value")
  func lateValue() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let best = try await withTimeout(.seconds(3), clock: clock) {
        var best = 0
        while (try? await clock.sleep(for: .seconds(1))) != nil { best += 1 }
        check(CancellationScope.current?.reason == .deadlineExceeded)
        return best
      }
      check((2...3).contains(best))
      check(clock.now.offset == .seconds(3))
    }
  }

  @Test("A cancellation during a timeout is no deadline, at any step")
  func cancelledDuringTimeout() async throws {
    let cancelled = Shared(0)
    let runs = try await Simulation.cancelEverywhere(seeds: 0..<100) {
      simulation in
      let clock = simulation.clock
      do {
        try await withTimeout(.seconds(9), clock: clock) {
          try await withTimeout(.seconds(8), clock: clock) {
            try await clock.sleep(for: .seconds(1))
            try await clock.sleep(for: .seconds(1))
          }
        }
      } catch is CancellationError {
        cancelled.withLock { $0 += 1 }
      }
    }
    #expect(runs > 500)
    #expect(cancelled.withLock { $0 } > 500)
  }

  @Test("A deadline that passes while a cancelled body unwinds does not count")
  func deadlineAfterCancellation() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      try await withCancellation { scope in
        await check.error(CancellationError.self) {
          try await withTimeout(.seconds(3), clock: clock) {
            scope.cancel()
            await deafSleep(.seconds(9), simulation)
            check(CancellationScope.current?.reason == .cancelled)
            try Task.checkCancellation()
          }
        }
        check(clock.now.offset == .seconds(9))
      }
    }
  }

  @Test("The first reason stays")
  func firstReason() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      await check.error(CancellationError.self) {
        try await withTimeout(.seconds(3), clock: clock) {
          CancellationScope.current?.cancel()
          await deafSleep(.seconds(9), simulation)
          check(CancellationScope.current?.reason == .cancelled)
          try Task.checkCancellation()
        }
      }
      await check.error(DeadlineExceeded.self) {
        try await withTimeout(.seconds(3), clock: clock) {
          await deafSleep(.seconds(9), simulation)
          CancellationScope.current?.cancel()
          check(CancellationScope.current?.reason == .deadlineExceeded)
          try Task.checkCancellation()
        }
      }
    }
  }

  @Test("When the outer deadline passes, the inner call is just cancelled")
  func outerDeadline() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let outer = await check.error(DeadlineExceeded.self) {
        try await withTimeout(.seconds(3), clock: clock) {
          do {
            try await withTimeout(.seconds(6), clock: clock) {
              do {
                try await clock.sleep(for: .seconds(9))
              } catch {
                check(CancellationScope.current?.reason == .deadlineExceeded)
                throw error
              }
            }
          } catch {
            check(error is CancellationError)
            throw error
          }
        }
      }
      check(outer?.deadline as? VirtualClock.Instant == clock.now)
      check(clock.now.offset == .seconds(3))
    }
  }

  @Test("When the inner deadline passes, the outer call hands its error on")
  func innerDeadline() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let error = await check.error(DeadlineExceeded.self) {
        try await withTimeout(.seconds(6), clock: clock) {
          try await withTimeout(.seconds(3), clock: clock) {
            try await clock.sleep(for: .seconds(9))
          }
        }
      }
      let third = VirtualClock.Instant(offset: .seconds(3))
      check(error?.deadline as? VirtualClock.Instant == third)
      check(error?.underlying is CancellationError)
    }
  }

  @Test("The effective deadline is the earliest on the same kind of clock")
  func effectiveDeadline() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let real = ContinuousClock()
      try await withTimeout(.seconds(3), clock: clock) {
        try await withTimeout(.seconds(1_000)) {
          try await withTimeout(.seconds(6), clock: clock) {
            let scope = try #require(CancellationScope.current)
            check(scope.deadline(on: clock)?.offset == .seconds(3))
            let left = scope.deadline(on: real)
              .map { real.now.duration(to: $0) }
            let bounds: ClosedRange<Duration> = .zero ... .seconds(1_000)
            check(left.map(bounds.contains) == true)
            check(scope.deadline(on: SuspendingClock()) == nil)
          }
        }
      }
      check(CancellationScope.current == nil)
    }
  }

  @Test("The default clock is the continuous one")
  func defaultClock() async {
    await #expect(throws: DeadlineExceeded.self) {
      try await withTimeout(.milliseconds(1)) {
        // Ends with its cancellation only.
        for await _ in AsyncStream<Never>(unfolding: {
          try? await Task.sleep(for: .seconds(1 << 30))
          return nil
        }) {}
        try Task.checkCancellation()
      }
    }
  }

  // MARK: Bodies that do not listen

  /// Sleeps through its cancellation.
  func deafSleep(_ duration: Duration, _ simulation: Simulation) async {
    let clock = simulation.clock
    // Unstructured, because a cancelled task cannot sleep.
    await Task(executorPreference: simulation.executor) {
      try? await clock.sleep(for: duration)
    }.value
  }

  @Test("A body that ignores cancellation is waited for")
  func deafBody() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let value = try await withTimeout(.seconds(3), clock: clock) {
        await deafSleep(.seconds(9), simulation)
        return "late"
      }
      check(value == "late")
      check(clock.now.offset == .seconds(9))
    }
  }

  @Test("An abandoned body is not waited for, and goes on")
  func abandoned() async throws {
    try await simulate { simulation, check in
      let clock = simulation.clock
      let executor = simulation.executor
      let end = Mutex<Duration?>(nil)
      await check.error(DeadlineExceeded.self) {
        try await withTimeout(.seconds(3), clock: clock) {
          try await abandonedOnCancellation(executor: executor) {
            await deafSleep(.seconds(9), simulation)
            check(Task.isCancelled)
            check(CancellationScope.current?.reason == .deadlineExceeded)
            end.withLock { $0 = clock.now.offset }
          }
        }
      }
      check(clock.now.offset == .seconds(3))
      check(end.withLock { $0 } == nil)
      try await clock.sleep(for: .seconds(7))
      check(end.withLock { $0 } == .seconds(9))
    }
  }

  @Test("A body that is not cancelled is not abandoned")
  func notAbandoned() async throws {
    try await simulate { simulation, check in
      let executor = simulation.executor
      let clock = simulation.clock
      let value = try await abandonedOnCancellation(executor: executor) {
        try await clock.sleep(for: .seconds(1))
        return 7
      }
      check(value == 7)
      await check.error(Broken.self) {
        try await abandonedOnCancellation(executor: executor) { throw Broken() }
      }
    }
  }

  @Test("An abandoned body cannot answer its own cancellation")
  func abandonedAnswersNothing() async throws {
    _ = try await Simulation.cancelEverywhere(seeds: 0..<50) { simulation in
      let clock = simulation.clock
      let executor = simulation.executor
      // A body that the run does not outlive, so that nothing is left.
      let ended = Mutex(false)
      let result: String
      do {
        result = try await abandonedOnCancellation(executor: executor) {
          let isWhole = (try? await clock.sleep(for: .seconds(1))) != nil
          ended.withLock { $0 = true }
          return isWhole ? "whole" : "cut short"
        }
      } catch is CancellationError {
        result = "abandoned"
      }
      while !ended.withLock({ $0 }) { await Task.yield() }
      await Task.yield()
      return result
    } check: {
      if $0 == "cut short" { throw Unexpected(value: $0) }
    }
  }

  // MARK: Handles, handlers and lifetimes

  @Test("cancel() runs the cancellation handlers, which may call it again")
  func handlers() async throws {
    let handled = Mutex<[CancellationReason?]>([])
    try await withCancellation { scope in
      await withTaskCancellationHandler {
        scope.cancel()
        #expect(handled.withLock { $0 } == [.cancelled])
      } onCancel: {
        scope.cancel()
        handled.withLock { $0.append(scope.reason) }
      }
    }
  }

  @Test("After its body has ended, a scope cannot be cancelled")
  func cancelAfterTheEnd() async throws {
    let scope = try await withCancellation { scope in scope }
    scope.cancel()
    #expect(scope.reason == nil)
    #expect(!Task.isCancelled)
  }

  @Test("An unstructured task inherits the scope, but not its cancellation")
  func unstructured() async throws {
    try await simulate { simulation, check in
      let executor = simulation.executor
      try await withCancellation { scope in
        let task = Task(executorPreference: executor) {
          await Task.yield()
          return (
            isSame: CancellationScope.current === scope,
            isCancelled: Task.isCancelled
          )
        }
        scope.cancel()
        let seen = await task.value
        check(seen.isSame && !seen.isCancelled)
        check(Task.isCancelled)
      }
    }
  }

  @Test("A scope lives no longer than its call")
  func released() async throws {
    final class Handle: Sendable {
      let scope = Mutex<WeakScope>(WeakScope())
    }
    struct WeakScope { weak var scope: CancellationScope? }
    let handle = Handle()
    await #expect(throws: DeadlineExceeded.self) {
      try await withTimeout(.zero) {
        handle.scope.withLock { $0.scope = CancellationScope.current }
        try await withCancellation { _ in try Task.checkCancellation() }
      }
    }
    #expect(handle.scope.withLock { $0.scope } == nil)
  }

  @Test("Scopes on real threads survive being cancelled while they end")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let rounds = 3_000
    var cancelled = 0
    for _ in 0..<rounds {
      let yields = (0..<3).map { _ in Int.random(in: 0...4, using: &generator) }
      let shared = Shared<CancellationScope?>(nil)
      let wasCancelled = await withTaskGroup(of: Bool?.self) { group in
        group.addTask {
          let value = try? await withCancellation { scope in
            shared.withLock { $0 = scope }
            for _ in 0..<yields[0] { await Task.yield() }
            try Task.checkCancellation()
            return true
          }
          return value == nil
        }
        for count in yields.dropFirst() {
          group.addTask {
            for _ in 0..<count { await Task.yield() }
            shared.withLock { $0 }?.cancel()
            return nil
          }
        }
        var wasCancelled = false
        for await result in group { wasCancelled = result ?? wasCancelled }
        return wasCancelled
      }
      if wasCancelled { cancelled += 1 }
      let reason = shared.withLock { $0 }?.reason
      #expect(!wasCancelled || reason == .cancelled)
    }
    print(
      "context-cancellation stress: seed \(seed), \(rounds) scopes, "
        + "\(cancelled) cancelled in time"
    )
  }

  /// A value that several child tasks use.
  final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    func withLock<Result: Sendable>(
      _ body: (inout Value) -> Result
    ) -> Result {
      value.withLock { value in
        var copy = value
        defer { value = copy }
        return body(&copy)
      }
    }
  }

  /// What a simulated run found wrong, collected: an expectation of the test
  /// library would not know its test there, and an error that is thrown
  /// could be taken for one that the pattern throws.
  final class Check: Sendable {
    private struct Failed: Error { var lines: [Int] }

    private let lines = Mutex<[Int]>([])

    func callAsFunction(_ isTrue: Bool, line: Int = #line) {
      if !isTrue { lines.withLock { $0.append(line) } }
    }

    @discardableResult
    func error<E: Error>(
      _ type: E.Type,
      line: Int = #line,
      of body: () async throws -> Void
    ) async -> E? {
      do {
        try await body()
      } catch let error as E {
        return error
      } catch {}
      lines.withLock { $0.append(line) }
      return nil
    }

    func verify() throws {
      let lines = lines.withLock { $0 }
      if !lines.isEmpty { throw Failed(lines: lines) }
    }
  }

  /// Runs a body under 50 schedules.
  func simulate(
    _ body: @escaping @Sendable (Simulation, Check) async throws -> Void
  ) async throws {
    _ = try await Simulation.explore(seeds: 0..<50) { simulation in
      let check = Check()
      try await body(simulation, check)
      try check.verify()
    }
  }
}
