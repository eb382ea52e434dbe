import Foundation

/// A process that answers each line on its standard input with one line on
/// its standard output.
///
/// Safety of the unchecked conformance: it serves one caller at a time, who
/// waits for the answers.
final class AnsweringProcess: @unchecked Sendable {
  /// The process has ended without having answered.
  struct Ended: Error {}

  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var received = Data()

  /// Starts the process; it ends with its owner.
  ///
  /// - Parameters:
  ///   - executable: What to run.
  ///   - arguments: Its command line.
  ///   - environment: Variables beside those of this process.
  ///   - folder: Where it runs; by default where this process does.
  /// - Throws: ``UsageError`` when it cannot be run.
  init(
    _ executable: URL,
    _ arguments: [String],
    environment: [String: String],
    in folder: URL? = nil
  ) throws(UsageError) {
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = folder }
    process.standardInput = requests
    process.standardOutput = answers
    do {
      try process.run()
    } catch {
      throw UsageError("cannot run \(executable.path): \(error.reason)")
    }
  }

  deinit { end() }

  /// Ends the process, and waits until it has.
  func end() {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Asks, and waits on a thread of its own.
  ///
  /// - Parameter lines: The requests, without their line feeds.
  /// - Returns: An answer for each, in order.
  /// - Throws: ``Ended``.
  func answers(to lines: [String]) async throws -> [Data] {
    try await onThread { try self.ask(lines) }
  }

  private func ask(_ lines: [String]) throws(Ended) -> [Data] {
    let batch = Data(lines.map { $0 + "\n" }.joined().utf8)
    let input = requests.fileHandleForWriting
    // Both pipes hold little: who writes all before reading waits forever.
    let writer = Thread { try? input.write(contentsOf: batch) }
    writer.start()
    var answered: [Data] = []
    while answered.count < lines.count {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        answered.append(received[received.startIndex..<end])
        received = received[(end + 1)...]
        continue
      }
      let chunk = answers.fileHandleForReading.availableData
      guard !chunk.isEmpty else { throw Ended() }
      received = Data(received) + chunk
    }
    return answered
  }
}
