import Foundation
import Testing

@testable import recipe

/// A small checkout with a history, `book`, and a `project` to copy into.
@Suite("recipe copy", .inScratchFolder)
struct CopyTests {
  private let pattern = "book/Recipes/patterns/bounded-pool/BoundedPool.swift"
  private let copied = "project/BoundedPool.swift"
  private let manager = FileManager.default

  init() throws {
    try copyCheckout(
      [
        "Recipes/patterns/bounded-pool", "Recipes/patterns/word-count",
        "Recipes/channels", "Recipes/go.mod",
      ],
      to: path("book")
    )
    try manager.createDirectory(
      at: path("project"),
      withIntermediateDirectories: true
    )
  }

  private func path(_ name: String) -> URL { scratch.appending(path: name) }

  private func text(_ name: String) throws -> String {
    try read(name, in: scratch)
  }

  /// Makes what is in the checkout its next commit.
  private func commit() async throws {
    try await Program.shell(
      "git init -q && git add -A && git -c user.name=a "
        + "-c user.email=a@example.com -c commit.gpgsign=false commit -q -m a",
      in: path("book")
    ).expect(0)
  }

  private func copy(
    _ flags: String = "",
    recipe: String = "bounded-pool",
    to destination: String = "project",
    prefix: String = ""
  ) async throws -> Program.Result {
    let place =
      destination.hasPrefix("/") ? destination : path(destination).path
    return try await Program.shell(
      "\(prefix) \"$recipe\" copy \(recipe) '\(place)' \(flags)",
      in: path("book")
    )
  }

  /// Everything in the project, hidden files too.
  private func files() throws -> [String] {
    try manager.contentsOfDirectory(atPath: path("project").path).sorted()
  }

  /// Copies with each of these flags; it must be refused, and change nothing.
  private func expectRefusal(
    _ flags: [String] = [""],
    _ errors: String...,
    to destination: String = "project"
  ) async throws {
    let before = try files()
    for flags in flags {
      let result = try await copy(flags, to: destination)
      for error in errors { result.expect(64, errors: error) }
      #expect(try files() == before)
    }
  }

  @Test("A copy has a header of three lines, and no regions")
  func header() async throws {
    try await commit()
    let result = try await copy()
    result.expect(0)
    #expect(result.output == "written  \(path(copied).path)\n")
    #expect(try files() == ["BoundedPool.swift"])
    let text = try text(copied)
    let lines = text.lines
    // The version is the name that git gives to the pattern's text.
    let git = try await Program.shell("git hash-object \(pattern)")
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
    try await copy().expect(0, "unchanged  \(path(copied).path)\n")
  }

  @Test("A file name is taken for the pattern's; the directory must be there")
  func fileName() async throws {
    try await commit()
    try await copy(to: "project/Pool.swift").expect(0)
    #expect(try files() == ["Pool.swift"])

    let missing = path("project/a/b").path
    try await expectRefusal(
      [""],
      "there is no directory '\(missing)'",
      to: "project/a/b"
    )
    let dry = try await copy("--dry-run", to: "project/a/b")
    dry.expect(0, "would be written  \(missing)/BoundedPool.swift")
    dry.expect(0, "nothing was written: --dry-run")
    #expect(try files() == ["Pool.swift"])
    try await copy("--create", to: "project/a/b").expect(0)
    #expect(manager.fileExists(atPath: missing + "/BoundedPool.swift"))
  }

  @Test("What is in the way stays as it is")
  func inTheWay() async throws {
    try await commit()
    try write("mine\n", to: copied)
    try await expectRefusal(
      ["", "--update"],
      "is in the way",
      "--force",
      "nothing was copied"
    )
    let difference = try await copy("--diff")
    difference.expect(1, "\n-mine\n")
    difference.expect(1, "\n+import Synchronization\n")
    try await copy("--dry-run --force").expect(0, "would be overwritten")
    #expect(try text(copied) == "mine\n")
    try await copy("--force").expect(0, "overwritten")
    try await copy("--diff").expect(0)

    // Another recipe's copy, and what is no text, are no copies of this.
    try await copy("--force", recipe: "word-count", to: copied).expect(0)
    try await expectRefusal(["--update"], "is no copy of bounded-pool")
    try Data([0xFF, 0xFE, 0x00]).write(to: path(copied))
    try await expectRefusal(["--update"], "is no copy of")
  }

