import Cookbook
import Synchronization
import Testing

@testable import recipe

/// A counter, each of whose calls returns how many there were.
private struct CounterModel: SequentialModel {
  enum Call: Hashable { case next }

  private var count = 0
  private var answers: [Int: Int] = [:]

  mutating func call(_ call: Call, id: Int) {
    count += 1
    answers[id] = count
  }

  mutating func tryReturn(_ value: Int, id: Int) -> Bool {
    answers.removeValue(forKey: id) == value
  }
}

@Suite("Histories as evidence")
struct HistoryJudgeTests {
  private final class Counter: Sendable {
    let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
  }

  /// Two tasks call a counter, at the same time or one after the other.
  private static func calls(
    together: Bool,
    _ next: @escaping @Sendable (Counter, any Clock<Duration>) async -> Int
  ) -> HistoryProgram<CounterModel> {
    HistoryProgram(model: { CounterModel() }) { _, recorder, clock in
      let counter = Counter()
      @Sendable func call(_ task: Int) async {
        await recorder.perform(lane: "task \(task)", .next) {
          if together { await clock.letOthersRun() }
          return await next(counter, clock)
        }
      }
      if together {
        await clock.runTogether(patience: [nil, nil], call)
      } else {
        for task in 0...1 { await call(task) }
      }
    }
  }

  /// Others come between the two halves of its step.
  private static let wrong = calls(together: true) { counter, clock in
    let next = counter.count.load(ordering: .relaxed) + 1
    await clock.letOthersRun()
    counter.count.store(next, ordering: .relaxed)
    return next
  }

  /// Expects that the judge does not accept, and says so.
  private func expectProblem(
    _ problem: String,
    in program: HistoryProgram<CounterModel>
  ) async throws {
    let example = Example.history("calls", program)
    let histories = try #require(example.histories)
    let report = await HistoryJudge.report(histories, count: 200)
    #expect(!report.holds)
    #expect(report.text.contains(problem), "\(report.text)")
  }

  @Test("A wrong program is rejected on each side, and a history is drawn")
  func rejects() async throws {
    try await expectProblem("o order lets task", in: Self.wrong)
    for side in [Histories.Side.threads, .simulation] {
      let wrong = WrongHistories("halves", side, Self.wrong)
      let verdict = await HistoryJudge.judge(wrong)
      #expect(verdict.rejected > 0, "\(verdict.summary)")
    }
  }

  @Test("Histories that do not overlap are no evidence")
  func overlap() async throws {
    let apart = Self.calls(together: false) { counter, _ in counter.next() }
    try await expectProblem("fewer than half overlap", in: apart)
  }

  @Test("What waits for ever in the simulation is rejected")
  func deadlock() async throws {
    let waiting = Self.calls(together: true) { counter, _ in
      let never = AsyncStream<Int>.makeStream()
      for await count in never.stream { return count }
      never.continuation.finish()
      return counter.next()
    }
    let verdict = await HistoryJudge.judge(
      { await waiting.judge(seed: $0, clock: $1) },
      .simulation,
      seeds: 0..<3
    )
    #expect(verdict.rejected == 3)
    #expect(verdict.why?.contains("deadlock") == true)
  }
}
