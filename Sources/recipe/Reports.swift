import Cookbook

/// The parts of pages that are made by running something.
enum Reports {
  /// The lines of a report.
  ///
  /// - Parameters:
  ///   - name: The word of the directive, such as `wrong`.
  ///   - argument: What stands behind it.
  ///   - recipe: Whose page it is.
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
          return await ExampleJudge.report(on: wrong, of: example)
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
    default: throw UsageError("there are no reports of this name")
    }
  }
}
