import Cookbook
import Synchronization

/// A hash of traces that is the same in every process and build.
///
/// Swift's own `Hasher` is seeded anew in each process. This is FNV-1a over
/// the text of the events; traces are combined by addition, so that their
/// order does not matter.
struct Digest: CustomStringConvertible, Equatable {
  private(set) var value: UInt64 = 0

  var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  mutating func combine(_ other: UInt64) {
    value &+= other
  }

  static func of(_ events: [Event]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ byte: UInt8) {
      hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
    }
    for event in events {
      for shift in stride(from: 0, to: 64, by: 8) {
        mix(UInt8(truncatingIfNeeded: event.at >> shift))
      }
      for text in [event.lane, event.name, event.item] {
        text.utf8.forEach(mix)
        mix(0xFF)
      }
    }
    return hash
  }

  /// Adds up traces that come from several threads.
  final class Accumulator: Sendable {
    private let sum = Mutex<UInt64>(0)

    var value: UInt64 { sum.withLock { $0 } }

    func add(_ events: [Event]) {
      let hash = Digest.of(events)
      sum.withLock { $0 &+= hash }
    }
  }
}
