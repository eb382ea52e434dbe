import Foundation
import Synchronization

/// How long one core of this machine takes to hand a word to another.
///
/// Whatever several cores share, a lock or a buffer, costs a few of these for
/// each operation. On a virtual machine it changes from minute to minute,
/// several times over, with the cores that the host happens to give it.
enum CoreExchange {
  /// Measures for some milliseconds.
  ///
  /// - Returns: Nanoseconds, the median of some batches, since two threads
  ///   may share a core for a while; `nil` where there is one core only.
  static func nanoseconds() async throws -> Double? {
    guard ProcessInfo.processInfo.activeProcessorCount > 1 else { return nil }
    let word = Atomic(0)
    let end = -1
    // Threads of their own: each waits for the other without suspending.
    async let echo: Void = onThread {
      var seen = 0
      while seen != end {
        seen = word.load(ordering: .acquiring)
        // Even numbers come from here.
        if seen > 0, !seen.isMultiple(of: 2) {
          word.store(seen + 1, ordering: .releasing)
        }
      }
    }
    let times = try await onThread {
      let deadline = ContinuousClock.now + .milliseconds(100)
      let roundTrips = 100
      var times: [Duration] = []
      var sent = 1
      while times.count < 200, ContinuousClock.now < deadline {
        let began = ContinuousClock.now
        for _ in 0..<roundTrips {
          word.store(sent, ordering: .releasing)
          while word.load(ordering: .acquiring) == sent {}
          sent += 2
        }
        times.append((ContinuousClock.now - began) / (2 * roundTrips))
      }
      word.store(end, ordering: .releasing)
      return times.sorted()
    }
    try await echo
    return times[times.count / 2] / .nanoseconds(1)
  }
}
