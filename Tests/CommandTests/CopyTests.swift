import Cookbook
import Foundation
import Testing

@testable import recipe

/// A small checkout with a history, and a project to copy into.
private struct Scratch {
  var checkout: URL
  var project: URL

  static func with(_ body: (Scratch) async throws -> Void) async throws {
    try await withScratchFolder { folder in
      let scratch = Scratch(
        checkout: folder.appending(path: "cookbook"),
        project: folder.appending(path: "project")
      )
      for folder in [scratch.checkout, scratch.project] {
        try FileManager.default.createDirectory(
          at: folder,
          withIntermediateDirectories: true
        )
      }
      try FileManager.default.copyItem(
        at: CopyTests.cookbook.appending(path: "Recipes"),
        to: scratch.checkout.appending(path: "Recipes")
      )
      try await body(scratch)
    }
  }

  /// Makes what is in the checkout its next commit.
  func commit() async throws {
    let identity = "-c user.name=a -c user.email=a@example.com"
    let result = try await Program.shell(
      "cd '\(checkout.path)' && git init -q && git add -A "
        + "&& git \(identity) -c commit.gpgsign=false commit -q -m a"
    )
    try #require(result.status == 0, "\(result.errors)")
  }

  var pattern: URL {
    checkout.appending(path: "Recipes/patterns/bounded-pool/BoundedPool.swift")
  }

  var copied: URL { project.appending(path: "BoundedPool.swift") }

  func read(_ file: URL) throws -> String {
    try String(contentsOf: file, encoding: .utf8)
  }

  /// Replaces the one occurrence of `old`.
  func edit(_ file: URL, _ old: String, _ new: String) throws {
    let text = try read(file)
    try #require(text.components(separatedBy: old).count == 2, "\(old)")
    try Data(text.replacing(old, with: new).utf8).write(to: file)
  }

  func copy(
    _ arguments: String,
    to destination: String? = nil,
    prefix: String = ""
  ) async throws -> Program.Result {
    let destination = destination ?? project.path
    return try await Program.shell(
      "cd '\(checkout.path)' && \(prefix) \"$recipe\" copy bounded-pool "
        + "'\(destination)' \(arguments)"
    )
  }

  /// Everything in the project, hidden files too.
  func files(_ folder: URL? = nil) throws -> [String] {
    try FileManager.default
      .contentsOfDirectory(atPath: (folder ?? project).path).sorted()
  }
}

@Suite("recipe copy")
struct CopyTests {
  fileprivate static let cookbook = checkout

