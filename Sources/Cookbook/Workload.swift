/// A piece of work that both languages do, to be timed.
package struct Workload: Sendable {
  /// Kebab-case, the same in both languages.
  package let name: String
  /// What both sides promise while they do it, in one line.
  package let promise: String
  /// The operations of one run at full size.
  package let operations: Int
  private let prepare: @Sendable () throws -> Void
  /// The delay is that of each operation, where it is not what a run takes.
  private let run: @Sendable (Int) async throws -> (Int, delay: Duration?)

  /// Creates a workload.
  ///
  /// `run` does so many operations, and returns a number that depends on each
  /// of them: both languages must return the same. What `prepare` does before
  /// is not timed.
  package init(
    _ name: String,
    promise: String,
    operations: Int,
    prepare: @escaping @Sendable () throws -> Void = {},
    run: @escaping @Sendable (Int) async throws -> Int
  ) {
    self.name = name
    self.promise = promise
    self.operations = operations
    self.prepare = prepare
    self.run = { (try await run($0), nil) }
  }

  /// Creates a workload whose operations are delays, each of which counts as
  /// long as `percent` of them are at most.
  package init(
    _ name: String,
    promise: String,
    operations: Int,
    percent: Int,
    delays: @escaping @Sendable (Int) async throws -> [Duration]
  ) {
    self.name = name
    self.promise = promise
    self.operations = operations
    prepare = {}
    run = {
      let delays = try await delays($0).sorted()
      return (delays.count, delays[(delays.count - 1) * percent / 100])
    }
  }

  /// Runs the workload, and says what it returned and how long it took.
  package func measure(
    _ operations: Int,
    clock: some Clock<Duration> = ContinuousClock()
  ) async throws -> (result: Int, elapsed: Duration) {
    try prepare()
    let stopwatch = Stopwatch(clock: clock)
    let (result, delay) = try await run(operations)
    return (result, delay.map { $0 * operations } ?? stopwatch.elapsed)
  }
}

extension Workload {
  /// How late a neighbour runs beside work that goes on until it is cancelled:
  /// one that yields, and one that sleeps for a millisecond.
  package static func neighbours(
    beside work: @escaping @Sendable () async throws -> Void
  ) -> [Workload] {
    ["yields", "sleeps"].flatMap { how in
      [50, 90, 99].map { percent in
        Workload(
          "neighbour-\(how)-p\(percent)",
          promise: "\(percent) % of 1,000 delays of a task that \(how), beside "
            + "a pair at full speed",
          operations: 1_000,
          percent: percent
        ) { count in
          try await withThrowingTaskGroup { group in
            group.addTask { try await work() }
            defer { group.cancelAll() }
            var delays: [Duration] = []
            for _ in 0..<count {
              let clock = ContinuousClock()
              let began = clock.now
              try await clock.sleep(for: .milliseconds(1))
              // By now the work is at full speed again.
              let woke = clock.now
              await Task.yield()
              delays.append(how == "sleeps" ? woke - began : clock.now - woke)
            }
            return delays
          }
        }
      }
    }
  }

  /// Computes for a while: a chain of dependent steps that no compiler can
  /// shorten, 700 to the microsecond or so.
  ///
  /// - Returns: A number from 0 to 7.
  package static func compute(_ seed: Int, steps: Int) -> Int {
    var value = UInt64(seed)
    for _ in 0..<steps {
      value = value &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      value ^= value >> 29
    }
    return Int(value & 7)
  }

  /// A text of so many bytes: words whose frequencies fall off as those of a
  /// natural language do.
  package static func text(bytes: Int) -> [UInt8] {
    var (text, state) = ([UInt8](), UInt64(1))
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    while text.count < bytes {
      let rank = random(1 << random(17))
      text += "\(String(rank * 48_271, radix: 36)) ".utf8
    }
    return text
  }
}

/// The time since it was made.
package struct Stopwatch: Sendable {
  private let sinceMade: @Sendable () -> Duration

  /// Begins now.
  package init<C: Clock>(clock: C) where C.Duration == Duration {
    let made = clock.now
    sinceMade = { made.duration(to: clock.now) }
  }

  package var elapsed: Duration { sinceMade() }
}
