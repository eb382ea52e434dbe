import Cookbook
import Foundation
import Testing

@testable import recipe

@Suite("Claims are held against what is measured")
struct ClaimsTests {
  private static let claim = Claim(
    "left is much more",
    "swift.left.bytes",
    over: "swift.right.bytes",
    atLeast: 2,
    without: ["swift.left": "swift.off"]
  )

  private static func figures(
    left: Double? = 10,
    right: Double = 2,
    off: Double = 2
  ) -> ClaimsJudge.Figures {
    var figures = ["swift.right.bytes": right, "swift.off.bytes": off]
    figures["swift.left.bytes"] = left
    return figures
  }

  private static let equal = Claim(
    "they are equal",
    "swift.left.bytes",
    equals: "swift.right.bytes"
  )

  @Test("What is false, holds without its mechanism or is missing is rejected")
  func facts() {
    for (claim, figures, measured, problem) in [
      (Self.claim, Self.figures(), 5, nil),
      // What a system does not tell is neither kept nor broken.
      (Self.claim, Self.figures(left: .nan), nil, nil),
      (Self.claim, Self.figures(left: 4), 2, nil),
      (Self.claim, Self.figures(left: 3.9), 1.95, "left.bytes is 3.9"),
      (Self.claim, Self.figures(off: 9), 5, "without the mechanism"),
      (Self.claim, Self.figures(left: nil), nil, "no figure swift.left.bytes"),
      (Self.equal, Self.figures(left: 7, right: 7), 1, nil),
      (Self.equal, Self.figures(left: 7, right: 8), 0.875, "right.bytes is 8"),
    ] as [(Claim, ClaimsJudge.Figures, Double?, String?)] {
      let verdict = ClaimsJudge.judge(claim, figures)
      #expect(verdict.measured == measured)
      #expect((verdict.problem == nil) == (problem == nil))
      #expect(verdict.problem?.contains(problem ?? "") != false, "\(verdict)")
    }
    let verdict = ClaimsJudge.judge(Self.claim, Self.figures())
    #expect(verdict.margin == 2.5 && verdict.without == 1)
    // In a table what is not known is an empty cell.
    let left = Measurement.swift("left", count: 1) { _ in [:] }
    let table = Claims([left], showing: ["bytes"], claims: [])
      .table(Self.figures(left: .nan))
    #expect(table[1] == ["swift.left", "", ""])
  }

  @Test("Of several rounds the worst counts")
  func worstRound() {
    let rounds = [10.0, 4, 8].map { Self.figures(left: $0, off: $0 / 4) }
    let claims = Claims([], showing: [], claims: [Self.claim])
    let judge = ClaimsJudge(claims: claims) { _ in throw CancellationError() }
    #expect(judge.judge(rounds)[0].measured == 2)
    #expect(judge.judge(rounds)[0].without == 1.25)
    #expect(judge.judge(rounds + [[:]])[0].problem != nil)
    #expect(judge.judge([])[0].problem != nil)
  }

  // MARK: Processes

  /// Measures with a shell in the place of the process.
  private static func measure(
    _ script: String
  ) async throws -> ClaimsJudge.Figures {
    let thing =
      Measurement
      .swift("thing", count: 1_000, parts: [1, 10]) { _ in [:] }
    let claims = Claims([thing], showing: [], claims: [])
    let shell = URL(filePath: "/bin/sh")
    return try await ClaimsJudge(claims: claims) { step in
      try Subprocess.run(shell, ["-c", script, "sh", "\(step.count)"])
    }.figures(of: claims.steps(dividedBy: 10))
  }

  @Test("Figures are named after what is measured, each with its count")
  func figures() async throws {
    let script = #"echo "{\"bytes\":$1,\"kernel\":null}""#
    let figures = try await Self.measure(script)
    #expect(figures["swift.thing.bytes"] == 100)
    #expect(figures["swift.thing/10.bytes"] == 10)
    #expect(figures["swift.thing/10.count"] == 10)
    #expect(figures["swift.thing.kernel"]?.isNaN == true)
    #expect(figures.count == 6)
  }

  @Test("A measurement whose process dies, fails or says nothing is an error")
  func death() async {
    for (script, problem) in [
      ("kill -9 $$", "was ended by signal 9"),
      ("echo no luck; exit 3", "ended with status 3: no luck"),
      ("true", "printed no figures"),
      ("echo [1]", "printed no figures: [1]"),
    ] {
      await #expect {
        try await Self.measure(script)
      } throws: {
        "\($0)".contains("swift.thing with a count of 100 \(problem)")
      }
    }
  }

  @Test("What would not fit into memory does not begin", .enabled(if: isLinux))
  func memory() async throws {
    let large =
      Measurement
      .swift("thing", count: 1_000, bytesEach: 1 << 50) { _ in [:] }
    let claims = Claims([large], showing: [], claims: [])
    let recipe = try recipe(named: "a-million-tasks")
    let example = recipe.examples[0]
    let judge = ClaimsJudge(claims, of: example, in: recipe, go: nil)
    await #expect {
      try await judge.figures(of: claims.steps())
    } throws: {
      "\($0)".contains("MiB are free")
    }
  }

  @Test("Tasks that wait are counted in real processes", .enabled(if: isLinux))
  func realRun() async throws {
    let run = try await Program.run("claims a-million-tasks --count 100000")
    // Not the durations, since other tests run at the same time.
    for claim in [
      "all swift.tasks that wait are released", "waiting swift.tasks have",
    ] {
      #expect(run.output.contains("✓ \(claim)"), "\(run)")
    }
  }

  // MARK: Records

  @Test("Each example that claims has a record that keeps its claims")
  func records() throws {
    for recipe in everyRecipe {
      for example in recipe.examples {
        guard case .claims(let claims) = example.evidence else { continue }
        let record = try ClaimsRecord.read(for: example, of: recipe)
        #expect(record.problems(of: claims) == [])
      }
    }
  }

  @Test("A record with too small a margin, or without a claim, is reported")
  func smallMargin() throws {
    let recipe = try recipe(named: "a-million-tasks")
    guard case .claims(let claims) = recipe.examples[0].evidence else {
      Issue.record("it claims nothing")
      return
    }
    var record = try ClaimsRecord.read(for: recipe.examples[0], of: recipe)
    let last = try #require(claims.claims.last)
    let bound = try #require(last.bound)
    record.worst[last.name]?.loaded = bound * 1.9
    #expect(record.problems(of: claims).count == 1)
    record.worst[last.name] = nil
    #expect(record.problems(of: claims).count == 1)
    record.figures["go.threads.bytes"] = nil
    record.figures["swift.tasks.released"] = 1
    #expect(record.problems(of: claims).count == 2)
  }
}
