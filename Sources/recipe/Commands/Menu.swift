import Cookbook
import Recipes

/// Every recipe, in the order of the menu.
let everyRecipe = recipes

/// The recipe with this name; `others` could have been meant too.
func recipe(
  named name: String,
  or others: [String] = []
) throws(UsageError) -> Recipe {
  if let found = everyRecipe.first(where: { $0.name == name }) { return found }
  throw UsageError(
    "unknown recipe '\(name)'",
    hint: nearest(
      to: name,
      in: everyRecipe.map(\.name) + others
    ).map { "did you mean '\($0)'?" } ?? "'recipe list' names them all"
  )
}

extension Recipe {
  /// The example with this name.
  func example(named name: String) throws(UsageError) -> Example {
    if let found = examples.first(where: { $0.name == name }) { return found }
    let names = examples.map(\.name)
    throw UsageError(
      "\(self.name) has no example '\(name)'",
      hint: nearest(to: name, in: names).map { "did you mean '\($0)'?" }
        ?? "it has: \(names.joined(separator: ", "))"
    )
  }
}
