package import Cookbook

/// Every recipe, in the order of the menu.
package let recipes: [Recipe] = [
  WordCountExamples.recipe,
  BoundedPoolExamples.recipe,
  FanOutFanInExamples.recipe,
  SemaphoreExamples.recipe,
  PipelineExamples.recipe,
  BackpressureExamples.recipe,
  TokenBucketExamples.recipe,
  HedgedRequestExamples.recipe,
  ErrgroupExamples.recipe,
  ContextCancellationExamples.recipe,
  DoneChannelExamples.recipe,
  WaitGroupExamples.recipe,
  LoopCaptureExamples.recipe,
  ChannelExamples.recipe,
  BufferingExamples.recipe,
  SelectExamples.recipe,
  PrioritySelectExamples.recipe,
  ClosedAndNilExamples.recipe,
  NilCaseExamples.recipe,
  DirectionalExamples.recipe,
  SignalOrValueExamples.recipe,
  OnceExamples.recipe,
  AMillionTasksExamples.recipe,
  TimersExamples.recipe,
]
