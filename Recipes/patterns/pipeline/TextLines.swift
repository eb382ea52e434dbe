import Foundation

/// The lines of some files, read piece by piece.
///
/// The last line of a file need not end with a line feed.
struct TextLines: AsyncSequence, Sendable {
  var paths: [String]

  func makeAsyncIterator() -> Iterator { Iterator(paths: paths) }

  struct Iterator: AsyncIteratorProtocol {
    private var paths: ArraySlice<String>
    private var file: OpenFile?
    private var index = 0

    init(paths: [String]) { self.paths = paths[...] }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(FileError) -> PipelineDemo.Line? {
      while true {
        if file == nil {
          guard let path = paths.popFirst() else { return nil }
          file = try OpenFile(path)
        }
        if let bytes = try file?.nextLine() {
          defer { index += 1 }
          return PipelineDemo.Line(index: index, bytes: bytes)
        }
        file = nil
      }
    }

    mutating func next() async throws(FileError) -> PipelineDemo.Line? {
      try await next(isolation: nil)
    }
  }

  /// What the operating system says of a file.
  struct FileError: Error, CustomStringConvertible {
    var path: String
    var code: CInt

    var description: String {
      let reason = unsafe String(cString: strerror(code)).lowercased()
      return "cannot read \(path): \(reason)"
    }
  }

  private final class OpenFile {
    private let path: String
    private let descriptor: CInt
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    /// What is read and not yet handed out.
    private var pending = 0..<0
    private var isAtEnd = false

    init(_ path: String) throws(FileError) {
      self.path = path
      descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
    }

    deinit { close(descriptor) }

    func nextLine() throws(FileError) -> [UInt8]? {
      var searched = pending.lowerBound
      while true {
        let found = buffer[searched..<pending.upperBound]
          .firstIndex(of: UInt8(ascii: "\n"))
        if let found {
          defer { pending = found + 1..<pending.upperBound }
          return Array(buffer[pending.lowerBound..<found])
        }
        if isAtEnd {
          defer { pending = pending.upperBound..<pending.upperBound }
          return pending.isEmpty ? nil : Array(buffer[pending])
        }
        makeRoom()
        searched = pending.upperBound
        try fill()
      }
    }

    private func makeRoom() {
      let count = pending.count
      if pending.lowerBound > 0 {
        buffer.replaceSubrange(0..<count, with: Array(buffer[pending]))
        pending = 0..<count
      }
      if count == buffer.count {
        buffer += [UInt8](repeating: 0, count: count)
      }
    }

    private func fill() throws(FileError) {
      while true {
        let filled = pending.upperBound
        let count = unsafe buffer.withUnsafeMutableBytes { buffer in
          unsafe read(
            descriptor,
            buffer.baseAddress?.advanced(by: filled),
            buffer.count - filled
          )
        }
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError(path: path, code: errno)
        }
        isAtEnd = count == 0
        pending = pending.lowerBound..<filled + count
        return
      }
    }
  }
}
