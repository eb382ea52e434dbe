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
      "wait for the first of several", "timeout on a channel", "first result",
      "try to send without waiting", "multiplex", "merge two streams",
    ],
    copies: ["Select.swift", "ChannelSelecting.swift"],
    ingredients: ["channel"],
    examples: [
      Example("receive", laws: [inTurn, allBack], wrong: wrongTakes) {
        try await serve($0, $1)
      },
      Example("first", laws: [firstEnds], wrong: wrongFirsts, body: first),
      Example("lost", loses, body: lost),
      Example("merged", losesNothing, body: merged),
      Example("facing", meetOnce, body: facing),
      Example("itself", .outcome, body: itself),
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
      return try await select(among: cases(), using: &generator)
    }
  }

  // MARK: Requests, and connections in two pools

  struct Pools: Sendable {
    let clock: any Clock<Duration>
    let primary = Channel<Int>(capacity: 100)
    let replica = Channel<Int>(capacity: 100)
    let select = SeededSelect()

    /// Each has a pool of its own, which has room for it.
    func putBack(_ connection: Int) {
      _ = try? (connection % 2 == 0 ? primary : replica).trySend(connection)
    }
  }

  /// Takes a connection; `nil` where there is none in time.
  typealias Take = @Sendable (Pools, _ patience: Duration?) async throws -> Int?

  static func take(_ pools: Pools, _ patience: Duration?) async throws -> Int? {
    let (primary, replica) = (pools.primary, pools.replica)
    let (select, clock) = (pools.select, pools.clock)
    guard let patience else {
      // #region default
      return try await select {
        Select.receive(from: primary) { $0 }
        Select.receive(from: replica) { $0 }
        Select.default { nil }
      }
      // #endregion
    }
    // #region receive
    let connection = try await select {
      Select.receive(from: primary) { $0 }
      Select.receive(from: replica) { $0 }
      Select.timeout(patience, clock: clock) { nil }
    }
    // #endregion
    return connection
  }

  /// Counts what is left in the pools.
  private static func drain(_ pools: Pools) async throws -> Int {
    let select = pools.select
    var (primary, replica) = (Optional(pools.primary), Optional(pools.replica))
    var count = 0
    // #region nil
    while primary != nil || replica != nil {
      try await select {
        Select.receive(from: primary) { connection in
          if connection == nil { primary = nil } else { count += 1 }
        }
        Select.receive(from: replica) { connection in
          if connection == nil { replica = nil } else { count += 1 }
        }
      }
    }
    // #endregion
    return count
  }

  static func serve(
    _ input: Requests,
    _ stage: Stage,
    take: @escaping Take = take
  ) async throws {
    let pools = Pools(clock: stage.clock)
    for connection in 0..<input.connections { pools.putBack(connection) }
    await withTaskGroup { group in
      for (request, arrival) in input.arrivals.enumerated() {
        group.addTask(name: "request \(request)") {
          guard (try? await stage.sleep(arrival)) != nil else { return }
          var connection: Int?
          try? await stage.keep("request \(request)") {
            connection = try await take(pools, input.patience(of: request))
            if connection == nil { stage.say("request \(request)", "gives up") }
          }
          guard let connection else { return }
          let time = input.uses[request % input.uses.count]
          try? await stage.work("use \(request)", time)
          pools.putBack(connection)
        }
      }
    }
    pools.primary.close()
    pools.replica.close()
    stage.print(try await drain(pools))
  }

  struct Requests: ExampleInput {
    var arrivals = [5, 10, 15, 20, 30]
    var patience = [0, 40, 40, 0, 10]
    var uses = [35, 40, 25]
    var connections = 2
    var cancelAfter: Int?

    static let mayTie = false
    static var fields: [Field<Self>] {
      [
        .durations(\.arrivals, random: 1...6, "when each request comes"),
        Field(
          \.patience,
          "how many milliseconds each one waits, in turn; 0: not at all",
          validate: { _, list in
            list.isEmpty || list.contains { !(0...1_000_000).contains($0) }
              ? "must be numbers from 0 to 1000000" : nil
          },
          randomize: { input, source in
            input.patience = input.arrivals.map { _ in
              source.isOne(in: 3) ? 0 : source.duration()
            }
          }
        ),
        .durations(\.uses, random: 1...6, "milliseconds of each use, in turn"),
        .count(\.connections, in: 1...200, random: 1...4, "all connections"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    func patience(of request: Int) -> Duration? {
      let time = patience[request % patience.count]
      return time > 0 ? .milliseconds(time) : nil
    }

    /// What happens if nobody is cancelled.
    ///
    /// A request that gives up is none that others wait for, so each one
    /// depends only on those before it.
    var events: [Event] {
      var free = Array(repeating: 0, count: connections)
      var events: [Event] = []
      func add(_ lane: String, _ name: String, _ at: Int) {
        events.append(Event(at: at * 1_000, lane: lane, name: name))
      }
      for (request, comes) in arrivals.enumerated().sorted(by: {
        $0.element < $1.element
      }) {
        free.sort()
        let (start, patience) = (
          max(comes, free[0]), patience[request % patience.count]
        )
        add("request \(request)", "start", comes)
        add("request \(request)", "end", min(start, comes + patience))
        if start > comes + patience { continue }
        free[0] = start + uses[request % uses.count]
        add("use \(request)", "start", start)
        add("use \(request)", "end", free[0])
      }
      return events.sorted()
    }
  }

  static let inTurn = Law<Requests>(
    "who waits gets the next connection in turn, or gives up in time"
  ) { input, trace in
    let stop = trace.stop?.at ?? .max
    let events = trace.events.filter {
      $0.at < stop && $0.lane != Event.caller && $0.name != "say"
    }
    let pairs = zip(
      events.sorted() + [nil],
      input.events.filter { $0.at < stop } + [nil]
    )
    return pairs.first { $0 != $1 }.map { got, wanted in
      "\(got?.json ?? "nothing") instead of \(wanted?.json ?? "nothing")"
    }
  }

  static let allBack = Law<Requests>("no connection is lost") { input, trace in
    let left = trace.outcome.said[Event.caller] ?? []
    return left == ["\(input.connections)"] ? nil : "\(left) are left"
  }.untimed

  // MARK: Plain Swift

  struct Answers: ExampleInput {
    var answers = [40, 25, 60]
    var limit = 50
    var cancelAfter: Int?

    static let mayTie = false
    static var fields: [Field<Self>] {
      [
        .durations(\.answers, random: 0...5, "milliseconds of each mirror"),
        Field(
          \.limit,
          "how many milliseconds it waits, at least 1",
          validate: { $1 < 1 ? "must be at least 1, not \($1)" : nil },
          randomize: { $0.limit = $1.duration() }
        ),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    func ask(_ stage: Stage) -> @Sendable (Int) async throws -> String {
      { mirror in
        try await stage.work("mirror \(mirror)", answers[mirror])
        return "answer \(mirror)"
      }
    }
  }

  static let firstEnds = Law<Answers>(
    "the first answer or the limit ends all at once"
  ) { input, trace in
    let end = min(input.limit, input.answers.min() ?? .max) * 1_000
    let late = trace.events.first { $0.at > end }
    return late.map { "\($0.lane) at \($0.at) µs, not \(end) µs" }
  }

  private static func first(_ input: Answers, _ stage: Stage) async throws {
    let (mirrors, ask) = (input.answers.indices, input.ask(stage))
    let (limit, clock) = (Duration.milliseconds(input.limit), stage.clock)
    // #region first
    let answer = try await withThrowingTaskGroup(of: String?.self) { group in
      for mirror in mirrors {
        group.addTask { try await ask(mirror) }
      }
      group.addTask {
        try await clock.sleep(for: limit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    // #endregion
    stage.print(answer ?? "too late")
  }

  private static let loses = Evidence.race(
    ["caller: 1, null, returns", "caller: 2, null, returns"],
    go: either,
    because: "Each child of a race may receive before one of them wins. What "
      + "the others have received is gone."
  )
  private static let losesNothing = Evidence.race(either)
  private static let either: Set = [
    "caller: 1, 2, returns", "caller: 2, 1, returns",
  ]

  private static func streams() -> (AsyncStream<Int>, AsyncStream<Int>) {
    func stream(of element: Int) -> AsyncStream<Int> {
      AsyncStream {
        $0.yield(element)
        $0.finish()
      }
    }
    return (stream(of: 1), stream(of: 2))
  }

  private static func lost(_ stage: Stage) async {
    let (orders, news) = streams()
    let print: (Int?) -> Void = { stage.print($0) }
    for _ in 1...2 {
      // #region lost
      let one = await withTaskGroup(of: Int?.self) { group in
        group.addTask { await orders.first { _ in true } }
        group.addTask { await news.first { _ in true } }
        defer { group.cancelAll() }
        return await group.next() ?? nil
      }
      print(one)
      // #endregion
    }
  }

  private static func merged(_ stage: Stage) async {
    let (orders, news) = streams()
    let print: (Int) -> Void = { stage.print($0) }
    // #region merged
    let (all, both) = AsyncStream.makeStream(of: Int.self)
    await withTaskGroup { group in
      group.addTask {
        await withTaskGroup { sources in
          sources.addTask { for await order in orders { both.yield(order) } }
          sources.addTask { for await item in news { both.yield(item) } }
        }
        both.finish()
      }
      for await one in all { print(one) }
    }
    // #endregion
  }

  // MARK: Two that select

  private static let meetOnce = Evidence.race(
    of: ("left", "right"),
    ("\"sent\", returns", "\"received\", returns"),
    go: ("\"sent\", returns", "\"received\", returns"),
    because: ""
  )

  private static func facing(_ stage: Stage) async throws {
    let (left, right, select) = (Channel<Int>(), Channel<Int>(), SeededSelect())
    await withTaskGroup { group in
      for (lane, own, other) in [("left", left, right), ("right", right, left)]
      {
        group.addTask(name: lane) {
          await stage.attempt(lane) {
            try await select {
              Select.send(1, to: other) { stage.say(lane, "sent") }
              Select.receive(from: own) { _ in stage.say(lane, "received") }
            }
          }
        }
      }
    }
  }

  private static func itself(_ stage: Stage) async throws {
    let (channel, select) = (Channel<Int>(), SeededSelect())
    try await select {
      Select.send(1, to: channel) { stage.print("sent") }
      Select.receive(from: channel) { _ in stage.print("received") }
      Select.timeout(.milliseconds(9), clock: stage.clock) {
        stage.print("neither")
      }
    }
  }
}
