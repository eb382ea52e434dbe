import Cookbook
import Synchronization
import Testing

@testable import Recipes

@Suite("once")
struct OnceTests {
  private typealias Model = OnceExamples.Model
  private typealias Operation = History<Model>.Operation

  private static func value(
    _ task: Int,
    _ result: Model.Return,
    _ ticks: ClosedRange<Int>
  ) -> Operation {
    Operation("task \(task)", .value(task: task), result, ticks)
  }

  private static func run(
    _ task: Int,
    _ result: Model.Return,
    _ ticks: ClosedRange<Int>
  ) -> Operation {
    Operation("task \(task)", .run(task: task), result, ticks)
  }

  /// Task 1 runs from 1 to 8, within its call.
  private static func first(_ result: Model.Return) -> [Operation] {
    [value(1, result, 0...9), run(1, result, 1...8)]
  }

  private static let wrong: [[Operation]] = [
    // A value without a run.
    [value(1, .value(1), 0...1)],
    // Two runs, one after the other, and at once.
    first(.value(1)) + [
      value(2, .value(2), 10...13), run(2, .value(2), 11...12),
    ],
    first(.value(1)) + [value(2, .value(2), 2...7), run(2, .value(2), 3...6)],
    // The error is kept, or told although it was a value.
    first(.failed(1)) + [value(2, .failed(1), 10...11)],
    first(.value(1)) + [value(2, .failed(1), 2...7)],
    // What ended another caller is told.
    first(.interrupted(1)) + [value(2, .interrupted(1), 2...12)],
    // Cancelled, though the value was there.
    first(.value(1)) + [value(2, .cancelled, 10...11)],
  ]

  // Of right ones the suite of all examples records many.
  @Test("The model rejects wrong histories")
  func model() {
    for history in Self.wrong.map(History.init) {
      #expect(!history.isLinearizable(from: Model()), "\(history)")
    }
  }

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
}
