import Cookbook
import Testing

@testable import Recipes

@Suite("fan-out-fan-in")
struct FanOutFanInTests {
  @Test("A fan-in of no inputs ends at once")
  func noInputs() async throws {
    let none: [AsyncStream<Int>] = []
    let sum = try await withFanIn(of: none) { try await $0.reduce(0, +) }
    #expect(sum == 0)
  }

  @Test("A sequence that outlives its scope gives nothing more")
  func escapedSequence() async throws {
    let escaped = try await withFanOut(over: 0..., workers: 2) {
      $0
    } body: {
      $0
    }
    await #expect(throws: CancellationError.self) {
      while try await escaped.first(where: { _ in true }) != nil {}
    }
  }

  @Test("Nothing is lost or comes twice, and memory does not grow")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let workers = Int.random(in: 1...8, using: &generator)
      let buffer = Int.random(in: 0...8, using: &generator)
      let wanted = Int.random(in: 0...400, using: &generator)
      let count =
        Bool.random(using: &generator)
        ? .max : Int.random(in: 0...300, using: &generator)
      let alive = Alive()
      let received = try await withFanOut(
        over: 0..<count,
        workers: workers,
        buffer: buffer
      ) { number in
        if number.isMultiple(of: 3) { await Task.yield() }
        return (number, alive.make())
      } body: { results in
        try await results.prefix(wanted).reduce(into: [Int]()) {
          $0.append($1.0)
        }
      }
      #expect(received.count == min(count, wanted), "seed \(seed)")
      #expect(Set(received).count == received.count, "seed \(seed)")
      #expect(alive.now == 0, "seed \(seed)")
      // One in the hand of each worker, and one in that of the consumer.
      #expect(alive.most <= workers + buffer + 1, "seed \(seed)")
    }
  }
}
