import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("Once")
struct OnceTests {
  private typealias Operation = History<OnceModel>.Operation

  private static func value(
    _ task: Int,
    _ result: OnceModel.Return,
    _ ticks: ClosedRange<Int>
  ) -> Operation {
    Operation("task \(task)", .value(task: task), result, ticks)
  }

  private static func run(
    _ task: Int,
    _ result: OnceModel.Return,
    _ ticks: ClosedRange<Int>
  ) -> Operation {
    Operation("task \(task)", .run(task: task), result, ticks)
  }

  /// Task 1 runs from 1 to 8, within its call.
  private static func first(_ result: OnceModel.Return) -> [Operation] {
    [value(1, result, 0...9), run(1, result, 1...8)]
  }

  @Test("Wrong histories are rejected", arguments: 0..<Self.wrong.count)
  func rejects(index: Int) {
    let history = History(Self.wrong[index])
    #expect(!history.isLinearizable(from: OnceModel()), "\(history)")
  }

  private static let wrong: [[Operation]] = [
    // A value without a run, and one of another run.
    [value(1, .value(1), 0...1)],
    [value(1, .value(2), 0...9), run(1, .value(2), 1...8)],
    // Two runs, one after the other, and at once.
    first(.value(1)) + [
      value(2, .value(2), 10...13), run(2, .value(2), 11...12),
    ],
    first(.value(1)) + [value(2, .value(2), 2...7), run(2, .value(2), 3...6)],
    // A run by a task that did not ask, or whose turn it is not.
    first(.value(1)) + [run(2, .value(1), 2...7)],
    [value(1, .value(1), 0...9), value(2, .value(1), 10...13)]
      + [run(2, .value(1), 11...12)],
    // The error is kept, not told, or told although nobody waited.
    first(.failed(1)) + [value(2, .failed(1), 10...11)],
    first(.failed(1)) + [value(2, .value(2), 2...3)],
    first(.value(1)) + [value(2, .failed(1), 2...7)],
    // What ended another caller is told.
    first(.interrupted(1)) + [value(2, .interrupted(1), 2...12)],
    // Cancelled, though the value was there, or by itself the first to come.
    first(.value(1)) + [value(2, .cancelled, 10...11)],
    [value(1, .cancelled, 0...1)],
    // Waits on although there is a value: nobody who is left can run.
    first(.interrupted(1)) + [value(2, .value(1), 10...11)],
  ]

  @Test("Right histories are accepted", arguments: 0..<Self.right.count)
  func accepts(index: Int) {
    let history = History(Self.right[index])
    #expect(history.isLinearizable(from: OnceModel()), "\(history)")
  }

  private static let right: [[Operation]] = [
    first(.value(1)) + [
      value(2, .value(1), 2...10), value(3, .value(1), 12...13),
    ],
    first(.failed(1)) + [value(2, .failed(1), 2...10)],
    first(.failed(1)) + [
      value(2, .value(2), 2...20), run(2, .value(2), 12...19),
    ],
    first(.value(1)) + [value(2, .cancelled, 2...3)],
    first(.interrupted(1))
      + [value(2, .value(2), 2...20), run(2, .value(2), 8...19)],
    // The caller that waits longer need not have come first.
    first(.interrupted(1)) + [value(2, .value(2), 2...20)]
      + [value(3, .value(2), 3...20), run(3, .value(2), 8...19)],
  ]

