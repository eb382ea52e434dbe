import Foundation

/// The differences of two texts, as `diff -u` prints them.
enum UnifiedDiff {
  /// The differences with three lines around each; none for equal texts.
  static func lines(
    from old: [String],
    named oldName: String,
    to new: [String],
    named newName: String,
    styled: Bool = false
  ) throws(UsageError) -> [String] {
    guard old != new else { return [] }
    let diff = try Subprocess.require("diff")
    let texts = [old, new].map { $0.map { $0 + "\n" }.joined() }
    let printed = try withTexts(texts) { folder throws(UsageError) in
      try Subprocess.run(
        diff,
        ["-u", "-L", oldName, "-L", newName, "1", "2"],
        environment: ["LC_ALL": "C"],
        in: folder
      )
    }
    // A line of a text never ends here, though it may hold a line separator.
    let lines = printed.text.split(separator: "\n").map(String.init)
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

/// Calls `body` with a folder that has the texts as files `1`, `2` and so on,
/// and is gone afterwards.
func withTexts<Result>(
  _ texts: [String],
  _ body: (URL) throws(UsageError) -> Result
) throws(UsageError) -> Result {
  let files = FileManager.default
  let folder = files.temporaryDirectory
    .appending(path: "recipe-\(UUID().uuidString)")
  defer { try? files.removeItem(at: folder) }
  do {
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    for (index, text) in texts.enumerated() {
      try Data(text.utf8).write(to: folder.appending(path: "\(index + 1)"))
    }
  } catch {
    throw UsageError("cannot write to \(folder.path): \(error.reason)")
  }
  return try body(folder)
}
