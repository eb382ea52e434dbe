import Foundation

/// Programs that are run for what they print.
enum Subprocess {
  struct Result {
    var status: Int32
    var output: Data
    /// Whether a signal ended it; the status is its number.
    var isKilled = false

    var text: String { String(decoding: output, as: UTF8.self) }
  }

  static let thisProgram =
    Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])

  /// The program that a shell would find under this name.
  static func find(_ name: String) -> URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// The same, where nothing can be done without.
  static func require(_ name: String) throws(UsageError) -> URL {
    if let found = find(name) { return found }
    throw UsageError("this needs '\(name)' on the PATH")
  }

  /// Starts a program with nothing on its standard input unless `connect`
  /// says otherwise; the variables come to those of this process.
  static func start(
    _ program: URL,
    _ arguments: [String],
    environment: [String: String] = [:],
    in folder: URL? = nil,
    connect: (Process) -> Void = { _ in }
  ) throws(UsageError) -> Process {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(environment) { $1 }
    if let folder { process.currentDirectoryURL = folder }
    process.standardInput = FileHandle.nullDevice
    connect(process)
    do {
      try process.run()
    } catch {
      throw UsageError("cannot run \(program.path): \(error.reason)")
    }
    return process
  }

  /// Runs a program to its end.
  ///
  /// What it prints as errors is part of its output, or is thrown away. It
  /// must read its input before it prints much.
  static func run(
    _ program: URL,
    _ arguments: [String],
    environment: [String: String] = [:],
    in folder: URL? = nil,
    input: Data = Data(),
    keepsErrors: Bool = true
  ) throws(UsageError) -> Result {
    let (output, inputs) = (Pipe(), Pipe())
    let process = try start(
      program,
      arguments,
      environment: environment,
      in: folder
    ) { process in
      process.standardInput = inputs
      process.standardOutput = output
      process.standardError = keepsErrors ? output : FileHandle.nullDevice
    }
    try? inputs.fileHandleForWriting.write(contentsOf: input)
    try? inputs.fileHandleForWriting.close()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus,
      output: printed,
      isKilled: process.terminationReason == .uncaughtSignal
    )
  }

  /// Runs `git`, whose errors are thrown away.
  ///
  /// - Returns: `nil` where there is no git.
  static func git(_ arguments: [String], input: Data = Data()) -> Result? {
    guard let git = find("git") else { return nil }
    return try? run(
      git,
      arguments,
      // A partial clone would otherwise ask the network, or for a password.
      environment: [
        "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
      ],
      input: input,
      keepsErrors: false
    )
  }
}
