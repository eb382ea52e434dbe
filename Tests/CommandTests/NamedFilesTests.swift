import Cookbook
import Foundation
import Testing

private struct Input: ExampleInput {
  var paths: [String] = []
  static var fields: [Field<Self>] { [Field(\.paths, "files")] }
}

@Suite("Files on the command line", .inScratchFolder)
struct NamedFilesTests {
  @Test("A folder stands for its regular files, in order; links are not met")
  func walk() async throws {
    try await Program.shell(
      "mkdir -p a/b empty && ln -s . loop && ln -s .. a/up && ln -s B link && "
        + "mkfifo fifo"
    ).expect(0)
    let names = ["B", "a/b/c", "a/z", "a.txt", "e\u{301}", "new\nline", "é"]
    for name in names.reversed() { try write("", to: name) }

    let root = scratch.path
    let all = names.map { "\(root)/\($0)" }
    #expect(Input(paths: [root]).namedFiles == all)
    #expect(Input(paths: [root + "/"]).namedFiles == all)
    // What is named itself is read, whatever it is.
    let named = ["link", "none", "fifo"].map { "\(root)/\($0)" }
    #expect(Input(paths: ["\(root)/empty"] + named).namedFiles == named)
    #expect(Input(paths: ["\(root)/loop/a"]).namedFiles.count == 2)
  }
}
