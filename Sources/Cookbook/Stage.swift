import Foundation
package import Simulation
import Synchronization

/// What the body of an example sees of the world, the same in both languages.
///
/// Whatever an example does to a stage becomes an ``Event``. What it does
/// besides cannot be compared.
package struct Stage: Sendable {
  /// The time of the run: virtual, unless a person looks on.
  package let clock: StageClock
  private let simulation: Simulation?
  private let recorded = Recorded()

  private final class Recorded: Sendable {
    let events = Mutex<[(event: Event, position: Simulation.Position?)]>([])
  }

  /// Begins a run now.
  package init(clock: some Clock<Duration>) {
    self.clock = StageClock(clock)
    simulation = nil
  }

  /// Begins a run in a simulation.
  package init(in simulation: Simulation) {
    clock = StageClock(simulation.clock)
    self.simulation = simulation
  }

  /// An object that lives as long as anything holds the stage.
  package var object: AnyObject { recorded }

  /// What has been recorded so far.
  package var trace: Trace {
    Trace(recorded.events.withLock { $0.map(\.event) })
  }

  /// Where in the schedule of a simulation each event happened.
  package var positions: [Simulation.Position?] {
    recorded.events.withLock { $0.map(\.position) }
  }

  /// Records an event that happens now.
  package func record(_ name: String, lane: String, item: String = "") {
    let position = simulation?.position
    // What waits for ever is cancelled in the end, to clear up, and that is no
    // part of the run.
    if position?.isAfterFailure == true { return }
    // Stamped under the lock: stamps must not decrease along the trace.
    recorded.events.withLock { events in
      let at = clock.now.offset.microseconds
      events.append(
        (Event(at: at, lane: lane, name: name, item: item), position)
      )
    }
  }

  /// Keeps a lane busy for a while, and then succeeds or fails.
  ///
  /// Records `start`, and then `end`, `fail` or `cancelled`.
  ///
  /// - Throws: ``WorkFailure`` if it is to fail; `CancellationError` as soon
  ///   as the task is cancelled.
  package func work(
    _ lane: String,
    _ milliseconds: Int,
    fails: Bool = false
  ) async throws {
    try await keep(lane) {
      try await sleep(milliseconds)
      if fails { throw WorkFailure(lane: lane) }
    }
  }

  /// Keeps the lane `STAGE ITEM` busy, as ``Chain`` expects it.
  ///
  /// The `times` are the milliseconds for the items, in turn; it fails on those
  /// of `fails`. Throws what ``work(_:_:fails:)`` throws.
  package func work(
    _ stage: String,
    on item: Int,
    for times: [Int],
    fails: [Int] = []
  ) async throws {
    try await work(
      "\(stage) \(item)",
      times.isEmpty ? 0 : times[item % times.count],
      fails: fails.contains(item)
    )
  }

  /// The work of a consumer on an item, as ``work(_:on:for:fails:)`` does it; it
  /// leaves when it has done as many as are `wanted`, if not all.
  package func consumer(
    _ stage: String,
    for times: [Int],
    fails: [Int],
    wanted: Int?
  ) -> @Sendable (Int) async throws -> Void {
    let done = Atomic(0)
    return { @Sendable item in
      try await work(stage, on: item, for: times, fails: fails)
      let count = done.add(1, ordering: .relaxed).newValue
      if count == wanted { leave(Event.caller) }
    }
  }

  /// Keeps a lane busy while `body` runs.
  ///
  /// Records `start`, and then `end`, `fail` or `cancelled`.
  package func keep<Value>(
    _ lane: String,
    busy body: () async throws -> Value
  ) async throws -> Value {
    record("start", lane: lane)
    do {
      let value = try await body()
      record("end", lane: lane)
      return value
    } catch {
      record(error is CancellationError ? "cancelled" : "fail", lane: lane)
      throw error
    }
  }

  /// Performs `body`, and cancels it after so many milliseconds, unless it has
  /// ended.
  package func cancel(
    _ lane: String,
    after milliseconds: Int?,
    _ body: @escaping @Sendable () async -> Void
  ) async {
    guard let milliseconds else { return await body() }
    await withTaskGroup(of: Bool.self) { group in
      group.addTask(name: lane) {
        await body()
        return true
      }
      group.addTask(name: "timer") {
        try? await sleep(milliseconds)
        return false
      }
      // Either the body has ended, and the timer must not outlive it, or the
      // time is up.
      if await group.next() == false, !Task.isCancelled {
        record("cancel", lane: lane)
      }
      group.cancelAll()
    }
  }

  /// Records a value that a lane came to, as JSON.
  package func say(_ lane: String, _ value: some Encodable) {
    record("say", lane: lane, item: json(value))
  }

  /// Says a value in the caller's lane: a page's code may call it `print`.
  package func print(_ value: some Encodable) { say(Event.caller, value) }

  /// Says an error in the caller's lane, by the text that is compared.
  package func print(_ error: any Error) { print(Ending.text(of: error)) }

  /// Records that a consumer wants nothing more, which stops the others.
  package func leave(_ lane: String) { record("leave", lane: lane) }

  /// Records what a lane does, for a table of steps only.
  ///
  /// A note is no part of what the languages are compared by.
  package func note(_ lane: String, _ text: String) {
    record(Event.note, lane: lane, item: text)
  }

  /// Suspends for so many milliseconds of the run's time.
  ///
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  package func sleep(_ milliseconds: Int) async throws {
    try await clock.sleep(for: .milliseconds(milliseconds))
  }

  /// Records how `body` ends in a lane of its own: `return`, or `throw` with
  /// the error.
  package func attempt(
    _ lane: String,
    _ body: () async throws -> Void
  ) async {
    let (name, item) = await Ending(of: body).event
    record(name, lane: lane, item: item)
  }

  /// Where a simulation runs all tasks; `nil` is the default executor.
  package var executor: (any TaskExecutor)? { simulation?.executor }

  /// Starts an unstructured task, which a simulation knows of.
  ///
  /// Only for wrong versions, which call it `Task`.
  package func startTask(
    _ body: @escaping @Sendable () async throws -> Void
  ) {
    _ = task(body)
  }

  /// Starts an unstructured task that is kept; see ``startTask(_:)``.
  package func task<Success: Sendable>(
    _ body: @escaping @Sendable () async throws -> Success
  ) -> Task<Success, any Error> {
    // Unstructured because that is what these examples are about.
    Task(executorPreference: executor) { try await body() }
  }
}

