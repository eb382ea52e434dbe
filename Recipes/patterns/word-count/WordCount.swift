import Foundation
import Synchronization

/// The different words of a text, and how often each occurs.
///
///     let (counts, failures) = try await WordCounts.total(
///       of: ["diary.txt", "notes.txt"], workers: 4
///     ) { try await WordCounts(contentsOf: $0) }
///
/// Words are separated by what Unicode calls white space. All other bytes
/// are letters, valid UTF-8 or not, as in Go's `bufio.ScanWords`.
///
/// A dictionary would spend most of the time on a hash that resists attackers.
/// This table has a universal hash, which is cheaper; its factors are random,
/// so that nobody can choose words that collide. Source: D. Lemire and
/// O. Kaser, *Strongly universal string hashing is fast*, The Computer Journal
/// 57 (11), 2014, the family Multilinear.
nonisolated struct WordCounts: Sequence, Sendable {
  private var entries: [(word: Word, count: Int)] = []
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

  /// Counts the words of a text in memory, for instance of `text.utf8`.
  init(of text: some Sequence<UInt8>) {
    self.init()
    var (text, next) = (Array(text), 0)
    take(from: &text, &next, isWhole: true)
  }

  /// Counts the words of a file, which is read in chunks.
  ///
  /// **Cancellation**: looked at before each chunk. A `read` that waits is
  /// not interrupted. It keeps a thread of the concurrency pool: right for
  /// files, and wrong for a pipe that nobody may ever write to.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - chunk: How many bytes to read at once, at least 1.
  /// - Throws: `POSIXError`, or `CancellationError`.
  /// - Complexity: O(`chunk`) memory, or that of the longest word, beside
  ///   the different words.
  nonisolated(nonsending) init(
    contentsOf path: String,
    chunk: Int = 1 << 16
  ) async throws {
    precondition(chunk > 0, "a chunk needs at least one byte")
    try Task.checkCancellation()
    // The system would take a path with a zero to end there.
    if path.utf8.contains(0) { throw POSIXError(.EINVAL) }
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if file < 0 { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    defer { close(file) }

    self.init()
    let room = [UInt8](repeating: 0, count: chunk)
    var (text, next, unyielded) = ([UInt8](), 0, 0)
    while true {
      try Task.checkCancellation()
      let kept = text.count
      text += room
      let count = unsafe text.withUnsafeMutableBytes { text in
        unsafe read(file, text.baseAddress?.advanced(by: kept), chunk)
      }
      let code = errno
      text.removeLast(chunk - Swift.max(count, 0))
      if count < 0 {
        // A signal is no error of the file's.
        if code == EINTR { continue }
        throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO)
      }
      // A pipe gives less than it is asked for: only nothing is the end.
      take(from: &text, &next, isWhole: count == 0)
      if count == 0 { return }
      unyielded += count
      if unyielded >= 1 << 20 {
        // After some milliseconds another task may have the thread.
        unyielded = 0
        await Task.yield()
      }
    }
  }

  /// Counts, and the files that could not be counted.
  typealias Total<File> = (
    counts: Self, failures: [(file: File, error: any Error)]
  )

  /// Counts the words of many files, a few of them at once.
  ///
  /// **Cancellation**: no other file is begun. The call throws when those
  /// that were begun have ended.
  ///
  /// - Parameters:
  ///   - files: Paths, or whatever `count` takes.
  ///   - workers: How many files are counted at once, at least 1.
  ///   - count: Counts one file.
  /// - Returns: The counts of all files but those that `count` threw an
  ///   error for. These come with it, in no particular order.
  /// - Throws: `CancellationError`. A file that cannot be counted does not
  ///   stop the others.
  /// - Complexity: O(`workers`) tasks, each with the words that it has met.
  @concurrent
  static func total<File: Sendable>(
    of files: [File],
    workers: Int,
    count: @escaping @Sendable (File) async throws -> Self
  ) async throws -> Total<File> {
    precondition(workers > 0, "counting needs at least one worker")
    let begun = Atomic(0)
    let total = await withTaskGroup(of: Total<File>.self) { group in
      for _ in 0..<workers {
        group.addTask { @Sendable in
          // Shared counts would need a lock, or an actor, for each word.
          var part = Total<File>(Self(), [])
          while !Task.isCancelled {
            let next = begun.add(1, ordering: .relaxed).oldValue
            guard next < files.count else { break }
            do {
              part.counts.merge(try await count(files[next]))
            } catch {
              part.failures.append((files[next], error))
            }
          }
          return part
        }
      }
      return await group.reduce(into: Total<File>(Self(), [])) {
        $0.counts.merge($1.counts)
        $0.failures += $1.failures
      }
    }
    try Task.checkCancellation()
    return total
  }

  /// The words that occur most often, the most frequent first, and words of
  /// the same count in the order of their bytes.
  ///
  /// - Complexity: O(*d* log *d*) for *d* different words.
  func mostFrequent(_ n: Int) -> [(word: Word, count: Int)] {
    Array(sorted { ($1.count, $0.word) < ($0.count, $1.word) }.prefix(n))
  }

  /// The words and their counts, in the order in which words came.
  func makeIterator() -> IndexingIterator<[(word: Word, count: Int)]> {
    entries.makeIterator()
  }

  /// How often a word occurs.
  subscript(word: Word) -> Int {
    let index = Int(slots[slot(of: word)]) - 1
    return index < 0 ? 0 : entries[index].count
  }

  /// Adds so many occurrences of a word.
  ///
  /// - Complexity: O(1) amortised, beside the length of the word.
  mutating func add(_ word: Word, times: Int = 1) {
    let slot = slot(of: word)
    if slots[slot] > 0 {
      entries[Int(slots[slot]) - 1].count += times
      return
    }
    entries.append((word, times))
    slots[slot] = UInt32(entries.count)
    if entries.count * 2 > slots.count { grow() }
  }

  private mutating func merge(_ other: Self) {
    for (word, count) in other { add(word, times: count) }
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for index in entries.indices {
      slots[slot(of: entries[index].word)] = UInt32(index + 1)
    }
  }

  /// The slot that a word has, or else the free one that it gets.
  private func slot(of word: Word) -> Int {
    var slot = hash(of: word) & (slots.count - 1)
    while slots[slot] > 0, entries[Int(slots[slot]) - 1].word != word {
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

  /// Counts the words that have ended, and takes them out of the text.
  ///
  /// - Parameters:
  ///   - text: Begins with a word, of which more may follow.
  ///   - next: Where to look on for the end of that word.
  ///   - isWhole: Whether nothing follows.
  private mutating func take(
    from text: inout [UInt8],
    _ next: inout Int,
    isWhole: Bool
  ) {
    if isWhole { text.append(0x20) }
    // White space has up to three bytes, which must not be cut apart.
    let end = isWhole ? text.count : text.count - 2
    var start = 0
    while next < end {
      let width = Self.whiteSpace(at: next, of: text)
      if width == 0 {
        next += 1
        continue
      }
      if start < next {
        add(Word(text.span.extracting(start..<next)))
      }
      next += width
      start = next
    }
    text.removeSubrange(..<start)
    next -= start
  }

  /// The length of the white space at an offset, or 0.
  private static func whiteSpace(at index: Int, of text: [UInt8]) -> Int {
    let first = text[index]
    // Nearly all bytes are among these.
    if first > 0x20, first < 0xC2 || first > 0xE3 { return 0 }
    func byte(_ offset: Int) -> UInt8 {
      index + offset < text.count ? text[index + offset] : 0
    }
    switch (first, byte(1), byte(2)) {
    case (0x20, _, _), (0x09...0x0D, _, _): return 1
    case (0xC2, 0x85, _), (0xC2, 0xA0, _): return 2
    case (0xE1, 0x9A, 0x80),
      (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9),
      (0xE2, 0x80, 0xAF), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80):
      return 3
    default: return 0
    }
  }
}

/// The bytes of a word.
///
/// Not a `String`: two of these are equal where they are canonically
/// equivalent, and none can hold bytes that are not UTF-8.
nonisolated struct Word: Hashable, Comparable, Sendable {
  /// Up to fifteen bytes, the first one highest, and lowest their number.
  ///
  /// A dictionary then compares numbers, and needs no object for a key.
  private(set) var head: UInt128 = 0
  /// The bytes that are left.
  private(set) var rest: [UInt8] = []

  /// Creates a word from its bytes.
  init(_ bytes: Span<UInt8>) {
    let count = min(bytes.count, 15)
    unsafe bytes.withUnsafeBytes { bytes in
      unsafe withUnsafeMutableBytes(of: &head) {
        unsafe $0.copyMemory(
          from: .init(start: bytes.baseAddress, count: count)
        )
      }
      if bytes.count > 15 { unsafe rest = Array(bytes[15...]) }
    }
    head = UInt128(bigEndian: head) | UInt128(count)
  }

  /// Creates a word from the UTF-8 of a text.
  init(_ text: String) { self.init(Array(text.utf8).span) }

  /// The bytes, one after the other.
  var bytes: [UInt8] {
    let bytes = (0..<Int(head & 15)).map { index in
      UInt8(truncatingIfNeeded: head >> (120 - 8 * index))
    }
    return bytes + rest
  }

  /// The order of the bytes.
  static func < (a: Word, b: Word) -> Bool {
    a.head == b.head
      ? a.rest.lexicographicallyPrecedes(b.rest) : a.head < b.head
  }
}

nonisolated extension Word: CustomStringConvertible {
  /// The text, with each byte that is not part of valid UTF-8 as `\xNN`.
  var description: String {
    var (text, rest) = ("", bytes[...])
    while let byte = rest.first {
      // A character has as many bytes as the first one has leading ones.
      let next = rest.prefix(max((~byte).leadingZeroBitCount, 1))
      if let character = String(validating: next, as: UTF8.self) {
        text += character
        rest = rest.dropFirst(next.count)
      } else {
        text += "\\x" + String(byte, radix: 16)
        rest = rest.dropFirst()
      }
    }
    return text
  }
}
