package import Cookbook

/// Every recipe, in the order of the menu.
package let recipes: [Recipe] = [
  WordCountExamples.recipe,
  BoundedPoolExamples.recipe,
  FanOutFanInExamples.recipe,
  SemaphoreExamples.recipe,
  PipelineExamples.recipe,
  BackpressureExamples.recipe,
  HedgedRequestExamples.recipe,
  TokenBucketExamples.recipe,
  WaitGroupExamples.recipe,
  ErrgroupExamples.recipe,
  ContextCancellationExamples.recipe,
  LoopCaptureExamples.recipe,
  ChannelExamples.recipe,
  SelectExamples.recipe,
  PrioritySelectExamples.recipe,
  ClosedAndNilExamples.recipe,
  OnceExamples.recipe,
  AMillionTasksExamples.recipe,
]
