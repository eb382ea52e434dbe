import Foundation

/// A process that answers each line on its standard input with one line on
/// its standard output.
///
/// Safety of the unchecked conformance: it serves one caller at a time, who
/// waits for the answers.
final class AnsweringProcess: @unchecked Sendable {
  private let process: Process
  private let requests = Pipe()
  private let answers = Pipe()
  private var received = Data()

  /// Starts the process, which ends with its owner; see ``Subprocess``.
  init(
    _ executable: URL,
    _ arguments: [String],
    environment: [String: String],
    in folder: URL? = nil
  ) throws(UsageError) {
    let (input, output) = (requests, answers)
    process = try Subprocess.start(
      executable,
      arguments,
      environment: environment,
      in: folder
    ) { process in
      process.standardInput = input
      process.standardOutput = output
    }
  }

  deinit { end() }

  /// Ends the process, and waits until it has.
  func end() {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// Asks, and waits on a thread of its own, for an answer to each line.
  func answers(to lines: [String]) async throws -> [Data] {
    try await onThread { try self.ask(lines) }
  }

  private func ask(_ lines: [String]) throws(Failure) -> [Data] {
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
      guard !chunk.isEmpty else {
        let request = lines[answered.count].prefix(200)
        throw Failure("a process ended instead of answering \(request)")
      }
      received = Data(received) + chunk
    }
    return answered
  }
}
