import Cookbook
import Foundation

/// `recipe new NAME --chapter CHAPTER`: a room for a recipe, on the menu.
///
/// It builds; its tests fail until it is filled.
enum NewCommand: Subcommand {
  static let switches = ["copy"]

  static func run(_ arguments: inout Arguments) throws {
    let hasCopy = try arguments.take(switch: "copy")
    let chapters = Recipe.Chapter.allCases.map(\.rawValue)
    let chapter = try arguments.take("chapter")
    guard let name = arguments.operands.first else {
      throw UsageError("'recipe new' needs a name, such as 'rate-limit'")
    }
    arguments.operands.removeFirst()
    try arguments.requireEmpty()
    guard let chapter, chapters.contains(chapter) else {
      throw UsageError(
        "--chapter must be one of \(chapters.joined(separator: ", "))"
          + (chapter.map { ", not '\($0)'" } ?? "")
      )
    }
    guard name.wholeMatch(of: /[a-z][a-z0-9]*(-[a-z0-9]+)*/) != nil else {
      throw UsageError("a name is in kebab-case, not '\(name)'")
    }
    let isTaken = everyRecipe.contains { $0.name == name }
    guard !isTaken, !Command.names.contains(name) else {
      throw UsageError("'\(name)' is taken")
    }
    let room = Room(name: name, chapter: chapter, hasCopy: hasCopy)
    let root = try Checkout.root()
    guard
      !FileManager.default.fileExists(
        atPath: root.appending(path: room.folder).path
      )
    else { throw UsageError("'\(room.folder)' is there already") }
    // All of it is read and made before anything is written.
    let edits = try room.registrations(in: root)
    for (path, text) in room.files + edits {
      let file = root.appending(path: path)
      try? FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(),
        withIntermediateDirectories: true
      )
      try Terminal.write(text, to: file)
      try Terminal.print("written  \(path)")
    }
    try Terminal.print("next: Recipes/ADDING.md")
  }
}

/// The files of a room that is to be filled.
private struct Room {
  let name: String
  let chapter: String
  let hasCopy: Bool

  var folder: String { "Recipes/\(chapter)/\(name)" }

  private var words: [Substring] { name.split(separator: "-") }
  private var typeName: String {
    words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
  private var goName: String { words.joined() }

  var files: [(path: String, text: String)] {
    var files = [
      ("README.md", page),
      ("\(typeName)Examples.swift", examples),
      ("go/examples.go", goExamples),
    ]
    if hasCopy { files.append(("\(typeName).swift", pattern)) }
    return files.map { ("\(folder)/\($0)", $1) }
  }

  /// The three files that name every room, with this one.
  func registrations(
    in root: URL
  ) throws(UsageError) -> [(path: String, text: String)] {
    var manifest = try Registry("Package.swift", in: root)
    try manifest.add("  \"\(chapter)/\(name)\",", to: "let rooms = [")
    var menu = try Registry("Recipes/Menu.swift", in: root)
    try menu.add(
      "  \(typeName)Examples.recipe,",
      to: "package let recipes: [Recipe] = ["
    )
    var rooms = try Registry("Recipes/internal/rooms/rooms.go", in: root)
    let package = "\"concurrencycookbook/\(chapter)/\(name)/go\""
    try rooms.add("\t\(goName) \(package)", to: "import (")
    try rooms.add("\tRooms[\"\(name)\"] = \(goName).Room", to: "func init() {")
    return [manifest, menu, rooms].map { registry in
      (registry.path, registry.lines.map { $0 + "\n" }.joined())
    }
  }

  /// A file with lists of all rooms.
  private struct Registry {
    let path: String
    var lines: [String]

    init(_ path: String, in root: URL) throws(UsageError) {
      self.path = path
      lines = try String(file: root.appending(path: path), named: path).lines
    }

    mutating func add(_ line: String, to first: String) throws(UsageError) {
      guard let start = lines.firstIndex(of: first),
        let end = lines[start...].firstIndex(where: ["]", ")", "}"].contains)
      else { throw UsageError("\(path) has no list that begins '\(first)'") }
      lines.insert(line, at: end)
      if first == "import (" {
        // In the order of paths, as gofmt wants them.
        func path(_ line: String) -> Substring {
          line.split(separator: "\"").last ?? ""
        }
        lines[start + 1...end].sort { path($0) < path($1) }
      }
    }
  }

  private var examples: String {
    """
    package import Cookbook

    /// What the recipe shows; see README.md.
    package enum \(typeName)Examples {
      package static let recipe = Recipe(
        name: "\(name)",
        chapter: .\(chapter == "shared-state" ? "sharedState" : chapter),
        // The question, and the words by which people look for the answer.
        question: "",
        goConstructs: [],
        swiftConstructs: [],
        problems: [],
    \(hasCopy ? "    copies: [\"\(typeName).swift\"],\n" : "")\
        examples: [
          Example("plain", body: plain)
        ]
      )

      struct Jobs: ExampleInput {
        var jobs = [20, 30]

        static var fields: [Field<Self>] {
          [.durations(\\.jobs, random: 0...5, "the milliseconds each job takes")]
        }
      }

      private static func plain(_ input: Jobs, _ stage: Stage) async throws {
        let jobs = input.jobs
        // #region plain
        try await withThrowingTaskGroup { group in
          for (job, milliseconds) in jobs.enumerated() {
            group.addTask { try await stage.work("job \\(job)", milliseconds) }
          }
          try await group.waitForAll()
        }
        // #endregion
      }
    }

    """
  }

  private var goExamples: String {
    """
    // Package examples shows what the recipe \(name) is about.
    package examples

    import (
    \t"context"
    \t"fmt"
    \t"sync"

    \t"concurrencycookbook/internal/cookbook"
    )

    // Room is what the recipe shows in Go.
    var Room = cookbook.Room{
    \tExamples: map[string]cookbook.Example{
    \t\t"plain": cookbook.With(plain),
    \t},
    }

    type input struct {
    \tJobs []int
    }

    func plain(ctx context.Context, stage cookbook.Stage, in input) error {
    \t// #region plain
    \tvar wg sync.WaitGroup
    \tfor job, ms := range in.Jobs {
    \t\twg.Go(func() {
    \t\t\t_ = stage.Work(ctx, fmt.Sprint("job ", job), ms, false)
    \t\t})
    \t}
    \twg.Wait()
    \t// #endregion
    \treturn nil
    }

    """
  }

  private var pattern: String {
    """
    /// Says in one sentence what it is.
    ///
    /// **Cancellation**: what it does.
    nonisolated struct \(typeName): Sendable {
    }

    """
  }

  private var page: String {
    """
    # \(name)

    **The question, in its own words.** What the answer is, in two sentences.

    Run `swift run recipe \(name)` · \
    \(hasCopy ? "Copy `swift run recipe copy \(name) DIRECTORY`" : "nothing to copy")

    ## Use

    <table>
    <tr><th>In Go</th><th>In Swift</th></tr>
    <tr><td>

    <!-- code: go/examples.go#plain -->
    ```go
    ```

    </td><td>

    <!-- code: \(typeName)Examples.swift#plain -->
    ```swift
    ```

    </td></tr>
    </table>

    <!-- run: \(name) plain --seed 1 -->
    ```text
    ```

    ## What differs from Go, and why

    ## Hazards

    - [leak]: what lies in wait here.

    ## Cancellation

    ## Cost

    ## A wrong version

    ## Check yourself

    1. A question? The answer, as `plain` shows.

    ## How the file works

    ## Use something else when

    """
  }
}
