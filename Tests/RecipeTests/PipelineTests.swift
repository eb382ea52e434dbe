import Cookbook
import Testing

@testable import Recipes

@Suite("pipeline")
struct PipelineTests {
  @Test("Each run begins anew, loses nothing, and memory does not grow")
  func stress() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let workers = Int.random(in: 1...4, using: &generator)
      let buffer = Int.random(in: 0...5, using: &generator)
      let wanted = Int.random(in: 1...400, using: &generator)
      let count =
        Bool.random(using: &generator)
        ? .max : Int.random(in: 0...300, using: &generator)
      let all = 0..<min(count, wanted)
      let alive = Alive()
      let pipeline = Pipeline(0..<count, buffer: buffer)
        .stage(workers: workers, buffer: 5 - buffer) { number in
          if number.isMultiple(of: 5) { await Task.yield() }
          return (number, alive.make())
        }
        .stage(buffer: buffer) { $0 }
      #expect(alive.most == 0, "nothing runs before the pipeline does")
      for _ in 1...2 {
        let received = try await pipeline.run { elements in
          try await elements.prefix(wanted).reduce(into: [Int]()) {
            $0.append($1.0)
          }
        }
        let isComplete =
          workers == 1
          ? received == Array(all)
          : received.count == all.count && Set(received).count == all.count
        #expect(isComplete, "seed \(seed)")
        #expect(alive.now == 0, "seed \(seed)")
      }
      // The buffers, and one in the hand of each worker and the consumer.
      #expect(alive.most <= 5 + workers + 2, "seed \(seed)")
    }
  }
}