  @Test("A directory or a dangling link in the way is refused, even by force")
  func noFileInTheWay() async throws {
    try await Program.shell("ln -s nowhere \(copied)").expect(0)
    let problem = "is in the way, and is no file"
    try await expectRefusal(["", "--force", "--update"], problem)
    let folder = "\(copied)/BoundedPool.swift"
    try await Program.shell("rm \(copied) && mkdir -p \(folder)").expect(0)
    try await expectRefusal(["--force"], problem, to: copied)
  }

  @Test("A link in the way is followed, and stays; so do a file's permissions")
  func linkAndMode() async throws {
    let target = "project/shared"
    try write("mine", to: target)
    try await Program.shell("chmod 640 \(target); ln -s shared \(copied)")
      .expect(0)
    try await copy("--force").expect(0)
    try await Program.shell("readlink \(copied); ls -l \(target)")
      .expect(0, "shared\n-rw-r----- ")
    #expect(try text(target).contains("struct BoundedPool"))
    // What it leads to is named.
    try write("mine", to: target)
    try await expectRefusal([""], "a link to '\(path(target).path)', is in the")
  }

  @Test("Where nothing can be written nothing is, and it is said why")
  func unwritable() async throws {
    try await expectRefusal([""], "", to: pattern + "/x")
    try await expectRefusal([""], "neither a directory nor", to: "/dev/null")
    try await Program.shell("ln -s nowhere link").expect(0)
    try await expectRefusal(["--create"], "leads nowhere", to: "link")
    try await copy("--create", to: pattern + "/x")
      .expect(74, errors: "/x': not a directory")
    // For root nothing is unwritable, but what is no real directory.
    let isRoot = geteuid() == 0
    let closed = isRoot ? "/proc" : path("project").path
    if !isRoot { #expect(unsafe chmod(closed, 0o555) == 0) }
    let refused = try await copy(to: closed)
    #expect(unsafe chmod(path("project").path, 0o755) == 0)
    refused.expect(74, errors: "cannot write '\(closed)/BoundedPool.swift'")
    refused.expect(74, errors: "nothing was copied")
    #expect(try files() == [])

    // A limit on the size of files stands in for a full disk; the shell
    // has to ignore its signal, which would end the program.
    let limit = "trap '' XFSZ; ulimit -f 2;"
    try await copy(prefix: limit).expect(74, errors: "cannot write")
    try await copy("--create", to: "project/a/b", prefix: limit).expect(74)
    #expect(try files() == [])
    try write("mine", to: copied)
    try await copy("--force", prefix: limit).expect(74)
    #expect(try text(copied) == "mine")
    #expect(try files() == ["BoundedPool.swift"])
  }

  @Test("Several files are written all or none")
  func transaction() throws {
    try write("old", to: "project/1")
    try write("changed meanwhile", to: "project/3")
    // What the third one is thought to hold: nothing, if there is none.
    func commit(_ expected: String?) throws {
      let expected = zip(1...3, ["old", nil, expected])
      let changes = expected.map { file, expected in
        FileTransaction.Change(
          file: path("project/\(file)"),
          text: "new",
          expected: expected.map { Data($0.utf8) }
        )
      }
      try FileTransaction(changes: changes).commit()
    }
    func contents() throws -> [String] {
      try files().map { try "\($0) \(text("project/\($0)"))" }
    }
    for expected in ["read", nil] {
      #expect(throws: FileTransaction.Failure.self) { try commit(expected) }
      #expect(try contents() == ["1 old", "3 changed meanwhile"])
    }
    try commit("changed meanwhile")
    #expect(try contents() == ["1 new", "2 new", "3 new"])
  }

  @Test("A copy of an older version is replaced, one that was edited merged")
  func update() async throws {
    try await commit()
    try await expectRefusal(["--update"], "there is no copy to update")
    try await copy().expect(0)

    try edit(pattern, "var isReceiving = ", "var others = ")
    try edit(pattern, "if isReceiving {", "if others {")
    try await commit()
    try await expectRefusal([""], "is a copy of another version")
    try await copy("--update").expect(0, "updated  \(path(copied).path)\n")
    try await copy().expect(0, "unchanged")

    // An edit, a line above the header, and the name of the pool.
    try edit(
      copied,
      "// bounded-pool, from",
      "// Ours.\n// bounded-pool, from"
    )
    try edit(copied, "precondition(workers > 0,", "assert(workers > 0,")
    for flags in ["", "--update"] {
      try await copy(flags).expect(0, "up to date with your edits")
    }

    try edit(pattern, "var others = ", "var left = ")
    try edit(pattern, "if others {", "if left {")
    try await commit()
    try await expectRefusal([""], "another version, and has been edited")
    let before = try text(copied)
    let preview = try await copy("--update --diff")
    preview.expect(1, "+      var left = ")
    #expect(!preview.output.contains("precondition"))
    try await copy("--update --dry-run").expect(0, "would be merged")
    #expect(try text(copied) == before)
    try await copy("--update").expect(0, "merged  \(path(copied).path)\n")
    let text = try text(copied)
    #expect(text.hasPrefix("// Ours.\n// bounded-pool, from"))
    #expect(text.contains("assert(workers > 0,"))
    #expect(text.contains("var left = "))
    #expect(!text.contains("if others {"))
    try await copy("--update").expect(0, "up to date with your edits")
    #expect(try files() == ["BoundedPool.swift"])
  }

  @Test("Edits at the same place are marked, and neither is lost")
  func conflict() async throws {
    try await commit()
    try await copy().expect(0)
    let message = "a pool needs at least one worker"
    try edit(copied, message, "no workers")
    try edit(pattern, message, "a worker, please")
    try await commit()
    try await copy("--update --dry-run")
      .expect(1, errors: "would have conflicts")
    try await copy("--update").expect(1, "conflict", errors: "<<<<<<")
    let text = try text(copied)
    for part in [
      "<<<<<<< your edits", "no workers", "||||||| as copied", message,
      "=======", "a worker, please", ">>>>>>> the cookbook",
    ] { #expect(text.contains(part), "\(part)") }
    // Until they are resolved nothing else happens to the file.
    for options in ["", "--update"] {
      try await copy(options).expect(1, "conflict", errors: "<<<<<<")
    }
    #expect(try self.text(copied) == text)
  }

  @Test("Without the text that was copied, an edited copy is left alone")
  func missingBase() async throws {
    // Never committed: git cannot know the text.
    try await copy().expect(0, "not in the checkout's history")
    try edit(copied, "precondition(", "assert(")
    try edit(pattern, "var isReceiving = ", "var others = ")
    try await commit()
    let before = try self.text(copied)
    try await expectRefusal(
      ["--update"],
      "is not in the history of",
      "git fetch --unshallow"
    )
    #expect(try text(copied) == before)
    // Unedited, it needs no base.
    try edit(copied, "assert(", "precondition(")
    try await copy("--update").expect(0, "updated")
  }

  @Test("A copy keeps its line ends, whatever they are")
  func carriageReturns() async throws {
    try await commit()
    try await copy().expect(0)
    try write(
      try text(copied).replacing("\n", with: "\r\n"),
      to: copied
    )
    for flags in ["", "--update"] {
      try await copy(flags).expect(0, "unchanged")
    }
    try await copy("--diff").expect(0)
    try write(
      try text(copied)
        .replacing("  let workers: Int", with: "  var workers: Int"),
      to: copied
    )
    try edit(pattern, "a pool needs at least one", "a pool needs one")
    try await commit()
    try await copy("--update").expect(0, "merged")
    let text = try text(copied)
    #expect(text.contains("a pool needs one"))
    #expect(text.contains("  var workers: Int"))
    #expect(text.withUnixLineEnds.count == text.count)
    #expect(text.unicodeScalars.count { $0 == "\r" } == text.lines.count)
  }

  @Test("Ingredients come along, once each, and all or none")
  func ingredients() async throws {
    // select is one of priority-select's, and channel one of select's.
    let wanted = [
      "Channel.swift", "ChannelSelecting.swift", "ChannelState.swift",
      "ChannelWaiting.swift", "PrioritySelect.swift", "Select.swift",
    ]
    let recipe = "priority-select"
    let channel = "project/Channel.swift"
    // Not under the name of an ingredient.
    try await copy(recipe: recipe, to: channel).expect(64)
    try write("mine", to: channel)
    try await copy(recipe: recipe).expect(64, errors: "in the way")
    #expect(try files() == ["Channel.swift"])
    try manager.removeItem(at: path(channel))
    try await copy(recipe: recipe).expect(0)
    #expect(try files() == wanted)
    // An edited ingredient stays, and what is missing is written.
    try edit(channel, "\nimport ", "\n// Ours.\nimport ")
    for flags in ["", "--update"] {
      try manager.removeItem(at: path("project/PrioritySelect.swift"))
      try await copy(flags, recipe: recipe).expect(0, "up to date with your")
      #expect(try files() == wanted)
    }
    try await copy(recipe: "select", to: "project/Two.swift")
      .expect(64, errors: "Select.swift' is a copy of select too")
  }
}
