import Foundation

/// The differences of two texts, as `diff -u` prints them.
enum UnifiedDiff {
  /// The differences with three lines around each; none for equal texts.
  ///
  /// - Throws: ``UsageError`` where there is no `diff`.
  static func lines(
    from old: [String],
    named oldName: String,
    to new: [String],
    named newName: String,
    styled: Bool = false
  ) throws -> [String] {
    guard old != new else { return [] }
    guard let diff = Subprocess.find("diff") else {
      throw UsageError("this needs 'diff' on the PATH")
    }
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "recipe-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder,
      withIntermediateDirectories: true
    )
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, lines) in [("old", old), ("new", new)] {
      try Data(lines.map { $0 + "\n" }.joined().utf8)
        .write(to: folder.appending(path: name))
    }
    let result = try Subprocess.run(
      diff,
      ["-u", "-L", oldName, "-L", newName, "old", "new"],
      environment: ["LC_ALL": "C"],
      in: folder
    )
    // A line of a text never ends here, though it may hold a line separator.
    let lines = result.text.split(separator: "\n").map(String.init)
    return styled ? lines.map(coloured) : lines
  }

  private static func coloured(_ line: String) -> String {
    switch line.first {
    case "+": "\u{1B}[32m\(line)\u{1B}[0m"
    case "-": "\u{1B}[31m\(line)\u{1B}[0m"
    case "@": "\u{1B}[36m\(line)\u{1B}[0m"
    default: line
    }
  }
}
