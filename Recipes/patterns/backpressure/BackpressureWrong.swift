import Cookbook

/// Wrong buffers and limits, each as somebody would write it.
extension BackpressureExamples {
  static let wrongStreams: [Wrong<Readings<Dropping>>] = [
    wrong("unbounded", .unbounded, breaks: .bounded),
    wrong("misread-newest", .bufferingNewest(2), breaks: .dropsAsDeclared),
    wrong(
      "misread-oldest",
      .bufferingOldest(2),
      whenFull: "dropOldest",
      breaks: .dropsAsDeclared
    ),
    Wrong("uncounted-drops", breaks: .itemsAccountedFor, input: readings()) {
      let buffer = BoundedBuffer<Int>(bound: 2, whenFull: .dropNewest)
      let silent = WrongBuffer(buffer) { reading in
        _ = try await buffer.send(reading)
        return nil
      }
      try await pass(silent, $0, $1)
    },
  ]

  static let wrongBuffers: [Wrong<Readings<AnyPolicy>>] = [
    wrong("unbounded", .unbounded, breaks: .bounded),
    wrong("drops-instead", .bufferingOldest(2), breaks: .dropsAsDeclared),
    Wrong("lost-wake-up", breaks: .deadlock, input: readings(bound: 1)) {
      try await pass(lostWakeUp(), $0, $1)
    },
    Wrong("pause-instead", breaks: .onlyIfFull, input: readings(bound: 9)) {
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
    Wrong("polling", breaks: .noConsumerIdle, input: readings(bound: 9)) {
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
    Wrong(
      "task-for-each",
      breaks: .firstComeFirstServed,
      input: readings([1, 0])
    ) {
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
    Wrong(
      "lost-cancellation",
      breaks: .cancelledEndsAtOnce,
      input: Readings(pauses: [1], stores: [9], cancelAfter: 5)
    ) {
      let (sensor, store, _) = $0.perform($1)
      for try await reading in sensor {
        try await $1.task { try await store(reading) }.value
      }
    },
    Wrong("not-awaited", breaks: .allEndedOnReturn, input: readings([1])) {
      let ((sensor, store, _), Task) = ($0.perform($1), $1.startTask)
      for try await reading in sensor { Task { try await store(reading) } }
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

  /// Waits for room by a signal that is kept for nobody.
  private static func lostWakeUp() -> WrongBuffer {
    let buffer = BoundedBuffer<Int>(bound: 1, whenFull: .suspend)
    let (room, signal) = AsyncStream.makeStream(
      of: Void.self,
      bufferingPolicy: .bufferingNewest(0)
    )
    var wrong = WrongBuffer(buffer) { reading in
      while try buffer.offer(reading) != nil {
        // Whatever suspends here lets the consumer signal too early.
        await Task.yield()
        for await _ in room { break }
      }
      return nil
    }
    wrong.receive = {
      defer { signal.yield() }
      return try await buffer.receive()
    }
    return wrong
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
}
