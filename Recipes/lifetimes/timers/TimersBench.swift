import Cookbook
import Foundation

extension TimersExamples {
  static let workloads = [
    Workload(
      "stopped",
      promise: "1,000,000 timers of a minute, each stopped at once",
      operations: 1_000_000
    ) { count in
      let stopped = Counter()
      for _ in 0..<count {
        let timer = ContinuousClock.timers.after(.seconds(60)) {}
        if timer.stop() { stopped.add() }
      }
      return stopped.value
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

  // MARK: Memory

  static let memory = Example.claims(
    "memory",
    [
      left(behind: "sleeps") { try? await Task.sleep(for: $0) },
      left(behind: "sleeps at once", width: 100_000) {
        try? await Task.sleep(for: $0)
      },
      left(behind: "timers at once", width: 100_000) {
        try? await Task.sleep(for: $0, clock: .timers)
      },
      left(behind: "deadlines", isCancelled: false) {
        await withDeadline(in: $0) {}
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

  /// What so many sleeps of a minute leave behind that are cancelled, `width`
  /// of them at once.
  private static func left(
    behind name: String,
    isCancelled: Bool = true,
    width: Int = 1,
    sleep: @escaping @Sendable (Duration) async -> Void
  ) -> Cookbook.Measurement {
    .swift(name, count: 100_000, bytesEach: 10_400) { count in
      func run(_ count: Int) async {
        for _ in 0..<max(count / width, 1) {
          await withTaskGroup { group in
            for _ in 0..<min(width, count) {
              group.addTask { await sleep(.seconds(60)) }
            }
            // Later, or it would not begin to sleep.
            await Task.yield()
            if isCancelled { group.cancelAll() }
          }
        }
      }
      // What starts once, and what the allocator keeps, is left by no sleep.
      await run(count)
      giveBackFree()
      var figures = await Footprint.figures(ofEach: count) {
      } until: {
        await run(count)
        // What is free is not left behind.
        giveBackFree()
        return true
      }
      let left = max((figures["bytes"] ?? .nan) * Double(count), 4_096)
      figures["left"] = left
      figures["MiB in all"] = left / 1_048_576
      figures["two MiB"] = 2 * 1_048_576
      return figures
    }
  }

  /// Calls `malloc_trim`, where there is one.
  private static func giveBackFree() {
    typealias Trim = @convention(c) (Int) -> CInt
    guard let trim = unsafe dlsym(nil, "malloc_trim") else { return }
    _ = unsafe unsafeBitCast(trim, to: Trim.self)(0)
  }
}
