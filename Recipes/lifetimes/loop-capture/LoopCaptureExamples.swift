package import Cookbook

/// What the recipe shows; see README.md.
package enum LoopCaptureExamples {
  package static let recipe = Recipe(
    name: "loop-capture",
    chapter: .lifetimes,
    question: "What is the loop-variable capture bug, and how is it fixed?",
    goConstructs: ["for i := range", "i := i", "go vet", "//go:build go1.21"],
    swiftConstructs: ["for-in", "capture list", "[i] in", "sending"],
    problems: [
      "every goroutine prints the same value", "loop variable captured",
      "closure in a loop", "3 3 3", "sending risks causing data races",
      "race condition",
    ],
    examples: [
      Example("tasks", numbers, wrong: [sharedVariable], body: startTasks),
      Example("closures", .outcome, body: keepClosures),
      Example("old-closures", .outcome, body: captureVariable),
      Example("copy", numbers, body: copy),
      .refused("shared", "LoopCaptureRefused.swift", "go/refused/tasks.go"),
      .refused("old-range", "go/refused/range.go"),
    ]
  )

  /// Each number once, in any order.
  private static let numbers = Evidence.race(
    Set(
      ["0, 1, 2", "0, 2, 1", "1, 0, 2", "1, 2, 0", "2, 0, 1", "2, 1, 0"]
        .map { "caller: \($0), returns" }
    )
  )

  private static func startTasks(_ stage: Stage) async {
    let print: @Sendable (Int) -> Void = { stage.print($0) }
    // #region tasks
    await withTaskGroup { group in
      for i in 0..<3 {
        group.addTask { print(i) }
      }
    }
    // #endregion
  }

  private static func keepClosures(_ stage: Stage) async {
    var closures: [() -> Void] = []
    for i in 0..<3 {
      closures.append { stage.print(i) }
    }
    for closure in closures { closure() }
  }

  private static func captureVariable(_ stage: Stage) async {
    let print: (Int) -> Void = stage.print
    // #region variable
    var closures: [() -> Void] = []
    var i = 0
    while i < 3 {
      closures.append { print(i) }
      i += 1
    }
    for closure in closures { closure() }
    // #endregion
  }

  private static func copy(_ stage: Stage) async {
    let print: @Sendable (Int) -> Void = { stage.print($0) }
    // #region copy
    var i = 0
    await withTaskGroup { group in
      while i < 3 {
        group.addTask { [i] in print(i) }
        i += 1
      }
    }
    // #endregion
  }

  private static let sharedVariable = Wrong(
    "shared-variable",
    breaks: .outcome,
    input: NoInput()
  ) { _, stage in
    let print: @Sendable (Int) -> Void = { stage.print($0) }
    // #region shared-variable
    actor Variable {
      var value = 0
      func increment() { value += 1 }
    }
    let i = Variable()
    await withTaskGroup { group in
      while await i.value < 3 {
        group.addTask { print(await i.value) }
        await i.increment()
      }
    }
    // #endregion
  }
}
