import Foundation

/// `recipe go ARGUMENTS …`: the go command in the folder of the originals.
enum GoCommand {
  static func run(_ arguments: some Sequence<String>) async throws {
    let arguments = Array(arguments)
    let status = try await onThread { try GoToolchain.run(arguments) }
    guard status == 0 else { throw ExitCode.failure }
  }
}
