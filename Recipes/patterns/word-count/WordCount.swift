import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#endif

/// Words, and how often each occurs.
///
/// A word is a maximal run of bytes that are not white space. White space is
/// the UTF-8 encoding of U+0009–000D, U+0020, U+0085, U+00A0, U+1680,
/// U+2000–200A, U+2028, U+2029, U+202F, U+205F and U+3000; a byte that is
/// not UTF-8 is like a letter. This is how Go's `bufio.ScanWords` splits.
///
///     let (counts, _, failures) = try await WordCounts.total(
///       of: FileTree(["notes", "diary.txt"]),
///       workers: 4
///     ) { file in
///       try await WordCounts(contentsOf: file.get())
///     }
nonisolated public struct WordCounts: Sendable {
  /// The number of words, each occurrence counted.
  public private(set) var words = 0
  /// The number of bytes, white space included.
  public private(set) var bytes = 0
  /// The number of different words.
  public var distinct: Int { entries.count }

  // A hash table of its own: `Dictionary` would need a key object for each
  // occurrence, and is ten times slower where generics are not specialised,
  // in debug builds.
  private var entries: [Entry] = []
  /// The different words, one after the other.
  private var letters: [UInt8] = []
  /// Open addressing, at most half full; 0 is free, 1 is `entries[0]`.
  private var slots: [UInt32] = []
  private let hash = WordHash()

  private struct Entry {
    var key: UInt64
    var letters: Range<Int>
    var count: Int
  }

  /// Creates counts of nothing.
  public init() {}

  /// Counts the words of a file, which is read in chunks.
  ///
  /// The read calls block a thread of the concurrency pool: right for files,
  /// but a pipe that nobody writes to would keep the thread.
  ///
  /// **Cancellation**: looked at before each chunk.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - chunk: How many bytes to read at once, at least 1.
  /// - Throws: ``FileError``, or `CancellationError`.
  /// - Complexity: O(`chunk`) memory, or that of the longest word.
  nonisolated(nonsending) public init(
    contentsOf path: ByteString,
    chunk: Int = 1 << 16
  ) async throws {
    try Task.checkCancellation()
    let file = unsafe open(try path.cString(), O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw FileError(path, code: errno) }
    defer { close(file) }

    var buffer = [UInt8](repeating: 0, count: chunk)
    var filled = 0
    while true {
      try Task.checkCancellation()
      let count = unsafe buffer.withUnsafeMutableBytes { buffer in
        let free = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffer[filled...]
        )
        return unsafe read(file, free.baseAddress, free.count)
      }
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw FileError(path, code: errno)
      }
      filled += count
      // A pipe gives less than it is asked for. Splitting only what fills
      // the buffer keeps the work linear, however long a word is.
      if count > 0 && filled < buffer.count { continue }

      let before = bytes
      let used = add(
        buffer.span.extracting(first: filled),
        isLast: count == 0
      )
      if count == 0 { return }
      if used == 0 { buffer += buffer }
      // The beginning of a word, which the next chunk goes on with.
      for index in used..<filled { buffer[index - used] = buffer[index] }
      filled -= used
      // After a few milliseconds another task may have the thread.
      if bytes >> 20 != before >> 20 { await Task.yield() }
    }
  }

  /// Counts the words of many sources, a few of them at once.
  ///
  /// **Cancellation**: no further source is begun; the call throws once
  /// those that were begun have ended.
  ///
  /// - Parameters:
  ///   - sources: Read one at a time, as workers become free.
  ///   - workers: How many sources are counted at once, at least 1.
  ///   - count: Counts one source.
  /// - Returns: The sum, how many sources are in it, and those that `count`
  ///   threw an error for, in no particular order. Such an error does not
  ///   stop the others.
  /// - Throws: `CancellationError`, and nothing else.
  /// - Complexity: O(`workers`) tasks, each with the different words that it
  ///   has met.
  @concurrent
  public static func total<Source: Sendable>(
    of sources: sending some Sequence<Source>,
    workers: Int,
    count: @escaping @Sendable (Source) async throws -> WordCounts
  ) async throws -> (
    counts: WordCounts,
    counted: Int,
    failures: [(source: Source, error: any Error)]
  ) {
    precondition(workers > 0, "counting needs at least one worker")
    let remaining = SharedIterator(sources.makeIterator())
    typealias Part = (
      counts: WordCounts,
      counted: Int,
      failures: [(source: Source, error: any Error)]
    )
    // #region count
    let total = await withTaskGroup(of: Part.self) { group in
      for _ in 0..<workers {
        group.addTask {
          // Counts of its own: shared ones would need a lock, or an actor,
          // for every word.
          var part: Part = (WordCounts(), 0, [])
          while !Task.isCancelled, let source = remaining.next() {
            do {
              part.counts.merge(try await count(source))
              part.counted += 1
            } catch {
              part.failures.append((source, error))
            }
          }
          return part
        }
      }
      return await group.reduce(into: Part(WordCounts(), 0, [])) {
        $0.counts.merge($1.counts)
        $0.counted += $1.counted
        $0.failures += $1.failures
      }
    }
    // #endregion
    try Task.checkCancellation()
    return total
  }

  /// Adds the words of a text; its last one ends with it.
  public mutating func add(_ text: Span<UInt8>) {
    _ = add(text, isLast: true)
  }

  /// Adds the words of a text.
  public mutating func add(_ text: String) {
    add(Array(text.utf8).span)
  }

  /// Adds the counts of `other`.
  ///
  /// - Complexity: O(*n*) in the different words of the one that has fewer.
  public mutating func merge(_ other: WordCounts) {
    var other = other
    if other.distinct > distinct { swap(&self, &other) }
    words += other.words
    bytes += other.bytes
    let text = other.letters.span
    for entry in other.entries {
      count(entry.key, at: entry.letters, of: text, times: entry.count)
    }
  }

  /// The words that occur most often, the most frequent first, and words of
  /// the same count in the order of their bytes.
  ///
  /// - Complexity: O(*d* log *n*) for *d* different words.
  public func mostFrequent(_ n: Int) -> [(word: ByteString, count: Int)] {
    func precedes(_ a: Int, _ b: Int) -> Bool {
      let (a, b) = (entries[a], entries[b])
      if a.count != b.count { return a.count > b.count }
      return letters[a.letters].lexicographicallyPrecedes(letters[b.letters])
    }
    guard n > 0 else { return [] }
    // Sorting all words for the first ten would take most of the time.
    var best: [Int] = []
    var last: Int?
    for index in entries.indices {
      if let last, !precedes(index, last) { continue }
      best.append(index)
      if best.count - n >= n {
        best.sort(by: precedes)
        best.removeLast(best.count - n)
        last = best.last
      }
    }
    best.sort(by: precedes)
    return best.prefix(n).map {
      (ByteString(letters[entries[$0].letters]), entries[$0].count)
    }
  }
}

