import Simulation
import Testing

@Suite("Planted faults", .serialized) struct FaultTests {
  static let options = Simulation.Options(stepLimit: 500)

  static func search(
    _ fault: Fault,
    seeds: Range<UInt64> = 0..<1_000
  ) async -> SimulationFailure? {
    var options = options
    // Other tests may keep the main actor busy for a while.
    if fault.reason == "foreignThread" { options.grace = .seconds(120) }
    do {
      _ = try await Simulation.explore(
        seeds: seeds,
        options: options,
        { try await fault.body($0, false) },
        check: Fault.check
      )
      return nil
    } catch {
      return error
    }
  }

  @Test("Each is found and called by its name", arguments: Fault.all)
  func isFound(_ fault: Fault) async throws {
    let failure = try #require(await Self.search(fault))
    #expect(failure.reason.name == fault.reason, "\(failure)")
    let kills: Int
    if fault.reason == "nondeterministic" {
      // Only the comparison of two runs can show it.
      var found = 0
      for seed in UInt64(0)..<100 {
        if await Self.search(fault, seeds: seed..<seed + 1) != nil {
          found += 10
        }
      }
      kills = found
    } else {
      kills = await Simulation.failures(
        seeds: 0..<1_000,
        options: .init(stepLimit: 500, grace: .zero),
        { try await fault.body($0, false) },
        check: Fault.check
      ).count
    }
    #expect(kills > 0)
    func column(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    print(
      column(fault.name, 38) + column(failure.reason.name, 18)
        + column("seed \(failure.seed ?? 0)", 10) + "\(kills) of 1,000"
    )
  }

  @Test("Its repaired twin is never accused", arguments: Fault.all)
  func isNotAccused(_ fault: Fault) async throws {
    let exploration = try await Simulation.explore(
      seeds: 0..<300,
      options: Self.options,
      { try await fault.body($0, true) },
      check: Fault.check
    )
    #expect(exploration.schedules == 300)
    #expect(exploration.isComplete)
  }

  @Test(
    "Its repaired twin ends cleanly wherever it is cancelled",
    arguments: Fault.all
  )
  func isCancellable(_ fault: Fault) async throws {
    let runs = try await Simulation.cancelEverywhere(
      seeds: 0..<20,
      options: Self.options
    ) { try await fault.body($0, true) }
    #expect(runs >= 20)
  }
}
