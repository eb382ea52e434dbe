import Foundation
import Synchronization
import Testing

/// The largest resident set of a process.
private final class Peak: Sendable {
  private let kibibytes = Mutex(0)

  var mebibytes: Int { kibibytes.withLock { $0 >> 10 } }

  /// Looks as long as the process runs; what the system counts only grows.
  func watch(_ process: Process) {
    let status = "/proc/\(process.processIdentifier)/status"
    while process.isRunning {
      let text = try? String(contentsOfFile: status, encoding: .utf8)
      let line = text?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
      if let value = number.flatMap({ Int($0) }) {
        kibibytes.withLock { $0 = max($0, value) }
      }
      Thread.sleep(forTimeInterval: 0.01)
    }
  }
}

/// The main job, as a user does it: on files.
@Suite("recipe word-count")
struct WordCountCommandTests {
  private struct Outcome: Decodable {
    struct Row: Decodable, Equatable {
      var word: String
      var count: Int
    }
    struct Failure: Decodable, Equatable {
      var file: String
      var reason: String
    }
    var bytes: Int
    var words: Int
    var distinct: Int
    var files: Int
    var top: [Row]
    var failures: [Failure]
  }

  private struct LastLine: Decodable {
    var outcome: Outcome
  }

  private func count(
    _ arguments: [String],
    status: Int32 = 0
  ) async throws -> (outcome: Outcome, errors: String) {
    let result = try await Program.run(["word-count", "--events"] + arguments)
    #expect(result.status == status, "\(result.errors)")
    let line = try #require(result.lines.last)
    let last = try JSONDecoder().decode(LastLine.self, from: Data(line.utf8))
    return (last.outcome, result.errors)
  }

  @Test("A run without files counts the shipped texts")
  func shippedTexts() async throws {
    let result = try await Program.run("word-count", "--top", "3")
    #expect(result.status == 0)
    #expect(result.output.contains("  14  the\n"))
    #expect(result.output.contains("4 files, "))
  }

  @Test("The words of ASCII files are those that wc counts")
  func agreesWithWc() async throws {
    try await withScratchFolder { folder in
      var generator = SystemRandomNumberGenerator()
      let alphabet = Array("abcdefghij  \t\n\r\u{B}\u{C}.,-")
      var paths: [String] = []
      for index in 0..<20 {
        let length = Int.random(in: 0...200_000, using: &generator)
        let text = String(
          (0..<length).map { _ in
            alphabet.randomElement(using: &generator) ?? " "
          }
        )
        let file = folder.appending(path: "\(index).txt")
        try Data(text.utf8).write(to: file)
        paths.append(file.path)
      }
      let wc = try await Program.shell(
        "LC_ALL=C wc -w -c \(paths.joined(separator: " ")) | tail -n 1"
      )
      let numbers = wc.output.split(whereSeparator: \.isWhitespace)
        .compactMap { Int($0) }
      let (outcome, _) = try await count([folder.path])
      #expect([outcome.words, outcome.bytes] == numbers)
      #expect(outcome.files == 20)
    }
  }

  @Test("Ten thousand small files are counted, however few may be open")
  func manyFiles() async throws {
    try await withScratchFolder { folder in
      for index in 0..<100 {
        let part = folder.appending(path: "\(index)")
        try FileManager.default.createDirectory(
          at: part,
          withIntermediateDirectories: false
        )
        for name in 0..<100 {
          try Data("word \(name)".utf8)
            .write(to: part.appending(path: "\(name)"))
        }
      }
      let result = try await Program.shell(
        "ulimit -n 32; \"$recipe\" word-count --workers 16 --top 1 "
          + "\(folder.path)"
      )
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("  10,000  word\n"))
      #expect(result.output.contains("10,000 files, 20,000 words, 101 "))
    }
  }

  @Test("A file that cannot be read is named, and the others are counted")
  func unreadableFiles() async throws {
    try await withScratchFolder { folder in
      let good = folder.appending(path: "good")
      try Data("one two".utf8).write(to: good)
      let missing = folder.appending(path: "missing").path
      let loop = folder.appending(path: "loop").path
      try FileManager.default.createSymbolicLink(
        atPath: loop,
        withDestinationPath: loop
      )
      let (outcome, errors) = try await count(
        [missing, good.path, loop],
        status: 1
      )
      #expect(outcome.words == 2)
      #expect(outcome.files == 1)
      #expect(outcome.failures.map(\.file) == [loop, missing])
      #expect(
        errors.contains(
          "recipe: cannot read \(missing): no such file or directory\n"
        )
      )
      #expect(errors.contains("too many levels of symbolic links\n"))
    }
  }

  @Test("A file without permission is named", .disabled(if: getuid() == 0))
  func withoutPermission() async throws {
    try await withScratchFolder { folder in
      let file = folder.appending(path: "secret")
      try Data("one".utf8).write(to: file)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0],
        ofItemAtPath: file.path
      )
      let (outcome, errors) = try await count([file.path], status: 1)
      #expect(outcome.files == 0)
      #expect(errors.contains("cannot read \(file.path): permission denied"))
    }
  }

  #if os(Linux)
    @Test("An input error in the middle of a file is named")
    func inputError() async throws {
      let (outcome, errors) = try await count(["/proc/self/mem"], status: 1)
      #expect(outcome.words == 0)
      #expect(errors.contains("/proc/self/mem: input/output error"))
    }

    @Test("256 MiB are counted in less than 64 MiB of memory")
    func memoryIsFlat() async throws {
      try await withScratchFolder { folder in
        let file = folder.appending(path: "large")
        // The memory does not depend on the build, so a part of the file
        // that a debug build can read in a second tells the same.
        let line = (0..<500).map { "word\($0 * 7_919 % 5_000) " }.joined()
        let block = String(repeating: line + "\n", count: 128)
        let handle = try {
          try Data().write(to: file)
          return try FileHandle(forWritingTo: file)
        }()
        var size = 0
        while size < 256 << 20 {
          try handle.write(contentsOf: Data(block.utf8))
          size += block.utf8.count
        }
        try handle.close()
        let peak = Peak()
        let result = try await Program.run(
          ["word-count", "--events", file.path]
        ) { process in
          // A thread of its own: it blocks as long as the program runs.
          Thread.detachNewThread { peak.watch(process) }
        }
        #expect(result.status == 0)
        print("word-count, \(size >> 20) MiB: peak \(peak.mebibytes) MiB")
        #expect(peak.mebibytes > 0 && peak.mebibytes < 64)
      }
    }
  #endif

  @Test("A folder with a loop of links comes to an end")
  func loopOfLinks() async throws {
    try await withScratchFolder { folder in
      let inner = folder.appending(path: "inner")
      try FileManager.default.createDirectory(
        at: inner,
        withIntermediateDirectories: false
      )
      try Data("one two three".utf8).write(to: inner.appending(path: "file"))
      try FileManager.default.createSymbolicLink(
        atPath: inner.appending(path: "up").path,
        withDestinationPath: folder.path
      )
      let (outcome, _) = try await count([folder.path])
      #expect(outcome.files == 1)
      #expect(outcome.words == 3)
    }
  }

  @Test("Bytes that are not UTF-8 are counted and shown")
  func notUTF8() async throws {
    try await withScratchFolder { folder in
      let file = folder.appending(path: "latin1")
      try Data([0x61, 0xE9, 0x20, 0xFF, 0xA0, 0x0A]).write(to: file)
      let (outcome, _) = try await count([file.path])
      #expect(outcome.top.map(\.word) == ["a\\xe9", "\\xff\\xa0"])
    }
  }
}