// MARK: Splitting

nonisolated extension WordCounts {
  /// Adds the words of `text`, but not a last one that may go on.
  ///
  /// - Returns: The number of bytes that are done with.
  private mutating func add(_ text: Span<UInt8>, isLast: Bool) -> Int {
    let end = text.count
    var start = 0
    var next = 0
    while next < end {
      let candidates = Self.candidates(text.bytes(at: next))
      if candidates == 0 {
        next += 8
        continue
      }
      next += candidates.trailingZeroBitCount / 8
      if next >= end { break }
      let width = Self.whiteSpace(at: next, of: text)
      if width == 0 {
        next += 1
        continue
      }
      if start < next { count(start..<next, of: text) }
      next += width
      start = next
    }
    if isLast && start < end {
      count(start..<end, of: text)
      start = end
    }
    bytes += start
    return start
  }

  /// The high bit of each byte at which white space may begin.
  ///
  /// Eight bytes at a time, as in *Hacker's Delight*, chapter 6: no byte
  /// of a sum carries over into the next.
  private static func candidates(_ bytes: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = 0x7F * ones
    // Up to 0x20.
    var found = ~(((bytes & low) + (0x5F * ones)) | bytes)
    if bytes & ~low != 0 {
      let c2 = bytes ^ (0xC2 * ones)
      let e0toE3 = (bytes & (0xFC * ones)) ^ (0xE0 * ones)
      found |= ~(((c2 & low) + low) | c2)
      found |= ~(((e0toE3 & low) + low) | e0toE3)
    }
    return found & ~low
  }

  /// The length of the white space at an offset, or 0.
  private static func whiteSpace(at index: Int, of text: Span<UInt8>) -> Int {
    let next = text.bytes(at: index)
    switch (next[0], next[1], next[2]) {
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

// MARK: The table

nonisolated extension WordCounts {
  private mutating func count(_ word: Range<Int>, of text: Span<UInt8>) {
    words += 1
    count(hash.key(of: word, in: text), at: word, of: text, times: 1)
  }

  private mutating func count(
    _ key: UInt64,
    at word: Range<Int>,
    of text: Span<UInt8>,
    times: Int
  ) {
    if entries.count * 2 >= slots.count { grow() }
    var slot = hash.home(of: key, in: slots.count)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if entries[index].key == key
        && (!WordHash.isHash(key)
          || text.bytes(
            at: word,
            equal: letters.span,
            at: entries[index].letters
          ))
      {
        entries[index].count += times
        return
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    let start = letters.count
    for index in word { letters.append(text[index]) }
    entries.append(
      Entry(key: key, letters: start..<letters.count, count: times)
    )
    slots[slot] = UInt32(entries.count)
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: max(slots.count * 2, 64))
    for index in entries.indices {
      var slot = hash.home(of: entries[index].key, in: slots.count)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(index + 1)
    }
  }
}

/// Carter and Wegman's universal hash: polynomials modulo the prime 2^61 - 1.
///
/// Whoever writes the files must not be able to choose words that collide,
/// so the factor is another one in each process.
nonisolated private struct WordHash {
  private static let prime: UInt64 = 1 << 61 - 1
  private static let anyFactor = UInt64.random(in: 1 << 32..<prime)
  /// A copy, because a global is slower to read.
  private let factor = Self.anyFactor

  /// A word of up to seven bytes as a number, or the hash of a longer one.
  func key(of word: Range<Int>, in text: Span<UInt8>) -> UInt64 {
    var sum: UInt64 = 0
    var start = word.lowerBound
    while word.upperBound - start > 7 {
      sum = product(sum + text.bytes(at: start) & (1 << 56 - 1))
      start += 7
    }
    // A bit above the last byte, or "a" and "a\0" would have one key.
    let above: UInt64 = 1 << UInt64(8 * (word.upperBound - start))
    let rest = text.bytes(at: start) & (above - 1) | above
    if start == word.lowerBound { return rest }
    return product(sum + rest) | 1 << 62
  }

  /// Whether words that differ may have this key.
  static func isHash(_ key: UInt64) -> Bool { key >= 1 << 62 }

  /// Where the search for a word begins.
  func home(of key: UInt64, in slots: Int) -> Int {
    Int(truncatingIfNeeded: product(key)) & (slots - 1)
  }

  /// The factor times a number below 2^63; below 2^61 + 8.
  private func product(_ value: UInt64) -> UInt64 {
    let (high, low) = value.multipliedFullWidth(by: factor)
    let sum = (low & Self.prime) + (high << 3 | low >> 61)
    return (sum & Self.prime) + sum >> 61
  }
}

nonisolated extension Span where Element == UInt8 {
  /// Eight bytes from an offset on, the first one lowest; zeros past the end.
  fileprivate func bytes(at offset: Int) -> UInt64 {
    if count - offset >= 8 {
      // Bounds are checked, and any eight bytes are an integer.
      return UInt64(
        littleEndian: unsafe bytes.unsafeLoadUnaligned(
          fromByteOffset: offset,
          as: UInt64.self
        )
      )
    }
    var bytes: UInt64 = 0
    for index in offset..<count {
      bytes |= UInt64(self[index]) << UInt64(8 * (index - offset))
    }
    return bytes
  }
}

nonisolated extension Span where Element == UInt8 {
  /// Whether bytes of this span are those of another one.
  fileprivate func bytes(
    at mine: Range<Int>,
    equal other: Span<UInt8>,
    at theirs: Range<Int>
  ) -> Bool {
    guard mine.count == theirs.count else { return false }
    var done = 0
    while done < mine.count {
      let difference =
        bytes(at: mine.lowerBound + done)
        ^ other.bytes(at: theirs.lowerBound + done)
      // What is behind the last byte does not count.
      let behind = max(8 - (mine.count - done), 0)
      if difference << UInt64(8 * behind) != 0 { return false }
      done += 8
    }
    return true
  }
}

nonisolated extension UInt64 {
  /// One of the eight bytes, the lowest first.
  fileprivate subscript(index: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: self >> (8 * index))
  }
}

// MARK: Files

/// Bytes that are a text if they are UTF-8: a word, or the name of a file.
///
/// Not a `String`, in which canonically equivalent words are equal: an "é"
/// that is one character, and an "e" with an accent that follows it. Nor
/// could a `String` hold every name that a file may have.
nonisolated public struct ByteString: Hashable, Sendable {
  /// The bytes themselves.
  public var bytes: [UInt8]

  /// Creates a byte string from bytes.
  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  /// Creates a byte string from the UTF-8 of a text.
  public init(_ text: String) { self.bytes = Array(text.utf8) }
}

nonisolated extension ByteString: Comparable {
  /// The order of the bytes.
  public static func < (a: ByteString, b: ByteString) -> Bool {
    a.bytes.lexicographicallyPrecedes(b.bytes)
  }
}

nonisolated extension ByteString: CustomStringConvertible {
  /// The text, with each byte that is not part of valid UTF-8 as `\xNN`.
  public var description: String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var rest = bytes[...]
    while let byte = rest.first {
      // As many as the first one has leading bits that are set.
      let width = max((~byte).leadingZeroBitCount, 1)
      let first = rest.prefix(width)
      if let character = String(validating: first, as: UTF8.self) {
        text += character
        rest = rest.dropFirst(width)
      } else {
        text += byte < 0x10 ? "\\x0" : "\\x"
        text += String(byte, radix: 16)
        rest = rest.dropFirst()
      }
    }
    return text
  }
}

/// A file that could not be read, or a directory that could not be listed.
nonisolated public struct FileError: Error, Equatable {
  /// The path of the file, as it was given or found.
  public let file: ByteString
  /// The operating system's number for the error.
  public let code: Int32

  /// Creates the error of a file.
  public init(_ file: ByteString, code: Int32) {
    self.file = file
    self.code = code
  }

  /// What the operating system calls the error, in lower case.
  public var reason: String {
    unsafe String(cString: strerror(code)).lowercased()
  }
}

nonisolated extension FileError: CustomStringConvertible {
  /// The file and the reason.
  public var description: String { "\(file): \(reason)" }
}

/// The files at some paths and, where one is a directory, the regular files
/// in it and below, in the order of the bytes of their names.
///
/// A symbolic link is followed where it is one of the paths, but not where
/// it is met in a directory, so that a loop of links has an end. A directory
/// that cannot be listed comes as its error.
///
/// - Complexity: O(*n*) memory in the entries of the directories that a path
///   leads through.
nonisolated public struct FileTree: Sequence, IteratorProtocol, Sendable {
  /// What is still to come, the next one last.
  private var pending: [(path: ByteString, isFile: Bool)]

  /// Creates a sequence of files; this looks at none of them yet.
  public init(_ paths: [String]) {
    pending = paths.reversed().map { (ByteString($0), false) }
  }

  /// The next file, or the error of a directory.
  public mutating func next() -> Result<ByteString, FileError>? {
    while let (path, isFile) = pending.popLast() {
      if isFile { return .success(path) }
      do throws(FileError) {
        pending += try Self.entries(of: path).reversed()
      } catch {
        return error.code == ENOTDIR ? .success(path) : .failure(error)
      }
    }
    return nil
  }

  private static func entries(
    of directory: ByteString
  ) throws(FileError) -> [(path: ByteString, isFile: Bool)] {
    guard let stream = unsafe opendir(try directory.cString()) else {
      throw FileError(directory, code: errno)
    }
    defer { unsafe closedir(stream) }
    var entries: [(path: ByteString, isFile: Bool)] = []
    var prefix = directory.bytes
    while prefix.last == UInt8(ascii: "/") { prefix.removeLast() }
    prefix.append(UInt8(ascii: "/"))
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe Array($0.prefix { $0 != 0 })
      }
      if name == Array(".".utf8) || name == Array("..".utf8) { continue }
      let path = ByteString(prefix + name)
      switch unsafe Int(entry.pointee.d_type) {
      case Int(DT_REG): entries.append((path, true))
      case Int(DT_DIR): entries.append((path, false))
      case Int(DT_UNKNOWN):
        // Some file systems do not say.
        var status = stat()
        guard unsafe lstat(try path.cString(), &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFREG: entries.append((path, true))
        case S_IFDIR: entries.append((path, false))
        default: break
        }
      default: break
      }
    }
    guard errno == 0 else { throw FileError(directory, code: errno) }
    return entries.sorted { $0.path < $1.path }
  }
}

nonisolated extension ByteString {
  /// The path as the operating system takes it.
  fileprivate func cString() throws(FileError) -> [CChar] {
    // A name that went on after a zero would be cut off there.
    if bytes.contains(0) { throw FileError(self, code: EINVAL) }
    return bytes.map { CChar(bitPattern: $0) } + [0]
  }
}

/// An iterator that several tasks advance.
nonisolated private final class SharedIterator<Element: Sendable>: Sendable {
  // Erased: a child task may not capture the metatype of an iterator whose
  // conformance could be isolated to an actor.
  private let base: Mutex<AnyIterator<Element>>

  init(_ base: sending some IteratorProtocol<Element>) {
    self.base = Mutex(AnyIterator(base))
  }

  func next() -> Element? {
    base.withLock { $0.next() }
  }
}
