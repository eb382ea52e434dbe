package import Cookbook
import Synchronization

/// A dozen items from a fast producer for a slow consumer.
package enum BackpressureDemo: Demo {
  package enum Policy: String, Codable, CaseIterable, Sendable {
    case suspend, dropNewest, dropOldest, rateLimit
  }

  package struct Input: DemoInput {
    package var policy = Policy.suspend.rawValue
    package var bound = 3
    package var produce = [10, 10, 10, 10, 10, 10, 10, 10, 60, 10, 10, 10]
    package var consume = [27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27]
    package var tokens = 3
    package var period = 70
    package var patience: [Int] = []
    package var cancelAfter: Int?

    package init() {}

    package static let help: KeyValuePairs = [
      "policy": "suspend, dropNewest, dropOldest or rateLimit",
      "bound": "the items that the buffer holds, 1 to 1024",
      "produce": "the milliseconds before each item",
      "consume": "the milliseconds that the consumer takes for each item",
      "tokens": "rateLimit: how many requests start in a period, 1 to 1024",
      "period": "rateLimit: the milliseconds of a period",
      "patience":
        "rateLimit: the milliseconds that each request waits; "
        + "0 or empty: as long as it takes",
      "cancelAfter": "cancel everything after so many milliseconds",
    ]

    /// How long the request waits for a token, if not for ever.
    func patience(of item: Int) -> Int? {
      patience.isEmpty || patience[item] == 0 ? nil : patience[item]
    }

    package func validate() throws(InputError) {
      guard Policy(rawValue: policy) != nil else {
        let policies = Policy.allCases.map(\.rawValue).joined(separator: ", ")
        throw InputError(
          field: "policy",
          problem: "must be one of \(policies), not \(policy)"
        )
      }
      try InputError.require(bound, in: 1...1024, "bound")
      guard produce.count <= 100_000 else {
        throw InputError(
          field: "produce",
          problem: "must be at most 100000, not \(produce.count)"
        )
      }
      for (name, list, mayBeEmpty) in [
        ("consume", consume, false), ("patience", patience, true),
      ] where list.count != produce.count && !(mayBeEmpty && list.isEmpty) {
        throw InputError(
          field: name,
          problem: "must have one element for each of the "
            + "\(produce.count) items, not \(list.count)"
        )
      }
      for (name, list) in [
        ("produce", produce), ("consume", consume), ("patience", patience),
      ] {
        for milliseconds in list {
          try InputError.require(milliseconds, in: 0...86_400_000_000, name)
        }
      }
      try InputError.require(tokens, in: 1...1024, "tokens")
      try InputError.require(period, in: 1...86_400_000_000, "period")
      if let cancelAfter {
        try InputError.require(
          cancelAfter,
          in: 0...86_400_000_000,
          "cancelAfter"
        )
      }
    }
  }

  package struct Outcome: Codable, Equatable, Sendable {
    /// The items that the consumer took, in order.
    package var delivered: [Int] = []
    /// The items that the policy gave up, in order.
    package var dropped: [Int] = []
    package var error: String?
    /// The items that were neither, because of a cancellation.
    package var left: [Int] = []
  }

  /// What the demo asks of a buffer.
  package protocol Buffer: Sendable {
    /// Returns what was dropped.
    nonisolated(nonsending) func send(_ item: Int) async throws -> Int?
    nonisolated(nonsending) func receive() async throws -> Int?
    func close()
  }

  /// What the demo asks of a limiter.
  package protocol Limiter: Sendable {
    nonisolated(nonsending) func wait() async throws
  }

  /// Makes buffers and limiters, so that tests can put others in the
  /// pattern's place.
  package struct Forms: Sendable {
    package typealias MakeBuffer = @Sendable (Policy, Int) -> any Buffer
    package typealias MakeLimiter =
      @Sendable (Int, Duration, any Clock<Duration>) -> any Limiter

    package var buffer: MakeBuffer
    package var limiter: MakeLimiter

    package init(
      buffer: @escaping MakeBuffer = pattern.buffer,
      limiter: @escaping MakeLimiter = pattern.limiter
    ) {
      self.buffer = buffer
      self.limiter = limiter
    }

    package static let pattern = Forms(
      buffer: { policy, bound in
        let whenFull: BackpressureBuffer<Int>.Policy =
          switch policy {
          case .suspend, .rateLimit: .suspend
          case .dropNewest: .dropNewest
          case .dropOldest: .dropOldest
          }
        return BackpressureBuffer(bound: bound, whenFull: whenFull)
      },
      limiter: { tokens, period, clock in
        func bucket<C: Clock<Duration>>(_ clock: C) -> any Limiter {
          TokenBucket(tokens: tokens, per: period, clock: clock)
        }
        return bucket(clock)
      }
    )
  }

  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    await run(input, recorder: recorder, forms: .pattern)
  }

  /// The demo around any buffer and limiter, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    forms: Forms
  ) async -> Outcome {
    let stage = Stage(input: input, recorder: recorder, forms: forms)
    await withTaskCancellationHandler {
      guard let milliseconds = input.cancelAfter else {
        return await stage.run()
      }
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          await stage.run()
          return true
        }
        group.addTask {
          try? await recorder.sleep(milliseconds: milliseconds)
          return false
        }
        // Either all is done, and the timer must not outlive it, or the
        // time is up.
        if await group.next() == false, !Task.isCancelled {
          recorder.record("cancel", lane: "caller")
        }
        group.cancelAll()
      }
    } onCancel: {
      recorder.record("cancel", lane: "caller")
    }
    recorder.record("return", lane: "caller")
    return stage.outcome
  }
}

