import BackpressureRecipe
import ChannelRecipe
import ContextCancellationRecipe
import Cookbook
import ErrgroupRecipe
import FanOutFanInRecipe
import PipelineRecipe
import PrioritySelectRecipe
import Recipes
import SelectRecipe
import SemaphoreRecipe

/// Every recipe in the earlier form, in the order of the menu.
let menu: [any Demo.Type] = [
  FanOutFanInDemo.self,
  SemaphoreDemo.self,
  PipelineDemo.self,
  BackpressureDemo.self,
  ErrgroupDemo.self,
  ContextCancellationDemo.self,
  ChannelDemo.self,
  SelectDemo.self,
  PrioritySelectDemo.self,
]

extension Recipe {
  /// Whether there is something to copy.
  var isCopied: Bool { examples.isEmpty || !copies.isEmpty }
}

/// Every recipe, by chapter, in the order of the menu.
let everyRecipe: [Recipe] = {
  let all =
    menu.map { demo in
      var recipe = demo.recipe
      recipe.workloads = demo.workloads
      return recipe
    } + recipes
  let chapters: [Recipe.Chapter] = [
    .patterns, .lifetimes, .channels, .sharedState, .runtime,
  ]
  return chapters.flatMap { chapter in
    all.filter { $0.chapter == chapter }
  }
}()

/// The recipe with this name, in either form.
///
/// - Throws: ``UsageError`` that offers the nearest name.
func recipe(named name: String) throws(UsageError) -> Recipe {
  if let found = everyRecipe.first(where: { $0.name == name }) { return found }
  throw UsageError(
    "unknown recipe '\(name)'",
    hint: nearest(
      to: name,
      in: everyRecipe.map(\.name) + Command.names
    ).map { "did you mean '\($0)'?" } ?? "'recipe list' names them all"
  )
}

/// The recipe in the earlier form with this name.
///
/// - Throws: ``UsageError`` that offers the nearest name.
func demo(named name: String) throws(UsageError) -> any Demo.Type {
  for demo in menu where demo.recipe.name == name { return demo }
  throw UsageError("\(try recipe(named: name).name) has examples")
}
