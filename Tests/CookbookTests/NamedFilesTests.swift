import Cookbook
import Foundation
import Testing

private struct Input: ExampleInput {
  var paths: [String] = []
  static var fields: [Field<Self>] { [Field(\.paths, "files")] }
}

@Suite("Files on the command line")
struct NamedFilesTests {
  @Test("A folder stands for its regular files, in order; links are not met")
  func walk() throws {
    let manager = FileManager.default
    let root = manager.temporaryDirectory
      .appending(path: "cookbook-\(UUID().uuidString)")
    defer { try? manager.removeItem(at: root) }
    func path(_ name: String) -> String { root.path + "/" + name }
    let names = ["B", "a/b/c", "a/z", "a.txt", "e\u{301}", "new\nline", "é"]
    for folder in ["a/b", "empty"] {
      try manager.createDirectory(
        atPath: path(folder),
        withIntermediateDirectories: true
      )
    }
    for name in names.reversed() {
      try Data().write(to: URL(filePath: path(name)))
    }
    for (link, target) in [("loop", "."), ("a/up", ".."), ("link", "B")] {
      try manager.createSymbolicLink(
        atPath: path(link),
        withDestinationPath: target
      )
    }
    #expect(unsafe mkfifo(path("fifo"), 0o600) == 0)

    let all = names.map(path)
    #expect(Input(paths: [root.path]).namedFiles == all)
    #expect(Input(paths: [root.path + "/"]).namedFiles == all)
    // What is named itself is read, whatever it is.
    let named = ["link", "none", "fifo"].map(path)
    #expect(Input(paths: [path("empty")] + named).namedFiles == named)
    #expect(Input(paths: [path("loop/a")]).namedFiles.count == 2)
  }
}
