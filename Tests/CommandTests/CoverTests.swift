import Cookbook
import Foundation
import Testing

@testable import recipe

/// Planted sources with the profiles that the tools made of them.
private enum Planted {
  /// Called as `greater(1)`, `middle(1)`, `thrown()`, `after()`, `Pool(1)`.
  static let swift = """
    struct Failure: Error {}
    func fail() throws { throw Failure() }
    func greater(_ x: Int?) -> Bool {
      // #region guard
      guard let x else {
        return false  // absent
      }
      return x > 3
      // #endregion
    }
    func middle(_ x: Int) {
      // #region middle
      print("first")
      if x > 3 { print(x) }
      for _ in 0..<x where x > 3 {}
      print("last")  // done
      // #endregion
    }
    func never() {
      // #region never
      print("never")
      // #endregion
    }
    struct Point {
      // #region type
      var x: Int
      var y: Int
      // #endregion
    }
    func thrown() throws {
      // #region thrown
      print("before")
      try fail()
      // #endregion
      print("after")
    }
    func after() throws {
      // #region after
      try fail()
      print("after")
      // #endregion
    }
    struct Pool {
      // #region death
      init(_ count: Int) {
        precondition(count > 0, "none")
        guard count < 9 else {
          preconditionFailure("too many")
        }
      }
      // #endregion
    }
    _ = greater(1)
    middle(1)
    try? thrown()
    try? after()
    _ = Pool(1)
    """

  static let llvm = """
    {"data":[{"files":[{"filename":"/main.swift","branches":[],"segments":[
    [2,20,2,true,true,false],[2,39,0,false,false,false],
    [3,33,1,true,true,false],[5,20,0,true,true,false],
    [7,4,1,true,true,false],[8,15,1,true,false,false],
    [10,2,0,false,false,false],[11,23,1,true,true,false],
    [14,6,1,true,true,false],[14,11,1,true,false,false],
    [14,12,0,true,true,false],[14,24,1,true,false,false],
    [15,30,1,true,true,false],[15,32,1,true,true,false],
    [18,2,0,false,false,false],[19,14,0,true,true,false],
    [23,2,0,false,false,false],[30,22,1,true,true,false],
    [33,13,0,true,true,false],[36,2,0,false,false,false],
    [37,21,1,true,true,false],[39,13,0,true,true,false],
    [42,2,0,false,false,false],[45,22,1,true,true,false],
    [46,18,1,true,true,false],[46,27,1,true,false,false],
    [46,29,0,true,true,false],[46,35,1,true,false,false],
    [47,26,0,true,true,false],[48,27,0,true,true,false],
    [48,37,0,true,false,false],[49,6,1,true,true,false],
    [50,4,0,false,false,false],[53,1,1,true,true,false],
    [53,15,0,false,false,false],[54,1,1,true,true,false],
    [54,10,0,false,false,false],[55,1,1,true,true,false],
    [55,14,0,false,false,false],[56,1,1,true,true,false],
    [56,13,0,false,false,false],[57,1,1,true,true,false],
    [57,12,0,false,false,false]
    ]}],"totals":{}}],"type":"llvm.coverage.json.export","version":"3.0.1"}
    """

  /// Called as `middle(1)` and `whole(1)`.
  static let go = """
    package planted

    import "fmt"

    func middle(x int) {
    \t// #region middle
    \tfmt.Println("first")
    \tif x > 3 {
    \t\tfmt.Println(x) // never
    \t} else if x > 2 {
    \t}
    \tfor i := range x {
    \t\tif i > 3 {
    \t\t\tpanic("more")
    \t\t}
    \t}
    \tfmt.Println("last")
    \t// #endregion
    }

    // never is a declaration with its comment.
    func never() {
    \tfmt.Println("never")
    }

    type point struct{ x, y int }

    func whole(x int) {
    \t// #region whole
    \tfunc() {
    \t\tfmt.Println(x)
    \t}()
    \t// #endregion
    }
    """

  static let profile = """
    mode: set
    planted/deep/p.go:7.2,8.11 2 1
    planted/deep/p.go:9.3,10.1 1 0
    planted/deep/p.go:10.9,10.18 1 1
    planted/deep/p.go:10.19,10.19 0 0
    planted/deep/p.go:12.2,12.19 1 1
    planted/deep/p.go:13.3,13.12 1 1
    planted/deep/p.go:14.4,14.17 1 0
    planted/deep/p.go:17.2,17.21 1 1
    planted/deep/p.go:23.2,24.1 1 0
    planted/deep/p.go:30.2,30.9 1 1
    planted/deep/p.go:31.3,32.1 1 1
    """
}

@Suite("recipe cover", .inScratchFolder)
struct CoverTests {
  private static let neverCounted =
    "26:1: never executed: none of it has a counter, or it is not compiled"
  private static let neverEnds =
    "33:13: nothing that follows is executed: the last statement never comes "
    + "to its end"

  @Test("Finds what is not executed of what a page shows, in both languages")
  func gaps() throws {
    try write(Planted.swift, to: "p.swift")
    try write(Planted.go, to: "p.go")
    let swift = try Coverage(llvm: Data(Planted.llvm.utf8)).files["/main.swift"]
    let go = try Coverage(go: Planted.profile, of: URL(filePath: "/"))
      .files["/deep/p.go"]
    for (language, region, gap) in [
      (.swift, "guard", "6:5: not executed: { return false }"),
      (.swift, "middle", "14:12: not executed: { print(x) }"),
      (.swift, "never", "21:3: not executed: print(\"never\")"),
      (.swift, "type", Self.neverCounted),
      (.swift, "thrown", Self.neverEnds),
      (.swift, "after", "40:3: not executed: print(\"after\")"),
      // What dies leaves no count.
      (.swift, "death", nil),
      (.go, "middle", "9:3: not executed: fmt.Println(x)"),
      (.go, "never", "23:2: not executed: fmt.Println(\"never\")"),
      (.go, "point", Self.neverCounted),
      (.go, "whole", nil),
    ] as [(Highlighter.Language, String, String?)] {
      let file = scratch.appending(path: "p.\(language)")
      let (lines, shown) = try Snippet.find(region, in: file)
      let code = ShownCode(lines, shown: shown, language: language)
      let counted = try #require(language == .swift ? swift : go)
      let found = code.gaps(in: counted).map(\.description)
      #expect(found == [gap].compactMap { $0 }, "\(language) \(region)")
      // It is not asked of a wrong version that it ends.
      guard gap == Self.neverEnds else { continue }
      #expect(code.gaps(in: counted, isPassed: false).isEmpty)
    }
  }

  @Test("Refuses profiles that it does not understand")
  func malformed() {
    for line in ["", "p.go:1.2,3.4 1 1", "a/p.go:1.2,3.4 1", "a/p.go:1,3 1 1"] {
      #expect(throws: Coverage.Malformed.self) {
        try Coverage(go: "mode: set\n\(line)\n", of: URL(filePath: "/"))
      }
    }
    #expect(throws: DecodingError.self) {
      try Coverage(llvm: Data(#"{"data":[{"files":[{}]}]}"#.utf8))
    }
  }

  @Test("Exempts code that is not to compile or that is tests, nothing else")
  func exempt() {
    for file in [
      "LoopCaptureTaskRefused.swift", "go/refused/counter.go",
      "go/search/search_test.go", "package/Package.swift",
      "go/versions/timers.go",
    ] {
      #expect(CoverCommand.isExempt(file))
    }
    for file in ["LoopCaptureExamples.swift", "go/examples.go"] {
      #expect(!CoverCommand.isExempt(file))
    }
  }
}
