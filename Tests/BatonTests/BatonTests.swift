import Foundation
import Simulation
import Synchronization
import Testing

// #region counter
final class Counter: Sendable {
  private let count = Atomic(0)

  func increment() {
    let old = count.load(ordering: .relaxed)
    count.store(old + 1, ordering: .relaxed)
  }

  var value: Int { count.load(ordering: .relaxed) }
}
// #endregion

@Suite("The baton") struct BatonTests {
  static let options = Simulation.Options(
    stepLimit: 100_000,
    grace: .zero,
    interrupts: true
  )

  struct Wrong: Error { let what: String }

  @Sendable static func check(_ what: String?) throws {
    if let what { throw Wrong(what: what) }
  }

  /// A count that is no step of a schedule.
  final class Tally: Sendable {
    private let atomic = Synchronization.Atomic(0)
    var count: Int { atomic.load(ordering: .relaxed) }
    func add() { atomic.add(1, ordering: .relaxed) }
  }

  @Test("The example of the documentation is this one, and fails as it says")
  func documentation() async throws {
    let failure = await #expect(throws: SimulationFailure.self) {
      // #region explore
      let options = Simulation.Options(interrupts: true)
      _ = try await Simulation.explore(seeds: 0..<1_000, options: options) {
        _ in
        let counter = Counter()
        await withDiscardingTaskGroup { group in
          for _ in 0..<2 { group.addTask { counter.increment() } }
        }
        return counter.value
      } check: { value in
        if value != 2 { throw Miscounted(value: value) }
      }
      // #endregion
    }
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
    let article = try String(
      contentsOf: folder.appending(
        path: "../../Sources/Simulation/Simulation.docc/LocksAndAtomics.md"
      ),
      encoding: .utf8
    )
    for file in ["BatonTests.swift", "Twins.swift"] {
      let code = try String(
        contentsOf: folder.appending(path: file),
        encoding: .utf8
      )
      let parts = code.split(separator: "// #" + "region ").dropFirst()
      #expect(!parts.isEmpty)
      for part in parts {
        let lines = part.components(separatedBy: "// #endregion")[0]
          .split(separator: "\n", omittingEmptySubsequences: false)
          .dropFirst().dropLast()
        let indent = lines.first?.prefix { $0 == " " }.count ?? 0
        let text = lines.map { $0.dropFirst(indent) }.joined(separator: "\n")
        #expect(article.contains(text), "\(text)")
      }
    }
    let report = "\(try #require(failure))"
    for line in report.split(separator: "\n")
    where ["the check", "shortened"].contains(where: line.hasPrefix) {
      #expect(article.contains("\n\(line)\n"), "\(report)")
    }
  }

  struct Miscounted: Error { let value: Int }

  @Test("Faults within a job are found by interruptions, and by nothing else")
  func planted() async throws {
    for planted in Planted.all {
      let name: Comment = "\(planted.name)"
      let wrong: @Sendable (Simulation) async throws -> String? = { _ in
        await planted.body(false)
      }
      let whole = try await Simulation.exhaust(
        limit: 1_000,
        wrong,
        check: Self.check
      )
      #expect(whole.isComplete, name)

      let shortest = try #require(
        await Simulation.shortestFailure(
          limit: 1_000,
          options: Self.options,
          wrong,
          check: Self.check
        ),
        name
      )
      #expect(shortest.reason.name == planted.reason, name)
      let text = String(describing: shortest)
      #expect(planted.says.map(text.contains) ?? true, "\(text)")
      let again = await #expect(throws: SimulationFailure.self, name) {
        try await Simulation.replay(
          schedule: shortest.schedule,
          options: Self.options,
          wrong,
          check: Self.check
        )
      }
      #expect(again?.reason.name == planted.reason, name)
      let failures = await Simulation.failures(
        seeds: 0..<300,
        options: Self.options,
        wrong,
        check: Self.check
      )
      #expect(failures.contains { $0.reason.name == planted.reason }, name)

      let repaired = try await Simulation.exhaust(
        limit: 10_000,
        options: Self.options,
        { _ in await planted.body(true) },
        check: Self.check
      )
      #expect(repaired.isComplete, name)
      #expect(repaired.schedules == planted.schedules, name)
    }
  }

  @Test("What waits awake is no livelock, and has an end to its schedules")
  func waitingAwake() async throws {
    var options = Self.options
    options.stepLimit = 1_000
    let all = try await Simulation.exhaust(
      limit: 10_000,
      options: options
    ) { _ in
      let isSet = Atomic(false)
      await together(0..<3) { task in
        if task == 0 {
          isSet.store(true, ordering: .releasing)
        } else {
          while !isSet.load(ordering: .acquiring) {}
        }
      }
    }
    #expect(all.isComplete)
    #expect(all.schedules == 780)
    // A lock that is taken again and again keeps nobody out for ever.
    _ = try await Simulation.replay(schedule: "-", options: options) { _ in
      let isSet = Mutex(false)
      await together(0..<2) { task in
        if task == 1 { return isSet.withLock { $0 = true } }
        while !isSet.withLock({ $0 }) {}
      }
    }
  }

  @Test("A cancellation comes after a handler that waits for a lock")
  func cancellations() async throws {
    let body: @Sendable (Simulation) async -> Void = { _ in
      let lock = Mutex(0)
      await withDiscardingTaskGroup { group in
        for _ in 0..<2 {
          group.addTask { @Sendable in
            await withTaskCancellationHandler {
              for _ in 0..<3 { lock.withLock { $0 += 1 } }
            } onCancel: {
              lock.withLock { $0 += 1 }
            }
          }
        }
        await Task.yield()
        group.cancelAll()
      }
    }
    let runs = try await Simulation.cancelEverywhere(
      seeds: 0..<20,
      options: Self.options,
      body
    )
    #expect(runs > 200)
    // A run that fails is cancelled too.
    for limit in 1..<20 {
      var options = Self.options
      options.stepLimit = limit
      let failures = await Simulation.failures(
        seeds: 0..<20,
        options: options,
        body
      )
      #expect(failures.count { $0.reason.name == "stepLimit" } > 10)
    }
  }

  #if os(Linux)
    @Test("A run leaves no thread behind, however it ends")
    func threads() async throws {
      var options = Self.options
      options.stepLimit = 2_000
      for reason in ["", "deadlock", "stepLimit"] {
        let ids = Synchronization.Mutex<Set<String>>([])
        let failures = await Simulation.failures(
          seeds: 0..<10,
          options: options
        ) { _ in
          await together(0..<3) { _ in
            let id = try? FileManager.default.destinationOfSymbolicLink(
              atPath: "/proc/thread-self"
            )
            ids.withLock { _ = $0.insert(id ?? "") }
            let lock = Mutex(false)
            lock.withLock { _ in
              if reason == "deadlock" { lock.withLock { _ in } }
            }
            while reason == "stepLimit", !lock.withLock({ $0 }) {}
          }
        }
        #expect(
          failures.map(\.reason.name)
            == (reason == "" ? [] : Array(repeating: reason, count: 10))
        )
        let all = ids.withLock { $0 }
        #expect(all.count > 1 && !all.contains(""))
        while all.contains(where: {
          FileManager.default.fileExists(atPath: "/proc/\($0)")
        }) {
          await Task.yield()
        }
      }
    }
  #endif

  @Test("Outside of a simulation the twins are like the standard ones")
  func twins() async throws {
    let twin = Atomic(0)
    for _ in 0..<2_000 {
      let old = twin.load(ordering: .relaxed)
      let (value, other) = (Int.random(in: -4...4), Int.random(in: -4...4))
      let isHit = old == value
      let said: (Int, Int)
      let new: Int
      switch Int.random(in: 0..<11) {
      case 0: (said, new) = (twin.add(value, ordering: .relaxed), old + value)
      case 1:
        (said, new) = (twin.subtract(value, ordering: .relaxed), old - value)
      case 2:
        (said, new) = (twin.wrappingAdd(value, ordering: .relaxed), old + value)
      case 3:
        said = twin.wrappingSubtract(value, ordering: .relaxed)
        new = old - value
      case 4:
        (said, new) = (twin.bitwiseAnd(value, ordering: .relaxed), old & value)
      case 5:
        (said, new) = (twin.bitwiseOr(value, ordering: .relaxed), old | value)
      case 6:
        (said, new) = (twin.bitwiseXor(value, ordering: .relaxed), old ^ value)
      case 7:
        (said, new) = (twin.min(value, ordering: .relaxed), min(old, value))
      case 8:
        (said, new) = (twin.max(value, ordering: .relaxed), max(old, value))
      case 9:
        (said, new) = ((twin.exchange(value, ordering: .relaxed), value), value)
      default:
        let (isDone, original) = twin.compareExchange(
          expected: value,
          desired: other,
          ordering: .relaxed
        )
        #expect(isDone == isHit)
        new = isHit ? other : old
        said = (original, new)
      }
      #expect(said == (old, new))
      #expect(twin.load(ordering: .relaxed) == new)
      if abs(new) > 1 << 40 { twin.store(0, ordering: .relaxed) }
    }
    // Several threads, which take them for locks.
    let count = Mutex(0)
    let total = Atomic(0)
    await together(0..<4) { _ in
      for _ in 0..<5_000 {
        count.withLock { $0 += 1 }
        while count.withLockIfAvailable({ $0 += 1 }) == nil {}
        total.add(2, ordering: .relaxed)
      }
    }
    #expect(count.withLock { $0 } == 40_000)
    #expect(total.load(ordering: .relaxed) == 40_000)
  }
}
