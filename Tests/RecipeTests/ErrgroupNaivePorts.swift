import Cookbook
import ErrgroupRecipe
import Synchronization

/// Wrong groups, each as somebody would write it.
enum NaiveErrorGroups {
  typealias Group = ErrgroupDemo.Group

  // #region waitForAll
  /// Adds all tasks, and waits for all of them.
  static let waitForAll: ErrgroupDemo.Runner = { _, body in
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      var group: any Group = Plain(tasks: tasks)
      try await body(&group)
      // Throws the first error, as one wants. But it waits for all first,
      // and cancels nobody: a group cancels when its closure throws.
      try await tasks.waitForAll()
    }
  }

  struct Plain: Group {
    var tasks: ThrowingTaskGroup<Void, any Error>
    var isCancelled: Bool { tasks.isCancelled }

    mutating func add(_ operation: @escaping Operation) async throws {
      tasks.addTask { try await operation() }
    }

    mutating func tryAdd(_ operation: @escaping Operation) -> Bool {
      tasks.addTask { try await operation() }
      return true
    }
  }
  // #endregion

  /// Asks for the results at the end, when the body has added everything.
  static let askedForTooLate: ErrgroupDemo.Runner = { _, body in
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      var group: any Group = Plain(tasks: tasks)
      try await body(&group)
      while try await tasks.next() != nil {}
    }
  }

  /// What the tasks of a naive group have in common.
  final class Results: Sendable {
    private let results = Mutex<[(task: Int, error: any Error)]>([])
    private let running = Mutex(0)

    /// In the order in which they were noted.
    var all: [(task: Int, error: any Error)] { results.withLock { $0 } }

    func note(_ error: any Error, of task: Int) {
      results.withLock { $0.append((task, error)) }
    }

    func enter(limit: Int) -> Bool {
      running.withLock { running in
        guard running < limit else { return false }
        running += 1
        return true
      }
    }

    func leave() { running.withLock { $0 -= 1 } }
  }

  /// A group whose way with errors and room is for a port to say.
  struct Custom: Group {
    var tasks: ThrowingDiscardingTaskGroup<any Error>
    var limit: Int
    var results: Results
    var added = 0
    var perform:
      @Sendable (_ task: Int, Results, @escaping Operation) async throws -> Void

    var isCancelled: Bool { tasks.isCancelled }

    mutating func add(_ operation: @escaping Operation) async throws {
      while !results.enter(limit: limit) { await Task.yield() }
      start(operation)
    }

    mutating func tryAdd(_ operation: @escaping Operation) -> Bool {
      guard results.enter(limit: limit) else { return false }
      start(operation)
      return true
    }

    private mutating func start(_ operation: @escaping Operation) {
      defer { added += 1 }
      tasks.addTask { [added, results, perform] in
        defer { results.leave() }
        try await perform(added, results, operation)
      }
    }
  }

  static func custom(
    limit: @escaping @Sendable (Int) -> Int = { $0 },
    perform:
      @escaping @Sendable (Int, Results, @escaping Group.Operation)
      async throws -> Void,
    choose:
      @escaping @Sendable ([(task: Int, error: any Error)])
      -> (any Error)? = { $0.first?.error }
  ) -> ErrgroupDemo.Runner {
    { input, body in
      let results = Results()
      do {
        try await withThrowingDiscardingTaskGroup { tasks in
          var group: any Group = Custom(
            tasks: tasks,
            limit: limit(input.limit ?? .max),
            results: results,
            perform: perform
          )
          try await body(&group)
        }
      } catch {
        // The port chooses.
      }
      if let error = choose(results.all) { throw error }
    }
  }

  /// Does not see any error.
  static let swallows = custom { _, _, operation in
    try? await operation()
  }

  /// Looks at the results in the order in which the tasks were added.
  static let inOrderOfSubmission = custom(perform: noteAndThrow) { results in
    results.min { $0.task < $1.task }?.error
  }

  /// Assigns each error to the one before.
  static let lastErrorWins = custom(perform: noteAndThrow) { results in
    results.last?.error
  }

  /// Says what went wrong before it notes it, and lets others in between.
  static let notesAfterSuspension = custom { task, results, operation in
    do {
      try await operation()
    } catch {
      await Task.yield()
      results.note(error, of: task)
      throw error
    }
  }

  /// Refuses one task too late.
  static let oneTooMany = custom(limit: { $0 + 1 }, perform: noteAndThrow)

  private static let noteAndThrow:
    @Sendable (Int, Results, @escaping Group.Operation) async throws -> Void = {
      task,
      results,
      operation in
      do {
        try await operation()
      } catch {
        results.note(error, of: task)
        throw error
      }
    }

  /// Makes room by asking for a result, which `tryAdd` cannot do: tasks that
  /// have ended and were not asked for count as if they ran.
  struct CountsUnasked: Group {
    var tasks: ThrowingTaskGroup<Void, any Error>
    var limit: Int
    var running = 0

    var isCancelled: Bool { tasks.isCancelled }

    mutating func add(_ operation: @escaping Operation) async throws {
      if running >= limit {
        try await tasks.next()
        running -= 1
      }
      _ = tryAdd(operation)
    }

    mutating func tryAdd(_ operation: @escaping Operation) -> Bool {
      guard running < limit else { return false }
      running += 1
      tasks.addTask { try await operation() }
      return true
    }
  }

  static let countsUnasked: ErrgroupDemo.Runner = { input, body in
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      var group: any Group = CountsUnasked(
        tasks: tasks,
        limit: input.limit ?? .max
      )
      try await body(&group)
      while try await tasks.next() != nil {}
    }
  }

  static func port(
    _ name: String,
    breaks law: DemoLaw<ErrgroupDemo.Input, ErrgroupDemo.Outcome>,
    _ runner: @escaping ErrgroupDemo.Runner,
    _ change: (inout ErrgroupDemo.Input) -> Void = { _ in }
  ) -> NaivePort<ErrgroupDemo> {
    var input = ErrgroupDemo.Input()
    input.jobs = [5, 2, 3]
    input.failing = [1]
    change(&input)
    return NaivePort(name: name, brokenLaw: law.name, input: input) {
      await ErrgroupDemo.run($0, $1, runner: runner)
    }
  }

  static let ports: [NaivePort<ErrgroupDemo>] = [
    port(
      "waitForAll",
      breaks: ErrgroupDemo.othersAreCancelledAtOnce,
      waitForAll
    ),
    port(
      "results asked for when all is added",
      breaks: ErrgroupDemo.othersAreCancelledAtOnce,
      askedForTooLate
    ) { $0.gaps = [0, 4, 0] },
    port(
      "try?",
      breaks: ErrgroupDemo.firstErrorIsThrown,
      swallows
    ),
    port(
      "errors in the order of submission",
      breaks: ErrgroupDemo.firstErrorIsThrown,
      inOrderOfSubmission
    ),
    port(
      "the last error wins",
      breaks: ErrgroupDemo.firstErrorIsThrown,
      lastErrorWins
    ),
    port(
      "errors noted after a suspension",
      breaks: ErrgroupDemo.firstErrorIsThrown,
      notesAfterSuspension
    ) {
      $0.jobs = [2, 2]
      $0.failing = [0, 1]
    },
    port(
      "one too many",
      breaks: ErrgroupDemo.neverMoreThanLimit,
      oneTooMany
    ) { $0.limit = 2 },
    port(
      "room counted by results asked for",
      breaks: ErrgroupDemo.tryIsExact,
      countsUnasked
    ) {
      $0.limit = 2
      $0.failing = []
      $0.gaps = [0, 3, 0]
      $0.trying = [2]
    },
  ]
}
