import Dispatch
import Foundation

/// Ctrl-C as a cancellation.
enum Interruption {
  private enum Step<Value: Sendable>: Sendable {
    case finished(Value)
    case interrupted
    case quiet
  }

  /// Runs `body`, which the first Ctrl-C cancels and the second ends.
  ///
  /// - Returns: What the body returned, and whether it was interrupted.
  static func watch<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value,
    progress: @escaping @Sendable () -> Void
  ) async throws -> (Value, Bool) {
    let (signals, continuation) = AsyncStream.makeStream(
      of: Void.self,
      bufferingPolicy: .bufferingOldest(1)
    )
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT)
    source.setEventHandler {
      continuation.yield()
      // A body that does not answer to cancellation still ends.
      signal(SIGINT, SIG_DFL)
    }
    source.resume()
    defer {
      source.cancel()
      signal(SIGINT, SIG_DFL)
    }

    return try await withThrowingTaskGroup(of: Step<Value>.self) { group in
      group.addTask { .finished(try await body()) }
      group.addTask {
        for await _ in signals { return .interrupted }
        return .quiet
      }
      group.addTask {
        while (try? await Task.sleep(for: .seconds(1))) != nil { progress() }
        return .quiet
      }
      var wasInterrupted = false
      while let step = try await group.next() {
        switch step {
        case .finished(let value):
          group.cancelAll()
          return (value, wasInterrupted)
        case .interrupted:
          wasInterrupted = true
          group.cancelAll()
        case .quiet: break
        }
      }
      throw CancellationError()
    }
  }
}
