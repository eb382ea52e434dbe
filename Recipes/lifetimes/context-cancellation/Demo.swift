package import Cookbook
import Synchronization

/// A tree of scopes: cancelled, timed out, or left alone.
package enum ContextCancellationDemo: Demo {
  /// What is special about a node's scope.
  package enum Kind: String, Codable, CaseIterable, Sendable {
    case plain, cancel, timeout, deadline
  }

  /// A scope in the tree, with work of its own.
  package struct Node: Codable, Equatable, Sendable {
    /// The index of an earlier node; `nil` for the caller's own.
    package var parent: Int?
    /// The raw value of a ``Kind``.
    package var kind: String
    /// When the node is cancelled, after its start; its timeout; or its
    /// deadline, after the beginning of the run.
    package var milliseconds: Int
    /// How long after its parent the node starts.
    package var delay: Int
    /// How long the node works, beside its children.
    package var work: Int
    /// What the node and those below it see, where they set nothing else.
    package var value: String?

    /// Creates a node; all times are milliseconds.
    package init(
      parent: Int?,
      _ kind: Kind,
      _ milliseconds: Int = 0,
      delay: Int = 0,
      work: Int,
      value: String? = nil
    ) {
      self.parent = parent
      self.kind = kind.rawValue
      self.milliseconds = milliseconds
      self.delay = delay
      self.work = work
      self.value = value
    }
  }

  /// The tree, as a list in which parents come first.
  package struct Input: DemoInput {
    /// At most 1,000 nodes.
    package var nodes = [
      Node(parent: nil, .plain, work: 60, value: "request 7"),
      Node(parent: 0, .timeout, 40, work: 30),
      Node(parent: 1, .plain, delay: 10, work: 15),
      Node(parent: 0, .timeout, 25, work: 50),
      Node(parent: 3, .timeout, 60, work: 50),
      Node(parent: 4, .plain, work: 10),
      Node(parent: 0, .cancel, 35, work: 50),
      Node(parent: 6, .deadline, 45, delay: 5, work: 60, value: "audit"),
      Node(parent: 0, .deadline, 45, delay: 20, work: 20),
    ]
    /// When the caller cancels the whole tree, if ever.
    package var cancelAfter: Int?

    /// Creates the tree of the page.
    package init() {}

    /// What the flags mean.
    package static let help: KeyValuePairs = [
      "nodes":
        "the tree: parent (an index, or none), kind (plain, cancel, timeout "
        + "or deadline), milliseconds (what the kind wants), delay (before "
        + "it starts), work, value (or none)",
      "cancelAfter": "cancel the whole tree after so many milliseconds",
    ]

    /// Refuses unknown kinds, later parents and times out of bounds.
    package func validate() throws(InputError) {
      guard nodes.count <= 1_000 else {
        throw InputError(
          field: "nodes",
          problem: "must be at most 1000, not \(nodes.count)"
        )
      }
      for (index, node) in nodes.enumerated() {
        try validate(node, at: index)
      }
      if let cancelAfter {
        try InputError.require(cancelAfter, in: 0...most, "cancelAfter")
      }
    }

    private func validate(
      _ node: Node,
      at index: Int
    ) throws(InputError) {
      if let parent = node.parent, !(0..<index).contains(parent) {
        throw InputError(
          field: "nodes",
          problem: "must have an earlier node as the parent of node \(index), "
            + "not \(parent)"
        )
      }
      guard let kind = Kind(rawValue: node.kind) else {
        let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw InputError(
          field: "nodes",
          problem: "must be of a kind among \(kinds), not \(node.kind)"
        )
      }
      let least = kind == .timeout || kind == .deadline ? -most : 0
      try InputError.require(node.milliseconds, in: least...most, "nodes")
      try InputError.require(node.delay, in: 0...most, "nodes")
      try InputError.require(node.work, in: 0...most, "nodes")
    }

    private var most: Int { 86_400_000_000 }
  }

  /// How each node ended, by index.
  package struct Outcome: Codable, Equatable, Sendable {
    /// Those whose work was done.
    package var ended: [Int] = []
    /// Those whose work was cancelled.
    package var cancelled: [Int] = []
    /// Those whose work a deadline cut short, their own or another.
    package var deadlineExceeded: [Int] = []
    /// Those that never started, because their parent was cancelled before.
    package var skipped: [Int] = []
    /// `cancelled` when the whole tree was.
    package var error: String?
  }

  /// The pattern's calls, so that tests can put others in their place.
  package struct Scopes: Sendable {
    /// What runs in a scope.
    package typealias Work = @Sendable () async throws -> Void
    /// What cancels a scope.
    package typealias Cancel = @Sendable () -> Void
    /// The type of ``withCancellation(_:)``.
    package typealias WithCancellation =
      @Sendable (
        @escaping @Sendable (@escaping Cancel) async throws -> Void
      ) async throws -> Void
    /// The type of ``withTimeout(_:clock:_:)``.
    package typealias WithTimeout =
      @Sendable (Duration, RunClock, @escaping Work) async throws -> Void
    /// The type of ``withDeadline(_:clock:_:)``.
    package typealias WithDeadline =
      @Sendable (RunClock.Instant, RunClock, @escaping Work) async throws
      -> Void

    /// A scope that can be cancelled.
    package var withCancellation: WithCancellation
    /// A scope with a timeout.
    package var withTimeout: WithTimeout
    /// A scope with a deadline.
    package var withDeadline: WithDeadline
    /// The effective deadline of the current task.
    package var deadline: @Sendable (RunClock) -> RunClock.Instant?
    /// Why the current task is cancelled.
    package var reason: @Sendable () -> CancellationReason?
    /// The work itself.
    package var sleep: @Sendable (Duration, RunClock) async throws -> Void

    // #region pattern
    /// The recipe's own.
    package static let pattern = Scopes(
      withCancellation: { work in
        try await ContextCancellationRecipe.withCancellation { scope in
          try await work { scope.cancel() }
        }
      },
      withTimeout: { timeout, clock, work in
        try await ContextCancellationRecipe.withTimeout(
          timeout,
          clock: clock,
          work
        )
      },
      withDeadline: { deadline, clock, work in
        try await ContextCancellationRecipe.withDeadline(
          deadline,
          clock: clock,
          work
        )
      },
      deadline: { CancellationScope.current?.deadline(on: $0) },
      reason: { CancellationScope.current?.reason },
      sleep: { try await $1.sleep(for: $0) }
    )
    // #endregion
  }

  // #region value
  /// The name of the request that the current task works for.
  @TaskLocal static var request: String?
  // #endregion

  /// The demo around the pattern.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder, scopes: .pattern)
  }

  /// The demo around any scopes, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    scopes: Scopes
  ) async -> Outcome {
    let tree = Tree(
      nodes: input.nodes,
      recorder: recorder,
      scopes: scopes,
      clock: RunClock(recorder.clock)
    )
    let wasCancelled = await withTaskCancellationHandler {
      let wasCancelled = await tree.run(cancelAfter: input.cancelAfter)
      recorder.record("return", lane: "caller")
      return wasCancelled
    } onCancel: {
      recorder.record("cancel", lane: "caller")
    }
    var outcome = Outcome()
    for event in recorder.events {
      guard let index = Tree.index(of: event.lane) else { continue }
      switch event.name {
      case "end": outcome.ended.append(index)
      case "cancelled": outcome.cancelled.append(index)
      case "deadlineExceeded": outcome.deadlineExceeded.append(index)
      case "skipped": outcome.skipped.append(index)
      default: break
      }
    }
    outcome.ended.sort()
    outcome.cancelled.sort()
    outcome.deadlineExceeded.sort()
    outcome.skipped.sort()
    if wasCancelled { outcome.error = "cancelled" }
    return outcome
  }
}

