import Simulation

// What these names mean in the linked files of the recipes.
// #region names
typealias Mutex = Simulation.Mutex
typealias Atomic = Simulation.Atomic
// #endregion

// Its type is that of the standard one, or both would be in the way.
// #region handler
func withTaskCancellationHandler<Result>(
  operation: @concurrent () async throws -> Result,
  onCancel handler: @Sendable () -> Void,
  isolation: isolated (any Actor)? = #isolation
) async rethrows -> Result {
  try await _Concurrency.withTaskCancellationHandler(
    operation: operation,
    onCancel: { Simulation.withoutInterruption(handler) },
    isolation: isolation
  )
}
// #endregion

// Where the linked files put their models.
enum ChannelExamples {}

enum OnceExamples {
  typealias Load = @Sendable () async throws -> Int
  typealias Make = @Sendable (_ work: @escaping Load) -> Load
}

enum SignalOrValueExamples {}