/// One run of the demo.
private final class Stage: Sendable {
  private let input: BackpressureDemo.Input
  private let recorder: TraceRecorder
  private let forms: BackpressureDemo.Forms
  private let result = Mutex(BackpressureDemo.Outcome())

  init(
    input: BackpressureDemo.Input,
    recorder: TraceRecorder,
    forms: BackpressureDemo.Forms
  ) {
    self.input = input
    self.recorder = recorder
    self.forms = forms
  }

  var outcome: BackpressureDemo.Outcome {
    var outcome = result.withLock { $0 }
    outcome.left.sort()  // they leave together
    return outcome
  }

  func run() async {
    switch BackpressureDemo.Policy(rawValue: input.policy) {
    case .rateLimit: await limited()
    case let policy?: await buffered(forms.buffer(policy, input.bound))
    case nil: break
    }
  }

  private func buffered(_ buffer: any BackpressureDemo.Buffer) async {
    await withTaskGroup { group in
      group.addTask {
        await self.orCancelled { try await self.produce(buffer) }
      }
      group.addTask {
        await self.orCancelled { try await self.consume(buffer) }
      }
    }
    // Neither waits: the buffer is closed.
    while let item = try? await buffer.receive() {
      result.withLock { $0.left.append(item) }
    }
  }

  private func orCancelled(_ work: () async throws -> Void) async {
    do { try await work() } catch {
      result.withLock { $0.error = "cancelled" }
    }
  }

  // #region produce
  private func produce(_ buffer: any BackpressureDemo.Buffer) async throws {
    defer { buffer.close() }
    for (item, pause) in input.produce.enumerated() {
      try await recorder.sleep(milliseconds: pause)
      recorder.record("offer", lane: "producer", item: "\(item)")
      do {
        if let dropped = try await buffer.send(item) {
          recorder.record("drop", lane: "buffer", item: "\(dropped)")
          result.withLock { $0.dropped.append(dropped) }
        }
      } catch {
        recorder.record("refused", lane: "producer", item: "\(item)")
        throw error
      }
      recorder.record("sent", lane: "producer", item: "\(item)")
    }
  }
  // #endregion

  // #region consume
  private func consume(_ buffer: any BackpressureDemo.Buffer) async throws {
    while let item = try await buffer.receive() {
      result.withLock { $0.delivered.append(item) }
      try await use(item, lane: "consumer")
    }
  }
  // #endregion

  /// What the downstream system does with an item.
  private func use(_ item: Int, lane: String) async throws {
    recorder.record("start", lane: lane, item: "\(item)")
    do {
      try await recorder.sleep(milliseconds: input.consume[item])
    } catch {
      recorder.record("cancelled", lane: lane, item: "\(item)")
      throw error
    }
    recorder.record("end", lane: lane, item: "\(item)")
  }

  private func limited() async {
    let limiter = forms.limiter(
      input.tokens,
      .milliseconds(input.period),
      recorder.clock
    )
    await withTaskGroup { group in
      await orCancelled {
        for (item, pause) in input.produce.enumerated() {
          try await recorder.sleep(milliseconds: pause)
          group.addTask {
            await self.orCancelled { try await self.request(item, limiter) }
          }
        }
      }
    }
  }

  // #region request
  /// One call to the downstream system.
  private func request(
    _ item: Int,
    _ limiter: any BackpressureDemo.Limiter
  ) async throws {
    let lane = "request \(item)"
    recorder.record("wait", lane: lane, item: "\(item)")
    guard await isGranted(item, limiter) else {
      recorder.record("leave", lane: lane, item: "\(item)")
      let isCancelled = Task.isCancelled
      result.withLock { result in
        if isCancelled {
          result.left.append(item)
        } else {
          result.dropped.append(item)
        }
      }
      if isCancelled { throw CancellationError() }
      return
    }
    result.withLock { $0.delivered.append(item) }
    try await use(item, lane: lane)
  }
  // #endregion

  /// Whether the request came by a token while it had patience.
  private func isGranted(
    _ item: Int,
    _ limiter: any BackpressureDemo.Limiter
  ) async -> Bool {
    func wait() async -> Bool {
      do { try await limiter.wait() } catch { return false }
      return true
    }
    guard let patience = input.patience(of: item) else { return await wait() }
    return await withTaskGroup(of: Bool.self) { group in
      group.addTask { await wait() }
      group.addTask { [recorder] in
        try? await recorder.sleep(milliseconds: patience)
        return false
      }
      var isGranted = await group.next() ?? false
      group.cancelAll()
      // The token may have come at the instant at which the patience ended.
      for await other in group { isGranted = isGranted || other }
      return isGranted
    }
  }
}

extension BackpressureBuffer: BackpressureDemo.Buffer where Element == Int {}

extension TokenBucket: BackpressureDemo.Limiter {}
