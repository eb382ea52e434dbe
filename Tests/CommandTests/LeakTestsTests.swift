import Foundation
import Testing

@testable import recipe

/// What the page of leak-tests shows is what tests print.
@Suite("The tests of leak-tests", .serialized) struct LeakTestsTests {
  private static let room = checkout.appending(
    path: "Recipes/lifetimes/leak-tests"
  )

  /// The output without what changes from run to run.
  private func readable(_ output: String) -> [String] {
    output
      .replacing(/concurrencycookbook\/\S*\/search\./, with: "search.")
      .replacing(/(search\.\S+)\(.*\)/) { "\($0.output.1)(…)" }
      .replacing(/(search\.\S+)\+0x[0-9a-f]+/) { $0.output.1 }
      .replacing(/\/\S*\//, with: "")
      .replacing(/( \+)?0x[0-9a-f]+/, with: "")
      .replacing(/goroutine \d+/, with: "goroutine")
      .replacing(/\(\d+\.\d+s\)|after \d+\.\d+ seconds with/, with: "")
      .lines.map(\.collapsed)
  }

  /// Expects the lines of a file, in order, among those of an output.
  private func expect(_ output: String, toHold file: String) throws {
    let lines = readable(output)
    var rest = lines[...]
    for line in readable(try read(file, in: Self.room)) where line != "…" {
      // A line may be cut short.
      let start = line.hasSuffix(" …") ? line.dropLast(2) : line[...]
      let index = rest.firstIndex {
        line == $0 || start.count < line.count && $0.hasPrefix(start)
      }
      guard let index else {
        let all = lines.joined(separator: "\n")
        Issue.record("\(file): no '\(line)' in its place in\n\(all)")
        return
      }
      rest = rest[(index + 1)...]
    }
  }

  @Test(
    "Go's tests find the planted leak, and pass the repaired search",
    .enabled(if: GoToolchain.isHere),
    arguments: [
      ("TheFirst", "synctest"), ("NoGoroutine", "count"),
      ("NoneIsLeaked", "leaked"), ("Hides", nil),
    ]
  )
  func go(_ test: String, _ file: String?) async throws {
    let line = "go test -count=1 -run \(test) ./lifetimes/leak-tests/go/search"
    let recipes = checkout.appending(path: "Recipes")
    func run(planted: String) async throws -> Program.Result {
      let environment = GoToolchain.plain.merging(["PLANTED": planted]) { $1 }
      return try await Program.shell(
        line,
        in: recipes,
        environment: environment
      )
    }
    try await run(planted: "").expect(0)
    let planted = try await run(planted: "leak")
    planted.expect(file == nil ? 0 : 1)
    if let file {
      try expect(planted.output, toHold: "go/output/\(file).txt")
    }
  }

  /// Half a minute the first time, hence not among the others.
  @Test(
    "Swift's tests, in a package that depends on this one",
    .enabled(if: isLong)
  )
  func swift() async throws {
    let package = Self.room.appending(path: "package")
    let scratch = checkout.appending(path: ".build/leak-tests").path
    func test(
      _ options: String = "",
      planted: String = "",
      replay: String? = nil
    ) async throws -> Program.Result {
      var environment = ["PLANTED": planted]
      environment["SIMULATION_REPLAY"] = replay
      return try await Program.shell(
        "swift test --scratch-path '\(scratch)' \(options) 2>&1",
        in: package,
        environment: environment
      )
    }
    try await test().expect(0, "with 2 tests in 0 suites passed")
    for (planted, name) in [
      ("leak", "firstAnswer"), ("late", "cachedAnswer"),
      ("lost-cancellation", "firstAnswer"),
    ] {
      let failed = try await test(
        "--skip-build --filter \(name)",
        planted: planted
      )
      failed.expect(1)
      try expect(failed.output, toHold: "package/output/\(planted).txt")
    }
    // Who is the first to come in from outside is a matter of luck.
    try await test("--skip-build --filter firstAnswer", planted: "escape")
      .expect(1, "foreignThread")
    // What was printed runs it again, and one schedule is no other.
    let filter = "--skip-build --filter cachedAnswer"
    try await test(filter, planted: "late", replay: "schedule 0,1")
      .expect(1, "ask 1 sleeps until 0.01 seconds")
    try await test(filter, planted: "late", replay: "schedule -").expect(0)
  }
}
