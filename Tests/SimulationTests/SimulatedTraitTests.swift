import Simulation
import SimulationTesting
import Synchronization
import Testing

/// What a test comes to under the trait, which stands behind this one.
private final class Outcome: Sendable {
  @TaskLocal static var current: Outcome?

  private let state = Mutex<(runs: Int, issues: [String])>((0, []))

  /// How often the body began, and what was reported.
  var all: (runs: Int, issues: [String]) { state.withLock { $0 } }

  func begin() { state.withLock { $0.runs += 1 } }

  func add(_ issue: Issue) {
    let comments = issue.comments.map(\.rawValue)
    state.withLock { $0.issues.append("\(issue.kind) \(comments.joined())") }
  }
}

/// Expects one report that holds these texts, or none, and so many runs.
private struct Expectation: TestTrait, SuiteTrait, TestScoping {
  let isRecursive = true
  var texts: [String] = []
  var runs: Int?

  func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let outcome = Outcome()
    let handler = IssueHandlingTrait.compactMapIssues { issue in
      outcome.add(issue)
      return nil
    }
    try await Outcome.$current.withValue(outcome) {
      try await handler.provideScope(
        for: test,
        testCase: testCase,
        performing: function
      )
    }
    let all = outcome.all
    let count = texts.isEmpty ? 0 : 1
    #expect(all.issues.count == count, "\(all.issues.joined(separator: "\n"))")
    for text in texts where all.issues.first?.contains(text) != true {
      Issue.record("no '\(text)' in '\(all.issues.first ?? "")'")
    }
    #expect(all.runs == runs ?? all.runs)
  }
}

extension Trait where Self == Expectation {
  fileprivate static func fails(_ texts: String...) -> Self {
    Self(texts: texts)
  }

  fileprivate static func runs(_ count: Int) -> Self { Self(runs: count) }
}

/// A value that a trait sets for the test that it scopes.
private struct Local: TestTrait, TestScoping {
  @TaskLocal static var values: [Int] = []
  let value: Int

  func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await Self.$values.withValue(Self.values + [value]) {
      try await function()
    }
  }
}

private struct Unlucky: Error {}

/// Starts a task that the simulation knows.
@discardableResult
private func start<Success: Sendable>(
  _ name: String,
  _ body: @escaping @Sendable () async throws -> Success
) -> Task<Success, any Error> {
  Task(name: name, executorPreference: Simulation.current?.executor) {
    try await body()
  }
}

private func sleep(_ seconds: Int) async throws {
  try await Task.sleep(for: .seconds(seconds), clock: .simulated)
}

/// The tasks 1, 2 and so on in the order in which they ran.
private func order(of count: Int = 2) async -> [Int] {
  let order = Mutex<[Int]>([])
  await withTaskGroup { group in
    for n in 1...count {
      group.addTask { @Sendable in order.withLock { $0.append(n) } }
    }
  }
  return order.withLock { $0 }
}

@Suite("The trait .simulated") struct SimulatedTraitTests {
  // MARK: What passes

  @Test("An hour of virtual time costs nothing", .runs(2_000), .simulated)
  func sound() async throws {
    Outcome.current?.begin()
    let (clock, start) = (VirtualClock.simulated, VirtualClock.simulated.now)
    try await sleep(3_600)
    #expect(start.duration(to: clock.now) == .seconds(3_600))
  }

  @Test(
    "Each case of a test runs under each schedule, twice",
    .runs(20),
    .simulated(schedules: 10),
    arguments: 1...3
  )
  func cases(_ argument: Int) async {
    Outcome.current?.begin()
    #expect(await order().count == 2 && (1...3).contains(argument))
  }

  @Test("All schedules run once", .runs(4), .simulated(allUpTo: 100))
  func all() async {
    Outcome.current?.begin()
    #expect(await order().count == 2)
  }

