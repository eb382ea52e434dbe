import Cookbook

extension ContextCancellationExamples {
  @TaskLocal static var user: String?

  /// A page whose parts load their own data and then their own parts.
  ///
  /// Number 0 has 1 and 2, and number 1 has 3 and 4. The limit of an even part
  /// counts from the beginning, that of an odd one from its start.
  struct Request: ExampleInput {
    var work: [Int] = []
    var limits: [Int] = []
    var limited: [Int] = []
    var stopped: [Int] = []
    var values: [Int] = []
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(\.work, random: 0...7, "the milliseconds of each part"),
        .durations(\.limits, random: 0...7, "milliseconds for the next two"),
        .indices(\.limited, of: \.limits, "the parts with a deadline then"),
        .indices(\.stopped, of: \.limits, "the parts that are cancelled then"),
        .indices(\.values, of: \.work, "the parts that set a value"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    static let page = Request(
      work: [10, 15, 40, 40, 10],
      limits: [0, 30, 15],
      limited: [1],
      stopped: [2],
      values: [0, 2]
    )

    /// Deadlines in one another, and ties with a deadline and a cancellation.
    static let small: [(Request, Int)] = [
      (Request(work: [1, 2], limits: [9, 4], limited: [0, 1]), 1_620),
      (Request(work: [1, 2], limits: [2], limited: [0]), 9),
      (Request(work: [1, 1], limits: [2], stopped: [0]), 612),
    ]

    func stop(_ part: Int) -> Int? {
      stopped.contains(part) && !limited.contains(part) ? limits[part] : nil
    }

    /// The part, what it belongs to, and so on.
    func path(from part: Int) -> [Int] {
      part > 0 ? [part] + path(from: (part - 1) / 2) : [0]
    }

    func name(_ part: Int) -> String {
      ["page", "page/user", "page/ads", "page/user/face", "page/user/friends"]
        .dropFirst(part).first ?? "part \(part)"
    }
  }

  /// A request that runs, with what wrong versions do in another way.
  struct Tree: Sendable {
    typealias Load = @Sendable () async throws -> Void

    let input: Request
    let stage: Stage
    /// Loads a part within its limit, if it has one.
    var within: @Sendable (Int, Load) async throws -> Void
    /// The deadline that a part sees, in milliseconds of the run.
    var deadline: @Sendable (Int) -> Int?
    /// The value of a part that sets one.
    var value: @Sendable (String) -> String = { $0 }
    var reason = { @Sendable in Task.cancellationReason }
    /// Whether the deadline that has expired is no outer one.
    var isOwn = { @Sendable in !Task.isCancelled }
    var loadAll: @Sendable (Tree, [Int]) async -> Void = { tree, parts in
      await withTaskGroup { group in
        for part in parts { group.addTask { await tree.load(part) } }
      }
    }

    init<C: Clock<Duration>>(_ input: Request, _ stage: Stage, clock: C) {
      let beginning = clock.now
      self.input = input
      self.stage = stage
      within = { part, load in
        guard input.limited.contains(part) else { return try await load() }
        let limit = Duration.milliseconds(input.limits[part])
        if part % 2 == 0 {
          let date = beginning.advanced(by: limit)
          try await withDeadline(date, clock: clock, body: load)
        } else {
          try await withDeadline(in: limit, clock: clock, body: load)
        }
      }
      deadline = { _ in
        Task.activeDeadline(for: clock)
          .map { beginning.duration(to: $0).microseconds / 1_000 }
      }
    }

    func load(_ part: Int = 0) async {
      guard part < input.work.count else { return }
      let name = input.name(part)
      await stage.cancel(name, after: input.stop(part)) {
        await stage.attempt(name) {
          do {
            let value = input.values.contains(part) ? value(name) : user
            try await $user.withValue(value) { try await call(part, name) }
          } catch is DeadlineExpired where isOwn() {
            throw TooSlow()
          } catch {
            throw CancellationError()
          }
        }
      }
    }

    private func call(_ part: Int, _ name: String) async throws {
      try await within(part) {
        try await stage.keep(name) {
          stage.say(name, deadline(part))
          stage.say(name, user)
          do {
            try await stage.sleep(input.work[part])
            await loadAll(self, [2 * part + 1, 2 * part + 2])
            try Task.checkCancellation()
          } catch {
            stage.say(name, reason().map { "\($0)" })
            throw error
          }
        }
      }
    }
  }

  // MARK: Laws

  /// What the laws ask about a request that has run.
  private struct Story {
    let input: Request
    let trace: Trace

    func events(_ part: Int, _ names: String...) -> [Event] {
      trace.events.filter { event in
        event.lane == input.name(part) && names.contains(event.name)
      }
    }

