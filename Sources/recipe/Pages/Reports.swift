import Cookbook

/// The parts of pages that are made by running something.
enum Reports {
  /// The lines of a report.
  ///
  /// - Parameters:
  ///   - name: The word of the directive, such as `wrong`.
  ///   - argument: What stands behind it.
  ///   - recipe: Whose page it is.
  /// - Returns: The lines between the directive and its end.
  /// - Throws: ``UsageError`` where there is no such report.
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
      do {
        return try await Cells(of: recipe).lines(name, argument)
      } catch let failure as Snippet.Failure {
        throw UsageError(failure.problem)
      }
    case "figures":
      let (examples, _) = try ExampleCommand.take([argument], of: recipe)
      guard case .claims(let claims) = examples[0].evidence else {
        throw UsageError("\(argument) measures nothing")
      }
      let record = try ClaimsRecord.read(for: examples[0], of: recipe)
      if let problem = record.problems(of: claims).first {
        throw UsageError(problem)
      }
      return record.lines(claims)
    default: throw UsageError("there are no reports of this name")
    }
  }
}
