import Cookbook

extension OperationTimeoutExamples {
  static let onTime = comesTo("the answer") { input in
    (input.takes.first ?? 1, input.fails ? "throws load failed" : "0, returns")
  }

  static let firstSuccess = comesTo("the first success") { input in
    var at = 0
    for (attempt, time) in input.takes.enumerated() {
      at += time
      if !input.failing.contains(attempt) { return (at, "\(attempt), returns") }
    }
    return (at, "throws attempt \(input.attempts - 1) failed")
  }

  /// The call comes to what is first, and ends at that instant.
  private static func comesTo(
    _ what: String,
    _ answer: @escaping @Sendable (Call) -> (at: Int, String)
  ) -> Law<Call> {
    Law("\(what), the deadline or the cancellation, whichever comes first") {
      input,
      trace in
      let events = trace.events
      let lane = events.contains { $0.lane == "call" } ? "call" : Event.caller
      let (at, said) = answer(input)
      let all: [(at: Int, String)] = [
        (at * 1_000, said),
        ((input.limit ?? .max / 1_000) * 1_000, "throws too slow"),
        (cancellation(trace), "throws cancelled"),
      ]
      let first = all.map(\.at).min() ?? 0
      // Of several at one instant any may be the first.
      let failures = events.filter { $0.name == "fail" && $0.at == first }
      let wanted =
        all.filter { $0.at == first }.map(\.1)
        + failures.map { "throws \($0.lane) failed" }
      let found = trace.outcome.description(of: lane)
      let end = events.last { $0.lane == lane && Ending($0) != nil }?.at ?? -1
      return wanted.contains { found == "\(lane): \($0)" } && end == first
        ? nil : "\(found) at \(end), not \(wanted) at \(first) µs"
    }
  }

  private static func cancellation(_ trace: Trace) -> Int {
    trace.events.first { $0.name == "cancel" }?.at ?? .max
  }

  static let usedOrClosed = Law<Call>(
    "what has come is used or closed, and not both"
  ) { _, trace in
    let came = trace.events.count { $0.name == "end" }
    let says = trace.events.filter { $0.name == "say" }.map(\.lane)
    return says.count == came ? nil : "\(came) came, and these say: \(says)"
  }

  static let noneIsLate = Law<Call>(
    "no attempt starts after one was cancelled"
  ) { _, trace in
    trace.events.drop { $0.name != "cancelled" }.first(where: \.isOpening)
      .map { "\($0.lane) at \($0.at) µs" }
  }

  // MARK: Of attempts within one deadline

  /// An attempt that was made, in microseconds.
  private struct Attempt {
    var start: Int
    var end: Int
    var name: String
    var shareEnd: Int
  }

  private static func attempts(_ input: Call, _ trace: Trace) -> [Attempt] {
    let events = trace.events.filter { $0.lane.hasPrefix("attempt ") }
    return zip(events, events.dropFirst()).filter { $0.0.isOpening }
      .enumerated().map { attempt, events in
        let (start, end) = (events.0.at, events.1.at)
        let left = limit(of: input) - start
        let share = left / max(1, input.attempts - attempt)
        return Attempt(
          start: start,
          end: end,
          name: events.1.name,
          shareEnd: start + share
        )
      }
  }

  private static func limit(of input: Call) -> Int {
    (input.limit ?? 86_400_000_000) * 1_000
  }

  static let equalShares = Law<Call>(
    "an attempt is cancelled when it has used up an equal share of what is left"
  ) { input, trace in
    let stop = cancellation(trace)
    for (number, attempt) in attempts(input, trace).enumerated()
    where !input.deaf.contains(number) {
      // A share may end between two microseconds.
      let end = min(attempt.shareEnd, stop)
      let isCancelled = attempt.name == "cancelled"
      if attempt.end > end + 1 || isCancelled && attempt.end < end - 1 {
        return "attempt \(number): \(attempt.name) at \(attempt.end) µs"
      }
    }
    return nil
  }

  static let noneInVain = Law<Call>(
    "no pause is begun that the deadline would end"
  ) { input, trace in
    let end = trace.end.map { trace.events[$0].at } ?? 0
    let last = attempts(input, trace).last?.end ?? 0
    return end == last || end == cancellation(trace)
      ? nil : "it ends at \(end), not \(last) µs"
  }

  static let again = Law<Call>(
    "another attempt follows a transient failure or a share that is over, after "
      + "the pause"
  ) { input, trace in
    let (all, stop) = (attempts(input, trace), cancellation(trace))
    for (number, attempt) in all.enumerated() {
      let next = attempt.end + input.pause * 1_000
      let isTransient =
        attempt.name == "fail" && !input.permanent.contains(number)
      let isExpected =
        (isTransient || attempt.name == "cancelled")
        && number + 1 < input.attempts && next < limit(of: input)
      let found = all.dropFirst(number + 1).first?.start
      // Of a cancellation at that instant either may be the first.
      if found == nil && next >= stop { continue }
      if next > stop || found != (isExpected ? next : nil) {
        return "after attempt \(number): \(found ?? -1), not \(next) µs"
      }
    }
    return nil
  }

  static let thrown = Law<Call>(
    "the error says whether time is up, and what failed before"
  ) { input, trace in
    let all = attempts(input, trace)
    let (last, end) = (all.last, all.last?.end ?? 0)
    let number = all.count - 1
    let failed = all.lastIndex { $0.name == "fail" }
    let found = trace.outcome.description(of: Event.caller)
    var wanted: Set<String> = []
    if last?.name == "end" {
      wanted = ["\(number), returns"]
    } else {
      let reason = failed.map { ", last error: attempt \($0) failed" } ?? ""
      let outOfTime = "throws out of time, attempts: \(all.count)" + reason
      let hasFailed = last?.name == "fail"
      let isLast =
        input.permanent.contains(number)
        || all.count == input.attempts && end < limit(of: input)
      let isCancelled = cancellation(trace) <= end + input.pause * 1_000
      if !hasFailed || !isLast { wanted.insert(outOfTime) }
      if hasFailed && isLast {
        wanted.insert("throws attempt \(number) failed")
      }
      if isCancelled { wanted.insert("throws cancelled") }
    }
    return wanted.contains { found == "caller: \($0)" }
      ? nil : "\(found), not \(wanted.sorted())"
  }
}
