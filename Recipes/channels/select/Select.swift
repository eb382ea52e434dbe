public import ChannelRecipe
import Synchronization

// #region select
/// Waits until one of several cases can proceed, and performs that one.
///
///     try await select {
///       Case.receive(from: jobs) { job in await run(job) }
///       Case.send(beat, to: heartbeat) {}
///       Case.timeout(.seconds(1)) { throw TooLate() }
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
nonisolated(nonsending) public func select<Output>(
  using generator: inout some RandomNumberGenerator,
  @SelectBuilder<Output> _ cases: () -> [Case<Output>]
) async throws -> Output {
  try await select(among: cases(), using: &generator)
}
// #endregion

// #region among
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
nonisolated(nonsending) public func select<Output>(
  among cases: [Case<Output>],
  using generator: inout some RandomNumberGenerator
) async throws -> Output {
  // In random order, the first one ready is any of the ready ones.
  var order = Array(cases.indices)
  for place in order.indices {
    let other = Int.random(in: place..<order.count, using: &generator)
    order.swapAt(place, other)
    if case .port(let port) = cases[order[place]].kind, try port.isServed() {
      return try await port.perform(nil)
    }
  }
  if let otherwise = defaultAction(of: cases) { return try await otherwise() }
  return try await Cases(order.map { cases[$0] }).serveFirst()
}
// #endregion

