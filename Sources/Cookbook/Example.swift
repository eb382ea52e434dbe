/// A short program in both languages: a reader sees it on the page, and the
/// machine executes it and compares.
///
/// Its Go twin has the same name, in the `go` folder of the same room.
package struct Example: Sendable {
  package typealias Body =
    @Sendable (any ExampleInput, Stage) async throws -> Void

  /// Kebab-case: `swift run recipe NAME EXAMPLE`.
  package let name: String
  package let evidence: Evidence
  /// What a run without flags takes.
  package let input: any ExampleInput
  package let laws: [Law<any ExampleInput>]
  package let wrong: [WrongVersion]
  /// Small inputs whose schedules are all run, with how many there are.
  package let exhausted: [(input: any ExampleInput, schedules: Int)]
  /// Whether Go runs in real time.
  package private(set) var isGoReal = false
  private let body: Body

  /// Creates an example that takes an input.
  ///
  /// Its `laws` are what it promises beyond being equal to Go, and whatever its
  /// `body` does, it tells the stage.
  package init<Input: ExampleInput>(
    _ name: String,
    _ evidence: Evidence = .moments,
    input: Input = Input(),
    laws: [Law<Input>] = [],
    wrong: [Wrong<Input>] = [],
    exhausted: [(Input, Int)] = [],
    body: @escaping @Sendable (Input, Stage) async throws -> Void
  ) {
    self.name = name
    self.evidence = evidence
    self.input = input
    self.laws = laws.map { law in
      var any = Law<any ExampleInput>(law.name) { law.problem(cast($0), $1) }
      any.isTimed = law.isTimed
      return any
    }
    self.wrong = wrong.map { wrong in
      WrongVersion(wrong.name, breaks: wrong.breaks, input: wrong.input) {
        try await wrong.body(cast($0), $1)
      }
    }
    self.exhausted = exhausted.map { ($0.0, $0.1) }
    self.body = { try await body(cast($0), $1) }
  }

  /// Creates an example that takes no input.
  package init(
    _ name: String,
    _ evidence: Evidence = .moments,
    laws: [Law<NoInput>] = [],
    wrong: [Wrong<NoInput>] = [],
    body: @escaping @Sendable (Stage) async throws -> Void
  ) {
    self.init(name, evidence, input: NoInput(), laws: laws, wrong: wrong) {
      _,
      stage in try await body(stage)
    }
  }

  /// The same, but Go runs in real time: virtual time stands still where a
  /// goroutine waits for a lock whose holder sleeps.
  package var withGoInRealTime: Example {
    var example = self
    example.isGoReal = true
    return example
  }

  /// Runs the example, cancels it when its input says so, and records how it
  /// ended.
  package func run(_ input: any ExampleInput, on stage: Stage) async {
    await Self.run(body, input, stage)
  }

  fileprivate static func run(
    _ body: @escaping Body,
    _ input: any ExampleInput,
    _ stage: Stage
  ) async {
    await withTaskCancellationHandler {
      await stage.cancel(Event.caller, after: input.cancelAfter) {
        await stage.attempt(Event.caller) { try await body(input, stage) }
      }
    } onCancel: {
      stage.record("cancel", lane: Event.caller)
    }
  }

  /// An input for comparison, different for each state of the generator.
  package func randomInput(
    using generator: inout SeededGenerator
  ) -> any ExampleInput {
    func random<Input: ExampleInput>(_ start: Input) -> any ExampleInput {
      Input.random(from: start, using: &generator)
    }
    return random(input)
  }

  /// Throws the first law that a run breaks, in either language.
  package func check(
    _ trace: Trace,
    of input: any ExampleInput
  ) throws(LawViolation) {
    for law in laws {
      if let reason = law.problem(input, trace) {
        throw LawViolation(law: law.name, reason: reason)
      }
    }
  }
}

/// How an example is judged, and how strictly the languages must agree.
package enum Evidence: Sendable {
  /// The same events at each instant, and the same outcome.
  case moments
  /// The same outcome; the traces only keep the laws.
  case outcome
  /// The languages differ by nature: this outcome in Swift, that one in Go,
  /// and the rule behind it.
  case outcomes(swift: String, go: String, because: String)
  /// A true race: every outcome lies in the set, and Swift reaches all of it.
  ///
  /// Where the languages differ by nature Go has a set of its own, and there
  /// is a rule behind it.
  case race(Set<String>, go: Set<String>? = nil, because: String = "")
  /// Every recorded history is linearizable.
  case history(Histories)
  /// The compiler or a tool refuses it.
  case refused([Refusal])
  /// Measured facts keep named relations.
  case claims(Claims)
}

