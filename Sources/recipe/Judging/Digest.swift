import Cookbook
import Synchronization

/// A hash of traces that is the same in every process and build.
///
/// Swift's own `Hasher` is seeded anew in each process. This is FNV-1a over
/// the text of the events; traces, which come from several threads, are
/// combined by addition, so that their order does not matter.
final class Digest: Sendable, CustomStringConvertible {
  private let sum = Mutex<UInt64>(0)

  func add(_ trace: Trace) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in trace.events.map(\.json).joined(separator: "\n").utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    sum.withLock { [hash] in $0 &+= hash }
  }

  var description: String {
    let digits = String(sum.withLock { $0 }, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
