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
      .duration(\.pause, repeats: 6, "pause"),
      .durations(\.jobs, random: 0...6, "jobs"),
      .durations(\.each, like: \.jobs, "each"),
      .count(\.uses, in: 1...8, random: 1...3, isUntied: true, "uses"),
      .leaving(\.wanted, of: \.jobs, "wanted"),
      .indices(\.failing, of: \.jobs, "failing"),
      .moment(\.cancelAfter, "cancel"),
      .choice(\.mode, of: ["slow", "fast"], "mode"),
    ]
  }
}

private struct Bursts: ExampleInput {
  var racers = [1]
  var pauses = [1]
  var takes = [1]

  static var fields: [Field<Self>] {
    let sums = Field<Self>.Ties.noneOfSums { _ in true }
    return [
      .durations(\.racers, random: 1...8, ties: .race, "racers"),
      .durations(\.pauses, random: 1...5, ties: sums, "pauses"),
      .durations(\.takes, least: 1, random: 4...4, ties: sums, "takes"),
    ]
  }
}

/// Random inputs, always the same.
private func random<Input: ExampleInput>(
  _ count: Int,
  from start: Input = Input()
) -> [Input] {
  var generator = SeededGenerator(seed: 1)
  return (0..<count).map { _ in Input.random(from: start, using: &generator) }
}

private func areDistinct(_ numbers: [Int]) -> Bool {
  Set(numbers).count == numbers.count
}

/// The sums of some of the durations, and of a pause up to six times.
private func sums(of durations: [Int], pause: Int = 0) -> [Int] {
  let pauses = (0...(pause == 0 ? 0 : 6)).map { $0 * pause }
  return durations.reduce(into: pauses) { sums, duration in
    sums += sums.map { $0 + duration }
  }
}

@Suite("Fields of an input")
struct FieldTests {
  private static let refused: [(any ExampleInput, String)] = [
    (Input(workers: 0), "workers must be from 1 to 8, not 0"),
    (Input(jobs: [-1]), "jobs must be from 0 to 86400000000, not -1"),
    (Input(failing: [2]), "failing must be from 0 to 1, not 2"),
    (Input(jobs: [], failing: [0]), "failing must be empty where jobs is"),
    (Input(cancelAfter: -1), "cancelAfter must be from 0 to 86400000000, not"),
    (Input(wanted: 0), "wanted must be from 1 to 100000, not 0"),
    (Input(mode: "x"), "mode must be one of slow, fast, not x"),
    (
      Input(jobs: Array(repeating: 86_400_000_000, count: 81)),
      "jobs together must be from 0 to 6912000000000, not 6998400000000"
    ),
    (Bursts(takes: [0]), "takes must be from 1 to 86400000000, not 0"),
    (Bursts(racers: [1, 1]), "racers must be one or more, of which no two"),
    (Visits(sizes: [4]), "sizes must be from 1 to 3, not 4"),
  ]

  @Test("What is out of bounds is refused by name")
  func validation() {
    for (input, problem) in Self.refused {
      let error = #expect(throws: InputError.self) { try input.validate() }
      #expect(error?.description.hasPrefix(problem) == true, "\(problem)")
    }
  }

  @Test("Random inputs are valid, and many fail, are cancelled or have ties")
  func randomInputs() throws {
    let inputs: [Input] = random(1_000)
    for input in inputs { try input.validate() }
    #expect(inputs.count { !$0.failing.isEmpty } > 100)
    #expect(inputs.count { $0.cancelAfter != nil } > 100)
    #expect(inputs.count { !areDistinct($0.jobs) } > 100)
    #expect(inputs.contains { $0.mode == "fast" })
    #expect(inputs.allSatisfy { $0.each.count == $0.jobs.count })
    #expect(inputs.count { $0.wanted != nil } > 100)
    #expect(inputs.allSatisfy { $0.wanted ?? 0 <= $0.jobs.count })
    let untied = inputs.filter { $0.uses > 1 || $0.wanted != nil }
    #expect(untied.count > 100)
    #expect(untied.allSatisfy { areDistinct($0.jobs) })
  }

  @Test("Where something may stop the others, no two sums are equal")
  func stops() {
    for input: Input in random(300)
    where !input.failing.isEmpty || input.cancelAfter != nil {
      let sums = sums(of: input.jobs, pause: input.pause)
      #expect(areDistinct(sums), "\(input)")
      #expect(!sums.contains(input.cancelAfter ?? -1))
    }
  }

  @Test("Where order decides, no two sums are equal, and some come together")
  func distinct() {
    let inputs: [Bursts] = random(300)
    #expect(inputs.contains { $0.pauses.dropFirst().contains(0) })
    for input in inputs {
      #expect(input.pauses[0] > 0 && input.takes.allSatisfy { $0 > 0 })
      let durations = input.pauses.filter { $0 > 0 } + input.takes
      #expect(areDistinct(sums(of: durations)), "\(input)")
      // The first of these to end stops the others.
      #expect(areDistinct(input.racers), "\(input)")
    }
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
    for input: Input in random(100) {
      let input = try Self.shrunk(input)
      #expect(input.jobs.allSatisfy { $0 <= 1 } && input.jobs.count <= 1)
      #expect(input.workers == 1 && input.cancelAfter == nil)
      #expect(input.wanted == nil)
    }
  }

  @Test("Each lane has a number of its own, and none come at one moment")
  func each() throws {
    for input in random(100, from: Visits(sizes: [1])) {
      try input.validate()
      for list in [input.holds, input.sizes, input.patience] {
        #expect(list.count == input.arrivals.count)
      }
      _ = try Self.shrunk(input) { #expect(areDistinct($0.arrivals)) }
    }
  }
}
