import Synchronization

/// Waits until one of several cases can proceed, and performs that one.
///
///     try await select {
///       Select.receive(from: jobs) { job in await run(job) }
///       Select.send(beat, to: heartbeat) {}
///       Select.timeout(.seconds(1)) { throw TooLate() }
///     }
///
/// Exactly one case is served; the others lose nothing. Where several can
/// proceed, each is chosen with the same probability. Cases are asked one
/// after the other: one that becomes ready after it was asked may find that
/// another one, or the default, has been chosen.
///
/// **Cancellation** ends the wait, and no case is served then. A case that
/// can proceed at once is served in a cancelled task too.
///
/// - Parameter cases: In any order; with none, it waits for cancellation.
/// - Returns: What the action of the case returns.
/// - Throws: `CancellationError`; ``ChannelClosedError`` if the case that is
///   chosen sends on a closed channel; or what the action throws.
/// - Complexity: O(*n*) for *n* cases, and a child task for each timeout.
nonisolated(nonsending) func select<Output>(
  @Select.Builder<Output> _ cases: () -> [Select.Case<Output>]
) async throws -> Output {
  try await select(among: cases())
}

/// Like ``select(_:)``, of cases that are listed once and used often.
///
/// To list the cases costs more than to choose among them: in a loop whose
/// cases stay the same this is the cheaper form.
///
/// - Parameter cases: In any order. Two calls at a time may not share them.
/// - Returns: What the action of the case returns.
/// - Throws: What ``select(_:)`` throws.
nonisolated(nonsending) func select<Output>(
  among cases: [Select.Case<Output>]
) async throws -> Output {
  var generator = ChoiceGenerator()
  return try await Select.first(of: cases) {
    Int.random(in: $0, using: &generator)
  }
}

/// What the cases of a `select` are made of.
nonisolated enum Select {
  /// Receives an element, or `nil` if the channel has ended.
  ///
  /// A channel that is absent is never ready.
  static func receive<Element: Sendable, Output>(
    from channel: Channel<Element>?,
    perform action:
      nonisolated(nonsending) @escaping (Element?) async throws -> Output
  ) -> Case<Output> {
    guard let channel else { return .never }
    typealias Outcome = Channel<Element>.Outcome
    return Case {
      switch channel.tryReceive() {
      case .element(let element): Outcome.received(element)
      case .end: Outcome.closed
      case .nothing: nil
      }
    } enrol: {
      channel.enrolReceiver($0, $1)
    } perform: { outcome in
      try await action((outcome as? Outcome)?.received())
    }
  }

  /// Sends an element, which is evaluated even if another case is served.
  ///
  /// A channel that is absent is never ready.
  static func send<Element: Sendable, Output>(
    _ element: Element,
    to channel: Channel<Element>?,
    perform action: @escaping Case<Output>.Action
  ) -> Case<Output> {
    guard let channel else { return .never }
    typealias Outcome = Channel<Element>.Outcome
    return Case {
      try channel.trySend(element) ? Outcome.sent : nil
    } enrol: {
      channel.enrolSender($0, $1, of: element)
    } perform: { outcome in
      try (outcome as? Outcome)?.sent()
      return try await action()
    }
  }

  /// Served where no other case can proceed at once: then nothing waits.
  static func `default`<Output>(
    perform action: @escaping Case<Output>.Action
  ) -> Case<Output> {
    Case(isDefault: true) { _ in try await action() }
  }

  /// Served once the wait has taken so long.
  static func timeout<Output>(
    _ duration: Duration,
    clock: any Clock<Duration> = ContinuousClock(),
    perform action: @escaping Case<Output>.Action
  ) -> Case<Output> {
    // `ContinuousClock` traps where the instant is out of its range.
    let time = min(duration, .seconds(1 << 40))
    return Case(sleep: { try await clock.sleep(for: time) }) { _ in
      try await action()
    }
  }

  /// One of the cases of a `select`.
  final class Case<Output> {
    /// What is done when the case is served.
    typealias Action = nonisolated(nonsending) () async throws -> Output

    // Closures: where `select` is specialised, they are as well, and the
    // methods of a generic class or a protocol would not be. In a class, since
    // arrays of cases are copied.
    /// Serves the case if it can proceed, and returns the outcome.
    fileprivate let serveNow: () throws -> (any Sendable)?
    /// Takes a place at the channel, and returns what gives it up; `nil` if the
    /// wait is decided.
    fileprivate let enrol: (Wait, _ index: Int) -> (() -> Void)?
    fileprivate let isDefault: Bool
    fileprivate let sleep: (@Sendable () async throws -> Void)?
    fileprivate let perform:
      nonisolated(nonsending) (_ outcome: (any Sendable)?) async throws ->
        Output

    fileprivate static var never: Case {
      Case { _ in throw CancellationError() }
    }

    fileprivate init(
      serveNow: @escaping () throws -> (any Sendable)? = { nil },
      enrol: @escaping (Wait, Int) -> (() -> Void)? = { _, _ in {} },
      isDefault: Bool = false,
      sleep: (@Sendable () async throws -> Void)? = nil,
      perform:
        nonisolated(nonsending) @escaping ((any Sendable)?) async throws ->
        Output
    ) {
      (self.serveNow, self.enrol, self.perform) = (serveNow, enrol, perform)
      (self.isDefault, self.sleep) = (isDefault, sleep)
    }
  }

  /// Lists the cases of a `select`; `if` and `for` may be used in it.
  @resultBuilder
  enum Builder<Output> {
    /// What is listed so far; an array would be copied at each step.
    final class Cases {
      fileprivate var all: [Case<Output>] = []

      fileprivate init() { all.reserveCapacity(8) }

      fileprivate func adding(_ one: Case<Output>) -> Cases {
        all.append(one)
        return self
      }

      fileprivate func adding(_ others: Cases) -> Cases {
        all += others.all
        return self
      }
    }

    static func buildExpression(_ one: Case<Output>) -> Case<Output> { one }
    static func buildBlock() -> Cases { Cases() }
    static func buildPartialBlock(first: Case<Output>) -> Cases {
      Cases().adding(first)
    }
    static func buildPartialBlock(first: Cases) -> Cases { first }
    static func buildPartialBlock(
      accumulated: Cases,
      next: Case<Output>
    ) -> Cases { accumulated.adding(next) }
    static func buildPartialBlock(accumulated: Cases, next: Cases) -> Cases {
      accumulated.adding(next)
    }
    static func buildOptional(_ part: Cases?) -> Cases { part ?? Cases() }
    static func buildEither(first part: Cases) -> Cases { part }
    static func buildEither(second part: Cases) -> Cases { part }
    static func buildArray(_ parts: [Cases]) -> Cases {
      parts.reduce(Cases()) { $0.adding($1) }
    }
    static func buildFinalResult(_ cases: Cases) -> [Case<Output>] { cases.all }
  }
}

