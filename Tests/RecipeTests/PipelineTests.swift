import Synchronization
import Testing

@testable import Recipes

@Suite("pipeline")
struct PipelineTests {
  @Test("Nothing runs before the pipeline does, and each run begins anew")
  func isDescription() async throws {
    let calls = Atomic(0)
    let pipeline = Pipeline(0..<4).stage { @Sendable number in
      calls.add(1, ordering: .relaxed)
      return number * number
    }
    #expect(calls.load(ordering: .relaxed) == 0)
    for _ in 0..<2 {
      let squares = try await pipeline.run { squares in
        try await squares.reduce(into: []) { $0.append($1) }
      }
      #expect(squares == [0, 1, 4, 9])
    }
    #expect(calls.load(ordering: .relaxed) == 8)
  }
}