  @Test("Work that waits for its own value ends the program")
  func recursion() async {
    await #expect(processExitsWith: .failure) {
      final class Holder: Sendable {
        let again = Mutex<Once<Int>?>(nil)
      }
      let holder = Holder()
      let once = Once {
        guard let again = holder.again.withLock({ $0 }) else { return 1 }
        return try await again.value()
      }
      holder.again.withLock { $0 = once }
      // Otherwise it would wait for ever, which ends no test.
      try await withThrowingTaskGroup { group in
        group.addTask { _ = try await once.value() }
        group.addTask { try await Task.sleep(for: .seconds(5)) }
        defer { group.cancelAll() }
        try await group.next()
      }
    }
  }

  private static func histories(
    _ program: @escaping @Sendable (UInt64) -> OnceProgram = OnceProgram.random
  ) -> HistoryProgram<OnceModel> {
    OnceProgram.histories(of: program) { work in
      let once = Once(work)
      return { try await once.value() }
    }
  }

  struct Meeting: Sendable {
    /// When each caller comes, and how long it has patience.
    var callers: [(comes: Int, patience: Int?)]
    var failures = 0
    var ends: [String]
  }

  @Test(
    "Errors are shared, waits end at once, and runs are handed on",
    arguments: [
      Meeting(
        callers: [(0, nil), (1, nil), (12, nil)],
        failures: 1,
        ends: ["failed(1) at 10", "failed(1) at 10", "value(2) at 22"]
      ),
      // Who has waited longest takes over.
      Meeting(
        callers: [(0, 5), (2, nil), (1, 8)],
        ends: ["interrupted(1) at 5", "value(3) at 19", "interrupted(2) at 9"]
      ),
      // Cancelled while it waits, before, and when the value is there.
      Meeting(
        callers: [(0, nil), (1, 3), (2, 0), (11, 0)],
        ends: [
          "value(1) at 10", "cancelled at 4", "cancelled at 2",
          "value(1) at 11",
        ]
      ),
    ]
  )
  func moments(meeting: Meeting) async throws {
    _ = try await Simulation.explore(seeds: 0..<100) { simulation in
      let clock = simulation.clock
      let runs = Mutex(0)
      let once = Once {
        let run = runs.withLock { runs in
          runs += 1
          return runs
        }
        do {
          try await clock.sleep(for: .milliseconds(10))
        } catch {
          throw OnceModel.Return.interrupted(run)
        }
        if run <= meeting.failures { throw OnceModel.Return.failed(run) }
        return run
      }
      return await withTaskGroup { group in
        for (index, caller) in meeting.callers.enumerated() {
          group.addTask {
            try? await clock.sleep(for: .milliseconds(caller.comes))
            let result = await Self.call(once, caller.patience, clock)
            let now = clock.now.offset.microseconds / 1_000
            return (index, "\(result) at \(now)")
          }
        }
        var ends = meeting.ends
        for await (index, end) in group { ends[index] = end }
        return ends
      }
    } check: { ends in
      try #require(ends == meeting.ends)
    }
  }

  private static func call(
    _ once: Once<Int>,
    _ patience: Int?,
    _ clock: VirtualClock
  ) async -> OnceModel.Return {
    await withTaskGroup(of: OnceModel.Return?.self) { group in
      if patience == 0 { group.cancelAll() }
      group.addTask {
        do {
          return .value(try await once.value())
        } catch {
          return error as? OnceModel.Return ?? .cancelled
        }
      }
      if let patience, patience > 0 {
        group.addTask {
          try? await clock.sleep(for: .milliseconds(patience))
          return nil
        }
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      let second = await group.next() ?? nil
      return first ?? second ?? .cancelled
    }
  }

  @Test("Every schedule of a few callers is linearizable", arguments: 2...3)
  func everySchedule(callers: Int) async throws {
    var counts: [Int] = []
    for failures in 0...1 {
      for patience in [nil, 0] {
        let program = Self.histories { _ in
          OnceProgram(
            calls: Array(repeating: 1, count: callers),
            patience: [patience] + Array(repeating: nil, count: callers - 1),
            failures: failures
          )
        }
        let all = try await Simulation.exhaust(limit: 100_000) { simulation in
          await program.record(seed: 0, clock: simulation.clock)
        } check: { history in
          try #require(history.isLinearizable(from: OnceModel()))
        }
        #expect(all.isComplete)
        counts.append(all.schedules)
      }
    }
    print("once, \(callers) callers: \(counts) schedules, all linearizable")
  }

  @Test("Histories stay linearizable when the caller is cancelled anywhere")
  func cancelledEverywhere() async throws {
    var runs = 0
    for seed in UInt64(0)..<1_000 {
      runs += try await Simulation.cancelEverywhere(seeds: seed..<seed + 1) {
        await Self.histories().record(seed: seed, clock: $0.clock)
      } check: { history in
        try #require(history.isLinearizable(from: OnceModel()), "\(history)")
      }
    }
    print("once, cancelled at every step of 1,000 programs: \(runs) runs")
  }

  @Test("Histories on real threads are linearizable, and most overlap")
  func threads() async {
    let first = UInt64.random(in: 0...UInt64.max / 2)
    var (overlapping, operations) = (0, 0)
    for seed in first..<first + 5_000 {
      let verdict = await Self.histories()
        .judge(seed: seed, clock: ContinuousClock())
      operations += verdict.operations
      if verdict.hasOverlap { overlapping += 1 }
      #expect(verdict.isLinearizable, "\(verdict.counterexample ?? "")")
    }
    print(
      "once, seeds from \(first): 5,000 histories, \(operations) operations,",
      "\(overlapping) with overlap"
    )
    #expect(overlapping > 2_500)
  }
}
