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

  static func gaps(
    in region: String,
    of source: String,
    _ coverage: Coverage,
    isPassed: Bool = true
  ) async throws -> [String] {
    let language: Highlighter.Language = source == swift ? .swift : .go
    let name = source == swift ? "main.swift" : "deep/p.go"
    return try await withScratchFolder { folder in
      let file = folder.appending(path: "p.\(language)")
      try Data(source.utf8).write(to: file)
      let (lines, indices) = try Snippet.find(region, in: file)
      return ShownCode(lines, shown: indices, language: language)
        .gaps(in: coverage.files["/\(name)"] ?? [], isPassed: isPassed)
        .map(\.description)
    }
  }
}

@Suite("recipe cover")
struct CoverTests {
  private static let neverCounted =
    "never executed: none of it has a counter, or it is not compiled"
  private static let neverEnds =
    "nothing that follows is executed: the last statement never comes to its "
    + "end"

  private static let llvm = Result {
    try Coverage(llvm: Data(Planted.llvm.utf8))
  }

  @Test("Finds what Swift has not executed of what a page shows")
  func swift() async throws {
    for (region, gap) in [
      ("guard", "6:5: not executed: { return false }"),
      ("middle", "14:12: not executed: { print(x) }"),
      ("never", "21:3: not executed: print(\"never\")"),
      ("type", "26:1: " + Self.neverCounted),
      ("thrown", "33:13: " + Self.neverEnds),
      ("after", "40:3: not executed: print(\"after\")"),
      // What dies leaves no count.
      ("death", nil),
    ] {
      let gaps = try await Planted.gaps(
        in: region,
        of: Planted.swift,
        Self.llvm.get()
      )
      #expect(gaps == [gap].compactMap { $0 }, "\(region)")
    }
  }

  @Test("Finds what Go has not executed of what a page shows")
  func go() async throws {
    let coverage = try Coverage(go: Planted.profile, of: URL(filePath: "/"))
    for (region, gap) in [
      ("middle", "9:3: not executed: fmt.Println(x)"),
      ("never", "23:2: not executed: fmt.Println(\"never\")"),
      ("point", "26:1: " + Self.neverCounted),
      ("whole", nil),
    ] {
      let gaps = try await Planted.gaps(in: region, of: Planted.go, coverage)
      #expect(gaps == [gap].compactMap { $0 }, "\(region)")
    }
  }

  @Test("Does not ask of a wrong version that it ends")
  func wrong() async throws {
    let gaps = try await Planted.gaps(
      in: "thrown",
      of: Planted.swift,
      Self.llvm.get(),
      isPassed: false
    )
    #expect(gaps == [])
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

  @Test("Exempts code that is not to compile, and nothing else")
  func refused() {
    #expect(CoverCommand.isRefused("LoopCaptureTaskRefused.swift"))
    #expect(CoverCommand.isRefused("go/refused/counter.go"))
    #expect(!CoverCommand.isRefused("LoopCaptureExamples.swift"))
    #expect(!CoverCommand.isRefused("go/examples.go"))
  }
}
