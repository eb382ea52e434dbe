import Foundation
import Simulation

@testable import Search

/// What is tested: the repaired search, or one with a planted fault.
func search(_ asks: [Replicas.Ask]) async throws -> String? {
  switch ProcessInfo.processInfo.environment["PLANTED"] {
  case "leak":
    // #region executor
    try await Replicas.leaky(asks, on: Simulation.current?.executor)
  // #endregion
  case "late":
    try await Replicas.late(asks, on: Simulation.current?.executor)
  case "escape": try await Replicas.leaky(asks)
  case "lost-cancellation":
    try await Replicas.deaf(asks, on: Simulation.current?.executor)
  default: try await Replicas.first(asks)
  }
}
