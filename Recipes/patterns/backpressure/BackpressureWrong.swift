import Cookbook
import Synchronization

/// Wrong buffers and limits, each as somebody would write it.
extension BackpressureExamples {
  static let wrongStreams: [Wrong<Readings<Dropping>>] = [
    wrong("unbounded", .unbounded, breaks: bounded()),
    wrong("misread-newest", .bufferingNewest(2), breaks: asDeclared()),
    wrong(
      "misread-oldest",
      .bufferingOldest(2),
      whenFull: "dropOldest",
      breaks: asDeclared()
    ),
    Wrong("uncounted-drops", breaks: accounted(), input: readings()) {
      let buffer = BoundedBuffer<Int>(bound: 2, whenFull: .dropNewest)
      let silent = WrongBuffer(buffer) { reading in
        _ = try await buffer.send(reading)
        return nil
      }
      try await pass(silent, $0, $1)
    },
  ]

  static let wrongBuffers: [Wrong<Readings<AnyPolicy>>] = [
    wrong("unbounded", .unbounded, breaks: bounded()),
    wrong("drops-instead", .bufferingOldest(2), breaks: asDeclared()),
    Wrong("lost-wake-up", breaks: .deadlock, input: readings(bound: 1)) {
      try await pass(lostWakeUp(), $0, $1)
    },
    Wrong("pause-instead", breaks: onlyIfFull(), input: readings(bound: 9)) {
      input,
      stage in
      let buffer = BoundedBuffer<Int>(bound: 9, whenFull: .suspend)
      let paced = WrongBuffer(buffer) { reading in
        try await buffer.send(reading)
        try await stage.sleep(3)
        return nil
      }
      try await pass(paced, input, stage)
    },
    Wrong("polling", breaks: noIdleConsumer(), input: readings(bound: 9)) {
      input,
      stage in
      let buffer = BoundedBuffer<Int>(bound: 9, whenFull: .suspend)
      var polled = WrongBuffer(buffer)
      polled.receive = {
        try await stage.sleep(3)
        return try await buffer.receive()
      }
      try await pass(polled, input, stage)
    },
    Wrong("task-for-each", breaks: inOrder(), input: readings([1, 0])) {
      let (sensor, store, _) = $0.perform($1)
      let readings = BoundedBuffer<Int>(bound: 2, whenFull: .suspend)
      // #region task-for-each
      try await withThrowingTaskGroup(of: Void.self) { group in
        for try await reading in sensor {
          group.addTask(name: "send \(reading)") {
            try await readings.send(reading)
          }
        }
        try await group.waitForAll()
      }
      // #endregion
      readings.close()
      for try await reading in readings { try await store(reading) }
    },
  ]

  private static func readings<K>(
    _ pauses: [Int] = [1, 1, 1, 1, 1],
    bound: Int = 2,
    whenFull: String = K.policies[0]
  ) -> Readings<K> {
    Readings(whenFull: whenFull, bound: bound, pauses: pauses, stores: [2])
  }

  private static func wrong<K>(
    _ name: String,
    _ policy: StreamPolicy,
    whenFull: String = K.policies[0],
    breaks law: Law<Readings<K>>
  ) -> Wrong<Readings<K>> {
    var input: Readings<K> = readings(whenFull: whenFull)
    input.stores = [9]
    return Wrong(name, breaks: law, input: input) {
      try await stream($0, $1, policy)
    }
  }

  /// Waits for room by a signal that is kept for nobody: a producer that has
  /// looked and does not wait yet never gets it.
  private static func lostWakeUp() -> WrongBuffer {
    let buffer = BoundedBuffer<Int>(bound: 9, whenFull: .suspend)
    let (room, signal) = AsyncStream.makeStream(
      of: Void.self,
      bufferingPolicy: .bufferingNewest(0)
    )
    let isFull = Flag()
    var wrong = WrongBuffer(buffer) { reading in
      while isFull.value {
        // Whatever suspends here lets the consumer signal too early.
        await Task.yield()
        for await _ in room { break }
      }
      isFull.value = true
      return try await buffer.send(reading)
    }
    wrong.receive = {
      let reading = try await buffer.receive()
      isFull.value = false
      signal.yield()
      return reading
    }
    return wrong
  }

  private final class Flag: Sendable {
    private let flag = Atomic(false)

    var value: Bool {
      get { flag.load(ordering: .relaxed) }
      set { flag.store(newValue, ordering: .relaxed) }
    }
  }

