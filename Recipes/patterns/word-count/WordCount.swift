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
typealias WordCounts = [Word: Int]

/// What counts words: a dictionary, or a form that is faster.
nonisolated protocol WordTally: Sequence, Sendable
where Element == (key: Word, value: Int) {
  /// Creates counts of nothing.
  init()

  /// Adds so many occurrences of a word.
  mutating func add(_ word: Word, times: Int)
}

nonisolated extension WordCounts: WordTally {
  /// Adds so many occurrences of a word.
  mutating func add(_ word: Word, times: Int) {
    self[word, default: 0] += times
  }
}

nonisolated extension WordTally {
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
    // #region total
    let begun = Atomic(0)
    let total = await withTaskGroup(of: Total<File>.self) { group in
      for _ in 0..<workers {
        group.addTask { @Sendable in
          // Counts of its own: shared ones would need a lock, or an actor,
          // for each word.
          var part = Total<File>(Self(), [])
          while !Task.isCancelled {
            let next = begun.add(1, ordering: .relaxed).oldValue
            guard next < files.count else { break }
            do {
              let counts = try await count(files[next])
              part.counts.merge(counts)
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
    // #endregion
  }

  /// The words that occur most often, the most frequent first, and words of
  /// the same count in the order of their bytes.
  ///
  /// - Complexity: O(*d* log *d*) for *d* different words.
  func mostFrequent(_ n: Int) -> [(word: Word, count: Int)] {
    sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .prefix(n).map { ($0.key, $0.value) }
  }

  private mutating func merge(_ other: Self) {
    for (word, count) in other { add(word, times: count) }
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
        add(Word(text.span.extracting(start..<next)), times: 1)
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