/// The clock of a stage: of one type, whichever clock the run has.
package struct StageClock: Clock {
  /// The time since the run began.
  package struct Instant: InstantProtocol {
    package let offset: Duration

    package func advanced(by duration: Duration) -> Instant {
      Instant(offset: offset + duration)
    }
    package func duration(to other: Instant) -> Duration {
      other.offset - offset
    }
    package static func < (left: Instant, right: Instant) -> Bool {
      left.offset < right.offset
    }
  }

  private let clock: any Clock<Duration>
  private let stopwatch: Stopwatch

  fileprivate init(_ clock: some Clock<Duration>) {
    (self.clock, stopwatch) = (clock, Stopwatch(clock: clock))
  }

  package var now: Instant { Instant(offset: stopwatch.elapsed) }
  package var minimumResolution: Duration { clock.minimumResolution }

  package func sleep(until deadline: Instant, tolerance: Duration?) async throws
  {
    try await clock.sleep(for: deadline.offset - stopwatch.elapsed)
  }
}

extension Duration {
  /// The duration in whole microseconds, rounded towards zero.
  package var microseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
  }
}

/// What took too long has been given up.
package struct TooSlow: Error, CustomStringConvertible {
  package init() {}
  package var description: String { "too slow" }
}

/// A job that was told to fail has failed.
package struct WorkFailure: Error, CustomStringConvertible {
  package var lane: String

  package init(lane: String) { self.lane = lane }

  package var description: String { "\(lane) failed" }
}

/// How a body came to its end.
package enum Ending: Hashable, Sendable {
  case returned
  case threw(String)
  /// Nothing could happen any more, and it had not returned.
  case waits
  /// The process died, or would have died.
  case died(String)

  init(of body: () async throws -> Void) async {
    do {
      try await body()
      self = .returned
    } catch {
      self = .threw(Self.text(of: error))
    }
  }

  fileprivate static func text(of error: any Error) -> String {
    error is CancellationError ? "cancelled" : "\(error)"
  }

  /// The name and item of the event that says so.
  package var event: (name: String, item: String) {
    switch self {
    case .returned: ("return", "")
    case .threw(let error): ("throw", error)
    case .waits: ("wait", "")
    case .died(let message): ("die", message)
    }
  }

  package init?(_ event: Event) {
    switch event.name {
    case "return": self = .returned
    case "throw": self = .threw(event.item)
    case "wait": self = .waits
    case "die": self = .died(event.item)
    default: return nil
    }
  }
}

extension Ending: CustomStringConvertible {
  package var description: String {
    switch self {
    case .returned: "returns"
    case .threw(let error): "throws \(error)"
    case .waits: "waits for ever"
    case .died(let message): message.isEmpty ? "dies" : "dies of \(message)"
    }
  }
}

/// A value as JSON with sorted keys, as Go's encoder writes it too.
package func json(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  do {
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  } catch {
    // What is said and what inputs hold are plain values.
    preconditionFailure("cannot encode \(value): \(error)")
  }
}
