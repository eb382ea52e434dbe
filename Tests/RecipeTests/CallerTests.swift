import Foundation
import Testing

@testable import Recipes

/// What may be relied on by a caller that hands over a body or a sequence.
@Suite("Callers")
struct CallerTests {
  /// Of the recipes that `COOKBOOK_ONLY=channel,select` names, or of all.
  private static func wanted<Value>(
    _ all: KeyValuePairs<String, Value>
  ) -> [(String, Value)] {
    let only = ProcessInfo.processInfo.environment["COOKBOOK_ONLY"]?
      .split(separator: ",")
    return all.filter { only?.contains(Substring($0.key)) ?? true }
      .map { ($0.key, $0.value) }
  }

  @Test(
    "A body runs on the caller's actor",
    arguments: wanted(CallersActor.calls)
  )
  func actor(_ recipe: String, _ call: @escaping CallersActor.Call) async throws
  {
    let visits = try await CallersActor().visits(of: call)
    #expect(!visits.isEmpty && visits.allSatisfy { $0 }, "\(visits)")
  }

  private struct Failure: Error {}

  private actor Cache {
    var pages: [String] = []
    var attempts: [Int] = []

    func load() async throws -> [String] {
      try await withDeadline(in: .seconds(3_600)) {
        pages.append("first")
        try await onCallersActor { assertIsolated() }
        pages.append("second")
        return pages
      }
    }

    func compute() async -> Bool {
      await withDeadline(in: .milliseconds(1)) {
        while !Task.isCancelled {}
        return true
      }
    }

    func load(in timeout: Duration) async throws -> [Int] {
      try await withAttempts(
        3,
        in: timeout,
        pause: { .milliseconds(Int.random(in: 0...(1 << $0))) }
      ) { attempt in
        assertIsolated()
        attempts.append(attempt)
        if attempt < 2 { throw Failure() }
        return attempts
      }
    }
  }

  @Test("The body stays on its actor, and is cancelled while it computes there")
  func bodies() async throws {
    let cache = Cache()
    #expect(try await cache.load() == ["first", "second"])
    #expect(await cache.compute())
  }

  @Test("Attempts stay on the caller's actor, and any timeout will do")
  func attempts() async throws {
    let cache = Cache()
    await #expect(throws: OutOfTime.self) {
      try await cache.load(in: .seconds(Int64.min))
    }
    #expect(try await cache.load(in: .seconds(Int64.max)) == [0, 1, 2])
  }

  /// Numbers from 0 on; in the time that 3 takes, the job on 0 fails.
  struct SlowNumbers: Sequence, IteratorProtocol {
    private var number = -1
    let failing = Gate<Void>()
    let see: Seen
    let wait: @Sendable () -> Void

    init(see: Seen, wait: @escaping @Sendable () -> Void) {
      (self.see, self.wait) = (see, wait)
    }

    mutating func next() -> Int? {
      number += 1
      if number > 2 { see("\(number) is awaited") }
      if number == 3 {
        failing.open()
        wait()
        see("3 comes")
      }
      return number
    }
  }

  typealias Run =
    @Sendable (
      SlowNumbers, _ job: @escaping @Sendable (Int) async throws -> Int
    ) async throws -> Void

  private static let runs: KeyValuePairs<String, Run> = [
    "bounded-pool": { numbers, job in
      _ = try await BoundedPool(workers: 3).map(numbers, transform: job)
    },
    "bounded-pool": { numbers, job in
      try await BoundedPool(workers: 3)
        .mapUnordered(numbers, transform: job) { _ in }
    },
    "fan-out-fan-in": { numbers, job in
      try await withFanOut(
        over: numbers,
        workers: 3,
        buffer: 9,
        transform: job
      ) { for try await _ in $0 {} }
    },
    "pipeline": { numbers, job in
      try await Pipeline(numbers).stage(workers: 3, transform: job)
        .run { for try await _ in $0 {} }
    },
  ]

  @Test(
    "While a sequence takes its time, an error ends the jobs, and none starts",
    arguments: wanted(runs),
    [false, true]
  )
  func slowSequence(_ run: (recipe: String, call: Run), isTold: Bool) async {
    let (see, executor) = (Seen(), Steps())
    let numbers = SlowNumbers(see: see) {
      executor.run { !isTold && see.all.contains("0 fails") }
    }
    let call = Task(executorPreference: executor) {
      try await run.call(numbers) { number in
        if number == 2 { return number }
        see("\(number) starts")
        if number == 0 {
          try await numbers.failing.wait()
          see("0 fails")
          throw Failure()
        }
        defer { see("\(number) ends") }
        do {
          try await Gate<Void>().wait()
        } catch  where isTold {
          throw error
        } catch {
          // It ends well, and its worker may look for another element.
        }
        return number
      }
    }
    executor.run()
    let start = ["0 starts", "1 starts", "3 is awaited", "0 fails"]
    // 3 may also come before the others have been told.
    let end = isTold ? ["1 ends", "3 comes"] : ["3 comes", "1 ends"]
    #expect(see.all == start + end)
    await #expect(throws: Failure.self) { try await call.value }
  }
}

/// Its body has no actor but that of the caller.
nonisolated(nonsending) private func onCallersActor(
  _ check: () -> Void
) async throws {
  try await withDeadline(in: .seconds(3_600)) {
    check()
    try await Task.sleep(for: .microseconds(1))
    check()
  }
}
