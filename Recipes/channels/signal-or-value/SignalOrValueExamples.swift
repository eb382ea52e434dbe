package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum SignalOrValueExamples {
  package static let recipe = Recipe(
    name: "signal-or-value",
    chapter: .channels,
    question: "chan struct{} or a typed value, and close() as broadcast?",
    goConstructs: [
      "chan struct{}", "struct{}{}", "close(ready)", "close(done)",
      "make(chan struct{}, 1)",
    ],
    swiftConstructs: [
      "CheckedContinuation", "Task.value", "AsyncStream<Void>",
    ],
    problems: [
      "broadcast", "wake all goroutines", "wake all waiters",
      "notify all receivers", "signal without data", "one-shot event",
      "starting gun", "empty struct channel", "wait until ready",
      "coalesce notifications", "lost wake-up",
    ],
    copies: ["Gate.swift"],
    examples: [
      Example(
        "plain",
        laws: [notEarly, allAtOnce],
        wrong: wrongSignals,
        exhausted: [(Readers(arrivals: [0, 0], load: 1), 240)],
        body: plain
      ),
      Example(
        "gate",
        laws: [notEarly, allAtOnce, .cancelledEndsAtOnce],
        wrong: wrongGates,
        exhausted: [
          (Readers(arrivals: [0, 0], load: 1, patience: [1]), 9_030)
        ],
        body: gate
      ),
      .history("linearizable", histories(), wrong: wrongHistories),
      Example(
        "count",
        laws: [counted],
        wrong: wrongCounts,
        exhausted: [(Readers(arrivals: [1, 1, 1]), 144)],
        body: count
      ),
      Example(
        "redraw",
        laws: [lastIsDrawn, noneForNothing],
        wrong: wrongRedraws,
        exhausted: [(Changes(pauses: [1, 1, 1], redraw: 2), 2)],
      ) { try await redraw($0, $1, room: 1) },
      Example("sizes", .outcome) { stage in
        stage.print([MemoryLayout<Void>.size, MemoryLayout<Bool>.size])
        stage.print(Channel<Void>(capacity: 1 << 40).capacity)
      },
    ] + cells
  )

  // MARK: Tasks that wait for one event

  struct Readers: ExampleInput {
    var arrivals = [0, 10, 20, 51]
    var load = 30
    var patience: [Int] = []

    static var fields: [Field<Self>] {
      [
        .durations(
          \.arrivals,
          random: 1...5,
          "when each task comes; in `count`, how long it works"
        ),
        .duration(
          \.load,
          least: 1,
          repeats: 1,
          "how long it takes until it happens"
        ),
        .each(
          \.patience,
          of: \.arrivals,
          random: { $1.mayStop && $1.isOne(in: 2) ? $1.duration() : 0 },
          "in `gate`, cancel each so long after it came; 0: never"
        ),
      ]
    }

    static let patient = Readers(patience: [0, 15])

    /// What the tasks wait for, and what each of them does; each comes at its
    /// moment, and may be cancelled.
    func perform(_ stage: Stage) -> (load: Load, forEachTask: ForEachTask) {
      let visits = Visits(arrivals: arrivals, patience: patience)
      return (
        {
          try? await stage.work("loader", load)
          stage.say("loader", "config")
          return "config"
        },
        { wait in
          await visits.come(stage) { task in
            stage.say("task \(task)", try await wait())
            // Odd, or it might end as another is cancelled.
            try await stage.work("task \(task)", 9)
          }
        }
      )
    }

    typealias Load = @Sendable () async -> String
    typealias Wait = @Sendable () async throws -> String
    typealias ForEachTask = @Sendable (@escaping Wait) async -> Void

    /// What each does in `count`, until its moment.
    func work(_ task: Int, _ stage: Stage) async throws {
      try await stage.work("task \(task)", arrivals[task])
    }
  }

  static func plain(_ input: Readers, _ stage: Stage) async {
    let (load, forEachTask) = input.perform(stage)
    let Task = { stage.task($0) as Task<String, any Error> }
    // #region plain
    let config = Task { await load() }
    await forEachTask { try await config.value }
    // #endregion
    _ = try? await config.value
  }

  private static func gate(_ input: Readers, _ stage: Stage) async {
    let (load, forEachTask) = input.perform(stage)
    await withDiscardingTaskGroup { group in
      // #region gate
      let config = Gate<String>()
      group.addTask { config.open(with: await load()) }
      await forEachTask { try await config.wait() }
      // #endregion
    }
  }

  static let notEarly = Law<Readers>(
    "nobody goes on before it happens, and each gets its value"
  ) { _, trace in
    var value: String?
    for event in trace.events where event.name == "say" {
      if event.lane == "loader" { value = event.item }
      if event.item != value { return "\(event.lane) gets \(event.item)" }
    }
    return nil
  }.untimed

  static let allAtOnce = Law<Readers>(
    "all who wait go on when it happens, and who comes later does not wait"
  ) { _, trace in
    let happened = trace.events.first {
      $0.lane == "loader" && $0.name == "say"
    }
    var waiting: [String: Int] = [:]
    for event in trace.events where event.lane.hasPrefix("task ") {
      if event.name == Event.come { waiting[event.lane] = event.at }
      if Ending(event) != nil { waiting[event.lane] = nil }
      guard event.isOpening, let since = waiting.removeValue(forKey: event.lane)
      else { continue }
      if event.at > max(since, happened?.at ?? .max) {
        return "\(event.lane) goes on at \(event.at) µs"
      }
    }
    return waiting.keys.min().map { "\($0) waits on" }
  }

  // MARK: A signal from each of several tasks

  private static func count(_ input: Readers, _ stage: Stage) async {
    let n = input.arrivals.count
    let work = { @Sendable in try? await input.work($0, stage) }
    let print: @Sendable (String) -> Void = stage.print
    // #region count
    let (done, signals) = AsyncStream.makeStream(of: Void.self)
    await withDiscardingTaskGroup { group in
      for task in 0..<n {
        group.addTask {
          await work(task)
          signals.yield()
        }
      }
      for await _ in done.prefix(n) { print("one is done") }
    }
    // #endregion
  }

  static let counted = Law<Readers>(
    "each task that ends is one signal, at that instant"
  ) { _, trace in
    if trace.stop != nil { return nil }
    var (ended, signals) = (0, 0)
    for instant in trace.instants {
      ended += instant.events.count(where: \.isClosing)
      signals += instant.events.count { $0.name == "say" }
      if signals != ended { return "\(signals) of \(ended)" }
    }
    return nil
  }

  // MARK: A signal that says that there is something to do

  struct Changes: ExampleInput {
    var pauses = [10, 10, 10, 30]
    var redraw = 24

    static var fields: [Field<Self>] {
      [
        .durations(
          \.pauses,
          least: 1,
          random: 1...6,
          ties: .noneOfSums { _ in true },
          "the milliseconds before each change, at least 1"
        ),
        .duration(\.redraw, least: 1, repeats: 8, "how long a redraw takes"),
      ]
    }

    /// Changes that come, and what is done about them.
    func perform(_ stage: Stage) -> (Source, @Sendable () async throws -> Void)
    {
      (
        stage.source("change", pauses),
        { try await stage.work("redraw", redraw) }
      )
    }
  }

  static func redraw(
    _ input: Changes,
    _ stage: Stage,
    room: Int
  ) async throws {
    let (changes, redraw) = input.perform(stage)
    // #region redraw
    let (dirty, signals) = AsyncStream.makeStream(
      of: Void.self,
      bufferingPolicy: .bufferingNewest(room)
    )
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { signals.finish() }
        for try await _ in changes { signals.yield() }
      }
      for await _ in dirty { try await redraw() }
      try await group.waitForAll()
    }
    // #endregion
  }

  static let lastIsDrawn = Law<Changes>(
    "after each change there is a redraw"
  ) { _, trace in
    let last = trace.events.last { $0.name == "say" || $0.isOpening }
    let isDrawn = trace.stop != nil || last?.isOpening ?? true
    return isDrawn ? nil : "change \(last?.item ?? "") is lost"
  }.untimed

  static let noneForNothing = Law<Changes>(
    "nothing is drawn again without a change"
  ) { _, trace in
    let changes = trace.events.filter { $0.name == "say" }.map(\.at)
    let redraws = trace.events.filter(\.isOpening).map(\.at)
    return zip(redraws, redraws.dropFirst()).first { last, next in
      !changes.contains { last <= $0 && $0 <= next }
    }.map { "at \($1) µs" }
  }
}
