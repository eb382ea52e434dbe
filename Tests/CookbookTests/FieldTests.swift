import Cookbook
import Testing

private struct Input: ExampleInput {
  var workers = 2
  var jobs = [10, 20]
  var each = [1]
  var uses = 1
  var wanted: Int?
  var pause = 0
  var failing: [Int] = []
  var cancelAfter: Int?
  var mode = "slow"

  static var fields: [Field<Self>] {
    [
      .count(\.workers, in: 1...8, random: 1...3, "workers"),
      .durations(\.jobs, random: 0...6, "jobs"),
      .durations(\.each, like: \.jobs, "each"),
      .count(\.uses, in: 1...8, random: 1...3, isUntied: true, "uses"),
      .leaving(\.wanted, of: \.jobs, "wanted"),
      .duration(\.pause, repeats: 6, "pause"),
      .indices(\.failing, of: \.jobs, "failing"),
      .moment(\.cancelAfter, "cancel"),
      .choice(\.mode, of: ["slow", "fast"], "mode"),
    ]
  }
}

private struct Bursts: ExampleInput {
  var pauses = [1]
  var takes = [1]

  static var fields: [Field<Self>] {
    let always: @Sendable (Self) -> Bool = { _ in true }
    return [
      .durations(\.pauses, random: 1...5, ties: .noneOfSums(always), "pauses"),
      .durations(
        \.takes,
        least: 1,
        random: 4...4,
        ties: .noneOfSums(always),
        "takes"
      ),
    ]
  }
}

@Suite("Fields of an input")
struct FieldTests {
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
    (Input(wanted: 0), "wanted must be from 1 to 100000, not 0"),
    (Input(mode: "x"), "mode must be one of slow, fast, not x"),
    (
      Input(jobs: Array(repeating: 86_400_000_000, count: 81)),
      "jobs together must be from 0 to 6912000000000, not 6998400000000"
    ),
  ]

  @Test("What is out of bounds is refused by name")
  func validation() {
    for (input, problem) in Self.refused {
      let error = #expect(throws: InputError.self) { try input.validate() }
      #expect(error?.description == problem)
    }
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
    #expect(inputs.allSatisfy { $0.each.count == $0.jobs.count })
    #expect(inputs.count { $0.wanted != nil } > 100)
    #expect(inputs.allSatisfy { $0.wanted ?? 0 <= $0.jobs.count })
    let untied = inputs.filter { $0.uses > 1 || $0.wanted != nil }
    #expect(untied.count > 100)
    #expect(untied.allSatisfy { Set($0.jobs).count == $0.jobs.count })
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

  private struct Untied: ExampleInput {
    var jobs: [Int] = []

    static var fields: [Field<Self>] {
      [.durations(\.jobs, random: 0...8, ties: .race, "the milliseconds")]
    }
  }

  @Test("Where the first job to end stops the others, no two are equal")
  func untied() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<300 {
      let jobs = Untied.random(using: &generator).jobs
      #expect(Set(jobs).count == jobs.count)
    }
  }

  @Test("Where order decides, no two sums are equal, and some come together")
  func distinct() {
    var generator = SeededGenerator(seed: 1)
    let inputs = (0..<300).map { _ in Bursts.random(using: &generator) }
    #expect(inputs.contains { $0.pauses.dropFirst().contains(0) })
    for input in inputs {
      #expect(input.pauses[0] > 0 && input.takes.allSatisfy { $0 > 0 })
      let durations = input.pauses.filter { $0 > 0 } + input.takes
      let sums = durations.reduce(into: [0]) { sums, duration in
        sums += sums.map { $0 + duration }
      }
      #expect(Set(sums).count == sums.count, "\(input)")
    }
    #expect(throws: InputError.self) { try Bursts(takes: [0]).validate() }
  }

  /// The simplest input to which shrinking comes.
  private static func shrunk<Input: ExampleInput>(
    _ input: Input,
    check: (Input) -> Void = { _ in }
  ) throws -> Input {
    var (input, steps) = (input, 0)
    while let simpler = input.simpler.first(where: {
      (try? $0.validate()) != nil
    }) {
      input = simpler
      check(input)
      steps += 1
      try #require(steps < 1_000, "\(input)")
    }
    return input
  }

  @Test("Shrinking comes to an end, and to an input that a person can read")
  func shrinking() throws {
    for input in Self.random(100) {
      let input = try Self.shrunk(input)
      #expect(input.jobs.allSatisfy { $0 <= 1 } && input.jobs.count <= 1)
      #expect(input.workers == 1 && input.cancelAfter == nil)
      #expect(input.wanted == nil)
    }
  }

  @Test("Each lane has a number of its own, and none come at one moment")
  func each() throws {
    let start = Visits(sizes: [1])
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<100 {
      let input = Visits.random(from: start, using: &generator)
      try input.validate()
      for list in [input.holds, input.sizes, input.patience] {
        #expect(list.count == input.arrivals.count)
      }
      _ = try Self.shrunk(input) {
        #expect(Set($0.arrivals).count == $0.arrivals.count)
      }
    }
    let error = #expect(throws: InputError.self) {
      try Visits(sizes: [4]).validate()
    }
    #expect(error?.description == "sizes must be from 1 to 3, not 4")
  }
}
