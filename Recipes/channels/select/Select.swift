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
/// - Parameters:
///   - generator: What chooses.
///   - cases: The cases, in any order; with none, it waits for cancellation.
/// - Returns: What the action of the case returns.
/// - Throws: `CancellationError`; ``ChannelClosedError`` if the case that is
///   chosen sends on a closed channel; or what the action throws.
/// - Complexity: O(*n*) for *n* cases, and a child task for each timeout.
nonisolated(nonsending) func select<Output>(
  using generator: inout some RandomNumberGenerator,
  @Select.Builder<Output> _ cases: () -> [Select.Case<Output>]
) async throws -> Output {
  try await select(among: cases(), using: &generator)
}

/// Like ``select(using:_:)``, of cases that are listed once and used often.
///
/// To make the cases costs more than to choose among them: in a loop whose
/// cases stay the same this is the cheaper form.
///
/// - Parameters:
///   - cases: In any order. Two calls at a time may not share them.
///   - generator: What chooses.
/// - Returns: What the action of the case returns.
/// - Throws: What ``select(using:_:)`` throws.
nonisolated(nonsending) func select<Output>(
  among cases: [Select.Case<Output>],
  using generator: inout some RandomNumberGenerator
) async throws -> Output {
  // In random order, the first one ready is any of the ready ones.
  var order = Array(cases.indices)
  for place in order.indices {
    let other = Int.random(in: place..<order.count, using: &generator)
    order.swapAt(place, other)
    if case .port(let port) = cases[order[place]].kind, try port.serveNow() {
      return try await port.perform(nil)
    }
  }
  if let otherwise = defaultAction(of: cases) { return try await otherwise() }
  return try await WaitingCases(order.map { cases[$0] }).serveFirst()
}

/// Like ``select(among:using:)`` with a generator that is good enough.
nonisolated(nonsending) func select<Output>(
  among cases: [Select.Case<Output>]
) async throws -> Output {
  var generator = ChoiceGenerator()
  return try await select(among: cases, using: &generator)
}

/// Like ``select(using:_:)``, but where several cases can proceed, the first
/// of them in the list is chosen.
///
/// - Parameter cases: The most urgent one first.
/// - Returns: What the action of the case returns.
/// - Throws: What ``select(using:_:)`` throws.
nonisolated(nonsending) func select<Output>(
  inOrder cases: [Select.Case<Output>]
) async throws -> Output {
  for one in cases {
    if case .port(let port) = one.kind, try port.serveNow() {
      return try await port.perform(nil)
    }
  }
  if let otherwise = defaultAction(of: cases) { return try await otherwise() }
  return try await WaitingCases(cases).serveFirst()
}

/// Waits until one of several cases can proceed, and performs that one.
///
/// Like ``select(using:_:)`` with a generator that is good enough for this.
nonisolated(nonsending) func select<Output>(
  @Select.Builder<Output> _ cases: () -> [Select.Case<Output>]
) async throws -> Output {
  var generator = ChoiceGenerator()
  return try await select(using: &generator, cases)
}

nonisolated private func defaultAction<Output>(
  of cases: [Select.Case<Output>]
) -> Select.Case<Output>.Action? {
  for one in cases {
    if case .otherwise(let action) = one.kind { return action }
  }
  return nil
}

