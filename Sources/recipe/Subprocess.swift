import Foundation

/// A program that is run to its end for what it prints.
enum Subprocess {
  struct Result {
    var status: Int32
    var output: Data

    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// Runs `git`, with nothing on its standard input or error.
  ///
  /// - Returns: `nil` where there is no git.
  static func git(_ arguments: [String]) -> Result? {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(
      // A partial clone would otherwise ask the network, or for a password.
      ["GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"]
    ) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    // The shell's and env's word for a command that is not there.
    guard process.terminationStatus != 127 else { return nil }
    return Result(status: process.terminationStatus, output: printed)
  }
}
