import Dispatch
import Foundation
import Synchronization

/// Ctrl-C as a cancellation.
enum Interruption {
  /// Runs `body`, which the first Ctrl-C cancels and the second ends, and
  /// calls `progress` each second.
  ///
  /// - Returns: What the body returned, and whether it was interrupted.
  static func watch<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value,
    progress: @escaping @Sendable () -> Void
  ) async throws -> (Value, Bool) {
    let wasInterrupted = Atomic(false)
    signal(SIGINT, SIG_IGN)
    let task = Task { try await body() }
    let source = DispatchSource.makeSignalSource(signal: SIGINT)
    source.setEventHandler {
      wasInterrupted.store(true, ordering: .relaxed)
      task.cancel()
      // A body that does not answer to cancellation still ends.
      signal(SIGINT, SIG_DFL)
    }
    source.resume()
    let ticker = Task {
      while (try? await Task.sleep(for: .seconds(1))) != nil { progress() }
    }
    defer {
      source.cancel()
      ticker.cancel()
      signal(SIGINT, SIG_DFL)
    }
    let value = try await task.value
    return (value, wasInterrupted.load(ordering: .relaxed))
  }
}
