import Cookbook

/// The parts of pages that are made by running something.
enum Reports {
  /// The lines between a directive, such as `wrong: plain/name`, and its end
  /// on the page of a recipe.
  static func lines(
    _ name: String,
    _ argument: String,
    of recipe: Recipe?
  ) async throws -> [String] {
    guard let recipe else { throw UsageError("this is no recipe's page") }
    switch name {
    case "wrong":
      for example in recipe.examples {
        for wrong in example.wrong
        where "\(example.name)/\(wrong.name)" == argument {
          let verdict = await ExampleJudge.judge(wrong, of: example)
          return await ExampleJudge.report(verdict, on: wrong, of: example)
        }
        for wrong in example.histories?.wrong ?? []
        where "\(example.name)/\(wrong.name)" == argument {
          return try await HistoryJudge.report(on: wrong)
        }
      }
      throw UsageError("\(recipe.name) has no wrong version '\(argument)'")
    case "cells", "rules":
      return try await Cells(of: recipe).lines(name, argument)
    case "figures":
      let example = try recipe.example(named: argument)
      guard case .claims(let claims) = example.evidence else {
        throw UsageError("\(argument) measures nothing")
      }
      let record = try ClaimsRecord.read(for: example, of: recipe)
      if let problem = record.problems(of: claims).first {
        throw UsageError(problem)
      }
      return record.lines(claims)
    default: throw UsageError("there are no reports of this name")
    }
  }
}
