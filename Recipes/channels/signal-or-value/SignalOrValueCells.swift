import Cookbook
import Synchronization

extension SignalOrValueExamples {
  /// A way to signal, and to wait for it.
  struct Way: Sendable {
    let signal: @Sendable () async throws -> Void
    let wait: @Sendable () async throws -> Void

    static func value(capacity: Int) -> Way {
      let channel = Channel<Void>(capacity: capacity)
      return Way {
        try await channel.send(())
      } wait: {
        _ = try await channel.receive()
      }
    }

    static func gate() -> Way {
      let gate = Gate<Void>()
      return Way {
        gate.open()
      } wait: {
        try await gate.wait()
      }
    }

    /// How many of three tasks one signal lets through.
    func released(_ stage: Stage, isFirst: Bool) async throws -> Int {
      let count = Atomic(0)
      return try await withThrowingTaskGroup { group in
        func signalSoon() async throws {
          group.addTask { try await signal() }
          try await stage.sleep(1)
        }
        if isFirst { try await signalSoon() }
        for _ in 1...3 {
          group.addTask { @Sendable in
            try await wait()
            count.add(1, ordering: .relaxed)
          }
        }
        try await stage.sleep(1)
        if !isFirst { try await signalSoon() }
        defer { group.cancelAll() }
        return count.load(ordering: .relaxed)
      }
    }
  }

  private static let ways: KeyValuePairs<String, @Sendable () -> Way> = [
    "value": { .value(capacity: 0) },
    "buffered": { .value(capacity: 1) },
    "close": Way.gate,
  ]

  static let cells = [
    ("signal-to-three", false), ("signal-before-three", true),
  ].flatMap { name, isFirst in
    ways.map { way in
      Example("\(name)-\(way.key)", .outcome) { stage in
        stage.print(try await way.value().released(stage, isFirst: isFirst))
      }
    }
  }
}
