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
      Example("stored-task", .outcome) {
        await Callers(cancelFirst: nil).ask($0, storeTask($0))
      }.withGoInRealTime,
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
      .refused("sync-once-recursion", "go/refused/recursion.go"),
      Example(
        "first-fails",
        .outcomes(
          swift: "call 1: throws NoNetwork(); call 2: 2, returns; "
            + "caller: returns",
          go: "Do 1: dies of no network; Do 2: returns; "
            + "OnceValue 1: dies of no network; "
            + "OnceValue 2: dies of no network; "
            + "OnceValues 1: throws no network; "
            + "OnceValues 2: throws no network; "
            + "caller: returns",
          because: "To `Do`, a function that panicked has run. `OnceValue` "
            + "repeats the panic in each call, and `OnceValues` the error. "
            + "The file keeps no error."
        ),
        body: firstFails
      ),
      Example("recursion", .waits()) { _ in
        _ = try await again.value()
      },
    ]
  )

  typealias Load = @Sendable () async throws -> Int
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

  static func storeTask(_ stage: Stage) -> Make {
    { load in
      let config = Config(load, stage)
      return { try await config.value() }
    }
  }

  private static func value(_ input: Callers, _ stage: Stage) async {
    await input.ask(stage) { load in
      // #region value
      let config = Once { try await load() }
      return { try await config.value() }
      // #endregion
    }
  }

  /// Two calls, of which the first fails: the file runs the work again.
  private static func firstFails(_ stage: Stage) async {
    struct NoNetwork: Error {}
    let runs = Atomic(0)
    let config = Once {
      let run = runs.add(1, ordering: .relaxed).newValue
      if run == 1 { throw NoNetwork() }
      return run
    }
    for call in ["call 1", "call 2"] {
      await stage.attempt(call) { stage.say(call, try await config.value()) }
    }
  }

  private static let again: Once<Int> = Once { try await again.value() }

  // MARK: Input

  struct Callers: ExampleInput {
    var arrivals = [0, 10, 60]
    var runs = [40, 30]
    var failures = 0
    var cancelFirst: Int? = 25

    static var fields: [Field<Self>] {
      [
        .durations(\.arrivals, random: 1...5, "when each task comes"),
        .durations(\.runs, random: 1...4, "ms of each run, the last repeated"),
        Field(
          \.failures,
          "how many runs fail before one succeeds",
          random: { $1.mayStop ? $1.int(in: 0...2) : 0 }
        ),
        .moment(
          \.cancelFirst,
          "cancel task 0 so long after it comes; 0: never"
        ),
      ]
    }

    /// Tasks ask for a value, each at its moment: that of the work is the
    /// number of the run.
    func ask(_ stage: Stage, _ make: Make) async {
      let begun = Atomic(0)
      let value = make { [runs, failures] in
        let run = begun.add(1, ordering: .relaxed).oldValue
        let time = runs.dropFirst(run).first ?? runs.last ?? 0
        try await stage.work("run \(run)", time, fails: run < failures)
        return run
      }
      let visits = Visits(arrivals: arrivals, patience: [cancelFirst ?? 0])
      await visits.come(stage) { task in
        let lane = "task \(task)"
        try await stage.keep(lane) { stage.say(lane, try await value()) }
      }
    }
  }

  // MARK: Laws

  static let laws = [oneRun, .cancelledEndsAtOnce]

  static let oneRun = Law<Callers>(
    "one run at a time, up to the one whose value all get"
  ) { _, trace in
    var (isRunning, succeeded): (Bool, String?) = (false, nil)
    for event in trace.events {
      if event.name == "say", "run \(event.item)" != succeeded {
        return "\(event.lane) gets \(event.item)"
      }
      guard event.isRun else { continue }
      if event.isOpening, isRunning || succeeded != nil {
        return "\(event.lane) starts"
      }
      isRunning = event.isOpening
      if event.name == "end" { succeeded = event.lane }
    }
    return nil
  }.untimed
}

private let loads = Atomic(0)

private func load() -> String {
  loads.add(1, ordering: .relaxed)
  return "config"
}

extension Event {
  fileprivate var isRun: Bool { lane.hasPrefix("run ") }
}