extension Evidence {
  /// The outcomes that are allowed in one of the languages, or `nil` where
  /// none are declared.
  package func declared(isGo: Bool) -> Set<String>? {
    switch self {
    case .outcomes(let swift, let go, _): [isGo ? go : swift]
    case .race(let swift, let go, _): isGo ? go ?? swift : swift
    case .moments, .outcome, .history, .refused, .claims: nil
    }
  }

  /// An example of a single task that the languages differ on by nature.
  package static func caller(
    _ swift: String,
    go: String,
    because rule: String
  ) -> Evidence {
    .outcomes(swift: "caller: \(swift)", go: "caller: \(go)", because: rule)
  }

  /// Waiting for ever is the answer in both languages, after the caller has
  /// `said` something.
  package static func waits(after said: String...) -> Evidence {
    let outcome = (said + ["waits for ever"]).joined(separator: ", ")
    return .caller(outcome, go: outcome, because: "")
  }

  /// A race of two lanes: one comes to this, the other one to that, and
  /// either may be the first; the caller returns.
  package static func race(
    of lanes: (String, String),
    _ swift: (String, String),
    go: (String, String),
    because rule: String
  ) -> Evidence {
    func either(_ endings: (String, String)) -> Set<String> {
      let (one, other) = endings
      return [
        "caller: returns; \(lanes.0): \(one); \(lanes.1): \(other)",
        "caller: returns; \(lanes.0): \(other); \(lanes.1): \(one)",
      ]
    }
    return .race(either(swift), go: either(go), because: rule)
  }

  /// The same for each of these lanes; the caller returns.
  package func inLanes(_ lanes: String...) -> Evidence {
    func all(_ one: String) -> String {
      lanes.reduce("returns") { $0 + one.replacing("caller", with: "; \($1)") }
    }
    guard case .outcomes(let swift, let go, let rule) = self else {
      return self
    }
    return .caller(all(swift), go: all(go), because: rule)
  }
}

/// A version that a competent newcomer would write, and what it breaks.
package struct Wrong<Input: Sendable>: Sendable {
  /// In kebab-case; the region of its code has the same name.
  package let name: String
  package let breaks: Breach
  /// An input that shows it.
  package let input: Input
  let body: @Sendable (Input, Stage) async throws -> Void

  package init(
    _ name: String,
    breaks: Breach,
    input: Input,
    body: @escaping @Sendable (Input, Stage) async throws -> Void
  ) {
    self.name = name
    self.breaks = breaks
    self.input = input
    self.body = body
  }

  package init(
    _ name: String,
    breaks law: Law<Input>,
    input: Input,
    body: @escaping @Sendable (Input, Stage) async throws -> Void
  ) {
    self.init(name, breaks: .law(law.name), input: input, body: body)
  }
}

/// What a wrong version breaks; it keeps all else.
package enum Breach: Hashable, Sendable, CustomStringConvertible {
  /// A law, by its name.
  case law(String)
  /// It comes to an outcome that the right one never has.
  case outcome
  /// It waits for ever, though the right one does not.
  case deadlock
  /// It leaves something behind.
  case leak

  package var description: String {
    switch self {
    case .law(let name): "the law *\(name)*"
    case .outcome: "the promise to come to an allowed outcome"
    case .deadlock: "the promise to return: it waits for ever"
    case .leak: "the promise to leave nothing behind"
    }
  }
}

/// A wrong version, whatever the type of its input.
package typealias WrongVersion = Wrong<any ExampleInput>

extension WrongVersion {
  /// Runs it as ``Example/run(_:on:)`` does the right one; by default on the
  /// input that shows what it breaks.
  package func run(
    _ input: (any ExampleInput)? = nil,
    on stage: Stage
  ) async {
    await Example.run(body, input ?? self.input, stage)
  }
}

/// An example hands out no other input than its own.
private func cast<Input>(_ input: any ExampleInput) -> Input {
  guard let input = input as? Input else {
    preconditionFailure("\(type(of: input)) is not \(Input.self)")
  }
  return input
}
