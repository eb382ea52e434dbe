import Foundation
import Testing

/// The program as a user runs it: a process.
enum Program {
  struct Result {
    var status: Int32
    var output: String
    var errors: String

    var lines: [Substring] { output.split(separator: "\n") }

    /// Expects that the program ended so, and printed this among other things.
    func expect(
      _ status: Int32,
      _ output: String = "",
      errors: String = "",
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let holds =
        self.status == status
        && (output.isEmpty || self.output.contains(output))
        && (errors.isEmpty || self.errors.contains(errors))
      #expect(
        holds,
        "not \(status), '\(output)', '\(errors)': \(self)",
        sourceLocation: sourceLocation
      )
    }
  }

  /// The executable, which is built beside the tests.
  static let executable = URL(filePath: CommandLine.arguments[0])
    .deletingLastPathComponent()
    .appending(path: "recipe")

  /// Runs the program with what a user types after its name: in the test's
  /// folder, or else in the checkout.
  static func run(
    _ arguments: String = "",
    in place: URL = Scratch.folder ?? checkout
  ) async throws -> Result {
    try await shell("exec \"$recipe\" \(arguments)", in: place)
  }

  /// Runs a line of shell with the program's path in `$recipe`.
  static func shell(
    _ line: String,
    in place: URL = Scratch.folder ?? checkout,
    environment: [String: String] = [:]
  ) async throws -> Result {
    try await withScratchFolder { folder in
      // Files, not pipes: a full pipe would have to be emptied meanwhile.
      let files = ["output", "errors"].map { folder.appending(path: $0) }
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments =
        ["-c", "exec >\"$0\" 2>\"$1\"; \(line)"]
        + files.map(\.path)
      process.currentDirectoryURL = place
      process.environment = ProcessInfo.processInfo.environment
        .merging(environment) { $1 }
        .merging(["recipe": executable.path]) { $1 }
      process.standardInput = FileHandle.nullDevice
      let ends = AsyncStream<Void>.makeStream()
      process.terminationHandler = { _ in ends.continuation.finish() }
      try startListening(process)
      for await _ in ends.stream {}
      let texts = try files.map {
        try String(decoding: Data(contentsOf: $0), as: UTF8.self)
      }
      return Result(
        status: process.terminationStatus,
        output: texts[0],
        errors: texts[1]
      )
    }
  }
}

/// Starts a process that no signal is kept from.
///
/// It inherits what its parent's thread blocks, and those of the pool block
/// all: a shell would never hear of the end of a child that it waits for.
private func startListening(_ process: Process) throws {
  var (none, blocked) = (sigset_t(), sigset_t())
  unsafe sigemptyset(&none)
  unsafe pthread_sigmask(SIG_SETMASK, &none, &blocked)
  defer { unsafe pthread_sigmask(SIG_SETMASK, &blocked, nil) }
  try process.run()
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

/// Runs each test of a suite with an empty folder of its own, ``scratch``.
struct Scratch: SuiteTrait, TestTrait, TestScoping {
  @TaskLocal static var folder: URL?

  var isRecursive: Bool { true }

  func provideScope(
    for test: Test,
    testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await withScratchFolder { folder in
      try await Self.$folder.withValue(folder, operation: function)
    }
  }
}

extension Trait where Self == Scratch {
  static var inScratchFolder: Self { Self() }
}

/// The empty folder of this test.
var scratch: URL {
  guard let folder = Scratch.folder else {
    preconditionFailure("the suite is not .inScratchFolder")
  }
  return folder
}

/// The root of the checkout that these tests were compiled from.
let checkout = URL(filePath: #filePath)
  .deletingLastPathComponent()
  .deletingLastPathComponent()
  .deletingLastPathComponent()

/// Copies parts of the checkout to the same places below `folder`.
func copyCheckout(_ paths: [String], to folder: URL = scratch) throws {
  for path in paths {
    let copy = folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: copy.deletingLastPathComponent(),
      withIntermediateDirectories: true
    )
    try FileManager.default.copyItem(
      at: checkout.appending(path: path),
      to: copy
    )
  }
}

/// Reads a file of the checkout.
func read(_ path: String, in root: URL = checkout) throws -> String {
  try String(contentsOf: root.appending(path: path), encoding: .utf8)
}

/// Writes a file into the test's folder.
@discardableResult
func write(
  _ text: String,
  to path: String,
  in root: URL = scratch
) throws -> URL {
  let file = root.appending(path: path)
  try Data(text.utf8).write(to: file)
  return file
}

/// Replaces the one occurrence of `old` in a file of the test's folder.
func edit(_ path: String, _ old: String, _ new: String) throws {
  let text = try read(path, in: scratch)
  try #require(text.components(separatedBy: old).count == 2, "\(old)")
  try write(text.replacing(old, with: new), to: path)
}

/// Whether to run what takes longer than a test may.
let isLong = ProcessInfo.processInfo.environment["COOKBOOK_LONG"] == "1"

#if os(Linux)
  let isLinux = true
#else
  let isLinux = false
#endif
