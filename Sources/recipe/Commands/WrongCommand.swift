import Cookbook
import Simulation

/// `recipe wrong NAME [EXAMPLE]`: how often each wrong version breaks what it
/// breaks.
enum WrongCommand: Subcommand {
  static func run(_ arguments: inout Arguments) async throws {
    let recipe = try arguments.takeRecipe()
    let examples = try arguments.takeExamples(of: recipe)
    try arguments.requireEmpty()
    var holds = true
    for example in examples {
      for wrong in example.wrong {
        let verdict = await ExampleJudge.judge(wrong, of: example)
        let name = "\(example.name)/\(wrong.name)"
        if examples.count == 1 {
          let report = await ExampleJudge.report(
            verdict,
            on: wrong,
            of: example
          )
          try Terminal.print(
            ([name, ""] + report + [""]).joined(separator: "\n")
          )
        } else {
          try Terminal.print(
            "\(name) breaks \(wrong.breaks) \(verdict.frequency)"
          )
        }
        if !verdict.others.isEmpty {
          Terminal.complain("it also breaks \(verdict.others)")
        }
        holds = holds && verdict.kills > 0 && verdict.others.isEmpty
      }
      for wrong in example.histories?.wrong ?? [] {
        let verdict = await HistoryJudge.judge(wrong)
        try Terminal.print(
          "\(example.name)/\(wrong.name): \(verdict.summary)"
            + (examples.count == 1 ? "\n\n\(verdict.why ?? "")\n" : "")
        )
        holds = holds && verdict.rejected > 0
      }
    }
    for law in recipe.lawsThatNothingBreaks {
      Terminal.complain("no wrong version breaks the law *\(law)*")
      holds = false
    }
    if !holds { throw ExitCode.failure }
  }
}

extension Recipe {
  /// Laws of which nobody knows whether they can be broken.
  var lawsThatNothingBreaks: [String] {
    let broken = examples.flatMap(\.wrong).map(\.breaks)
    return Set(examples.flatMap(\.laws).map(\.name))
      .filter { !broken.contains(.law($0)) }.sorted()
  }
}
