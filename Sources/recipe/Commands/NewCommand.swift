import Cookbook
import Foundation

/// `recipe new NAME --chapter CHAPTER`: a room for a recipe, on the menu.
///
/// It builds; its tests fail until it is filled.
enum NewCommand {
  static func run(_ arguments: some Sequence<String>) throws {
    var arguments = try Arguments(arguments, switches: ["copy", "help"])
    if try arguments.take(switch: "help") {
      return try HelpCommand.run(["new"])
    }
    let hasCopy = try arguments.take(switch: "copy")
    let chapters = Recipe.Chapter.allCases.map(\.rawValue)
    let chapter = try arguments.take("chapter")
    guard let name = arguments.operands.first else {
      throw UsageError("'recipe new' needs a name, such as 'rate-limit'")
    }
    arguments.operands.removeFirst()
    try arguments.requireEmpty(known: ["chapter", "copy"])
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
      do {
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(),
          withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file, options: .atomic)
      } catch {
        Terminal.complain("cannot write \(path): \(error.reason)")
        throw ExitCode.output
      }
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

  /// The three lists that name every room, with this one.
  func registrations(
    in root: URL
  ) throws(UsageError) -> [(path: String, text: String)] {
    [
      try insert(
        ["  \"\(chapter)/\(name)\","],
        into: "Package.swift",
        after: "let rooms = [",
        until: "]",
        in: root
      ),
      try insert(
        ["  \(typeName)Examples.recipe,"],
        into: "Recipes/Menu.swift",
        after: "package let recipes: [Recipe] = [",
        until: "]",
        in: root
      ),
      try insert(
        ["\tRooms[\"\(name)\"] = \(goName).Room"],
        into: "Recipes/internal/rooms/rooms.go",
        after: "func init() {",
        until: "}",
        in: root,
        importing: "\t\(goName) \"concurrencycookbook/\(chapter)/\(name)/go\""
      ),
    ]
  }

  private func insert(
    _ lines: [String],
    into path: String,
    after first: String,
    until last: String,
    in root: URL,
    importing: String? = nil
  ) throws(UsageError) -> (path: String, text: String) {
    let file = root.appending(path: path)
    guard let text = try? String(contentsOf: file, encoding: .utf8),
      let start = text.lines.firstIndex(of: first),
      let end = text.lines[start...].firstIndex(of: last)
    else { throw UsageError("\(path) has no list that begins '\(first)'") }
    var all = text.lines
    // A last line may stand without its comma.
    if path.hasSuffix(".swift"), all[end - 1] != first,
      !all[end - 1].hasSuffix(",")
    {
      all[end - 1] += ","
    }
    all.insert(contentsOf: lines, at: end)
    if let importing, let first = all.firstIndex(of: "import ("),
      let last = all[first...].firstIndex(of: ")")
    {
      // In the order of paths, as gofmt wants them.
      func path(_ line: String) -> Substring {
        line.split(separator: "\"").last ?? ""
      }
      all.replaceSubrange(
        first + 1..<last,
        with: (all[first + 1..<last] + [importing])
          .sorted { path($0) < path($1) }
      )
    }
    return (path, all.joined(separator: "\n") + "\n")
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
