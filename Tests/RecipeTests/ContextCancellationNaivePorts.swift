import ContextCancellationRecipe
import Cookbook
import Synchronization

/// Wrong scopes, each as somebody would write it.
enum NaiveScopes {
  typealias Scopes = ContextCancellationDemo.Scopes
  typealias Work = Scopes.Work
  typealias Kind = ContextCancellationDemo.Kind
  typealias Node = ContextCancellationDemo.Node

  struct TimedOut: Error {}

  /// The earliest deadline, which the ports below cannot be blamed for.
  @TaskLocal static var deadline: RunClock.Instant?

  // MARK: Timeouts

  /// Without `cancelAll()`: the group awaits the timer, too.
  static let timerNobodyStops = timing { timeout, clock, work in
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await clock.sleep(for: timeout)
        throw TimedOut()
      }
      try await group.next()
    }
  }

  // #region swallowedSleep
  static let swallowedSleep = timing { timeout, clock, work in
    try await withThrowingTaskGroup(of: Bool.self) { group in
      group.addTask {
        try await work()
        return true
      }
      group.addTask {
        // Ends at once when the caller is cancelled, as if time were up.
        try? await clock.sleep(for: timeout)
        return false
      }
      let isInTime = try await group.next() ?? false
      group.cancelAll()
      if !isInTime { throw TimedOut() }
    }
  }
  // #endregion

  /// Takes every cancellation for its own.
  static let everyCancellation = timing { timeout, clock, work in
    do {
      try await withTimeout(timeout, clock: clock, work)
    } catch is CancellationError {
      throw TimedOut()
    }
  }

  /// A race that is right but for the reason: what it cancels cannot learn
  /// it.
  static let noReason = timing { timeout, clock, work in
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await clock.sleep(for: timeout)
        throw TimedOut()
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// A deadline that is passed along as a value, and that the next call
  /// replaces: the parent's is forgotten.
  static let replacedDeadline = {
    var scopes = Scopes.pattern
    scopes.withTimeout = { timeout, clock, work in
      let deadline = clock.now.advanced(by: timeout)
      try await $deadline.withValue(deadline) { try await work() }
    }
    scopes.withDeadline = { deadline, clock, work in
      try await $deadline.withValue(deadline) { try await work() }
    }
    scopes.deadline = { _ in deadline }
    scopes.reason = { .deadlineExceeded }
    scopes.sleep = { duration, clock in
      let end = clock.now.advanced(by: duration)
      try await clock.sleep(until: min(end, deadline ?? end), tolerance: nil)
      if let deadline, deadline < end { throw TimedOut() }
    }
    return scopes
  }()

  private static func timing(
    _ withTimeout: @escaping Scopes.WithTimeout
  ) -> Scopes {
    var scopes = Scopes.pattern
    scopes.withTimeout = { timeout, clock, work in
      let own = clock.now.advanced(by: timeout)
      try await $deadline.withValue(min(own, deadline ?? own)) {
        try await withTimeout(timeout, clock, work)
      }
    }
    scopes.deadline = { _ in deadline }
    return scopes
  }

  // MARK: Contexts

  /// Go's type, word for word: an object that is done or not, next to the
  /// task and not part of it.
  final class Context: Sendable {
    @TaskLocal static var current: Context?

    private struct State {
      var isDone = false
      var waiters: [AsyncStream<Void>.Continuation] = []
      var children: [Context] = []
    }

    private let state = Mutex(State())

    init(below parent: Context?) {
      parent?.state.withLock { $0.children.append(self) }
    }

    /// Ends this context; returns those right below it.
    @discardableResult
    func end() -> [Context] {
      let (waiters, children) = state.withLock { state in
        defer { state.waiters = [] }
        state.isDone = true
        return (state.waiters, state.children)
      }
      for waiter in waiters { waiter.finish() }
      return children
    }

    func done() async {
      let (stream, waiter) = AsyncStream<Void>.makeStream()
      let isDone = state.withLock { state in
        if !state.isDone { state.waiters.append(waiter) }
        return state.isDone
      }
      if isDone { return }
      for await _ in stream {}
    }

    static func sleep(_ duration: Duration, _ clock: RunClock) async throws {
      guard let context = current else {
        return try await clock.sleep(for: duration)
      }
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          try await clock.sleep(for: duration)
          return true
        }
        group.addTask {
          await context.done()
          return false
        }
        let isElapsed = try await group.next() ?? false
        group.cancelAll()
        guard isElapsed else { throw CancellationError() }
      }
    }
  }

  /// Ends the contexts that it knows, which are its own children.
  static let childrenOnly = contexts {
    Context(below: .current)
  } cancel: { context in
    for child in context.end() { child.end() }
  }

  /// Uses the context that is there, so that a child ends its parent's.
  static let sharedContext = contexts {
    Context.current ?? Context(below: nil)
  } cancel: {
    $0.end()
  }

  private static func contexts(
    _ make: @escaping @Sendable () -> Context,
    cancel: @escaping @Sendable (Context) -> Void
  ) -> Scopes {
    var scopes = Scopes.pattern
    scopes.withCancellation = { work in
      let context = make()
      try await Context.$current.withValue(context) {
        try await work { cancel(context) }
      }
    }
    scopes.reason = { .cancelled }
    scopes.sleep = Context.sleep
    return scopes
  }

  // MARK: The table

  static func port(
    _ name: String,
    _ scopes: Scopes,
    breaks law: DemoLaw<
      ContextCancellationDemo.Input, ContextCancellationDemo.Outcome
    >,
    _ nodes: [Node]
  ) -> NaivePort<ContextCancellationDemo> {
    var input = ContextCancellationDemo.Input()
    input.nodes = nodes
    return NaivePort(name: name, brokenLaw: law.name, input: input) {
      await ContextCancellationDemo.run($0, recorder: $1, scopes: scopes)
    }
  }

  static let ports: [NaivePort<ContextCancellationDemo>] = [
    port(
      "a timer that nobody stops",
      timerNobodyStops,
      breaks: ContextCancellationDemo.leavesAtOnce,
      [Node(parent: nil, .timeout, 9, work: 3)]
    ),
    port(
      "a swallowed error of the timer's sleep",
      swallowedSleep,
      breaks: ContextCancellationDemo.onlyItsOwnDeadline,
      [
        Node(parent: nil, .cancel, 2, work: 5),
        Node(parent: 0, .timeout, 9, work: 5),
      ]
    ),
    port(
      "every cancellation taken for a timeout",
      everyCancellation,
      breaks: ContextCancellationDemo.onlyItsOwnDeadline,
      [
        Node(parent: nil, .cancel, 2, work: 5),
        Node(parent: 0, .timeout, 9, work: 5),
      ]
    ),
    port(
      "a timeout that does not tell its reason",
      noReason,
      breaks: ContextCancellationDemo.reasonIsThatOfTheFirst,
      [Node(parent: nil, .timeout, 3, work: 9)]
    ),
    port(
      "a deadline that replaces the parent's",
      replacedDeadline,
      breaks: ContextCancellationDemo.deadlineIsTheEarliest,
      [
        Node(parent: nil, .timeout, 3, work: 9),
        Node(parent: 0, .timeout, 6, work: 9),
      ]
    ),
    port(
      "a cancellation that does not reach grandchildren",
      childrenOnly,
      breaks: ContextCancellationDemo.reachesEveryDescendant,
      [
        Node(parent: nil, .cancel, 2, work: 5),
        Node(parent: 0, .cancel, 9, work: 5),
        Node(parent: 1, .cancel, 9, work: 5),
      ]
    ),
    port(
      "a context shared with the parent",
      sharedContext,
      breaks: ContextCancellationDemo.othersGoOn,
      [
        Node(parent: nil, .cancel, 9, work: 5),
        Node(parent: 0, .cancel, 2, work: 5),
      ]
    ),
  ]
}
