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

  private static func judge(
    _ claim: Claim = claim,
    left: Double? = 10,
    right: Double = 2,
    off: Double = 2
  ) -> ClaimsJudge.Verdict {
    var figures = ["swift.right.bytes": right, "swift.off.bytes": off]
    figures["swift.left.bytes"] = left
    return ClaimsJudge.judge(claim, figures)
  }

  private static let equal = Claim(
    "they are equal",
    "swift.left.bytes",
    equals: "swift.right.bytes"
  )

  @Test("What is false, holds without its mechanism or is missing is rejected")
  func facts() {
    for (verdict, measured, problem) in [
      (Self.judge(), 5, nil),
      // What a system does not tell is neither kept nor broken.
      (Self.judge(left: .nan), nil, nil),
      (Self.judge(left: 4), 2, nil),
      (Self.judge(left: 3.9), 1.95, "left.bytes is 3.9"),
      (Self.judge(Self.equal, left: 7, right: 7), 1, nil),
      (Self.judge(Self.equal, left: 7, right: 8), 0.875, "right.bytes is 8"),
      (Self.judge(off: 9), 5, "without the mechanism"),
      (Self.judge(left: nil), nil, "there is no figure swift.left.bytes"),
    ] as [(ClaimsJudge.Verdict, Double?, String?)] {
      #expect(verdict.measured == measured)
      #expect((verdict.problem == nil) == (problem == nil))
      #expect(verdict.problem?.contains(problem ?? "") != false, "\(verdict)")
    }
    #expect(Self.judge().margin == 2.5)
    #expect(Self.judge().without == 1)
  }

  @Test("Of several rounds the worst counts")
  func worstRound() {
    let rounds = [10.0, 4, 8].map {
      [
        "swift.left.bytes": $0, "swift.right.bytes": 2,
        "swift.off.bytes": $0 / 4,
      ]
    }
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
    let claims = Claims(
      [.swift("thing", count: 1_000, parts: [1, 10]) { _ in [:] }],
      showing: [],
      claims: []
    )
    return try await ClaimsJudge(claims: claims) { step in
      try Subprocess.run(
        URL(filePath: "/bin/sh"),
        ["-c", script, "sh", "\(step.count)"]
      )
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
    let claims = Claims(
      [.swift("thing", count: 1_000, bytesEach: 1 << 50) { _ in [:] }],
      showing: [],
      claims: []
    )
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
