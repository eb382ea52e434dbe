/// Words and their counts, as `WordCounts` has them, in a hash table of its own.
///
///     let (counts, failures) = try await FastWordCounts.total(
///       of: ["diary.txt", "notes.txt"], workers: 4
///     ) { try await FastWordCounts(contentsOf: $0) }
///
/// A dictionary spends most of its time on a hash that resists attackers. This
/// table has a universal hash, which is cheaper; its factors are random, so
/// that nobody can choose words that collide.
///
/// Source: D. Lemire and O. Kaser, *Strongly universal string hashing is fast*,
/// The Computer Journal 57 (11), 2014, the family Multilinear.
nonisolated struct FastWordCounts: WordTally {
  private var entries: [(key: Word, value: Int)] = []
  /// Open addressing, at most half full; 0 is free, 1 is `entries[0]`.
  private var slots = [UInt32](repeating: 0, count: 64)
  // Not SIMD4: what is aligned to more than 16 bytes crashes where Swift 6.3
  // keeps it across a suspension.
  private let factors = Self.factors
  private static let factors = (0..<4).map { _ in
    UInt64.random(in: 0 ... .max)
  }

  /// Creates counts of nothing.
  init() {}

  /// Adds so many occurrences of a word.
  ///
  /// - Complexity: O(1) amortised, beside the length of the word.
  mutating func add(_ word: Word, times: Int) {
    let slot = slot(of: word)
    if slots[slot] > 0 {
      entries[Int(slots[slot]) - 1].value += times
      return
    }
    entries.append((word, times))
    slots[slot] = UInt32(entries.count)
    if entries.count * 2 > slots.count { grow() }
  }

  /// The words and their counts, in the order in which words came.
  func makeIterator() -> IndexingIterator<[(key: Word, value: Int)]> {
    entries.makeIterator()
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for index in entries.indices {
      slots[slot(of: entries[index].key)] = UInt32(index + 1)
    }
  }

  /// The slot that a word has, or else the free one that it gets.
  private func slot(of word: Word) -> Int {
    var slot = hash(of: word) & (slots.count - 1)
    while slots[slot] > 0, entries[Int(slots[slot]) - 1].key != word {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private func hash(of word: Word) -> Int {
    var (sum, head) = (UInt64(0), word.head)
    for index in 0..<4 {
      sum &+= factors[index] &* UInt64(UInt32(truncatingIfNeeded: head))
      head >>= 32
    }
    if !word.rest.isEmpty {
      sum &+= UInt64(truncatingIfNeeded: word.rest.hashValue)
    }
    // Only the upper half depends on all bits.
    return Int(sum >> 32)
  }
}
