import Cookbook
import Simulation

/// `recipe wrong NAME [EXAMPLE]`: how often each wrong version breaks what it
/// breaks.
enum WrongCommand {
  static func run(_ recipe: Recipe, arguments: Arguments) async throws {
    let (examples, rest) = try ExampleCommand.take(
      arguments.operands,
      of: recipe
    )
    var arguments = arguments
    arguments.operands = rest
    try arguments.requireEmpty()
    var holds = true
    for example in examples {
      for wrong in example.wrong {
        if examples.count == 1 {
          let report = await ExampleJudge.report(on: wrong, of: example)
          try Terminal.print(
            (["\(example.name)/\(wrong.name)", ""] + report + [""])
              .joined(separator: "\n")
          )
          continue
        }
        let verdict = await ExampleJudge.judge(wrong, of: example)
        try Terminal.print(
          "\(example.name)/\(wrong.name) breaks \(wrong.breaks) "
            + verdict.frequency
        )
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
    if !holds { throw ExitCode.failure }
  }
}