/// A run of the tree.
private struct Tree: Sendable {
  typealias Scopes = ContextCancellationDemo.Scopes

  let nodes: [ContextCancellationDemo.Node]
  let recorder: TraceRecorder
  let scopes: Scopes
  let clock: RunClock

  static func index(of lane: String) -> Int? {
    lane.hasPrefix("node ") ? Int(lane.dropFirst(5)) : nil
  }

  /// - Returns: Whether the whole tree was cancelled.
  func run(cancelAfter: Int?) async -> Bool {
    guard let cancelAfter else {
      await children(of: nil)
      return Task.isCancelled
    }
    let wasCancelled = Mutex(false)
    try? await cancelling(after: cancelAfter, lane: "caller") {
      await children(of: nil)
      wasCancelled.withLock { $0 = Task.isCancelled }
    }
    return wasCancelled.withLock { $0 }
  }

  private func children(of parent: Int?) async {
    await withTaskGroup(of: Void.self) { group in
      for index in nodes.indices where nodes[index].parent == parent {
        group.addTask { await node(index) }
      }
    }
  }

  // #region node
  private func node(_ index: Int) async {
    let node = nodes[index]
    let lane = "node \(index)"
    do {
      try await scopes.sleep(.milliseconds(node.delay), clock)
    } catch {
      return recorder.record("skipped", lane: lane)
    }
    let value = node.value ?? ContextCancellationDemo.request
    await ContextCancellationDemo.$request.withValue(value) {
      let work: Scopes.Work = { try await inside(index, lane) }
      let milliseconds = Duration.milliseconds(node.milliseconds)
      do {
        switch ContextCancellationDemo.Kind(rawValue: node.kind) {
        case .plain, nil: try await work()
        case .cancel:
          try await cancelling(after: node.milliseconds, lane: lane, work)
        case .timeout: try await scopes.withTimeout(milliseconds, clock, work)
        case .deadline:
          let deadline = RunClock.Instant(offset: milliseconds)
          try await scopes.withDeadline(deadline, clock, work)
        }
        recorder.record("leave", lane: lane, item: "done")
      } catch is CancellationError {
        recorder.record("leave", lane: lane, item: "interrupted")
      } catch {
        recorder.record("leave", lane: lane, item: "own deadline")
      }
    }
  }

