import Cookbook
import Testing

private struct Input: ExampleInput {
  var workers = 2
  var jobs = [10, 20]
  var pause = 0
  var failing: [Int] = []
  var cancelAfter: Int?
  var mode = "slow"

  static var fields: [Field<Self>] {
    [
      .count(\.workers, in: 1...8, random: 1...3, "workers"),
      .durations(\.jobs, random: 0...6, "jobs"),
      .duration(\.pause, repeats: 6, "pause"),
      .indices(\.failing, of: \.jobs, "failing"),
      .moment(\.cancelAfter, "cancel"),
      .choice(\.mode, of: ["slow", "fast"], "mode"),
    ]
  }
}

@Suite("Fields of an input")
struct FieldTests {
  @Test("A field has the name of its property")
  func names() {
    #expect(
      Input.fields.map(\.name)
        == ["workers", "jobs", "pause", "failing", "cancelAfter", "mode"]
    )
  }

  private static let refused: [(Input, String)] = [
    (Input(workers: 0), "workers must be from 1 to 8, not 0"),
    (Input(jobs: [-1]), "jobs must be from 0 to 86400000000, not -1"),
    (Input(failing: [2]), "failing must be from 0 to 1, not 2"),
    (
      Input(jobs: [], failing: [0]),
      "failing must be empty where there is nothing to name"
    ),
    (
      Input(cancelAfter: -1),
      "cancelAfter must be from 0 to 86400000000, not -1"
    ),
    (Input(mode: "x"), "mode must be one of slow, fast, not x"),
    (
      Input(jobs: Array(repeating: 86_400_000_000, count: 81)),
      "jobs together must be from 0 to 6912000000000, not 6998400000000"
    ),
  ]

  @Test("What is out of bounds is refused by name", arguments: refused.indices)
  func validation(index: Int) throws {
    let (input, problem) = Self.refused[index]
    let error = #expect(throws: InputError.self) { try input.validate() }
    #expect(error?.description == problem)
  }

  private static func random(_ count: Int) -> [Input] {
    var generator = SeededGenerator(seed: 1)
    return (0..<count).map { _ in Input.random(using: &generator) }
  }

  @Test("Random inputs are valid, and many fail, are cancelled or have ties")
  func random() throws {
    let inputs = Self.random(1_000)
    for input in inputs { try input.validate() }
    #expect(inputs.count { !$0.failing.isEmpty } > 100)
    #expect(inputs.count { $0.cancelAfter != nil } > 100)
    #expect(inputs.count { Set($0.jobs).count < $0.jobs.count } > 100)
    #expect(inputs.contains { $0.mode == "fast" })
  }

  @Test("Where something may stop the others, no two sums are equal")
  func sums() {
    for input in Self.random(300)
    where !input.failing.isEmpty || input.cancelAfter != nil {
      var sums: Set<Int> = []
      var count = 0
      for pauses in 0...(input.pause == 0 ? 0 : 6) {
        for subset in 0..<1 << input.jobs.count {
          let jobs = input.jobs.indices.filter { subset >> $0 & 1 == 1 }
          sums.insert(
            jobs.reduce(pauses * input.pause) { $0 + input.jobs[$1] }
          )
          count += 1
        }
      }
      #expect(sums.count == count, "\(input)")
      #expect(!sums.contains(input.cancelAfter ?? -1))
    }
  }

  @Test("Shrinking comes to an end, and to an input that a person can read")
  func shrinking() throws {
    for var input in Self.random(100) {
      var steps = 0
      while let simpler = input.simpler.first(where: {
        (try? $0.validate()) != nil
      }) {
        input = simpler
        steps += 1
        try #require(steps < 1_000, "\(input)")
      }
      #expect(input.jobs.allSatisfy { $0 <= 1 } && input.jobs.count <= 1)
      #expect(input.workers == 1 && input.cancelAfter == nil)
    }
  }

  @Test("Each lane has a number of its own, and none come at one moment")
  func each() throws {
    let start = Visits(sizes: [1])
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<100 {
      var input = Visits.random(from: start, using: &generator)
      try input.validate()
      for list in [input.holds, input.sizes, input.patience] {
        #expect(list.count == input.arrivals.count)
      }
      var steps = 0
      while let simpler = input.simpler.first(where: {
        (try? $0.validate()) != nil
      }) {
        input = simpler
        #expect(Set(input.arrivals).count == input.arrivals.count)
        steps += 1
        try #require(steps < 1_000, "\(input)")
      }
    }
    let error = #expect(throws: InputError.self) {
      try Visits(sizes: [4]).validate()
    }
    #expect(error?.description == "sizes must be from 1 to 3, not 4")
  }
}