/// The cases that are waited for, where there is no default.
nonisolated private struct WaitingCases<Output> {
  var ports: [Port<Output>] = []
  private var timers: [Timer<Output>] = []

  init(_ cases: [Select.Case<Output>]) {
    ports.reserveCapacity(cases.count)
    for one in cases {
      switch one.kind {
      case .port(let port): ports.append(port)
      case .timer(let timer): timers.append(timer)
      case .otherwise, .absent: break
      }
    }
  }

  /// Performs the case that is the first to be ready.
  nonisolated(nonsending) func serveFirst() async throws -> Output {
    let wait = Select.Wait()
    var enrolled = 0
    // None after the one that decides it.
    while enrolled < ports.count, ports[enrolled].enrol(wait, enrolled) {
      enrolled += 1
    }
    let isDecided = enrolled < ports.count
    let winner =
      isDecided || timers.isEmpty
      ? await wait.value() : await valueWithTimers(of: wait)
    for port in ports.prefix(enrolled) { port.withdraw() }
    guard let winner else { throw CancellationError() }
    return winner < ports.count
      ? try await ports[winner].perform(wait.outcome)
      : try await timers[winner - ports.count].action()
  }

  nonisolated(nonsending)
    private func valueWithTimers(of wait: Select.Wait) async -> Int?
  {
    await withTaskGroup(of: Void.self) { group in
      for (index, timer) in timers.enumerated() {
        let (clock, duration) = (timer.clock, timer.duration)
        let number = ports.count + index
        group.addTask {
          guard (try? await clock.sleep(for: duration)) != nil else { return }
          _ = wait.end(number)
        }
      }
      let winner = await wait.value()
      group.cancelAll()
      return winner
    }
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
    guard let channel else { return Case(kind: .absent) }
    return Case(kind: .port(Port(receiving: channel, action)))
  }

  /// Sends an element, which is evaluated even if another case is served.
  ///
  /// A channel that is absent is never ready.
  static func send<Element: Sendable, Output>(
    _ element: Element,
    to channel: Channel<Element>?,
    perform action: @escaping Case<Output>.Action
  ) -> Case<Output> {
    guard let channel else { return Case(kind: .absent) }
    return Case(kind: .port(Port(sending: element, to: channel, action)))
  }

  /// Served where no other case can proceed at once: then nothing waits.
  static func `default`<Output>(
    perform action: @escaping Case<Output>.Action
  ) -> Case<Output> {
    Case(kind: .otherwise(action))
  }

  /// Served once the wait has taken so long.
  static func timeout<Output>(
    _ duration: Duration,
    clock: any Clock<Duration> = ContinuousClock(),
    perform action: @escaping Case<Output>.Action
  ) -> Case<Output> {
    Case(kind: .timer(Timer(duration, clock: clock, action: action)))
  }

  /// One of the cases of a `select`.
  struct Case<Output> {
    /// What is done when the case is served.
    typealias Action = nonisolated(nonsending) () async throws -> Output

    fileprivate enum Kind {
      case port(Port<Output>)
      case timer(Timer<Output>)
      case otherwise(Action)
      case absent
    }

    fileprivate let kind: Kind
  }

  /// Lists the cases of a `select`; `if` and `for` may be used in it.
  @resultBuilder
  enum Builder<Output> {
    static func buildExpression(_ one: Case<Output>) -> [Case<Output>] {
      [one]
    }

    static func buildBlock(_ parts: [Case<Output>]...) -> [Case<Output>] {
      parts.flatMap { $0 }
    }

    static func buildOptional(_ part: [Case<Output>]?) -> [Case<Output>] {
      part ?? []
    }

    static func buildEither(first part: [Case<Output>]) -> [Case<Output>] {
      part
    }

    static func buildEither(second part: [Case<Output>]) -> [Case<Output>] {
      part
    }

    static func buildArray(_ parts: [[Case<Output>]]) -> [Case<Output>] {
      parts.flatMap { $0 }
    }
  }
}

// Its action runs where `select` is called, and may use what belongs there.
@available(*, unavailable)
nonisolated extension Select.Case: Sendable {}

nonisolated private final class Timer<Output> {
  let clock: any Clock<Duration>
  let duration: Duration
  let action: Select.Case<Output>.Action

  init(
    _ duration: Duration,
    clock: any Clock<Duration>,
    action: @escaping Select.Case<Output>.Action
  ) {
    self.duration = duration
    self.clock = clock
    self.action = action
  }
}

// MARK: Ports

/// A case with its channel, whose elements are of any type.
///
/// Made of closures: where `select` is specialised, they are as well, and
/// the methods of a generic class or a protocol would not be. A class, since
/// arrays of cases are copied.
nonisolated private final class Port<Output> {
  let serveNow: () throws -> Bool
  /// Takes a place at the channel; false if the wait is decided.
  let enrol: (Select.Wait, _ index: Int) -> Bool
  /// Gives the place up.
  let withdraw: () -> Void
  let perform:
    nonisolated(nonsending) (_ outcome: (any Sendable)?) async throws -> Output

  init<Element: Sendable>(
    receiving channel: Channel<Element>,
    _ action:
      nonisolated(nonsending) @escaping (Element?) async throws -> Output
  ) {
    var received: Channel<Element>.Outcome?
    var ticket: Channel<Element>.Ticket?
    serveNow = {
      switch channel.tryReceive() {
      case .element(let element): received = .received(element)
      case .end: received = .closed
      case .nothing: return false
      }
      return true
    }
    enrol = { wait, index in
      ticket = channel.enrolReceiver(wait, index)
      return ticket != nil
    }
    withdraw = { ticket.map(channel.withdraw) }
    perform = { outcome in
      let end = received ?? outcome as? Channel<Element>.Outcome
      received = nil  // the case may be used again, also by its action
      return try await action(try end?.received())
    }
  }

  init<Element: Sendable>(
    sending element: Element,
    to channel: Channel<Element>,
    _ action: @escaping Select.Case<Output>.Action
  ) {
    var ticket: Channel<Element>.Ticket?
    serveNow = { try channel.trySend(element) }
    enrol = { wait, index in
      ticket = channel.enrolSender(wait, index, of: element)
      return ticket != nil
    }
    withdraw = { ticket.map(channel.withdraw) }
    perform = { outcome in
      try (outcome as? Channel<Element>.Outcome)?.sent()
      return try await action()
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
