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
}
