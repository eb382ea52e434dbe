import Foundation

/// Runs work that blocks, on a thread of its own.
///
/// The concurrency pool has as many threads as there are cores: work that
/// waits for another process would keep one from everybody else.
///
/// Cancellation does not reach the work.
func onThread<Value: Sendable>(
  _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread {
      continuation.resume(with: Result { try work() })
    }
  }
}
