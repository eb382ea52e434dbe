package import Cookbook

/// What the recipe shows; see README.md.
package enum DoneChannelExamples {
  package static let recipe = Recipe(
    name: "done-channel",
    chapter: .lifetimes,
    question: "What is the done channel, and why has context largely "
      + "superseded it?",
    goConstructs: [
      "done channel", "close(done)", "case <-done", "or-done channel",
      "quit channel",
    ],
    swiftConstructs: ["cancelAll", "Task.isCancelled", "Task.value"],
    problems: [
      "stop all workers at once", "signal several goroutines to stop",
      "done channel or context", "wait until a goroutine has finished",
    ],
    examples: [
      Example(
        "stop",
        laws: [untilTheEnd, .allEndedOnReturn],
        wrong: [drains, flag, noDefault, notAwaited],
        exhausted: [(Stops(workers: 2, pauses: [2, 0], stop: 2), 612)],
        body: start(receive)
      )
    ]
  )

  struct Stops: ExampleInput {
    var workers = 3
    var pauses = [10, 15, 10, 40]
    var stop = 50
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .count(\.workers, in: 1...64, random: 1...4, "how many workers wait"),
        .durations(
          \.pauses,
          random: 0...6,
          ties: .noneOfSums { _ in true },
          "the milliseconds before each job comes"
        ),
        .duration(\.stop, least: 1, repeats: 1, "the millisecond of the stop"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }
  }

  typealias Worker =
    @Sendable (
      _ inbox: AsyncStream<Int>, _ print: @escaping Example.Print, Stage
    ) async -> Void
  typealias Body = @Sendable (Stops, Stage) async throws -> Void

  /// Starts the workers, sends each job to one of them, and stops them.
  private static func start(_ worker: @escaping Worker) -> Body {
    { input, stage in
      let workers = 0..<input.workers
      let boxes = workers.map { _ in AsyncStream.makeStream(of: Int.self) }
      let work = { @Sendable n in
        await worker(boxes[n].stream, { stage.say("worker \(n)", $0) }, stage)
      }
      let interrupt = {
        try await stage.sleep(input.stop)
        stage.leave(Event.caller)
      }
      try await withThrowingTaskGroup { sending in
        sending.addTask(name: "sender") {
          for try await job in stage.source("sender", input.pauses) {
            boxes[job % boxes.count].continuation.yield(job)
          }
          for box in boxes { box.continuation.finish() }
        }
        stage.note(Event.caller, "starts all")
        // #region stop
        try await withThrowingTaskGroup { group in
          for n in workers {
            group.addTask(name: "worker \(n)") { await work(n) }
          }
          try await interrupt()
          group.cancelAll()  // stops all
        }
        // #endregion
        sending.cancelAll()
      }
    }
  }

  private static let receive: Worker = { inbox, print, _ in
    // #region receive
    for await job in inbox where !Task.isCancelled {
      print(job)
    }
    print("stopped")
    // #endregion
  }

  private static let untilTheEnd = Law<Stops>(
    "a worker does the jobs that come before the stop, and ends at the stop or "
      + "the end"
  ) { input, trace in
    func says(_ n: Int, _ item: String, at: Int) -> Event {
      Event(at: at, lane: "worker \(n)", name: "say", item: item)
    }
    let said = trace.events.filter { $0.name == "say" }
    let sent = said.filter { $0.lane == "sender" }
    let jobs = sent.enumerated().map {
      says($0.offset % input.workers, $0.element.item, at: $0.element.at)
    }
    let stop = trace.stop?.at ?? .max
    let isOver = sent.count == input.pauses.count
    let end = isOver ? min(sent.last?.at ?? 0, stop) : stop
    let ends = (0..<input.workers).map { says($0, json("stopped"), at: end) }
    // What comes at the instant of the stop may be done before it.
    let missing = Set(jobs.filter { $0.at < stop } + ends).subtracting(said)
    let extra = Set(said).subtracting(jobs + ends + sent)
    let late = trace.events.drop { !$0.isStop }.filter(jobs.contains)
    return missing.union(extra).union(late).first
      .map { "\($0.json), with the stop at \(stop) µs" }
  }

  // MARK: Wrong versions

  private static let drains = Wrong(
    "drains",
    breaks: untilTheEnd,
    input: Stops(workers: 1, pauses: [1, 1], stop: 1),
    body: start { inbox, print, _ in
      // #region drains
      for await job in inbox { print(job) }
      print("stopped")
      // #endregion
    }
  )

  private static let flag = Wrong(
    "flag",
    breaks: untilTheEnd,
    input: Stops(workers: 1, pauses: [3], stop: 1),
    body: start { inbox, print, stage in
      let loop = stage.task {
        for await job in inbox where stage.trace.stop == nil { print(job) }
      }
      _ = await loop.result
    }
  )

  private static let noDefault = Wrong(
    "no-default",
    breaks: untilTheEnd,
    input: Stops(workers: 1, pauses: [1], stop: 2),
    body: start { inbox, print, stage in
      let (done, stop) = AsyncStream.makeStream(of: Void.self)
      for await job in inbox {
        for await _ in done {}  // to look whether it has to stop
        if Task.isCancelled { break }
        print(job)
      }
      stop.finish()
      print("stopped")
    }
  )

  private static let notAwaited = Wrong(
    "not-awaited",
    breaks: .allEndedOnReturn,
    input: Stops(workers: 1, pauses: [1], stop: 2),
    body: start { inbox, print, stage in
      let job = stage.task {
        // It computes, and does not look whether it is cancelled.
        try await stage.task { try await stage.work("job", 9) }.value
      }
      await receive(inbox, print, stage)
      job.cancel()
    }
  )
}
