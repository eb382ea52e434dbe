import BackpressureRecipe
import Cookbook
import Synchronization

/// Wrong buffers and limiters, each as somebody would write it.
enum NaiveBackpressure {
  typealias Demo = BackpressureDemo

  // MARK: Buffers

  /// An `AsyncStream` between two tasks, with what it does to the elements.
  struct Stream: Demo.Buffer {
    let stream: AsyncStream<Int>
    let continuation: AsyncStream<Int>.Continuation
    var tellsDrops = true

    init(_ policy: AsyncStream<Int>.Continuation.BufferingPolicy) {
      (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: policy)
    }

    func send(_ item: Int) async throws -> Int? {
      try Task.checkCancellation()
      if case .dropped(let loser) = continuation.yield(item), tellsDrops {
        return loser
      }
      return nil
    }

    func receive() async throws -> Int? {
      var iterator = stream.makeAsyncIterator()
      let item = await iterator.next(isolation: #isolation)
      if item == nil { try Task.checkCancellation() }
      return item
    }

    func close() { continuation.finish() }
  }

  /// What `AsyncStream { … }` is unless told otherwise.
  static let unbounded = Demo.Forms(buffer: { _, _ in Stream(.unbounded) })

  /// `.bufferingNewest`, read as "the newest are dropped".
  static let misreadPolicy = Demo.Forms(buffer: { policy, bound in
    Stream(
      policy == .dropNewest ? .bufferingNewest(bound) : .bufferingOldest(bound)
    )
  })

  /// `yield` without a look at what it returns.
  static let uncountedDrops = Demo.Forms(buffer: { _, bound in
    var stream = Stream(.bufferingOldest(bound))
    stream.tellsDrops = false
    return stream
  })

  /// Drops where it should wait, since `yield` cannot.
  static let dropsInsteadOfWaiting = Demo.Forms(buffer: { _, bound in
    Stream(.bufferingOldest(bound))
  })

  // #region lostWakeUp
  /// Waits for room by a signal that is kept for nobody: the producer who
  /// has looked, and does not wait yet, never gets it.
  final class Signalled: Demo.Buffer {
    private let items = Stream(.unbounded)
    private let room = Stream(.bufferingOldest(0))
    private let count = Mutex(0)
    private let bound: Int

    init(bound: Int) { self.bound = bound }

    func send(_ item: Int) async throws -> Int? {
      while count.withLock({ $0 >= bound }) {
        // Whatever suspends here lets the consumer signal too early.
        await Task.yield()
        _ = try await room.receive()
      }
      count.withLock { $0 += 1 }
      return try await items.send(item)
    }

    func receive() async throws -> Int? {
      guard let item = try await items.receive() else { return nil }
      count.withLock { $0 -= 1 }
      room.continuation.yield(0)
      return item
    }

    func close() { items.close() }
  }
  // #endregion

  static let lostWakeUp = Demo.Forms(buffer: { Signalled(bound: $1) })

  // MARK: Limiters

  /// A clock of any kind, read in time since it was made.
  struct Stopwatch: Sendable {
    let clock: any Clock<Duration>
    private let read: @Sendable () -> Duration

    init(_ clock: any Clock<Duration>) {
      func reader<C: Clock<Duration>>(
        _ clock: C
      ) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
      }
      self.clock = clock
      read = reader(clock)
    }

    var elapsed: Duration { read() }

    func sleep(until time: Duration) async throws {
      try await clock.sleep(for: time - elapsed)
    }
  }

  // #region windowBorders
  /// Counts what starts in each period of the clock, and lets those that
  /// find the period used up wait for the next.
  final class WindowCounter: Demo.Limiter {
    private let (tokens, period, watch): (Int, Duration, Stopwatch)
    private let current = Mutex((window: 0, used: 0))

    init(tokens: Int, period: Duration, clock: any Clock<Duration>) {
      (self.tokens, self.period, watch) = (tokens, period, Stopwatch(clock))
    }

    func wait() async throws {
      let window = current.withLock { current in
        let window = Int(watch.elapsed / period)
        if window > current.window { current = (window, 0) }
        if current.used == tokens { current = (current.window + 1, 0) }
        current.used += 1
        return current.window
      }
      try await watch.sleep(until: period * window)
    }
  }
  // #endregion

  static let windowBorders = Demo.Forms(limiter: {
    WindowCounter(tokens: $0, period: $1, clock: $2)
  })

  /// Refills at a constant rate, as `golang.org/x/time/rate` does: what a
  /// pause has saved up, and what comes in meanwhile, fit into one window.
  final class SteadyRefill: Demo.Limiter {
    private let (interval, burst): (Duration, Duration)
    private let watch: Stopwatch
    private let full = Mutex(Duration.zero)

    init(tokens: Int, period: Duration, clock: any Clock<Duration>) {
      interval = period / tokens
      burst = interval * tokens
      watch = Stopwatch(clock)
    }

    func wait() async throws {
      let start = full.withLock { full in
        full = max(full, watch.elapsed) + interval
        return full - burst
      }
      try await watch.sleep(until: start)
    }
  }

  static let steadyRefill = Demo.Forms(limiter: {
    SteadyRefill(tokens: $0, period: $1, clock: $2)
  })

