import Simulation
import Testing

@Suite("Planted faults") struct FaultTests {
  private static let right =
    CorrectPrograms.all
    + Fault.all.map { fault in
      ("repaired: \(fault.name)", { try await fault.body($0, true) })
    }

  @Test("Each is found and called by its name")
  func isFound() async throws {
    for fault in Fault.all {
      var options = Simulation.Options(stepLimit: 500)
      // Other tests may keep the main actor busy for a while.
      if fault.reason == "foreignThread" { options.grace = .seconds(120) }
      let found = try await failure { [options] in
        try await Simulation.explore(
          seeds: 0..<1_000,
          options: options,
          { try await fault.body($0, false) },
          check: Fault.check
        )
      }
      #expect(found.reason.name == fault.reason, "\(fault.name)")
    }
  }

  @Test("No right program is accused, wherever it is cancelled")
  func isNotAccused() async throws {
    let options = Simulation.Options(stepLimit: 500)
    for (name, body) in Self.right {
      do {
        let exploration = try await Simulation.explore(
          seeds: 0..<200,
          options: options,
          body,
          check: Fault.check
        )
        #expect(exploration.schedules == 200)
        #expect(exploration.isComplete)
        let runs = try await Simulation.cancelEverywhere(
          seeds: 0..<20,
          options: options,
          body
        )
        #expect(runs >= 20)
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
  }
}
