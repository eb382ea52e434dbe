import ChannelRecipe
package import Cookbook
import SelectRecipe

/// One worker, and two kinds of jobs that come at times of their own.
package enum PrioritySelectDemo: Demo {
  package enum Mode: String, Codable, CaseIterable, Sendable {
    case strict, weighted, queue
  }

  package struct Input: DemoInput {
    /// When the high and the low jobs come, in milliseconds.
    package var high = [64, 129, 130, 131, 260]
    package var low = [5, 70, 71, 300]
    package var work = 32
    package var ratio = 2
    package var mode = Mode.strict.rawValue

    package init() {}

    package static let help: KeyValuePairs = [
      "high": "the milliseconds after which urgent jobs come, ascending",
      "low": "the milliseconds after which other jobs come, ascending",
      "work": "the milliseconds that each job takes",
      "ratio": "how many urgent jobs go before one that waits, if weighted",
      "mode": "strict, weighted or queue",
    ]

    package func validate() throws(InputError) {
      for (name, times) in [("high", high), ("low", low)] {
        guard times.count <= 10_000 else {
          throw InputError(
            field: name,
            problem: "must be at most 10000, not \(times.count)"
          )
        }
        for time in times {
          try InputError.require(time, in: 0...86_400_000, name)
        }
        guard times == times.sorted() else {
          throw InputError(field: name, problem: "must be ascending")
        }
      }
      try InputError.require(work, in: 0...86_400_000, "work")
      try InputError.require(ratio, in: 1...1_000, "ratio")
      guard Mode(rawValue: mode) != nil else {
        let modes = Mode.allCases.map(\.rawValue).joined(separator: ", ")
        throw InputError(
          field: "mode",
          problem: "must be one of \(modes), not \(mode)"
        )
      }
    }
  }

  package struct Outcome: Codable, Equatable, Sendable {
    /// The jobs in the order in which they were done.
    package var order: [String] = []
    package var error: String?
  }

  /// What the worker takes its jobs from.
  package struct Source: Sendable {
    package var put: @Sendable (_ job: String, _ isHigh: Bool) async -> Void
    package var finish: @Sendable () async -> Void
    /// Makes what returns one job after the other, and then nil.
    package var makeNext: @Sendable () -> () async throws -> String?

    package init(
      put: @escaping @Sendable (String, Bool) async -> Void,
      finish: @escaping @Sendable () async -> Void,
      makeNext: @escaping @Sendable () -> () async throws -> String?
    ) {
      self.put = put
      self.finish = finish
      self.makeNext = makeNext
    }
  }

  package static func pattern(_ mode: Mode, ratio: Int) -> Source {
    if mode == .queue {
      let queue = PriorityQueue<String>()
      return Source(
        put: { try? await queue.send($0, isUrgent: $1) },
        finish: { await queue.finish() },
        makeNext: { { try await queue.next() } }
      )
    }
    let high = Channel<String>(capacity: 10_000)
    let low = Channel<String>(capacity: 10_000)
    return Source(
      put: { try? await ($1 ? high : low).send($0) },
      finish: {
        high.close()
        low.close()
      },
      makeNext: {
        if mode == .weighted {
          var receiver = WeightedReceiver(high: high, low: low, ratio: ratio)
          return { try await receiver.next() }
        }
        // #region strict
        var openHigh = Optional(high)
        var openLow = Optional(low)
        return {
          while openHigh != nil || openLow != nil {
            let job = try await select(priority: {
              Case.receive(from: openHigh) { job in
                // An ended channel is absent from the next turn.
                if job == nil { openHigh = nil }
                return job
              }
              Case.receive(from: openLow) { job in
                if job == nil { openLow = nil }
                return job
              }
            })
            if let job { return job }
          }
          return nil
        }
        // #endregion
      }
    )
  }

  package static func run(
    _ input: Input,
    recorder: TraceRecorder
  ) async throws -> Outcome {
    let mode = Mode(rawValue: input.mode) ?? .strict
    let source = pattern(mode, ratio: input.ratio)
    return await run(input, recorder: recorder, source: source)
  }

  /// The demo around any source, right or wrong.
  package static func run(
    _ input: Input,
    recorder: TraceRecorder,
    source: Source
  ) async -> Outcome {
    let arrivals =
      input.high.enumerated().map { ($1, "high \($0)", true) }
      + input.low.enumerated().map { ($1, "low \($0)", false) }
    return await withTaskGroup(of: Outcome?.self) { group in
      group.addTask {
        var now = 0
        for (time, job, isHigh) in arrivals.sorted(by: { $0.0 < $1.0 }) {
          guard
            (try? await recorder.sleep(milliseconds: time - now)) != nil
          else { break }
          now = time
          recorder.record("put", lane: "\(isHigh ? "high" : "low")", item: job)
          await source.put(job, isHigh)
        }
        await source.finish()
        return nil
      }
      group.addTask {
        var outcome = Outcome()
        let next = source.makeNext()
        do {
          while let job = try await next() {
            recorder.record("start", lane: "worker", item: job)
            outcome.order.append(job)
            try await recorder.sleep(milliseconds: input.work)
            recorder.record("end", lane: "worker", item: job)
          }
        } catch {
          outcome.error = "cancelled"
          recorder.record("cancelled", lane: "worker")
        }
        return outcome
      }
      var outcome = Outcome()
      for await part in group { outcome = part ?? outcome }
      return outcome
    }
  }
}
