import Foundation
import Testing

@testable import recipe

/// A small checkout with a history, and a project to copy into.
private struct Scratch {
  var book: URL
  var project: URL

  static func with(_ body: (Scratch) async throws -> Void) async throws {
    try await withScratchFolder { folder in
      let scratch = Scratch(
        book: folder.appending(path: "cookbook"),
        project: folder.appending(path: "project")
      )
      try copyCheckout(
        [
          "Recipes/patterns/bounded-pool", "Recipes/patterns/word-count",
          "Recipes/channels", "Recipes/go.mod",
        ],
        to: scratch.book
      )
      try FileManager.default.createDirectory(
        at: scratch.project,
        withIntermediateDirectories: true
      )
      try await body(scratch)
    }
  }

  /// Makes what is in the checkout its next commit.
  func commit() async throws {
    try await Program.shell(
      "git init -q && git add -A && git -c user.name=a "
        + "-c user.email=a@example.com -c commit.gpgsign=false commit -q -m a",
      in: book
    ).expect(0)
  }

  var pattern: URL {
    book.appending(path: "Recipes/patterns/bounded-pool/BoundedPool.swift")
  }

  var copied: URL { project.appending(path: "BoundedPool.swift") }

  func read(_ file: URL) throws -> String {
    try String(contentsOf: file, encoding: .utf8)
  }

  func write(_ text: String, to file: URL) throws {
    try Data(text.utf8).write(to: file)
  }

  /// Replaces the one occurrence of `old`.
  func edit(_ file: URL, _ old: String, _ new: String) throws {
    let text = try read(file)
    try #require(text.components(separatedBy: old).count == 2, "\(old)")
    try write(text.replacing(old, with: new), to: file)
  }

  func copy(
    _ flags: String = "",
    recipe: String = "bounded-pool",
    to destination: String? = nil,
    prefix: String = ""
  ) async throws -> Program.Result {
    try await Program.shell(
      "\(prefix) \"$recipe\" copy \(recipe) "
        + "'\(destination ?? project.path)' \(flags)",
      in: book
    )
  }

  /// Everything in the project, hidden files too.
  func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: project.path).sorted()
  }

  /// Copies with each of these flags; it must be refused, and change nothing.
  func expectRefusal(
    _ flags: [String],
    _ errors: String,
    to destination: String? = nil
  ) async throws {
    let before = try files()
    for flags in flags {
      try await copy(flags, to: destination).expect(64, errors: errors)
      #expect(try files() == before)
    }
  }
}