  /// A buffer with something else in the place of one of its functions.
  struct WrongBuffer: ReadingBuffer, AsyncIteratorProtocol {
    private let buffer: BoundedBuffer<Int>
    private let sending: @Sendable (Int) async throws -> Int?
    fileprivate var receive: @Sendable () async throws -> Int?

    init(
      _ buffer: BoundedBuffer<Int>,
      send: (@Sendable (Int) async throws -> Int?)? = nil
    ) {
      self.buffer = buffer
      sending = send ?? { try await buffer.send($0) }
      receive = { try await buffer.receive() }
    }

    func send(_ reading: Int) async throws -> Int? {
      try await sending(reading)
    }
    func next() async throws -> Int? { try await receive() }
    func makeAsyncIterator() -> Self { self }
    func close() { buffer.close() }
  }

  // MARK: Limits

  static let wrongLimits = [
    wrong("window-borders", breaks: tokensSuffice, [8, 1, 1, 1]) { limit in
      try await limit.sleep(until: limit.use { $0.reserveInWindow($1) })
    },
    wrong("lost-token", breaks: noIdleToken, cancelSecond: 2) { limit in
      try await limit.sleep(until: limit.use { $0.reserve($1) })
    },
    wrong("swallowed-cancellation", breaks: tokensSuffice, cancelSecond: 2) {
      limit in
      try? await limit.sleep(until: limit.use { $0.reserve($1) })
    },
    wrong("deaf-wait", breaks: endsAtOnce(), cancelAfter: 5) { limit in
      let start = limit.use { $0.reserve($1) }
      try await limit.stage.task { try await limit.sleep(until: start) }.value
      try Task.checkCancellation()
    },
    wrong("all-wake-up", breaks: inOrder()) { limit in
      while let due = limit.use({ $0.due(after: $1) }) {
        try await limit.sleep(until: due)
      }
    },
    Wrong("not-awaited", breaks: .allEndedOnReturn, input: Requests()) {
      input,
      stage in
      let Task = stage.startTask
      for try await request in Sensor(input.pauses, stage) {
        Task { try await stage.work("request \(request)", 1) }
      }
    },
  ]

  private static func wrong(
    _ name: String,
    breaks law: Law<Requests>,
    _ pauses: [Int] = [1, 1, 1],
    cancelSecond: Int? = nil,
    cancelAfter: Int? = nil,
    take: @escaping @Sendable (Limit) async throws -> Void
  ) -> Wrong<Requests> {
    let input = Requests(
      burst: pauses.count / 2,
      every: 5,
      pauses: pauses,
      calls: [1],
      cancelSecond: cancelSecond,
      cancelAfter: cancelAfter
    )
    return Wrong(name, breaks: law, input: input) { input, stage in
      let limit = Limit(input, stage)
      try await input.perform(stage) { request, call in
        try await take(limit)
        try await call(request)
      }
    }
  }

  private final class Limit: Sendable {
    let stage: Stage
    private let watch: Stopwatch
    private let state: Mutex<State>

    init(_ input: Requests, _ stage: Stage) {
      self.stage = stage
      watch = Stopwatch(clock: stage.clock)
      state = Mutex(
        State(burst: input.burst, every: .milliseconds(input.every))
      )
    }

    func use<T: Sendable>(_ body: (inout State, _ now: Duration) -> T) -> T {
      state.withLock { body(&$0, watch.elapsed) }
    }

    func sleep(until time: Duration) async throws {
      try await stage.clock.sleep(for: time - watch.elapsed)
    }

    struct State: Sendable {
      let (burst, every): (Int, Duration)
      private var (full, window, used) = (Duration.zero, 0, 0)

      init(burst: Int, every: Duration) {
        (self.burst, self.every) = (burst, every)
      }

      /// Takes a token that is there or will be; returns when.
      mutating func reserve(_ now: Duration) -> Duration {
        full = max(full, now) + every
        return full - every * burst
      }

      /// Takes a token unless there is none; returns when to try again.
      mutating func due(after now: Duration) -> Duration? {
        let due = full - every * (burst - 1)
        if due <= now { _ = reserve(now) }
        return due <= now ? nil : due
      }

      /// The same with a bucket that is filled up at each border.
      mutating func reserveInWindow(_ now: Duration) -> Duration {
        let current = Int(now / (every * burst))
        if current > window { (window, used) = (current, 0) }
        if used == burst { (window, used) = (window + 1, 0) }
        used += 1
        return every * burst * window
      }
    }
  }
}