  @Test("A copy has a header of three lines, and no regions")
  func header() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      let result = try await scratch.copy("")
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output == "written  \(scratch.copied.path)\n")
      #expect(try scratch.files() == ["BoundedPool.swift"])
      let text = try scratch.read(scratch.copied)
      let lines = text.lines
      #expect(lines[0] == "// bounded-pool, from the Concurrency Cookbook.")
      #expect(
        lines[1].wholeMatch(
          of: /\/\/ Version [0-9a-f]{16}, copied as [0-9a-f]{16}\./
        ) != nil
      )
      #expect(
        lines[2] == "// MIT-0, no notice to keep. "
          + "Page: Recipes/patterns/bounded-pool/README.md"
      )
      #expect(lines[3] == "")
      #expect(!text.contains("#region"))
      #expect(!text.contains("\n\n\n"))
      #expect(text.hasSuffix("}\n"))

      let again = try await scratch.copy("")
      #expect(again.status == 0)
      #expect(again.output == "unchanged  \(scratch.copied.path)\n")
    }
  }

  @Test("The version is the name that git gives to the pattern's text")
  func version() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      let git = try await Program.shell(
        "git -C '\(scratch.checkout.path)' hash-object '\(scratch.pattern.path)'"
      )
      #expect(try await scratch.copy("").status == 0)
      let copied = try scratch.read(scratch.copied)
      #expect(copied.contains("\n// Version \(git.output.prefix(16)), copied"))
    }
  }

  @Test("A file name is taken for the pattern's; the directory must be there")
  func fileName() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      let named = scratch.project.appending(path: "Pool.swift").path
      #expect(try await scratch.copy("", to: named).status == 0)
      #expect(try scratch.files() == ["Pool.swift"])

      let missing = scratch.project.appending(path: "a/b").path
      let refused = try await scratch.copy("", to: missing)
      #expect(refused.status == 64)
      #expect(refused.errors.contains("there is no directory '\(missing)'"))
      #expect(refused.errors.contains("--create creates it"))
      let dry = try await scratch.copy("--dry-run", to: missing)
      #expect(dry.status == 0)
      #expect(
        dry.output.contains("would be written  \(missing)/BoundedPool.swift")
      )
      #expect(dry.output.contains("nothing was written: --dry-run"))
      #expect(try scratch.files() == ["Pool.swift"])
      let created = try await scratch.copy("--create", to: missing)
      #expect(created.status == 0)
      #expect(
        FileManager.default.fileExists(atPath: missing + "/BoundedPool.swift")
      )
    }
  }

  @Test("What is in the way stays as it is")
  func inTheWay() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      try Data("mine\n".utf8).write(to: scratch.copied)
      for flags in ["", "--update"] {
        let refused = try await scratch.copy(flags)
        #expect(refused.status == 64)
        #expect(refused.errors.contains("is in the way"))
        #expect(refused.errors.contains("--force"))
        #expect(refused.errors.contains("nothing was copied"))
        #expect(try scratch.read(scratch.copied) == "mine\n")
      }
      let difference = try await scratch.copy("--diff")
      #expect(difference.status == 1)
      #expect(difference.output.contains("\n-mine\n"))
      #expect(difference.output.contains("\n+import Synchronization\n"))
      #expect(try scratch.read(scratch.copied) == "mine\n")
      let dry = try await scratch.copy("--dry-run --force")
      #expect(dry.output.hasPrefix("would be overwritten"))
      #expect(try scratch.read(scratch.copied) == "mine\n")
      let forced = try await scratch.copy("--force")
      #expect(forced.status == 0)
      #expect(forced.output.hasPrefix("overwritten"))
      #expect(try await scratch.copy("--diff").status == 0)
      #expect(try scratch.files() == ["BoundedPool.swift"])
    }
  }

  @Test("A directory or a dangling link in the way is refused, even by force")
  func noFileInTheWay() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      try FileManager.default.createSymbolicLink(
        atPath: scratch.copied.path,
        withDestinationPath: "nowhere"
      )
      for flags in ["", "--force", "--update"] {
        let refused = try await scratch.copy(flags)
        #expect(refused.status == 64)
        #expect(refused.errors.contains("is in the way, and is no file"))
      }
      try FileManager.default.removeItem(at: scratch.copied)
      let target = scratch.copied.appending(path: "BoundedPool.swift")
      try FileManager.default.createDirectory(
        at: target,
        withIntermediateDirectories: true
      )
      let refused = try await scratch.copy("--force", to: scratch.copied.path)
      #expect(refused.status == 64)
      #expect(try scratch.files() == ["BoundedPool.swift"])
    }
  }

  @Test("A link in the way is followed, and stays; so do a file's permissions")
  func linkAndMode() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      let target = scratch.project.appending(path: "shared")
      try Data("mine".utf8).write(to: target)
      #expect(unsafe chmod(target.path, 0o640) == 0)
      try FileManager.default.createSymbolicLink(
        atPath: scratch.copied.path,
        withDestinationPath: "shared"
      )
      #expect(try await scratch.copy("--force").status == 0)
      let manager = FileManager.default
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
      try await scratch.commit()
      let file = try await scratch.copy("", to: scratch.pattern.path + "/x")
      #expect(file.status == 64)
      let elsewhere = try await scratch.copy("", to: "/dev/null")
      #expect(elsewhere.status == 64)
      #expect(elsewhere.errors.contains("neither a directory nor"))

      // For root nothing is unwritable, but what is no real directory.
      let isRoot = geteuid() == 0
      let closed = isRoot ? "/proc" : scratch.project.path
      if !isRoot { #expect(unsafe chmod(closed, 0o555) == 0) }
      let refused = try await scratch.copy("", to: closed)
      #expect(unsafe chmod(scratch.project.path, 0o755) == 0)
      #expect(refused.status == 74)
      #expect(
        refused.errors.contains("cannot write '\(closed)/BoundedPool.swift'")
      )
      #expect(refused.errors.contains("nothing was copied"))
      #expect(try scratch.files() == [])
    }
  }

  @Test("A disk that becomes full leaves everything as it was")
  func fullDisk() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      // A limit on the size of files stands in for a full disk; the shell
      // has to ignore its signal, which would end the program.
      let limit = "trap '' XFSZ; ulimit -f 2;"
      let fresh = try await scratch.copy("", prefix: limit)
      #expect(fresh.status == 74)
      #expect(fresh.errors.contains("cannot write"))
      #expect(try scratch.files() == [])
      let nested = scratch.project.appending(path: "a/b").path
      let created = try await scratch.copy(
        "--create",
        to: nested,
        prefix: limit
      )
      #expect(created.status == 74)
      #expect(try scratch.files() == [])
      try Data("mine".utf8).write(to: scratch.copied)
      let forced = try await scratch.copy("--force", prefix: limit)
      #expect(forced.status == 74)
      #expect(try scratch.read(scratch.copied) == "mine")
      #expect(try scratch.files() == ["BoundedPool.swift"])
    }
  }

  @Test("Several files are written all or none")
  func transaction() async throws {
    try await withScratchFolder { folder in
      let (first, second, third) = (
        folder.appending(path: "1"), folder.appending(path: "2"),
        folder.appending(path: "3")
      )
      try Data("old".utf8).write(to: first)
      try Data("changed meanwhile".utf8).write(to: third)
      let changes = [
        FileTransaction.Change(
          file: first,
          text: "new",
          expected: Data("old".utf8)
        ),
        FileTransaction.Change(file: second, text: "new", expected: nil),
        FileTransaction.Change(
          file: third,
          text: "new",
          expected: Data("read".utf8)
        ),
      ]
      let failure = #expect(throws: FileTransaction.Failure.self) {
        try FileTransaction(changes: changes).commit()
      }
      #expect(failure?.reason.contains("changed by another program") == true)
      func contents() throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(
          atPath: folder.path
        )
        return try Dictionary(
          uniqueKeysWithValues: names.map {
            (
              $0,
              try String(
                contentsOf: folder.appending(path: $0),
                encoding: .utf8
              )
            )
          }
        )
      }
      #expect(try contents() == ["1": "old", "3": "changed meanwhile"])

      // A file that has come since it was looked for is never replaced.
      var late = changes
      late[2].expected = nil
      #expect(throws: FileTransaction.Failure.self) {
        try FileTransaction(changes: late).commit()
      }
      #expect(try contents() == ["1": "old", "3": "changed meanwhile"])
      late[2].expected = Data("changed meanwhile".utf8)
      try FileTransaction(changes: late).commit()
      #expect(try contents() == ["1": "new", "2": "new", "3": "new"])
    }
  }

  @Test("A copy of an older version is replaced, one that was edited merged")
  func update() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      let none = try await scratch.copy("--update")
      #expect(none.status == 64)
      #expect(none.errors.contains("there is no copy to update"))
      #expect(try await scratch.copy("").status == 0)

      try scratch.edit(scratch.pattern, "var remaining = ", "var others = ")
      try scratch.edit(
        scratch.pattern,
        "guard let element = remaining.next()",
        "guard let element = others.next()"
      )
      try await scratch.commit()
      let refused = try await scratch.copy("")
      #expect(refused.status == 64)
      #expect(refused.errors.contains("is a copy of another version"))
      let updated = try await scratch.copy("--update")
      #expect(updated.output == "updated  \(scratch.copied.path)\n")
      #expect(try await scratch.copy("").output.hasPrefix("unchanged"))

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
      let edited = try await scratch.copy("")
      #expect(edited.status == 64)
      #expect(edited.errors.contains("is a copy that has been edited"))
      let kept = try await scratch.copy("--update")
      #expect(kept.output.hasPrefix("up to date with your edits"))

      try scratch.edit(scratch.pattern, "var others = ", "var left = ")
      try scratch.edit(scratch.pattern, "others.next()", "left.next()")
      try await scratch.commit()
      let before = try scratch.read(scratch.copied)
      let preview = try await scratch.copy("--update --diff")
      #expect(preview.status == 1)
      #expect(preview.output.contains("+    var left = "))
      #expect(!preview.output.contains("precondition"))
      #expect(
        try await scratch.copy("--update --dry-run").output.hasPrefix(
          "would be merged"
        )
      )
      #expect(try scratch.read(scratch.copied) == before)
      let merged = try await scratch.copy("--update")
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(merged.output == "merged  \(scratch.copied.path)\n")
      let text = try scratch.read(scratch.copied)
      #expect(text.hasPrefix("// Ours.\n// bounded-pool, from"))
      #expect(text.contains("assert(workers > 0,"))
      #expect(text.contains("var left = "))
      #expect(!text.contains("others.next()"))
      let again = try await scratch.copy("--update")
      #expect(again.output.hasPrefix("up to date with your edits"))
      #expect(try scratch.files() == ["BoundedPool.swift"])
    }
  }

  @Test("Edits at the same place are marked, and neither is lost")
  func conflict() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      #expect(try await scratch.copy("").status == 0)
      try scratch.edit(
        scratch.copied,
        "a pool needs at least one worker",
        "no workers"
      )
      try scratch.edit(
        scratch.pattern,
        "a pool needs at least one worker",
        "a worker, please"
      )
      try await scratch.commit()
      let dry = try await scratch.copy("--update --dry-run")
      #expect(dry.status == 1)
      #expect(dry.errors.contains("would have conflicts"))
      let conflict = try await scratch.copy("--update")
      #expect(conflict.status == 1)
      #expect(conflict.output.hasPrefix("conflict"))
      #expect(conflict.errors.contains("<<<<<<<"))
      let text = try scratch.read(scratch.copied)
      for part in [
        "<<<<<<< your edits", "no workers", "||||||| as copied",
        "a pool needs at least one worker", "=======", "a worker, please",
        ">>>>>>> the cookbook",
      ] {
        #expect(text.contains(part), "\(part)")
      }
      // Until they are resolved nothing else happens to the file.
      let again = try await scratch.copy("--update")
      #expect(again.status == 1)
      #expect(try scratch.read(scratch.copied) == text)
    }
  }

  @Test("Without the text that was copied, an edited copy is left alone")
  func missingBase() async throws {
    try await Scratch.with { scratch in
      // Never committed: git cannot know the text.
      let copied = try await scratch.copy("")
      #expect(copied.status == 0)
      #expect(copied.output.contains("not in the checkout's history"))
      try scratch.edit(scratch.copied, "precondition(", "assert(")
      try scratch.edit(scratch.pattern, "var remaining = ", "var others = ")
      try await scratch.commit()
      let before = try scratch.read(scratch.copied)
      let refused = try await scratch.copy("--update")
      #expect(refused.status == 64)
      #expect(refused.errors.contains("is not in the history of"))
      #expect(refused.errors.contains("git fetch --unshallow"))
      #expect(try scratch.read(scratch.copied) == before)
      // Unedited, it needs no base.
      try scratch.edit(scratch.copied, "assert(", "precondition(")
      #expect(try await scratch.copy("--update").output.hasPrefix("updated"))
    }
  }

  @Test("An edited copy keeps its line ends, whatever they are")
  func carriageReturns() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      #expect(try await scratch.copy("").status == 0)
      let windows = try scratch.read(scratch.copied)
        .replacing("precondition(", with: "assert(")
        .replacing("\n", with: "\r\n")
      try Data(windows.utf8).write(to: scratch.copied)
      try scratch.edit(
        scratch.pattern,
        "a pool needs at least one",
        "a pool needs one"
      )
      try await scratch.commit()
      // The edit and the change touch the same line here.
      #expect(try await scratch.copy("--update").status == 1)
      try Data(
        windows.replacing("assert(", with: "precondition(")
          .replacing("  let workers: Int", with: "  var workers: Int").utf8
      ).write(to: scratch.copied)
      let merged = try await scratch.copy("--update")
      #expect(merged.output.hasPrefix("merged"))
      let text = try scratch.read(scratch.copied)
      #expect(text.contains("a pool needs one"))
      #expect(text.contains("  var workers: Int"))
      #expect(text.withUnixLineEnds.count == text.count)
      #expect(text.unicodeScalars.count { $0 == "\r" } == text.lines.count)
    }
  }

  @Test("A file that is no text, or another recipe's copy, is no copy of this")
  func foreign() async throws {
    try await Scratch.with { scratch in
      try await scratch.commit()
      try Data([0xFF, 0xFE, 0x00]).write(to: scratch.copied)
      #expect(
        try await scratch.copy("--update").errors.contains("is no copy of")
      )
      let other = try await Program.shell(
        "cd '\(scratch.checkout.path)' && \"$recipe\" copy word-count "
          + "'\(scratch.copied.path)' --force"
      )
      #expect(other.status == 0)
      let refused = try await scratch.copy("--update")
      #expect(refused.status == 64)
      #expect(refused.errors.contains("is no copy of bounded-pool"))
    }
  }

  @Test("Ingredients come along, once each")
  func ingredients() async throws {
    try await withScratchFolder { root in
      func recipe(_ name: String) -> Recipe {
        Recipe(
          name: name,
          chapter: .channels,
          question: "",
          goConstructs: [],
          swiftConstructs: [],
          problems: []
        )
      }
      var recipes = ["a-b", "c", "d"].map(recipe)
      recipes[0].copies = ["AB.swift"]
      recipes[0].ingredients = ["c", "d"]
      recipes[1].copies = ["C.swift", "E.swift"]
      recipes[1].ingredients = ["d"]
      recipes[2].copies = ["D.swift"]
      let ab = """
        import Synchronization

        // #region x
        func ab() -> C { C() }
        // #endregion
        """
      for recipe in recipes {
        let folder = root.appending(path: recipe.folder)
        try FileManager.default.createDirectory(
          at: folder,
          withIntermediateDirectories: true
        )
        for name in recipe.copies {
          let text = name == "AB.swift" ? ab : "struct \(name.prefix(1)) {}\n"
          try Data(text.utf8).write(to: folder.appending(path: name))
        }
      }
      let files = try PatternFile.all(for: recipes[0], of: recipes, in: root)
      #expect(
        files.map(\.fileName) == ["AB.swift", "C.swift", "E.swift", "D.swift"]
      )
      #expect(
        files.map(\.body) == [
          """
          import Synchronization

          func ab() -> C { C() }

          """,
          "struct C {}\n",
          "struct E {}\n",
          "struct D {}\n",
        ]
      )
      let target = try CopyCommand.Target(root.path, creates: false)
      let plan = try CopyPlan(files, to: target, mode: .add)
      #expect(plan.steps.map(\.verb) == Array(repeating: "written", count: 4))

      // One of them in the way stops them all.
      try Data("mine".utf8).write(to: root.appending(path: "D.swift"))
      let blocked = try CopyPlan(files, to: target, mode: .add)
      #expect(throws: UsageError.self) { try blocked.refuse() }

      let clash = root.appending(path: "D.swift").path
      #expect(throws: UsageError.self) {
        try CopyPlan(
          files,
          to: try CopyCommand.Target(clash, creates: false),
          mode: .add
        )
      }
    }
  }

  private static let refusals: [(arguments: [String], message: String)] = [
    (["copy"], "'recipe copy' needs the name of a recipe"),
    (["copy", "bonded-pool", "/tmp"], "did you mean 'bounded-pool'?"),
    (["copy", "bounded-pool"], "needs a directory or a file name"),
    (["copy", "bounded-pool", "/tmp", "x"], "unexpected argument 'x'"),
    (["copy", "bounded-pool", "/tmp", "--dry"], "unknown flag '--dry'"),
    (["copy", "bounded-pool", "/tmp", "--updat"], "did you mean '--update'?"),
    (
      ["copy", "bounded-pool", "/tmp", "--force", "--update"],
      "exclude each other"
    ),
    (["copy", "bounded-pool", ""], "is no name"),
  ]

  @Test(
    "A copy that cannot be asked for is refused by name",
    arguments: refusals
  )
  func refusal(arguments: [String], message: String) async throws {
    let result = try await Program.run(arguments)
    #expect(result.status == 64)
    #expect(result.errors.contains(message), "\(result.errors)")
    #expect(result.output.isEmpty)
  }
}
