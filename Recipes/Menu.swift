package import Cookbook

/// Every recipe, in the order of the menu.
package let recipes: [Recipe] = [
  BoundedPoolExamples.recipe,
  SemaphoreExamples.recipe,
  ErrgroupExamples.recipe,
  LoopCaptureExamples.recipe,
  ClosedAndNilExamples.recipe,
  OnceExamples.recipe,
  AMillionTasksExamples.recipe,
]