// Its action runs where `select` is called, and may use what belongs there.
@available(*, unavailable)
nonisolated extension Select.Case: Sendable {}

// MARK: Choosing and waiting

nonisolated extension Select {
  /// Like `select(among:)`, with a choice of your own, for instance from a
  /// seed.
  ///
  /// - Parameters:
  ///   - cases: The cases.
  ///   - choose: Which of these places is to be asked next. In random order,
  ///     the first one ready is any of the ready ones.
  /// - Returns: What the action of the case returns.
  /// - Throws: What ``select(_:)`` throws.
  nonisolated(nonsending) static func first<Output>(
    of cases: [Case<Output>],
    choose: (Range<Int>) -> Int
  ) async throws -> Output {
    var order = Array(cases.indices)
    for place in order.indices {
      order.swapAt(place, choose(place..<order.count))
      let one = cases[order[place]]
      if let outcome = try one.serveNow() {
        return try await one.perform(outcome)
      }
    }
    if let one = cases.first(where: \.isDefault) {
      return try await one.perform(nil)
    }
    let wait = Wait()
    var leave: [() -> Void] = []
    var isDecided = false
    for index in order where !isDecided {
      if let place = cases[index].enrol(wait, index) {
        leave.append(place)
      } else {
        isDecided = true
      }
    }
    let winner =
      isDecided
      ? await wait.value() : await value(of: wait, startingTimersOf: cases)
    for leave in leave { leave() }
    guard let winner else { throw CancellationError() }
    return try await cases[winner].perform(wait.outcome)
  }

  nonisolated(nonsending) private static func value<Output>(
    of wait: Wait,
    startingTimersOf cases: [Case<Output>]
  ) async -> Int? {
    if cases.allSatisfy({ $0.sleep == nil }) { return await wait.value() }
    return await withTaskGroup(of: Void.self) { group in
      for (index, one) in cases.enumerated() {
        guard let sleep = one.sleep else { continue }
        group.addTask {
          // A sleep that is cut short is no timeout.
          guard (try? await sleep()) != nil else { return }
          _ = wait.end(index)
        }
      }
      let winner = await wait.value()
      group.cancelAll()
      return winner
    }
  }
}

/// Chooses well enough, and much faster than the system's generator.
///
/// The algorithm is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
nonisolated private struct ChoiceGenerator: RandomNumberGenerator {
  private static let state = Atomic<UInt64>(.random(in: 0 ... .max))

  mutating func next() -> UInt64 {
    var mixed = Self.state.wrappingAdd(
      0x9E37_79B9_7F4A_7C15,
      ordering: .relaxed
    ).newValue
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
