import Cookbook
import Simulation
import Testing

@testable import Recipes

@Suite("timers")
struct TimersTests {
  /// Counts who sleeps, and calls back who asks for the time.
  private struct WatchedClock: Clock {
    let clock: VirtualClock
    var asked: @Sendable () -> Void = {}
    let alive = Alive()

    var now: VirtualClock.Instant {
      asked()
      return clock.now
    }
    var minimumResolution: Duration { clock.minimumResolution }

    func sleep(until deadline: VirtualClock.Instant, tolerance: Duration?)
      async throws
    {
      let object = alive.make()
      defer { withExtendedLifetime(object) {} }
      try await clock.sleep(until: deadline)
    }
  }

  @Test("Few sleep, however deadlines come, and each ends at its deadline")
  func fewSleep() async throws {
    try await everySchedule(sees: ["true", "0", "1.001 seconds"]) {
      virtual,
      executor,
      see in
      let clock = WatchedClock(clock: virtual)
      let timers = TimerQueue(clock, executor: executor)
      for milliseconds in (1...1_000).reversed() {
        timers.after(.milliseconds(milliseconds)) {}.stop()
        if milliseconds % 100 == 0 { try await virtual.sleep(for: .zero) }
      }
      try await virtual.sleep(for: .zero)
      see((1...11).contains(clock.alive.most))
      try await virtual.sleep(for: .milliseconds(1_001))
      see(clock.alive.now)
      see(virtual.now)
    }
  }

  @Test("Timers fire on time, in order, whatever is stopped and reset before")
  func order() async throws {
    try await everySchedule(sees: []) { clock, executor, see in
      var random = SeededGenerator(seed: 1)
      func below(_ bound: Int) -> Int { .random(in: 0..<bound, using: &random) }
      for _ in 1...20 {
        let timers = TimerQueue(clock, executor: executor)
        let (fired, last) = (Seen(), clock.now.advanced(by: .seconds(1)))
        // In the order in which they were started.
        var waiting = (0..<60).map { (name: $0, due: last) }
        let all = waiting.map { name, _ in
          timers.after(.seconds(1)) { fired("\(name) at \(clock.now)") }
        }
        var due: [String] = []
        for step in 0..<120 {
          let (name, delay) = (below(60), Duration.milliseconds(1 + below(20)))
          let old = waiting.firstIndex { $0.name == name }
          if let old { waiting.remove(at: old) }
          let isReset = step % 2 == 0
          if isReset { waiting.append((name, clock.now.advanced(by: delay))) }
          let was = isReset ? all[name].reset(after: delay) : all[name].stop()
          if was != (old != nil) { see("\(name) was waiting: \(was)") }
          if step % 20 != 0 { continue }
          // Does nothing where timers wait.
          await timers.endSleepers()
          // Until a moment at which nothing is due.
          try await clock.sleep(for: .microseconds(step == 0 ? 4_500 : 5_100))
          let past = waiting.filter { $0.due < clock.now }
          waiting.removeAll { $0.due < clock.now }
          due += past.sorted { $0.due < $1.due }.map { "\($0) at \($1)" }
        }
        for timer in all { timer.stop() }
        await timers.endSleepers()
        if fired.all != due { see("\(fired.all) instead of \(due)") }
      }
    }
  }

  @Test("On real threads no sleep is early, and none is lost")
  func threads() async throws {
    let timers = ContinuousClock.timers
    await withTaskGroup { group in
      for worker in 0..<8 {
        group.addTask {
          for round in 0..<400 {
            let delay = Duration.microseconds(round * 7 % 900)
            let deadline = timers.now.advanced(by: delay)
            let sleep = Task { try await timers.sleep(until: deadline) }
            let isCancelled = (round + worker) % 2 == 0
            if isCancelled {
              for _ in 0..<round % 8 { await Task.yield() }
              sleep.cancel()
            }
            let result = await sleep.result
            if !isCancelled {
              #expect(throws: Never.self) { try result.get() }
              #expect(timers.now >= deadline)
            }
          }
        }
      }
    }
  }

  @TaskLocal private static var value: Alive.Object?

  @Test("What is stopped or cancelled holds nothing, while its sleeper sleeps")
  func holdsNothing() async throws {
    try await everySchedule(sees: ["true", "0"]) { clock, executor, see in
      let timers = TimerQueue(clock, executor: executor)
      let alive = Alive()
      func start(_ object: Alive.Object) {
        let timer = timers.after(.seconds(60)) {
          withExtendedLifetime(object) {}
        }
        see(timer.stop())
      }
      Self.$value.withValue(alive.make()) { start(alive.make()) }
      let sleep = Task(executorPreference: executor) {
        [object = alive.make()] in
        defer { withExtendedLifetime(object) {} }
        try await timers.sleep(for: .seconds(60))
      }
      try await clock.sleep(for: .zero)
      sleep.cancel()
      _ = await sleep.result
      try await clock.sleep(for: .zero)
      see(alive.now)
      await timers.endSleepers()
    }
  }

  @Test("Who is woken may use the queue at once, on the thread that wakes it")
  func wokenUnderNoLock() async throws {
    let executor = InlineExecutor()
    let timers = TimerQueue(ContinuousClock(), executor: executor)
    let woken = Task(executorPreference: executor) {
      for _ in 1...3 { try await timers.sleep(for: .milliseconds(1)) }
      timers.after(.zero) { timers.after(.zero) {}.stop() }
    }
    try await woken.value
    let cancelled = Task(executorPreference: executor) {
      do { try await timers.sleep(for: .seconds(60)) } catch {
        timers.after(.seconds(60)) {}.stop()
      }
    }
    cancelled.cancel()
    await cancelled.value
    await timers.endSleepers()
  }

  @Test("A cancelled task does not sleep, whenever it was cancelled")
  func cancelled() async throws {
    let error = "throws CancellationError()"
    try await everySchedule(sees: [error, error, error, "nil"]) {
      clock,
      executor,
      see in
      let timers = TimerQueue(clock, executor: executor)
      var ticks = Ticker(every: .seconds(1), clock: clock).makeAsyncIterator()
      try await clock.sleep(for: .seconds(5))
      // Between its first look and its wait.
      let watched = WatchedClock(clock: clock) {
        unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      }
      let cancelling = TimerQueue(watched, executor: executor)
      let deadline = clock.now.advanced(by: .seconds(1))
      await see { try await cancelling.sleep(until: deadline) }
      await cancelling.endSleepers()
      // Before, also where the deadline has passed.
      await see { try await timers.sleep(until: deadline) }
      await see { try await timers.sleep(until: clock.now) }
      see(await ticks.next())
    }
  }

  @Test("Deadlines of the continuous clock leave no sleep behind")
  func deadlines() async {
    await #expect(processExitsWith: .success) {
      let left = await Footprint.figures(leftBy: 10_000) {
        for _ in 1...$0 { await withDeadline(in: .seconds(60)) {} }
      }
      // A sleep takes 740. Not a number where the system does not tell.
      precondition(!(left["bytes", default: 1_000] > 300))
    }
  }

  @Test("A ticker needs a period above 0")
  func period() async {
    await #expect(processExitsWith: .failure) { _ = Ticker(every: .zero) }
  }
}
