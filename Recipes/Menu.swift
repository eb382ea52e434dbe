package import Cookbook

/// Every recipe in the light form, in the order of the menu.
package let recipes: [Recipe] = [
  BoundedPoolExamples.recipe,
  LoopCaptureExamples.recipe,
  ChannelExamples.recipe,
  SelectExamples.recipe,
  PrioritySelectExamples.recipe,
  ClosedAndNilExamples.recipe,
  OnceExamples.recipe,
  AMillionTasksExamples.recipe,
]
