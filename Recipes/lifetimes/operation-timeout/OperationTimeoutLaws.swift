import Cookbook

extension OperationTimeoutExamples {
  static let onTime = Law<Call>.comesFirst("the answer") {
    $0.endings(attempts: 1)
  }
  static let firstSuccess = Law<Call>.comesFirst("the first success") {
    $0.endings(attempts: $0.attempts)
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

  /// An attempt that was made, with how it closed, and its share's end.
  private typealias Attempt = (start: Int, end: Int, name: String, share: Int)

  private static func attempts(_ input: Call, _ trace: Trace) -> [Attempt] {
    let events = trace.events.filter { $0.lane.hasPrefix("load ") }
    return zip(events, events.dropFirst()).filter { $0.0.isOpening }
      .enumerated().map { attempt, events in
        let left = input.time.microseconds - events.0.at
        let equal = left / max(1, input.attempts - attempt)
        let least = min(left, input.time.microseconds / 10)
        let share = events.0.at + max(equal, least)
        return (events.0.at, events.1.at, events.1.name, share)
      }
  }

  static let equalShares = Law<Call>(
    "an attempt is cancelled when it has used up an equal share of what is left, "
      + "or a tenth of all"
  ) { input, trace in
    for (number, attempt) in attempts(input, trace).enumerated()
    where !input.deaf.contains(number) {
      // A share may end between two microseconds.
      let end = min(attempt.share, trace.cancellation)
      let isCancelled = attempt.name == "cancelled"
      if attempt.end > end + 1 || isCancelled && attempt.end < end - 1 {
        return "attempt \(number): \(attempt.name) at \(attempt.end) µs"
      }
    }
    return nil
  }

  static let again = Law<Call>(
    "another attempt follows a transient failure or a share that is over, after "
      + "the pause"
  ) { input, trace in
    let (all, stop) = (attempts(input, trace), trace.cancellation)
    for (number, attempt) in all.enumerated() {
      let next = attempt.end + input.pause * 1_000
      let isTried =
        attempt.name == "cancelled"
        || attempt.name == "fail" && !input.permanent.contains(number)
      let isExpected =
        isTried && number + 1 < input.attempts && next < input.time.microseconds
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
    "when no attempt can follow the call ends, and says whether time is up and "
      + "what failed before"
  ) { input, trace in
    let made = attempts(input, trace)
    let (number, end) = (made.count - 1, made.last?.end ?? 0)
    let failed = made.lastIndex { $0.name == "fail" }
    let isLast =
      failed == number && !made.isEmpty
      && (input.permanent.contains(number)
        || made.count == input.attempts && end < input.time.microseconds)
    let wanted =
      made.last?.name == "end"
      ? "\(number), returns"
      : isLast
        ? "throws load \(number) failed"
        : "throws out of time, attempts: \(made.count)"
          + (failed.map { ", last error: load \($0) failed" } ?? "")
    let found = trace.outcome.description(of: Event.caller)
    let at = trace.end.map { trace.events[$0].at }
    let isCancelled = trace.cancellation <= end + input.pause * 1_000
    let all = isCancelled ? [wanted, "throws cancelled"] : [wanted]
    return all.contains { found == "caller: \($0)" }
      && (at == end || at == trace.cancellation)
      ? nil : "\(found) at \(at ?? -1), not \(all) at \(end) µs"
  }
}
