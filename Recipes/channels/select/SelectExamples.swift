package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum SelectExamples {
  package static let recipe = Recipe(
    name: "select",
    chapter: .channels,
    question: "How does select work, and what are its key properties?",
    goConstructs: [
      "select", "select with default", "case <-time.After(d)", "nil channel",
    ],
    swiftConstructs: [
      "@resultBuilder", "withThrowingTaskGroup", "cancelAll", "AsyncStream",
    ],
    problems: [
      "wait on multiple channels", "non-blocking send", "time.After in select",
      "wait for the first of several", "timeout on a channel", "first result",
      "try to send without waiting", "multiplex", "merge two streams",
    ],
    copies: ["Select.swift", "ChannelSelecting.swift"],
    ingredients: ["channel"],
    examples: [
      Example(
        "receive",
        laws: [
          .inTurn, .firstIsServed, .triesAreExact(refusal: TooLate()), inTime,
          .allFree,
        ],
        wrong: wrong,
        exhausted: [
          (Visits(limit: 2, arrivals: [1, 1, 1], holds: [5, 5, 5]), 2_160)
        ]
      ) { try await serve($0, $1) },
      Example("merged", either, body: merged),
    ],
    workloads: workloads
  )

  /// `select` with a choice that is the same whenever the schedule is.
  final class SeededSelect: Sendable {
    private let seeds = Mutex(SeededGenerator(seed: 1))

    func callAsFunction<Output>(
      @Select.Builder<Output> _ cases: () -> [Select.Case<Output>]
    ) async throws -> Output {
      var generator = SeededGenerator(seed: seeds.withLock { $0.next() })
      return try await Select.first(of: cases()) {
        Int.random(in: $0, using: &generator)
      }
    }
  }

  // MARK: Tasks that need a connection, of either of two pools

  struct TooLate: Error, CustomStringConvertible {
    let description = "too late"
  }

  struct Pools: Sendable {
    let input: Visits
    let stage: Stage
    let primary = Channel<Int>(capacity: 1_024)
    let replica = Channel<Int>(capacity: 1_024)
    let select = SeededSelect()

    func patience(_ task: Int) -> Duration {
      let patience = input.patience.dropFirst(task).first ?? 0
      return .milliseconds(patience > 0 ? patience : mostMilliseconds)
    }

    /// Each connection has a pool of its own, which has room for it.
    func putBack(_ connection: Int) {
      _ = try? (connection % 2 == 0 ? primary : replica).trySend(connection)
    }

    /// Takes out what is there, and counts it.
    func empty() -> Int {
      var count = 0
      for pool in [primary, replica] {
        while case .element = pool.tryReceive() { count += 1 }
      }
      return count
    }
  }

  /// Takes a connection for a task; `nil` where there is none in time.
  typealias Take = @Sendable (_ task: Int, Pools) async throws -> Int?

  static func take(_ task: Int, _ pools: Pools) async throws -> Int? {
    let (primary, replica) = (pools.primary, pools.replica)
    let (select, clock) = (pools.select, pools.stage.clock)
    if pools.input.trying.contains(task) {
      // #region default
      return try await select {
        Select.receive(from: primary) { $0 }
        Select.receive(from: replica) { $0 }
        Select.default { nil }
      }
      // #endregion
    }
    let patience = pools.patience(task)
    // #region receive
    let connection = try await select {
      Select.receive(from: primary) { $0 }
      Select.receive(from: replica) { $0 }
      Select.timeout(patience, clock: clock) { nil }
    }
    // #endregion
    return connection
  }

  static func serve(
    _ input: Visits,
    _ stage: Stage,
    take: @escaping Take = take
  ) async throws {
    let pools = Pools(input: input, stage: stage)
    for connection in 0..<input.limit { pools.putBack(connection) }
    // Here the patience is that of the select.
    var visits = input
    visits.patience = []
    await visits.come(stage) { task in
      guard let connection = try await take(task, pools) else {
        throw TooLate()
      }
      defer { pools.putBack(connection) }
      try await input.hold(task, stage)
    }
    stage.print(pools.empty())
  }

  static let inTime = Law<Visits>("a wait ends when the patience does") {
    input,
    trace in
    for (task, patience) in input.patience.enumerated() where patience > 0 {
      let life = trace.events.filter { $0.lane == "task \(task)" }
      guard let come = life.first, life.count > 1 else { continue }
      let end = input.trying.contains(task) ? 0 : patience * 1_000
      let waited = life[1].at - come.at
      if waited > end || life[1].item == "too late" && waited < end {
        return "task \(task) waited for \(waited) µs"
      }
    }
    return nil
  }

  // MARK: Plain Swift

  private static let either = Evidence.race([
    "caller: 1, 2, returns", "caller: 2, 1, returns",
  ])

  private static func merged(_ stage: Stage) async {
    func stream(of element: Int) -> AsyncStream<Int> {
      AsyncStream {
        $0.yield(element)
        $0.finish()
      }
    }
    let (orders, news) = (stream(of: 1), stream(of: 2))
    let print: (Int) -> Void = { stage.print($0) }
    // #region merged
    let (both, input) = AsyncStream.makeStream(of: Int.self)
    await withTaskGroup { group in
      group.addTask {
        await withTaskGroup { sources in
          sources.addTask { for await order in orders { input.yield(order) } }
          sources.addTask { for await item in news { input.yield(item) } }
        }
        input.finish()
      }
      for await one in both { print(one) }
    }
    // #endregion
  }
}