  @Test(
    "The tasks of a run have the values of the traits around and within it",
    Local(value: 1),
    .simulated(schedules: 10),
    Local(value: 2)
  )
  func locals() async throws {
    try await withThrowingTaskGroup { group in
      group.addTask {
        #expect(Local.values == [1, 2])
        #expect(Test.current?.name == "locals()")
        try await start("unstructured") { #expect(Local.values == [1, 2]) }
          .value
      }
      try await group.waitForAll()
    }
  }

  @Test(
    "A known issue is reported once",
    .fails("order() == [1, 2]"),
    .simulated
  )
  func known() async {
    await withKnownIssue(isIntermittent: true) {
      #expect(await order() == [1, 2])
    }
  }

  @Test("Confirmations count within a run", .simulated(schedules: 10))
  func confirmations() async {
    await confirmation(expectedCount: 2) { confirm in
      await withTaskGroup { group in
        for _ in 1...2 { group.addTask { confirm() } }
      }
    }
  }

  @Test("A cancelled body may throw", .simulated(schedules: 10, cancelling: 10))
  func cancelled() async throws {
    try await withThrowingTaskGroup { group in
      for n in 1...2 { group.addTask { try await sleep(n) } }
      try await group.waitForAll()
    }
  }

  @Suite("A suite hands it on", .runs(14), .simulated(schedules: 7))
  struct Inherited {
    @Test("A test inherits the trait") func inherits() {
      Outcome.current?.begin()
    }
  }

  @Suite("A test has one of its own", .runs(6), .simulated) struct Overridden {
    @Test(
      "Of two traits only the test's own one counts",
      .simulated(schedules: 3)
    ) func own() {
      Outcome.current?.begin()
    }
  }

  // MARK: What fails

  @Test(
    "An expectation that fails in some schedules is reported once, as it stands",
    .fails(
      "Expectation failed: (first → 2) == 1",
      "after 4 steps",
      "found by: seed ",
      "SIMULATION_REPLAY='schedule 1' swift test --filter 'race()'"
    ),
    .simulated
  )
  func race() async {
    let first = await order()[0]
    #expect(first == 1)
  }

  @Test(
    "A requirement is reported once",
    .fails("Expectation failed: (first → 2) == 1", "schedule 1"),
    .simulated
  )
  func require() async throws {
    let first = await order()[0]
    try #require(first == 1)
  }

  @Test(
    "Of all schedules that fail, that with the fewest switches is told",
    .fails("SIMULATION_REPLAY='schedule 3'"),
    .simulated
  )
  func fewest() async {
    let order = await order(of: 4)
    #expect(order != [4, 1, 2, 3])
    if (2...3).contains(order[0]) { #expect(order[1] == 1) }
  }

  @Test(
    "What a failure prints runs it again",
    .fails("Expectation failed: await order() == [1, 2]", "schedule 1"),
    .simulated(replay: "schedule 1")
  )
  func replay() async { #expect(await order() == [1, 2]) }

  @Test(
    "A seed does too, once",
    .runs(1),
    .simulated(replay: "seed: 2 cancelAtStep: 0")
  )
  func replaySeed() async throws {
    Outcome.current?.begin()
    try await sleep(1)
  }

  @Test(
    "What is no replay is a failure",
    .fails("'seed' is neither"),
    .simulated(replay: "seed")
  )
  func noReplay() { Outcome.current?.begin() }

  @Test(
    "More schedules than were asked for are a failure",
    .fails("more schedules than 1"),
    .simulated(allUpTo: 1)
  )
  func tooMany() async { #expect(await order().count == 2) }

  @Test(
    "A leak is told with the name of what is left, and not what it does then",
    .fails(
      "Issue recorded outlived",
      "poller sleeps until 60.0 seconds",
      "schedule -"
    ),
    .simulated
  )
  func leak() async throws {
    start("poller") {
      try? await sleep(60)
      Issue.record("It was cancelled, to clear up.")
    }
    try await sleep(1)
  }

  @Test(
    "A leak that only a cancellation shows",
    .fails("outlived", "poller sleeps", "cancelAtStep"),
    .simulated(schedules: 10, cancelling: 3)
  )
  func leakWhenCancelled() async throws {
    let poller = start("poller") { try? await sleep(60) }
    try await sleep(1)
    poller.cancel()
    try await poller.value
  }

  @Test(
    "A deadlock is told with the notes of those who wait",
    .fails("deadlock", "root", "waits for the letter"),
    .simulated
  )
  func deadlock() async {
    Simulation.current?.note("waits for the letter")
    await unsafe withUnsafeContinuation {
      (_: UnsafeContinuation<Void, Never>) in
    }
  }

  @Test(
    "A test that goes on after its cancellation has lost it",
    .fails("lost cancellation", "3.0 seconds", "cancelAtStep 0"),
    .simulated(cancelling: 3)
  )
  func lost() async {
    _ = await start("search") { try await sleep(3) }.result
  }

  @Test("An error is reported once", .fails("Unlucky"), .simulated)
  func error() throws { throw Unlucky() }

  /// What comes from outside comes late where the machine is busy.
  private static let mostPatient = Simulation.Options(grace: .seconds(10))

  @Test(
    "Real time comes from outside",
    .fails("foreignThread", "Task.sleep"),
    .simulated(options: Self.mostPatient)
  )
  func real() async throws { try await Task.sleep(for: .microseconds(1)) }

  @Test(
    "The main actor is outside",
    .fails("foreignThread"),
    .simulated(options: Self.mostPatient)
  )
  @MainActor func main() async { await Task.yield() }

  @Test("A warning is reported once", .fails("careful"), .simulated)
  func warning() { Issue.record("careful", severity: .warning) }

  @Test("A test may cancel itself", .simulated)
  func cancelsItself() throws { try Test.cancel("enough") }
}