    /// The part's own deadline, in microseconds.
    func deadline(_ part: Int) -> Int? {
      guard input.limited.contains(part),
        let start = events(part, "start").first?.at
      else { return nil }
      return (part % 2 == 0 ? 0 : start) + input.limits[part] * 1_000
    }

    /// What cancels a part first, and whose deadline it is, if it is one; of
    /// several at one instant any may be it.
    func stops(_ part: Int) -> [(at: Int, owner: Int?)] {
      var stops: [(at: Int, owner: Int?)] = trace.events
        .filter { $0.lane == Event.caller && $0.name == "cancel" }
        .map { ($0.at, nil) }
      for part in input.path(from: part) {
        stops += events(part, "cancel").map { ($0.at, nil) }
        // One that has passed counts from the start.
        stops += events(part, "start").compactMap { start in
          deadline(part).map { (max($0, start.at), part) }
        }
      }
      let first = stops.map(\.at).min()
      return stops.filter { $0.at == first }
    }
  }

  /// A law that looks at one part after the other.
  private static func each(
    _ name: String,
    _ problem: @escaping @Sendable (Story, Int) -> String?
  ) -> Law<Request> {
    Law(name) { input, trace in
      let story = Story(input: input, trace: trace)
      return input.work.indices.lazy
        .compactMap { part in
          problem(story, part).map { "\(input.name(part)): \($0)" }
        }.first
    }
  }

  /// A law about what a part says: first a deadline, then a value, and then
  /// a reason.
  private static func says(
    _ index: Int,
    _ name: String,
    _ wanted: @escaping @Sendable (Story, Int) -> [String]
  ) -> Law<Request> {
    each(name) { story, part in
      let said = story.events(part, "say").dropFirst(index).first
      return mismatch(said, wanted(story, part))
    }
  }

  private static func mismatch(_ event: Event?, _ wanted: [String]) -> String? {
    guard let event, !wanted.isEmpty, !wanted.contains(event.item) else {
      return nil
    }
    return "\(event.item) instead of \(wanted)"
  }

  static let endsWithItsParts = each(
    "a part ends when its work and each of its parts have ended, once"
  ) { story, part in
    let all = story.trace.events.filter {
      $0.lane == story.input.name(part) && $0.name != "cancel"
    }
    let outer = story.input.path(from: part).dropFirst().first
    switch all.map(\.name).joined(separator: " ") {
    case "start say say end return":
      let parts = [2 * part + 1, 2 * part + 2]
        .filter { $0 < story.input.work.count }
        .map { story.events($0, "return", "throw").first?.at ?? .max }
      let due = parts.reduce(all[0].at + story.input.work[part] * 1_000, max)
      return all.suffix(2).map(\.at) == [due, due]
        ? nil : "ends at \(all[4].at) µs, due at \(due) µs"
    case "start say say say cancelled throw":
      return all[4].at == all[5].at ? nil : "is left too late"
    case "" where outer.map { story.events($0, "end").isEmpty } == true:
      return nil
    default: return all.map(\.name).joined(separator: " ")
    }
  }

  static let deadlineIsTheEarliest = says(
    0,
    "a deadline is never later than one around it"
  ) { story, part in
    let all = story.input.path(from: part).compactMap(story.deadline)
    return [json(all.min().map { $0 / 1_000 })]
  }

  static let nearestValue = says(1, "a part sees the nearest value") {
    let nearest = $0.input.path(from: $1).first(where: $0.input.values.contains)
    return [json(nearest.map($0.input.name))]
  }

  static let firstReason = says(2, "the reason is that of what came first") {
    $0.stops($1)
      .map { json($0.owner == nil ? "unspecified" : "deadlineExpired") }
  }

  static let stopsInTime = each(
    "a part stops at the instant at which something cancels it, and only then"
  ) { story, part in
    let stop = story.stops(part).first?.at ?? .max
    let late = story.events(part, "start", "end", "cancelled", "throw")
      .first { $0.at > stop }
    let early = story.events(part, "cancelled").first { $0.at < stop }
    return (late ?? early)
      .map { "\($0.name) at \($0.at) µs, cancelled at \(stop) µs" }
  }

  static let ownDeadline = each(
    "a part is too slow if its own deadline came first"
  ) { story, part in
    mismatch(
      story.events(part, "throw").first,
      story.stops(part).map { $0.owner == part ? "too slow" : "cancelled" }
    )
  }

  static let treeLaws = [
    endsWithItsParts, deadlineIsTheEarliest, nearestValue.untimed, stopsInTime,
    firstReason, ownDeadline,
  ]
}
