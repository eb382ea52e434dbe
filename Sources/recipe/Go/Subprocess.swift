import Foundation

/// A program that is run to its end for what it prints.
enum Subprocess {
  struct Result {
    var status: Int32
    var output: Data
    /// Whether a signal ended it; the status is its number.
    var isKilled = false

    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// The program that a shell would find under this name.
  static func find(_ name: String) -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// Runs a program with nothing on its standard input.
  ///
  /// The variables come to those of this process. What it prints as errors is
  /// part of its output, or is thrown away.
  static func run(
    _ program: URL,
    _ arguments: [String],
    environment: [String: String] = [:],
    in folder: URL? = nil,
    keepsErrors: Bool = true
  ) throws(UsageError) -> Result {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = folder }
    process.environment = ProcessInfo.processInfo.environment
      .merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = keepsErrors ? output : FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    do {
      try process.run()
    } catch {
      throw UsageError("cannot run \(program.path): \(error.reason)")
    }
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: printed,
      isKilled: process.terminationReason == .uncaughtSignal
    )
  }

  /// Runs `git`, with nothing on its standard input or error.
  ///
  /// - Returns: `nil` where there is no git.
  static func git(_ arguments: [String]) -> Result? {
    let result = try? run(
      URL(filePath: "/usr/bin/env"),
      ["git"] + arguments,
      // A partial clone would otherwise ask the network, or for a password.
      environment: [
        "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
      ],
      keepsErrors: false
    )
    // The shell's and env's word for a command that is not there.
    return result?.status == 127 ? nil : result
  }
}
