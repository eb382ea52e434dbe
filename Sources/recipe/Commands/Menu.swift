import Cookbook
import Recipes

/// Every recipe, by chapter, in the order of the menu.
let everyRecipe: [Recipe] = {
  let chapters: [Recipe.Chapter] = [
    .patterns, .lifetimes, .channels, .sharedState, .runtime,
  ]
  return chapters.flatMap { chapter in
    recipes.filter { $0.chapter == chapter }
  }
}()

/// The recipe with this name.
///
/// - Parameters:
///   - name: What a person typed.
///   - others: What else could have been meant.
/// - Returns: The recipe.
/// - Throws: ``UsageError`` that offers the nearest name.
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