  /// Gives each caller its time when it comes; one who is cancelled keeps
  /// it.
  final class Reserving: Demo.Limiter {
    private let period: Duration
    private let watch: Stopwatch
    private let reserved: Mutex<[Duration]>

    init(tokens: Int, period: Duration, clock: any Clock<Duration>) {
      self.period = period
      watch = Stopwatch(clock)
      reserved = Mutex(Array(repeating: .zero - period, count: tokens))
    }

    func wait() async throws {
      let start = reserved.withLock { reserved in
        let start = max(reserved.removeFirst() + period, watch.elapsed)
        reserved.append(start)
        return start
      }
      try await watch.sleep(until: start)
    }
  }

  static let lostToken = Demo.Forms(limiter: {
    Reserving(tokens: $0, period: $1, clock: $2)
  })

  /// All who wait wake up when a token is back, and who is first takes it.
  final class Stampede: Demo.Limiter {
    private let period: Duration
    private let watch: Stopwatch
    private let returns: Mutex<[Duration]>
    /// Takes a sleep that was cut short for one that is over.
    private let ignoresCancellation: Bool

    init(
      tokens: Int,
      period: Duration,
      clock: any Clock<Duration>,
      ignoresCancellation: Bool = false
    ) {
      self.period = period
      self.ignoresCancellation = ignoresCancellation
      watch = Stopwatch(clock)
      returns = Mutex(Array(repeating: .zero, count: tokens))
    }

    func wait() async throws {
      while let time = attempt() {
        if ignoresCancellation {
          try? await watch.sleep(until: time)
          if Task.isCancelled { return }
        } else {
          try await watch.sleep(until: time)
        }
      }
    }

    /// When to try again, or `nil` if it has a token.
    private func attempt() -> Duration? {
      returns.withLock { returns in
        guard returns[0] <= watch.elapsed else { return returns[0] }
        returns.removeFirst()
        returns.append(watch.elapsed + period)
        return nil
      }
    }
  }

  static let stampede = Demo.Forms(limiter: {
    Stampede(tokens: $0, period: $1, clock: $2)
  })

  static let swallowedCancellation = Demo.Forms(limiter: {
    Stampede(tokens: $0, period: $1, clock: $2, ignoresCancellation: true)
  })

  // MARK: The ports

  static func port(
    _ name: String,
    _ forms: Demo.Forms,
    _ policy: Demo.Policy,
    breaks law: String,
    _ change: (inout Demo.Input) -> Void = { _ in }
  ) -> NaivePort<BackpressureDemo> {
    var input = Demo.Input()
    input.policy = policy.rawValue
    input.bound = 2
    input.produce = [1, 1, 1, 1, 1, 1]
    input.consume = [3, 3, 3, 3, 3, 3]
    input.tokens = 2
    input.period = 5
    change(&input)
    return NaivePort(name: name, brokenLaw: law, input: input) {
      await Demo.run($0, recorder: $1, forms: forms)
    }
  }

  static let ports: [NaivePort<BackpressureDemo>] = [
    port(
      "unbounded AsyncStream where it should wait",
      unbounded,
      .suspend,
      breaks: Demo.neverFurtherAhead.name
    ),
    port(
      "unbounded AsyncStream where it should drop",
      unbounded,
      .dropNewest,
      breaks: Demo.neverAboveBound.name
    ),
    port(
      "bufferingOldest where it should wait",
      dropsInsteadOfWaiting,
      .suspend,
      breaks: Demo.suspendingLosesNothing.name
    ),
    port(
      "bufferingNewest for dropping the newest",
      misreadPolicy,
      .dropNewest,
      breaks: Demo.dropsAsDeclared.name
    ),
    port(
      "bufferingOldest for dropping the oldest",
      misreadPolicy,
      .dropOldest,
      breaks: Demo.dropsAsDeclared.name
    ),
    port(
      "drops that nobody counts",
      uncountedDrops,
      .dropNewest,
      breaks: Demo.everyItemAccounted.name
    ),
    port(
      "wake-up lost before the wait",
      lostWakeUp,
      .suspend,
      breaks: "deadlock"
    ) {
      $0.bound = 1
      $0.produce = [1, 1, 1]
      $0.consume = [2, 2, 2]
    },
    port(
      "refill at window borders",
      windowBorders,
      .rateLimit,
      breaks: Demo.windowHoldsItsTokens.name
    ) { $0.produce = [3, 1, 1, 1, 1, 1] },
    port(
      "steady refill",
      steadyRefill,
      .rateLimit,
      breaks: Demo.windowHoldsItsTokens.name
    ),
    port(
      "token of a cancelled waiter lost",
      lostToken,
      .rateLimit,
      breaks: Demo.noIdleToken.name
    ) { $0.patience = [0, 0, 1, 0, 0, 0] },
    port(
      "all wake up and race",
      stampede,
      .rateLimit,
      breaks: Demo.servedInTurn.name
    ),
    port(
      "cancelled sleep taken for a token",
      swallowedCancellation,
      .rateLimit,
      breaks: Demo.windowHoldsItsTokens.name
    ) { $0.patience = [0, 0, 1, 0, 0, 0] },
  ]
}
