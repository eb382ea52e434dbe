import Simulation
import Synchronization

/// What a simulated run has seen, as text: an expectation of the test library
/// would not know its test there.
final class Seen: Sendable {
  private let entries = Mutex<[String]>([])

  var all: [String] { entries.withLock { $0 } }

  func callAsFunction(_ value: (any Sendable)?) {
    entries.withLock { $0.append(value.map { "\($0)" } ?? "nil") }
  }

  /// Sees what a body returns, or that it throws.
  func callAsFunction(_ body: () async throws -> some Sendable) async {
    do { self("\(try await body())") } catch { self("throws \(error)") }
  }
}

/// Performs what its own cancellation does not reach.
func deaf(
  _ executor: any TaskExecutor,
  _ body: @escaping @Sendable () async throws -> Void
) async {
  _ = await Task(executorPreference: executor, operation: body).result
}

/// Runs a body under 50 schedules, each of which must see the same.
func everySchedule(
  sees wanted: [String],
  _ body:
    @escaping @Sendable (VirtualClock, any TaskExecutor, Seen) async throws ->
    Void
) async throws {
  struct Unexpected: Error { var seen: [String] }
  _ = try await Simulation.explore(seeds: 0..<50) { simulation in
    let seen = Seen()
    try await body(simulation.clock, simulation.executor, seen)
    return seen.all
  } check: {
    if $0 != wanted { throw Unexpected(seen: $0) }
  }
}
