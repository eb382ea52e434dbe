import BackpressureRecipe
import BoundedPoolRecipe
import ChannelRecipe
import ContextCancellationRecipe
import Cookbook
import ErrgroupRecipe
import FanOutFanInRecipe
import PipelineRecipe
import PrioritySelectRecipe
import SelectRecipe
import SemaphoreRecipe
import WordCountRecipe

/// Every recipe, in the order of the menu.
let menu: [any Demo.Type] = [
  WordCountDemo.self,
  BoundedPoolDemo.self,
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

/// The recipe with this name.
///
/// - Throws: ``UsageError`` that offers the nearest name.
func demo(named name: String) throws(UsageError) -> any Demo.Type {
  for demo in menu where demo.recipe.name == name { return demo }
  let known = menu.map { $0.recipe.name } + Command.names
  throw UsageError(
    "unknown recipe '\(name)'",
    hint: nearest(to: name, in: known).map { "did you mean '\($0)'?" }
      ?? "'recipe list' names them all"
  )
}
