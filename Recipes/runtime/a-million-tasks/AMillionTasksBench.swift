import Cookbook

extension AMillionTasksExamples {
  static let waiting = Example.claims(
    "waiting",
    [
      .swift("tasks", count: 1_000_000, parts: parts, bytesEach: 2_600) {
        await Footprint.figures(of: $0, at: Gate.self) { await $0.wait() }
      },
      .go("goroutines", count: 1_000_000, parts: parts, bytesEach: 2_800),
      .swift("threads", count: 5_000, bytesEach: 45_000) {
        await Footprint.figures(ofThreads: $0)
      },
      .go("threads", count: 5_000, bytesEach: 45_000),
      .swift("nested", count: 50_000, bytesEach: 40_000) {
        await Footprint.figures(of: $0, at: Gate.self) { await nest(depth, $0) }
      },
      .swift("returned", count: 50_000, bytesEach: 40_000) {
        await Footprint.figures(of: $0, at: Gate.self) {
          await nest(depth, nil)
          await $0.wait()
        }
      },
      .swift("recursed", count: 50_000, bytesEach: 2_600) {
        await Footprint.figures(of: $0, at: Gate.self) {
          _ = recurse(depth)
          await $0.wait()
        }
      },
      .go("nested", count: 50_000, bytesEach: 20_000),
      .go("returned", count: 50_000, bytesEach: 20_000),
      .go(
        "unshrunk",
        running: "returned",
        count: 50_000,
        bytesEach: 20_000,
        environment: ["GODEBUG": "gcshrinkstackoff=1"]
      ),
    ],
    showing: [
      "bytes", "with the kernel's", "reserved", "microseconds", "threads",
    ],
    claims(of: "swift.tasks", over: "swift.threads")
      + claims(of: "go.goroutines", over: "go.threads") + [
        Claim(
          "a goroutine's stack grows with the calls on it",
          "go.nested.bytes",
          over: "go.goroutines/10.bytes",
          atLeast: 3,
          without: ["go.nested": "go.returned"]
        ),
        Claim(
          "a goroutine's stack shrinks after the calls",
          "go.nested.bytes",
          over: "go.returned.bytes",
          atLeast: 1.4,
          without: ["go.returned": "go.unshrunk"]
        ),
        Claim(
          "a task keeps the frames of suspended calls",
          "swift.nested.bytes",
          over: "swift.tasks/10.bytes",
          atLeast: 5,
          without: ["swift.nested": "swift.recursed"]
        ),
        Claim(
          "what a task has taken for frames it keeps after the calls",
          "swift.returned.bytes",
          over: "swift.tasks/10.bytes",
          atLeast: 5,
          without: ["swift.returned": "swift.recursed"]
        ),
      ]
  )

  private static let parts = [1, 10, 100]

  /// What is claimed of tasks and of goroutines alike.
  private static func claims(of task: String, over thread: String) -> [Claim] {
    [
      Claim(
        "all \(task) that wait are released",
        "\(task).released",
        equals: "\(task).count"
      ),
      Claim(
        "waiting \(task) have no thread of their own",
        "\(task).count",
        over: "\(task).threads",
        atLeast: 100,
        without: [task: thread]
      ),
      Claim(
        "ten times as many \(task) take no more memory each",
        "\(task)/10.bytes",
        over: "\(task).bytes",
        atLeast: 0.4
      ),
      Claim(
        "ten times as many \(task) take not much longer each",
        "\(task)/10.microseconds",
        over: "\(task).microseconds",
        atLeast: 0.15
      ),
      Claim(
        "\(thread) take several times the memory of \(task)",
        "\(thread).with the kernel's",
        over: "\(task).with the kernel's",
        atLeast: 5
      ),
      Claim(
        "\(thread) take longer to start than \(task)",
        "\(thread).microseconds",
        over: "\(task).microseconds",
        atLeast: 1.5
      ),
    ]
  }

  /// How many calls deep the nested ones are.
  private static let depth = 256

  /// Waits below so many suspended calls, or returns where there is no gate.
  @discardableResult
  private static func nest(_ depth: Int, _ gate: Gate?) async -> Int {
    await depth > 0 ? nest(depth - 1, gate) ^ depth : wait(at: gate)
  }

  /// Not a part of `nest`, each call of which would have room for this one.
  @inline(never)
  private static func wait(at gate: Gate?) async -> Int {
    await gate?.wait()
    return 0
  }

  @inline(never)
  private static func recurse(_ depth: Int) -> Int {
    depth > 0 ? recurse(depth - 1) ^ depth : 0
  }
}
