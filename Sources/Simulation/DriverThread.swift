internal import Foundation

/// Threads that only simulations use: a simulation blocks its thread, which
/// neither the main thread nor one of the cooperative pool may do.
enum DriverThread {
  struct ID: Equatable, @unchecked Sendable {
    private let thread = pthread_self()

    static func == (left: ID, right: ID) -> Bool {
      pthread_equal(left.thread, right.thread) != 0
    }
  }

  static var processors: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Runs `work` on a new thread and suspends the caller until it has returned.
  static func run<Output: Sendable>(
    _ work: @escaping @Sendable () -> Output
  ) async -> Output {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: work()) }
    }
  }
}