  /// What a node does in its own scope.
  private func inside(_ index: Int, _ lane: String) async throws {
    let deadline = scopes.deadline(clock).map { "\($0.milliseconds)" } ?? "none"
    let value = ContextCancellationDemo.request ?? "none"
    recorder.record("start", lane: lane, item: deadline)
    recorder.record("sees", lane: lane, item: value)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await children(of: index) }
      let result: Result<Void, any Error>
      do {
        try await scopes.sleep(.milliseconds(nodes[index].work), clock)
        recorder.record("end", lane: lane, item: deadline)
        result = .success(())
      } catch {
        let name =
          scopes.reason() == .deadlineExceeded
          ? "deadlineExceeded" : "cancelled"
        recorder.record(name, lane: lane, item: deadline)
        result = .failure(error)
      }
      try await group.waitForAll()
      // Thrown only now: thrown above it would cancel the children.
      try result.get()
    }
  }
  // #endregion

  /// Performs work that is cancelled after some milliseconds.
  private func cancelling(
    after milliseconds: Int,
    lane: String,
    _ work: @escaping Scopes.Work
  ) async throws {
    try await scopes.withCancellation { cancel in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await clock.sleep(for: .milliseconds(milliseconds))
          recorder.record("cancel", lane: lane)
          cancel()
        }
        defer { group.cancelAll() }
        try await work()
      }
    }
  }
}

/// The clock of a run, which counts from the run's beginning.
package struct RunClock: Clock {
  /// A point in time, as the time since the run began.
  package struct Instant: InstantProtocol {
    /// The time since the run began.
    package var offset: Duration

    /// Creates the instant that lies `offset` after the beginning.
    package init(offset: Duration) {
      self.offset = offset
    }

    /// The instant that lies `duration` later.
    package func advanced(by duration: Duration) -> Instant {
      Instant(offset: offset + duration)
    }

    /// The time from this instant to the other.
    package func duration(to other: Instant) -> Duration {
      other.offset - offset
    }

    /// By time.
    package static func < (left: Instant, right: Instant) -> Bool {
      left.offset < right.offset
    }

    /// In whole milliseconds, rounded towards zero.
    var milliseconds: Int { offset.microseconds / 1_000 }
  }

  private let elapsed: @Sendable () -> Duration
  private let pause: @Sendable (Duration) async throws -> Void

  /// Begins to count now.
  package init<C: Clock>(_ base: C) where C.Duration == Duration {
    let begin = base.now
    elapsed = { begin.duration(to: base.now) }
    pause = { try await base.sleep(for: $0) }
  }

  /// The time since the run began.
  package var now: Instant { Instant(offset: elapsed()) }

  /// That of the clock below is not known.
  package var minimumResolution: Duration { .zero }

  /// Sleeps as the clock below does.
  package func sleep(
    until deadline: Instant,
    tolerance: Duration? = nil
  ) async throws {
    try await pause(now.duration(to: deadline))
  }
}
