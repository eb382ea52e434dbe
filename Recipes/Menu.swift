package import Cookbook

/// Every recipe in the light form, in the order of the menu.
package let recipes: [Recipe] = [
  WordCountExamples.recipe,
  BoundedPoolExamples.recipe,
  ClosedAndNilExamples.recipe,
  LoopCaptureExamples.recipe,
  OnceExamples.recipe,
  AMillionTasksExamples.recipe,
]
