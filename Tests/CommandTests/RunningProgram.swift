import Foundation

/// The program as a user runs it: a process.
enum Program {
  struct Result {
    var status: Int32
    var wasSignalled: Bool
    var output: String
    var errors: String

    var lines: [Substring] { output.split(separator: "\n") }
  }

  /// The executable, which is built beside the tests.
  static let executable = URL(filePath: CommandLine.arguments[0])
    .deletingLastPathComponent()
    .appending(path: "recipe")

  /// Runs the program to its end.
  ///
  /// - Parameters:
  ///   - arguments: The command line.
  ///   - environment: Variables beside those of the tests.
  ///   - output: Where standard output goes; by default it is collected.
  ///   - whileRunning: Called once the program has started.
  /// - Returns: How the program ended and what it printed.
  /// - Throws: What keeps the program from being run.
  static func run(
    _ arguments: String...,
    environment: [String: String] = [:],
    output: FileHandle? = nil,
    whileRunning: (Process) -> Void = { _ in }
  ) async throws -> Result {
    try await run(
      arguments,
      environment: environment,
      output: output,
      whileRunning: whileRunning
    )
  }

  static func run(
    _ arguments: [String],
    environment: [String: String] = [:],
    output: FileHandle? = nil,
    whileRunning: (Process) -> Void = { _ in }
  ) async throws -> Result {
    try await run(
      executable,
      arguments,
      environment: environment,
      output: output,
      whileRunning: whileRunning
    )
  }

  /// Runs a line of shell with the program's path in `$recipe`.
  static func shell(_ line: String) async throws -> Result {
    try await run(
      URL(filePath: "/bin/sh"),
      ["-c", line],
      environment: ["recipe": executable.path]
    )
  }

  private static func run(
    _ executable: URL,
    _ arguments: [String],
    environment: [String: String],
    output: FileHandle? = nil,
    whileRunning: (Process) -> Void = { _ in }
  ) async throws -> Result {
    try await withScratchFolder { folder in
      // Files, not pipes: a full pipe would have to be emptied meanwhile.
      let (outputFile, errorFile) = (
        folder.appending(path: "output"), folder.appending(path: "errors")
      )
      for file in [outputFile, errorFile] { try Data().write(to: file) }
      let process = Process()
      process.executableURL = executable
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment
        .merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput =
        try output ?? FileHandle(forWritingTo: outputFile)
      process.standardError = try FileHandle(forWritingTo: errorFile)
      let ends = AsyncStream<Void>.makeStream()
      process.terminationHandler = { _ in ends.continuation.finish() }
      try process.run()
      whileRunning(process)
      for await _ in ends.stream {}
      return Result(
        status: process.terminationStatus,
        wasSignalled: process.terminationReason == .uncaughtSignal,
        output: String(
          decoding: try Data(contentsOf: outputFile),
          as: UTF8.self
        ),
        errors: String(decoding: try Data(contentsOf: errorFile), as: UTF8.self)
      )
    }
  }
}

/// Calls `body` with an empty folder, which is gone afterwards.
func withScratchFolder<Result>(
  _ body: (URL) async throws -> Result
) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "cookbook-\(UUID().uuidString)")
  try FileManager.default.createDirectory(
    at: folder,
    withIntermediateDirectories: true
  )
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}