/// Like ``select(among:using:)`` with a generator that is good enough.
nonisolated(nonsending) public func select<Output>(
  among cases: [Case<Output>]
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
nonisolated(nonsending) public func select<Output>(
  inOrder cases: [Case<Output>]
) async throws -> Output {
  for one in cases {
    if case .port(let port) = one.kind, try port.isServed() {
      return try await port.perform(nil)
    }
  }
  if let otherwise = defaultAction(of: cases) { return try await otherwise() }
  return try await Cases(cases).serveFirst()
}

/// Waits until one of several cases can proceed, and performs that one.
///
/// Like ``select(using:_:)`` with a generator that is good enough for this.
nonisolated(nonsending) public func select<Output>(
  @SelectBuilder<Output> _ cases: () -> [Case<Output>]
) async throws -> Output {
  var generator = ChoiceGenerator()
  return try await select(using: &generator, cases)
}

nonisolated private func defaultAction<Output>(
  of cases: [Case<Output>]
) -> Case<Output>.Action? {
  for one in cases {
    if case .otherwise(let action) = one.kind { return action }
  }
  return nil
}

/// The cases that are waited for, where there is no default.
nonisolated private struct Cases<Output> {
  var ports: [Port<Output>] = []
  private var timers: [Timer<Output>] = []

  init(_ cases: [Case<Output>]) {
    ports.reserveCapacity(cases.count)
    for one in cases {
      switch one.kind {
      case .port(let port): ports.append(port)
      case .timer(let timer): timers.append(timer)
      case .otherwise, .absent: break
      }
    }
  }

  // #region wait
  /// Performs the case that is the first to be ready.
  nonisolated(nonsending) func serveFirst() async throws -> Output {
    let selection = Selection()
    var winner: Int?
    var tickets: [Ticket] = []
    enrolling: for (index, port) in ports.enumerated() {
      switch port.enrol(Selection.Claim(selection, index: index)) {
      case .waiting(let ticket): tickets.append(ticket)
      case .served:
        winner = index
        break enrolling
      case .lost: break enrolling
      }
    }
    if winner == nil {
      winner =
        timers.isEmpty
        ? await selection.wait() : await waitWithTimers(for: selection)
    }
    for (port, ticket) in zip(ports, tickets) { port.withdraw(ticket) }
    guard let winner else { throw CancellationError() }
    return winner < ports.count
      ? try await ports[winner].perform(selection.message)
      : try await timers[winner - ports.count].action()
  }
  // #endregion

  nonisolated(nonsending)
    private func waitWithTimers(for selection: Selection) async -> Int?
  {
    await withTaskGroup(of: Void.self) { group in
      for (index, timer) in timers.enumerated() {
        let (clock, duration) = (timer.clock, timer.duration)
        let number = ports.count + index
        group.addTask {
          guard (try? await clock.sleep(for: duration)) != nil else { return }
          _ = selection.end(number)
        }
      }
      let winner = await selection.wait()
      group.cancelAll()
      return winner
    }
  }
}

// #region cases
/// One of the cases of a `select`.
nonisolated public struct Case<Output> {
  /// What is done when the case is served.
  public typealias Action =
    nonisolated(nonsending) () async throws -> Output

  fileprivate enum Kind {
    case port(Port<Output>)
    case timer(Timer<Output>)
    case otherwise(Action)
    case absent
  }

  fileprivate let kind: Kind

  /// Receives an element, or `nil` if the channel has ended.
  ///
  /// A channel that is absent is never ready.
  public static func receive<Element: Sendable>(
    from channel: Channel<Element>?,
    perform action:
      nonisolated(nonsending) @escaping (Element?) async throws -> Output
  ) -> Case {
    guard let channel else { return Case(kind: .absent) }
    return Case(kind: .port(Port(receiving: channel, action)))
  }

  /// Sends an element, which is evaluated even if another case is served.
  ///
  /// A channel that is absent is never ready.
  public static func send<Element: Sendable>(
    _ element: Element,
    to channel: Channel<Element>?,
    perform action: @escaping Action
  ) -> Case {
    guard let channel else { return Case(kind: .absent) }
    return Case(kind: .port(Port(sending: element, to: channel, action)))
  }

  /// Served where no other case can proceed at once: then nothing waits.
  public static func `default`(perform action: @escaping Action) -> Case {
    Case(kind: .otherwise(action))
  }

  /// Served once the wait has taken so long.
  public static func timeout(
    _ duration: Duration,
    clock: any Clock<Duration> = ContinuousClock(),
    perform action: @escaping Action
  ) -> Case {
    Case(kind: .timer(Timer(duration, clock: clock, action: action)))
  }
}
// #endregion

// Its action runs where `select` is called, and may use what belongs there.
@available(*, unavailable)
nonisolated extension Case: Sendable {}

/// Lists the cases of a `select`; `if` and `for` may be used in it.
@resultBuilder
nonisolated public enum SelectBuilder<Output>: Sendable {
  /// A case.
  public static func buildExpression(_ one: Case<Output>) -> Case<Output> {
    one
  }

  /// The first case, or the first cases.
  public static func buildPartialBlock(
    first: Case<Output>
  ) -> [Case<Output>] { [first] }

  /// The first case, or the first cases.
  public static func buildPartialBlock(
    first: [Case<Output>]
  ) -> [Case<Output>] { first }

  /// The cases in their order.
  public static func buildPartialBlock(
    accumulated: consuming [Case<Output>],
    next: Case<Output>
  ) -> [Case<Output>] {
    accumulated.append(next)
    return accumulated
  }

  /// The cases in their order.
  public static func buildPartialBlock(
    accumulated: consuming [Case<Output>],
    next: [Case<Output>]
  ) -> [Case<Output>] {
    accumulated += next
    return accumulated
  }

  /// The cases of an `if` without an `else`.
  public static func buildOptional(
    _ part: [Case<Output>]?
  ) -> [Case<Output>] { part ?? [] }

  /// The cases of an `if`.
  public static func buildEither(
    first part: [Case<Output>]
  ) -> [Case<Output>] { part }

  /// The cases of an `else`.
  public static func buildEither(
    second part: [Case<Output>]
  ) -> [Case<Output>] { part }

  /// The cases of a `for`.
  public static func buildArray(
    _ parts: [[Case<Output>]]
  ) -> [Case<Output>] { parts.flatMap { $0 } }
}

nonisolated private final class Timer<Output> {
  let clock: any Clock<Duration>
  let duration: Duration
  let action: Case<Output>.Action

  init(
    _ duration: Duration,
    clock: any Clock<Duration>,
    action: @escaping Case<Output>.Action
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
  let isServed: () throws -> Bool
  let enrol: (Selection.Claim) -> Enrolment
  let withdraw: (Ticket) -> Void
  let perform:
    nonisolated(nonsending) (_ message: (any Sendable)?) async throws -> Output

  init<Element: Sendable>(
    receiving channel: Channel<Element>,
    _ action:
      nonisolated(nonsending) @escaping (Element?) async throws -> Output
  ) {
    var received: Received<Element>?
    isServed = {
      switch channel.tryReceive() {
      case .element(let element): received = .element(element)
      case .end: received = .end
      case .nothing: return false
      }
      return true
    }
    enrol = { channel.enrol(receiver: $0) }
    withdraw = { channel.withdrawReceiver($0) }
    perform = { message in
      let end = received ?? message as? Received<Element>
      received = nil  // the case may be used again, also by its action
      return try await action(try end?.get())
    }
  }

  init<Element: Sendable>(
    sending element: Element,
    to channel: Channel<Element>,
    _ action: @escaping Case<Output>.Action
  ) {
    isServed = { try channel.trySend(element) }
    enrol = { channel.enrol(sender: $0, of: element) }
    withdraw = { channel.withdrawSender($0) }
    perform = { message in
      try (message as? Sent)?.get()
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
