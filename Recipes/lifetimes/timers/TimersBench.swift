import Cookbook

extension TimersExamples {
  static let workloads = [
    Workload(
      "stopped",
      promise: "1,000,000 timers of a minute, each stopped at once",
      operations: 1_000_000
    ) { count in
      (0..<count).count { _ in
        ContinuousClock.timers.after(.seconds(60)) {}.stop()
      }
    },
    Workload(
      "fired",
      promise: "100,000 timers of up to 50 ms, which all fire",
      operations: 100_000
    ) { count in
      let fired = Counter()
      await withCheckedContinuation { done in
        for n in 0..<count {
          let delay = Duration.milliseconds(1 + n &* 7_919 % 50)
          ContinuousClock.timers.after(delay) {
            fired.add()
            if fired.value == count { done.resume() }
          }
        }
      }
      return fired.value
    },
  ]

  static let memory = Example.claims(
    "memory",
    [
      left(behind: "sleeps") {
        for _ in 0..<$0 { await cancel(1) { try? await Task.sleep(for: $0) } }
      },
      left(behind: "sleeps at once") {
        await cancel($0) { try? await Task.sleep(for: $0) }
      },
      left(behind: "timers at once") {
        await cancel($0) { try? await Task.sleep(for: $0, clock: .timers) }
      },
      left(behind: "deadlines") {
        for _ in 0..<$0 { await withDeadline(in: .seconds(60)) {} }
      },
    ],
    showing: ["bytes", "MiB in all"],
    [
      Claim(
        "100,000 deadlines of a minute that do not expire leave less than 2 MiB",
        "swift.deadlines.two MiB",
        over: "swift.deadlines.left",
        atLeast: 1,
        without: ["swift.deadlines": "swift.sleeps"]
      ),
      Claim(
        "sleeps at once leave several times what they leave on the queue",
        "swift.sleeps at once.left",
        over: "swift.timers at once.left",
        atLeast: 5,
        without: ["swift.sleeps at once": "swift.timers at once"]
      ),
    ]
  )

  private static func left(
    behind name: String,
    _ run: @escaping @Sendable (_ count: Int) async -> Void
  ) -> Cookbook.Measurement {
    .swift(name, count: 100_000, bytesEach: 10_400) { count in
      var figures = await Footprint.figures(leftBy: count, doing: run)
      figures["MiB in all"] = figures["left", default: .nan] / 1_048_576
      figures["two MiB"] = 2 * 1_048_576
      return figures
    }
  }

  /// Begins so many sleeps of a minute, and cancels them.
  private static func cancel(
    _ count: Int,
    _ sleep: @escaping @Sendable (Duration) async -> Void
  ) async {
    await withTaskGroup { group in
      for _ in 0..<count { group.addTask { await sleep(.seconds(60)) } }
      // Later, or it would not begin to sleep.
      await Task.yield()
      group.cancelAll()
    }
  }
}
