import Cookbook

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
    wrong("uncounted-drops", breaks: .itemsAccountedFor, bound: 2) {
      input,
      stage in
      let (sensor, store, _) = input.perform(stage)
      try await buffer(input, sensor, store, { _ in })
    },
  ]

  static let wrongBuffers: [Wrong<Readings<AnyPolicy>>] = [
    wrong("unbounded", .unbounded, breaks: .bounded),
    wrong("drops-instead", .bufferingOldest(2), breaks: .dropsAsDeclared),
    Wrong(
      "lost-wake-up",
      breaks: .deadlock,
      input: Readings(bound: 1, pauses: five, stores: [2])
    ) {
      let (sensor, store, _) = $0.perform($1)
      let readings = BoundedBuffer<Int>(bound: 1, whenFull: .suspend)
      // The signal that there is room is kept for nobody.
      let (room, signal) = AsyncStream.makeStream(
        of: Void.self,
        bufferingPolicy: .bufferingNewest(0)
      )
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for try await reading in sensor {
            while try readings.offer(reading) != nil {
              // Whatever suspends here lets the consumer signal too early.
              await Task.yield()
              for await _ in room { break }
            }
          }
          readings.close()
        }
        for try await reading in readings {
          signal.yield()
          try await store(reading)
        }
        try await group.waitForAll()
      }
    },
    wrong("pause-instead", breaks: .onlyIfFull) { input, stage in
      let (_, store, report) = input.perform(stage)
      let slow = stage.source("sensor", input.pauses.map { $0 * 4 })
      try await buffer(input, slow, store, report)
    },
    wrong("asks-first", breaks: .onlyIfFull, bound: 2) { input, stage in
      let (sensor, store, _) = input.perform(stage)
      // Who asks for room before there is a reading reads it too late.
      let room = BoundedBuffer<Void>(bound: input.bound, whenFull: .suspend)
      let readings = BoundedBuffer<Int>(bound: input.bound, whenFull: .suspend)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          defer { readings.close() }
          _ = try await room.send(())
          for try await reading in sensor {
            _ = try await readings.send(reading)
            _ = try await room.send(())
          }
        }
        for try await reading in readings {
          _ = try await room.receive()
          try await store(reading)
        }
        try await group.waitForAll()
      }
    },
    wrong("polling", breaks: .noConsumerIdle) { input, stage in
      let (sensor, store, report) = input.perform(stage)
      let poll: @Sendable (Int) async throws -> Void = { reading in
        try await stage.sleep(3)
        try await store(reading)
      }
      try await buffer(input, sensor, poll, report)
    },
    Wrong(
      "task-for-each",
      breaks: .firstComeFirstServed,
      input: Readings(pauses: [1, 0], stores: [2])
    ) {
      input,
      stage in
      let (sensor, store, _) = input.perform(stage)
      let readings = BoundedBuffer<Int>(bound: 2, whenFull: .suspend)
      let send: @Sendable (Int) async throws -> Void = { reading in
        stage.note("send \(reading)", "sends \(reading)")
        try await readings.send(reading)
      }
      // #region task-for-each
      try await withThrowingTaskGroup(of: Void.self) { group in
        for try await reading in sensor {
          group.addTask(name: "send \(reading)") {
            try await send(reading)
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
      input: Readings(pauses: [1], stores: [2], cancelAfter: 2)
    ) {
      let (sensor, store, _) = $0.perform($1)
      for try await reading in sensor {
        try await $1.task { try await store(reading) }.value
      }
    },
    Wrong(
      "not-awaited",
      breaks: .allEndedOnReturn,
      input: Readings(pauses: [1])
    ) {
      let ((sensor, store, _), Task) = ($0.perform($1), $1.startTask)
      for try await reading in sensor { Task { try await store(reading) } }
    },
  ]

  private static let five = [1, 1, 1, 1, 1]

  private static func wrong<K>(
    _ name: String,
    _ policy: StreamPolicy,
    whenFull: String = K.policies[0],
    breaks law: Law<Readings<K>>
  ) -> Wrong<Readings<K>> {
    let input = Readings<K>(
      whenFull: whenFull,
      bound: 2,
      pauses: five,
      stores: [9]
    )
    return Wrong(name, breaks: law, input: input) {
      try await stream($0, $1, policy)
    }
  }

  private static func wrong<K>(
    _ name: String,
    breaks law: Law<Readings<K>>,
    bound: Int = 9,
    body: @escaping @Sendable (Readings<K>, Stage) async throws -> Void
  ) -> Wrong<Readings<K>> {
    let input = Readings<K>(bound: bound, pauses: five, stores: [9])
    return Wrong(name, breaks: law, input: input, body: body)
  }
}
