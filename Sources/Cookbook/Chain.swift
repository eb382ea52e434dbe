/// Stages that items go through one after the other; the last is a consumer.
///
/// The work of a stage on an item is recorded in a lane `STAGE ITEM`, such as
/// `resize 3`. Several workers may share a stage, and a bounded number of
/// items wait behind it. The first stage may be several inputs, to which the
/// items are dealt out like cards. The consumer may leave early.
package struct Chain<Input: Sendable>: Sendable {
  private let stages: [String]
  private let items: @Sendable (Input) -> Int
  private let inputs: @Sendable (Input) -> Int
  private let workers: @Sendable (Input) -> [Int]
  private let room: @Sendable (Input) -> [Int]

  /// Describes the stages by their names, the consumer's last.
  ///
  /// The items are counted from 0. The first stage may have several `inputs`.
  /// A stage, or each input, works on as many items at once as it has `workers`,
  /// by default one. Behind each stage but the last, as many items may wait as
  /// there is `room`, besides one that each worker holds.
  package init(
    _ stages: [String],
    items: @escaping @Sendable (Input) -> Int,
    inputs: @escaping @Sendable (Input) -> Int = { _ in 1 },
    workers: (@Sendable (Input) -> [Int])? = nil,
    room: @escaping @Sendable (Input) -> [Int]
  ) {
    self.stages = stages
    self.items = items
    self.inputs = inputs
    self.workers = workers ?? { _ in stages.map { _ in 1 } }
    self.room = room
  }

  /// What holds where nothing fails, and nobody cancels or leaves.
  package var steadyLaws: [Law<Input>] {
    [atMost, once, inOrder, bound, noneIdle, allEnded]
  }

  package var laws: [Law<Input>] {
    steadyLaws + [firstError, waitingComeFirst, nothingStarts, endAtOnce]
  }

  // MARK: What happens to the items

  private var last: Int { stages.count - 1 }

  private func step(_ event: Event) -> (stage: Int, item: Int)? {
    let words = event.lane.split(separator: " ")
    guard words.count == 2, let item = Int(words[1]),
      let stage = stages.firstIndex(of: String(words[0]))
    else { return nil }
    return (stage, item)
  }

  /// Whether an event belongs to a stage before the consumer.
  private func isBefore(_ event: Event) -> Bool {
    step(event).map { $0.stage < last } ?? false
  }

  /// How many items each stage has started, closed and handed on.
  private struct Progress {
    let chain: Chain
    let inputs: Int
    /// By stage, in the first stage by input.
    var started: [[Int]]
    var closed: [[Int]]
    var ended: [Int]

    init(_ chain: Chain, _ input: Input) {
      self.chain = chain
      inputs = chain.inputs(input)
      started = chain.stages.map { _ in [0] }
      started[0] = Array(repeating: 0, count: inputs)
      closed = started
      ended = chain.stages.map { _ in 0 }
    }

    func busy(_ stage: Int, _ input: Int) -> Int {
      started[stage][input] - closed[stage][input]
    }

    /// How many have left a stage, and have not come to the next one.
    func waiting(_ stage: Int) -> Int { ended[stage] - started[stage + 1][0] }

    /// Returns the stage and the input of the first stage that the event
    /// belongs to.
    @discardableResult
    mutating func add(_ event: Event) -> (stage: Int, input: Int)? {
      guard let (stage, item) = chain.step(event) else { return nil }
      let input = stage == 0 ? item % inputs : 0
      started[stage][input] += event.isOpening ? 1 : 0
      closed[stage][input] += event.isClosing ? 1 : 0
      ended[stage] += event.name == "end" ? 1 : 0
      return (stage, input)
    }
  }

  /// A promise about the end of each instant before a stop and the return.
  private func always(
    _ name: String,
    problem: @escaping @Sendable (Input, Progress) -> String?
  ) -> Law<Input> {
    Law(name) { input, trace in
      var progress = Progress(self, input)
      for instant in trace.instants {
        if instant.events.contains(where: { $0.isStop || Ending($0) != nil }) {
          return nil
        }
        for event in instant.events { progress.add(event) }
        if let problem = problem(input, progress) {
          return "\(problem) at \(instant.at) µs"
        }
      }
      return nil
    }
  }

  // MARK: What is promised while all goes well

  package var atMost: Law<Input> {
    Law("no stage works on more items at once than it has workers") {
      input,
      trace in
      let workers = workers(input)
      var progress = Progress(self, input)
      for event in trace.events {
        guard let (stage, input) = progress.add(event) else { continue }
        let busy = progress.busy(stage, input)
        if busy > workers[stage] { return "\(busy) at \(event.at) µs" }
      }
      return nil
    }.untimed
  }

  package var once: Law<Input> {
    .eachOnce { input in
      stages.flatMap { stage in (0..<items(input)).map { "\(stage) \($0)" } }
    }
  }

  package var inOrder: Law<Input> {
    Law("each stage takes items in the order in which the last one ended them")
    { input, trace in
      let inputs = inputs(input)
      // When an item left a stage; the first stage has them by number.
      var left: [[Int: Int]] = stages.map { _ in [:] }
      // The latest turn of each stage and input.
      var latest: [[Int]: Int] = [:]
      for instant in trace.instants {
        let before = latest
        for event in instant.events {
          guard let (stage, item) = step(event) else { continue }
          if event.name == "end" { left[stage][item] = event.at }
          guard event.isOpening else { continue }
          let turn = stage == 0 ? item : left[stage - 1][item] ?? .max
          let queue = stage == 0 ? [0, item % inputs] : [stage]
          // Of those that start at one instant any may be recorded first.
          if turn < before[queue] ?? -1 { return "\(event.lane) was overtaken" }
          latest[queue] = max(turn, latest[queue] ?? -1)
        }
      }
      return nil
    }
  }

  package var bound: Law<Input> {
    always("no more items wait behind a stage than its buffer and workers hold")
    {
      input,
      progress in
      var most = zip(room(input), workers(input)).map(+)
      most[0] += (inputs(input) - 1) * workers(input)[0]
      return most.indices.first { progress.waiting($0) > most[$0] }
        .map { "\(progress.waiting($0)) behind \(stages[$0])" }
    }
  }

  package var noneIdle: Law<Input> {
    always("no stage is idle while an item waits and its result has room") {
      input,
      progress in
      let (room, workers) = (room(input), workers(input))
      let (items, inputs) = (items(input), inputs(input))
      return stages.indices.first { stage in
        let held =
          stage == last ? 0 : max(0, progress.waiting(stage) - room[stage])
        // Workers that have work.
        let idle = progress.started[stage].indices.reduce(0) { idle, input in
          let dealt = (items - input + inputs - 1) / inputs
          let work =
            stage == 0
            ? dealt - progress.started[0][input] : progress.waiting(stage - 1)
          let free = workers[stage] - progress.busy(stage, input)
          return idle + (work > 0 ? free : 0)
        }
        return idle > held
      }.map { "\(stages[$0]) is idle" }
    }
  }

  // MARK: What is promised of errors, cancellation and early exits

  package var firstError: Law<Input> {
    Law("the first error is thrown, unless the consumer ends before it comes") {
      _,
      trace in
      let fails = trace.events.filter { $0.name == "fail" }
      let own = fails.filter { !isBefore($0) }
      // Of several that fail at one instant any may be the first.
      let first = own.isEmpty ? fails.filter { $0.at == fails[0].at } : own
      var allowed = Set(first.map { Ending.threw("\($0.lane) failed") })
      let names = Set(trace.events.map(\.name))
      if names.contains("leave") { allowed = [] }
      if names.contains("cancel") { allowed.insert(.threw("cancelled")) }
      // What was cancelled when all was done has returned.
      if names.contains("leave")
        || names.isDisjoint(with: ["fail", "cancelled"])
      {
        allowed.insert(.returned)
      }
      guard let ending = trace.ending, !allowed.contains(ending) else {
        return nil
      }
      return "it \(ending)"
    }
  }

  package var waitingComeFirst: Law<Input> {
    Law("what waits for the consumer when a stage fails comes before the error")
    { input, trace in
      let stops = trace.events.filter(\.isStop)
      guard let at = stops.first?.at, stops.allSatisfy(isBefore) else {
        return nil
      }
      var progress = Progress(self, input)
      let before = trace.events.prefix { $0.at < at }
      for event in before { progress.add(event) }
      let wanted =
        progress.started[last][0]
        + min(progress.waiting(last - 1), room(input)[last - 1])
      for event in trace.events.dropFirst(before.count) { progress.add(event) }
      let ended = progress.ended[last]
      return ended < wanted ? "\(ended) of \(wanted) came" : nil
    }
  }

  package var nothingStarts: Law<Input> {
    Law("nothing is read or started after an error, a cancellation or an exit")
    { _, trace in
      // A stage's error lets the consumer go on with what waits for it.
      var end: Event?
      for event in trace.events.drop(while: { !$0.isStop }) {
        if event.isStop, !isBefore(event) { end = end ?? event }
        guard event.isOpening || event.name == "say" else { continue }
        // What was on its way to a cancelled consumer is delivered.
        let isDelivered = end?.name == "cancel" && end?.at == event.at
        if step(event)?.stage == last, end == nil || isDelivered { continue }
        return "\(event.lane) at \(event.at) µs"
      }
      return nil
    }
  }

  package var allEnded: Law<Input> { .allEndedOnReturn }

  package var endAtOnce: Law<Input> {
    Law("a stop ends all before the consumer at once, and so does the call") {
      _,
      trace in
      guard let end = trace.end else { return nil }
      let before = trace.events[..<end]
      let stop = trace.stop?.at ?? .max
      if let late = before.first(where: {
        $0.isClosing && $0.at > stop && isBefore($0)
      }) {
        return "\(late.lane) went on until \(late.at) µs"
      }
      let (latest, at) = (before.last?.at ?? 0, trace.events[end].at)
      return at > latest ? "it returned at \(at) µs, not \(latest) µs" : nil
    }
  }
}
