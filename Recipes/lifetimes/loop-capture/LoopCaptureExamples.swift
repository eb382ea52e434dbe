package import Cookbook

/// What the recipe shows; see README.md.
package enum LoopCaptureExamples {
  package static let recipe = Recipe(
    name: "loop-capture",
    chapter: .lifetimes,
    question: "What is the loop-variable capture bug, and how is it fixed?",
    goConstructs: [
      "for i := range", "i := i", "go func(i int) { … }(i)", "go vet",
      "//go:build go1.21",
    ],
    swiftConstructs: ["for-in", "capture list", "[i] in", "sending"],
    problems: [
      "every goroutine prints the same value", "loop variable captured",
      "closure in a loop", "3 3 3",
      "passing closure as a 'sending' parameter risks causing data races",
      "reference to captured var in concurrently-executing code",
    ],
    examples: [
      Example(
        "tasks",
        ownNumbers,
        laws: [ownNumber],
        wrong: [wrongTasks],
        body: startTasks
      ),
      Example("closures", .outcome, body: keepClosures),
      Example("variable-outside", .outcome, body: keepClosuresOverVariable),
      Example("old-closures", .outcome, body: keepClosuresOverVariable),
      Example("copy", ownNumbers, laws: [ownNumber], body: copy),
      Example("argument", ownNumbers, laws: [ownNumber], body: listCapture),
      .refused(
        "captured-by-task",
        "LoopCaptureTaskRefused.swift",
        "LoopCaptureSendableRefused.swift",
        "go/refused/goroutine.go"
      ),
      .refused(
        "shared-counter",
        "LoopCaptureCounterRefused.swift",
        "go/refused/counter.go"
      ),
      Example("counter", .outcome, body: count),
      .refused("old-range", "go/refused/range.go"),
    ]
  )

  // MARK: The use

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
    let print: (Int) -> Void = stage.print
    // #region closures
    var closures: [() -> Void] = []
    for i in 0..<3 {
      closures.append { print(i) }
    }
    for closure in closures { closure() }
    // #endregion
  }

  private static func keepClosuresOverVariable(_ stage: Stage) async {
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
    var next = 0
    await withTaskGroup { group in
      while next < 3 {
        let i = next
        group.addTask { print(i) }
        next += 1
      }
    }
    // #endregion
  }

  private static func listCapture(_ stage: Stage) async {
    let print: @Sendable (Int) -> Void = { stage.print($0) }
    // #region capture-list
    var i = 0
    await withTaskGroup { group in
      while i < 3 {
        group.addTask { [i] in print(i) }
        i += 1
      }
    }
    // #endregion
  }

  private static func count(_ stage: Stage) async {
    let print: (Int) -> Void = stage.print
    // #region counter
    let count = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<3 {
        group.addTask { 1 }
      }
      return await group.reduce(0, +)
    }
    print(count)
    // #endregion
  }

  // MARK: What is wrong

  private static let wrongTasks = Wrong(
    "shared-variable",
    breaks: .law(ownNumber.name),
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

  // MARK: What is right

  private static let ownNumber = Law<NoInput>("each task prints its own number")
  { _, trace in
    let said = trace.outcome.said[Event.caller, default: []]
    return said.sorted() == ["0", "1", "2"] ? nil : "they print \(said)"
  }

  /// In any order.
  private static let ownNumbers = Evidence.race(
    Set(
      ["0, 1, 2", "0, 2, 1", "1, 0, 2", "1, 2, 0", "2, 0, 1", "2, 1, 0"]
        .map { "caller: \($0), returns" }
    )
  )
}
