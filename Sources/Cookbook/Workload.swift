/// A piece of work that both languages do, to be timed.
package struct Workload: Sendable {
  /// Kebab-case, the same in both languages.
  package let name: String
  /// What both sides promise while they do it, in one line.
  package let promise: String
  /// The operations of one run at full size.
  package let operations: Int
  private let prepare: @Sendable () throws -> Void
  private let run: @Sendable (Int) async throws -> Int

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
    self.run = run
  }

  /// Runs the workload, and says what it returned and how long it took.
  package func measure(
    _ operations: Int,
    clock: some Clock<Duration> = ContinuousClock()
  ) async throws -> (result: Int, elapsed: Duration) {
    try prepare()
    let stopwatch = Stopwatch(clock: clock)
    return (try await run(operations), stopwatch.elapsed)
  }
}

extension Workload {
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
