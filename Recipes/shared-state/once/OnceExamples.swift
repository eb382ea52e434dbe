package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum OnceExamples {
  package static let recipe = Recipe(
    name: "once",
    chapter: .sharedState,
    question: "What does sync.Once guarantee, and what replaces it in Swift?",
    goConstructs: [
      "sync.Once", "sync.OnceFunc", "sync.OnceValue", "sync.OnceValues",
    ],
    swiftConstructs: ["static let", "lazy var", "actor", "Mutex"],
    problems: [
      "initialise once", "lazy initialisation", "load a value only once",
      "cache that loads twice", "singleton", "share one request",
    ],
    copies: ["Once.swift"],
    examples: [
      Example("plain", .outcome, body: plain),
      Example("stored-task", .outcome, body: storedTask).withGoInRealTime,
      Example(
        "value",
        laws: laws,
        wrong: wrong,
        exhausted: [
          (Callers(arrivals: [0, 0], runs: [1], cancelFirst: nil), 12)
        ],
        body: value
      ),
      .history(
        "linearizable",
        histories { work in
          let once = Once(work)
          return { try await once.value() }
        },
        wrong: wrongHistories
      ),
      .refused("lazy", "OnceRefused.swift"),
      Example(
        "first-fails",
        .outcomes(
          swift:
            "call 1: throws no network; call 2: 2, returns; caller: returns",
          go: "Do 1: dies of no network; Do 2: returns; "
            + "OnceValue 1: dies of no network; "
            + "OnceValue 2: dies of no network; "
            + "OnceValues 1: throws no network; "
            + "OnceValues 2: throws no network; caller: returns",
          because: "To `Do`, a function that panicked has run. `OnceValue` "
            + "repeats the panic in each call, and `OnceValues` the error."
        ),
        body: firstFails
      ),
    ]
  )

  typealias Load = @Sendable () async throws -> Int
  /// Makes something that is like a once, as a function that returns its value.
  typealias Make = @Sendable (_ work: @escaping Load) -> Load

  private static func plain(_ stage: Stage) async {
    let print: @Sendable (String) -> Void = { stage.print($0) }
    // #region plain
    enum Shared {
      static let config = load()
    }
    await withTaskGroup { group in
      for _ in 1...3 {
        group.addTask { print(Shared.config) }
      }
    }
    // #endregion
    stage.print(loads.load(ordering: .relaxed))
  }

  /// What one writes where the work is asynchronous, with nothing of ours.
  actor Config {
    private let load: Load
    private let Task: @Sendable (@escaping Load) -> Task<Int, any Error>

    init(_ load: @escaping Load, _ stage: Stage) {
      self.load = load
      Task = { stage.task($0) }
    }

    // #region stored-task
    private var loading: Task<Int, any Error>?

    func value() async throws -> Int {
      if let loading { return try await loading.value }
      let loading = Task { [load] in try await load() }
      self.loading = loading
      return try await loading.value
    }
    // #endregion
  }

  private static func storedTask(_ stage: Stage) async {
    let load: Load = {
      stage.say("load", "runs")
      try await stage.sleep(10)
      return 1
    }
    let config = Config(load, stage)
    let print: @Sendable (Int) -> Void = { stage.print($0) }
    await withTaskGroup { group in
      for _ in 1...3 {
        group.addTask {
          if let value = try? await config.value() { print(value) }
        }
      }
    }
  }

  private static func value(_ input: Callers, _ stage: Stage) async {
    let (load, callers) = input.perform(stage)
    // #region value
    let config = Once { try await load() }
    await withTaskGroup { group in
      for caller in callers {
        group.addTask { await caller { try await config.value() } }
      }
    }
    // #endregion
  }

  /// Two calls, of which the first fails: the file runs the work again.
  private static func firstFails(_ stage: Stage) async {
    struct NoNetwork: Error, CustomStringConvertible {
      var description: String { "no network" }
    }
    let runs = Count()
    let config = Once {
      let run = runs.next() + 1
      if run == 1 { throw NoNetwork() }
      return run
    }
    for call in ["call 1", "call 2"] {
      await stage.attempt(call) { stage.say(call, try await config.value()) }
    }
  }

  // MARK: Input

  struct Callers: ExampleInput {
    var arrivals = [0, 10, 20, 60]
    var runs = [40, 30]
    var failures = 0
    var cancelFirst: Int? = 25

    static var fields: [Field<Self>] {
      [
        .durations(\.arrivals, random: 1...5, "when each caller comes"),
        .durations(
          \.runs,
          random: 1...4,
          "the milliseconds each run takes; further ones are like the last"
        ),
        Field(
          \.failures,
          "how many runs fail before one succeeds",
          randomize: { $0.failures = $1.mayStop ? $1.int(in: 0...2) : 0 }
        ),
        .moment(\.cancelFirst, "cancel caller 0 after so many milliseconds"),
      ]
    }

    /// A caller asks for a value by what it is given.
    typealias Caller = @Sendable (@escaping Load) async -> Void

    /// The work, whose value is the number of the run, and the callers, each
    /// with its moment.
    func perform(_ stage: Stage) -> (load: Load, callers: [Caller]) {
      let count = Count()
      let load: Load = { [runs, failures] in
        let run = count.next()
        let time = runs.dropFirst(run).first ?? runs.last ?? 0
        try await stage.work("run \(run)", time, fails: run < failures)
        return run
      }
      let callers = arrivals.enumerated().map { index, arrival -> Caller in
        let lane = "caller \(index)"
        return { [cancelFirst] value in
          await stage.cancel(lane, after: index == 0 ? cancelFirst : nil) {
            try? await stage.sleep(arrival)
            try? await stage.keep(lane) { stage.say(lane, try await value()) }
          }
        }
      }
      return (load, callers)
    }
  }

  final class Count: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).oldValue }
  }

  // MARK: Laws

  static let laws = [
    oneRun, finishedValue, cancelledLeave, handsOver, .allEndedOnReturn,
  ]

  static let oneRun = Law<Callers>(
    "no run starts beside another one or after a success"
  ) { _, trace in
    var (running, succeeded) = (0, false)
    for event in trace.events where event.isRun {
      if event.isOpening, running > 0 || succeeded {
        return "\(event.lane) starts"
      }
      running += event.isOpening ? 1 : -1
      if event.name == "end" { succeeded = true }
    }
    return nil
  }.untimed

  static let finishedValue = Law<Callers>(
    "a value is that of a run that has succeeded"
  ) { _, trace in
    var finished: Set<String> = []
    for event in trace.events {
      if event.isRun, event.name == "end" { finished.insert(event.lane) }
      if event.name == "say", !finished.contains("run \(event.item)") {
        return "\(event.lane) gets \(event.item)"
      }
    }
    return nil
  }.untimed

  static let cancelledLeave = Law<Callers>(
    "a cancelled caller leaves at once"
  ) { _, trace in
    for cancel in trace.events where cancel.name == "cancel" {
      let late = trace.events.first {
        cancel.cancels($0) && $0.isClosing && $0.at > cancel.at
      }
      if let late { return "\(late.lane) stays until \(late.at) µs" }
    }
    return nil
  }

  static let handsOver = Law<Callers>(
    "a caller's cancellation is nobody else's"
  ) { _, trace in
    let cancels = trace.events.filter { $0.name == "cancel" }
    return trace.events.first { event in
      event.name == "cancelled" && !event.isRun
        && !cancels.contains { $0.cancels(event) }
    }.map { "\($0.lane) is cancelled" }
  }.untimed
}

private let loads = Atomic(0)

private func load() -> String {
  loads.add(1, ordering: .relaxed)
  return "config"
}

extension Event {
  fileprivate var isRun: Bool { lane.hasPrefix("run ") }

  /// Whether it is a cancellation of another event's lane, or of all.
  fileprivate func cancels(_ other: Event) -> Bool {
    lane == other.lane || lane == Event.caller
  }
}