@Suite("recipe copy")
struct CopyTests {
  @Test("A copy has a header of three lines, and no regions")
  func header() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      let result = try await scratch.copy()
      result.expect(0)
      #expect(result.output == "written  \(scratch.copied.path)\n")
      #expect(try scratch.files() == ["BoundedPool.swift"])
      let text = try scratch.read(scratch.copied)
      let lines = text.lines
      // The version is the name that git gives to the pattern's text.
      let git = try await Program.shell(
        "git hash-object '\(scratch.pattern.path)'"
      )
      #expect(lines[0] == "// bounded-pool, from the Concurrency Cookbook.")
      #expect(lines[1].hasPrefix("// Version \(git.output.prefix(16)), "))
      #expect(lines[1].contains(/, copied as [0-9a-f]{16}\.$/))
      #expect(
        lines[2] == "// MIT-0, no notice to keep. "
          + "Page: Recipes/patterns/bounded-pool/README.md"
      )
      #expect(lines[3] == "")
      #expect(!text.contains("#region"))
      #expect(!text.contains("\n\n\n"))
      #expect(text.hasSuffix("}\n"))
      try await scratch.copy().expect(0, "unchanged  \(scratch.copied.path)\n")
    }
  }

  @Test("A file name is taken for the pattern's; the directory must be there")
  func fileName() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      let named = scratch.project.appending(path: "Pool.swift").path
      try await scratch.copy(to: named).expect(0)
      #expect(try scratch.files() == ["Pool.swift"])

      let missing = scratch.project.appending(path: "a/b").path
      try await scratch.expectRefusal(
        [""],
        "there is no directory '\(missing)'",
        to: missing
      )
      let dry = try await scratch.copy("--dry-run", to: missing)
      dry.expect(0, "would be written  \(missing)/BoundedPool.swift")
      dry.expect(0, "nothing was written: --dry-run")
      #expect(try scratch.files() == ["Pool.swift"])
      try await scratch.copy("--create", to: missing).expect(0)
      #expect(
        FileManager.default.fileExists(atPath: missing + "/BoundedPool.swift")
      )
    }
  }

  @Test("What is in the way stays as it is")
  func inTheWay() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      try scratch.write("mine\n", to: scratch.copied)
      for message in ["is in the way", "--force", "nothing was copied"] {
        try await scratch.expectRefusal(["", "--update"], message)
      }
      let difference = try await scratch.copy("--diff")
      difference.expect(1, "\n-mine\n")
      difference.expect(1, "\n+import Synchronization\n")
      try await scratch.copy("--dry-run --force")
        .expect(0, "would be overwritten")
      #expect(try scratch.read(scratch.copied) == "mine\n")
      try await scratch.copy("--force").expect(0, "overwritten")
      try await scratch.copy("--diff").expect(0)

      // Another recipe's copy, and what is no text, are no copies of this.
      try await scratch.copy(
        "--force",
        recipe: "word-count",
        to: scratch.copied.path
      ).expect(0)
      try await scratch.expectRefusal(
        ["--update"],
        "is no copy of bounded-pool"
      )
      try Data([0xFF, 0xFE, 0x00]).write(to: scratch.copied)
      try await scratch.expectRefusal(["--update"], "is no copy of")
    }
  }

  @Test("A directory or a dangling link in the way is refused, even by force")
  func noFileInTheWay() async throws {
    try await Scratch.with { scratch in
      let manager = FileManager.default
      try manager.createSymbolicLink(
        atPath: scratch.copied.path,
        withDestinationPath: "nowhere"
      )
      try await scratch.expectRefusal(
        ["", "--force", "--update"],
        "is in the way, and is no file"
      )
      try manager.removeItem(at: scratch.copied)
      try manager.createDirectory(
        at: scratch.copied.appending(path: "BoundedPool.swift"),
        withIntermediateDirectories: true
      )
      try await scratch.expectRefusal(
        ["--force"],
        "",
        to: scratch.copied.path
      )
    }
  }

  @Test("A link in the way is followed, and stays; so do a file's permissions")
  func linkAndMode() async throws {
    try await Scratch.with { scratch in
      let target = scratch.project.appending(path: "shared")
      try scratch.write("mine", to: target)
      #expect(unsafe chmod(target.path, 0o640) == 0)
      let manager = FileManager.default
      try manager.createSymbolicLink(
        atPath: scratch.copied.path,
        withDestinationPath: "shared"
      )
      try await scratch.copy("--force").expect(0)
      #expect(
        try manager.destinationOfSymbolicLink(atPath: scratch.copied.path)
          == "shared"
      )
      #expect(try scratch.read(target).contains("struct BoundedPool"))
      let mode = try manager.attributesOfItem(atPath: target.path)[
        .posixPermissions
      ]
      #expect(mode as? NSNumber == 0o640)
    }
  }

  @Test("Where nothing can be written nothing is, and it is said why")
  func unwritable() async throws {
    try await Scratch.with { scratch in
      try await scratch.expectRefusal([""], "", to: scratch.pattern.path + "/x")
      try await scratch.expectRefusal(
        [""],
        "neither a directory nor",
        to: "/dev/null"
      )
      // For root nothing is unwritable, but what is no real directory.
      let isRoot = geteuid() == 0
      let closed = isRoot ? "/proc" : scratch.project.path
      if !isRoot { #expect(unsafe chmod(closed, 0o555) == 0) }
      let refused = try await scratch.copy(to: closed)
      #expect(unsafe chmod(scratch.project.path, 0o755) == 0)
      refused.expect(74, errors: "cannot write '\(closed)/BoundedPool.swift'")
      refused.expect(74, errors: "nothing was copied")
      #expect(try scratch.files() == [])

      // A limit on the size of files stands in for a full disk; the shell
      // has to ignore its signal, which would end the program.
      let limit = "trap '' XFSZ; ulimit -f 2;"
      try await scratch.copy(prefix: limit).expect(74, errors: "cannot write")
      let nested = scratch.project.appending(path: "a/b").path
      try await scratch.copy("--create", to: nested, prefix: limit).expect(74)
      #expect(try scratch.files() == [])
      try scratch.write("mine", to: scratch.copied)
      try await scratch.copy("--force", prefix: limit).expect(74)
      #expect(try scratch.read(scratch.copied) == "mine")
      #expect(try scratch.files() == ["BoundedPool.swift"])
    }
  }

  @Test("Several files are written all or none")
  func transaction() async throws {
    try await withScratchFolder { folder in
      let files = ["1", "2", "3"].map { folder.appending(path: $0) }
      try Data("old".utf8).write(to: files[0])
      try Data("changed meanwhile".utf8).write(to: files[2])
      // What the third one is thought to hold: nothing, if there is none.
      func commit(_ expected: String?) throws {
        let contents = ["old", nil, expected]
        let changes = zip(files, contents).map { file, expected in
          FileTransaction.Change(
            file: file,
            text: "new",
            expected: expected.map { Data($0.utf8) }
          )
        }
        try FileTransaction(changes: changes).commit()
      }
      func contents() throws -> [String: String] {
        let names = try FileManager.default
          .contentsOfDirectory(atPath: folder.path)
        return try Dictionary(
          uniqueKeysWithValues: names.map { ($0, try read($0, in: folder)) }
        )
      }
      for expected in ["read", nil] {
        #expect(throws: FileTransaction.Failure.self) { try commit(expected) }
        #expect(try contents() == ["1": "old", "3": "changed meanwhile"])
      }
      try commit("changed meanwhile")
      #expect(try contents() == ["1": "new", "2": "new", "3": "new"])
    }
  }

  @Test("A copy of an older version is replaced, one that was edited merged")
  func update() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      try await scratch.expectRefusal(
        ["--update"],
        "there is no copy to update"
      )
      try await scratch.copy().expect(0)

      try scratch.edit(scratch.pattern, "var isReceiving = ", "var others = ")
      try scratch.edit(
        scratch.pattern,
        "if isReceiving {",
        "if others {"
      )
      try await scratch.commit()
      try await scratch.expectRefusal([""], "is a copy of another version")
      try await scratch.copy("--update")
        .expect(0, "updated  \(scratch.copied.path)\n")
      try await scratch.copy().expect(0, "unchanged")

      // An edit, a line above the header, and the name of the pool.
      try scratch.edit(
        scratch.copied,
        "// bounded-pool, from",
        "// Ours.\n// bounded-pool, from"
      )
      try scratch.edit(
        scratch.copied,
        "precondition(workers > 0,",
        "assert(workers > 0,"
      )
      try await scratch.expectRefusal([""], "is a copy that has been edited")
      try await scratch.copy("--update").expect(0, "up to date with your edits")

      try scratch.edit(scratch.pattern, "var others = ", "var left = ")
      try scratch.edit(scratch.pattern, "if others {", "if left {")
      try await scratch.commit()
      let before = try scratch.read(scratch.copied)
      let preview = try await scratch.copy("--update --diff")
      preview.expect(1, "+      var left = ")
      #expect(!preview.output.contains("precondition"))
      try await scratch.copy("--update --dry-run").expect(0, "would be merged")
      #expect(try scratch.read(scratch.copied) == before)
      try await scratch.copy("--update")
        .expect(0, "merged  \(scratch.copied.path)\n")
      let text = try scratch.read(scratch.copied)
      #expect(text.hasPrefix("// Ours.\n// bounded-pool, from"))
      #expect(text.contains("assert(workers > 0,"))
      #expect(text.contains("var left = "))
      #expect(!text.contains("if others {"))
      try await scratch.copy("--update").expect(0, "up to date with your edits")
      #expect(try scratch.files() == ["BoundedPool.swift"])
    }
  }

  @Test("Edits at the same place are marked, and neither is lost")
  func conflict() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      try await scratch.copy().expect(0)
      let message = "a pool needs at least one worker"
      try scratch.edit(scratch.copied, message, "no workers")
      try scratch.edit(scratch.pattern, message, "a worker, please")
      try await scratch.commit()
      try await scratch.copy("--update --dry-run")
        .expect(1, errors: "would have conflicts")
      try await scratch.copy("--update").expect(1, "conflict", errors: "<<<<<<")
      let text = try scratch.read(scratch.copied)
      for part in [
        "<<<<<<< your edits", "no workers", "||||||| as copied", message,
        "=======", "a worker, please", ">>>>>>> the cookbook",
      ] {
        #expect(text.contains(part), "\(part)")
      }
      // Until they are resolved nothing else happens to the file.
      try await scratch.copy("--update").expect(1)
      #expect(try scratch.read(scratch.copied) == text)
    }
  }

  @Test("Without the text that was copied, an edited copy is left alone")
  func missingBase() async throws {
    try await Scratch.with { scratch in
      // Never committed: git cannot know the text.
      try await scratch.copy().expect(0, "not in the checkout's history")
      try scratch.edit(scratch.copied, "precondition(", "assert(")
      try scratch.edit(scratch.pattern, "var isReceiving = ", "var others = ")
      try await scratch.commit()
      let before = try scratch.read(scratch.copied)
      for message in ["is not in the history of", "git fetch --unshallow"] {
        try await scratch.expectRefusal(["--update"], message)
      }
      #expect(try scratch.read(scratch.copied) == before)
      // Unedited, it needs no base.
      try scratch.edit(scratch.copied, "assert(", "precondition(")
      try await scratch.copy("--update").expect(0, "updated")
    }
  }

  @Test("An edited copy keeps its line ends, whatever they are")
  func carriageReturns() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      try await scratch.copy().expect(0)
      try scratch.write(
        try scratch.read(scratch.copied)
          .replacing("  let workers: Int", with: "  var workers: Int")
          .replacing("\n", with: "\r\n"),
        to: scratch.copied
      )
      try scratch.edit(
        scratch.pattern,
        "a pool needs at least one",
        "a pool needs one"
      )
      try await scratch.commit()
      try await scratch.copy("--update").expect(0, "merged")
      let text = try scratch.read(scratch.copied)
      #expect(text.contains("a pool needs one"))
      #expect(text.contains("  var workers: Int"))
      #expect(text.withUnixLineEnds.count == text.count)
      #expect(text.unicodeScalars.count { $0 == "\r" } == text.lines.count)
    }
  }

  @Test("Ingredients come along, once each, and all or none")
  func ingredients() async throws {
    try await Scratch.with { scratch in
      // select is one of priority-select's, and channel one of select's.
      let files = [
        "Channel.swift", "ChannelSelecting.swift", "ChannelState.swift",
        "ChannelWaiting.swift", "PrioritySelect.swift", "Select.swift",
      ]
      let recipe = "priority-select"
      let channel = scratch.project.appending(path: "Channel.swift")
      // Not under the name of an ingredient.
      try await scratch.copy(recipe: recipe, to: channel.path).expect(64)
      try scratch.write("mine", to: channel)
      try await scratch.copy(recipe: recipe).expect(64, errors: "in the way")
      #expect(try scratch.files() == ["Channel.swift"])
      try FileManager.default.removeItem(at: channel)
      try await scratch.copy(recipe: recipe).expect(0)
      #expect(try scratch.files() == files)
    }
  }
}
