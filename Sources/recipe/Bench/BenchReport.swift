import Cookbook
import Foundation

/// What was measured, and what can be concluded from it.
struct BenchReport: Encodable {
  var machine: Machine
  var rows: [Row] = []

  struct Machine: Codable {
    var processor: String
    var cores: Int
    var system: String
    var swift: String
    var go: String

    static func current(
      go: BenchProcess,
      _ workloads: [(recipe: String, workload: Workload)]
    ) async throws -> Machine {
      let first = workloads[0]
      let answer = try await go.measure(
        BenchRequest(
          recipe: first.recipe,
          workload: first.workload.name,
          operations: 1
        )
      )
      return current(go: answer.version)
    }

    static func current(go version: String) -> Machine {
      let information =
        (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
      let model =
        information.split(separator: "\n")
        .first { $0.hasPrefix("model name") }?
        .split(separator: ":").last
        .map { $0.trimmingCharacters(in: .whitespaces) }
      return Machine(
        processor: model ?? "unknown",
        cores: ProcessInfo.processInfo.activeProcessorCount,
        system: ProcessInfo.processInfo.operatingSystemVersionString,
        swift: compilerVersion,
        go: version
      )
    }

    /// As precise as the language can say of itself.
    private static var compilerVersion: String {
      #if compiler(>=6.4)
        "6.4 or newer"
      #elseif compiler(>=6.3)
        "6.3"
      #else
        "6.2"
      #endif
    }
  }

  struct Side: Encodable {
    var nanoseconds: [Int] = []
    var peakKiB = 0

    var median: Double { quantile(0.5) }

    /// Half of the runs lie within this part of the median.
    var spread: Double {
      median > 0 ? (quantile(0.75) - quantile(0.25)) / median : 0
    }

    private func quantile(_ part: Double) -> Double {
      let sorted = nanoseconds.sorted()
      guard !sorted.isEmpty else { return 0 }
      let position = part * Double(sorted.count - 1)
      let low = sorted[Int(position)]
      let high = sorted[min(Int(position) + 1, sorted.count - 1)]
      return Double(low)
        + (position - position.rounded(.down)) * Double(high - low)
    }
  }

  struct Sample: Encodable {
    var operations: Int
    var swift = Side()
    var go = Side()

    init(operations: Int) {
      self.operations = operations
    }

    mutating func add(swift ofSwift: BenchAnswer, go ofGo: BenchAnswer) {
      swift.nanoseconds.append(ofSwift.nanoseconds)
      go.nanoseconds.append(ofGo.nanoseconds)
      swift.peakKiB = max(swift.peakKiB, ofSwift.peakKiB)
      go.peakKiB = max(go.peakKiB, ofGo.peakKiB)
    }

    var ratio: Double { swift.median / max(go.median, 1) }

    /// Beyond this the medians of another run may say something else.
    static let widestSpread = 0.25

    /// Fewer rounds than this have no spread to speak of.
    static let fewestRounds = 3

    var isConclusive: Bool {
      swift.nanoseconds.count >= Self.fewestRounds
        && max(swift.spread, go.spread) <= Self.widestSpread
    }

    private enum Key: String, CodingKey {
      case operations, swift, go, ratio, swiftNanosecondsEach, goNanosecondsEach
      case swiftSpread, goSpread, isConclusive
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: Key.self)
      try values.encode(operations, forKey: .operations)
      try values.encode(swift, forKey: .swift)
      try values.encode(go, forKey: .go)
      try values.encode(rounded(ratio), forKey: .ratio)
      let count = Double(operations)
      try values.encode(
        rounded(swift.median / count),
        forKey: .swiftNanosecondsEach
      )
      try values.encode(rounded(go.median / count), forKey: .goNanosecondsEach)
      try values.encode(rounded(swift.spread), forKey: .swiftSpread)
      try values.encode(rounded(go.spread), forKey: .goSpread)
      try values.encode(isConclusive, forKey: .isConclusive)
    }

    private func rounded(_ value: Double) -> Double {
      (value * 1_000).rounded() / 1_000
    }
  }

  struct Row: Encodable {
    var recipe: String
    var workload: String
    var promise: String
    /// By growing size; the last is the full one.
    var samples: [Sample]
    /// How long a word took from one core to another, before each round.
    var exchangeNanoseconds: [Double] = []

    var name: String { "\(recipe)/\(workload)" }

    /// How time grows with size: 1 is linear.
    ///
    /// The slope between the smallest and the largest size, on logarithmic
    /// axes.
    func exponent(_ side: (Sample) -> Side) -> Double? {
      guard let first = samples.first, let last = samples.last,
        first.operations < last.operations,
        side(first).median > 0
      else { return nil }
      return log(side(last).median / side(first).median)
        / log(Double(last.operations) / Double(first.operations))
    }

    private enum Key: String, CodingKey {
      case recipe, workload, promise, samples, swiftExponent, goExponent
      case exchangeNanoseconds
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: Key.self)
      try values.encode(recipe, forKey: .recipe)
      try values.encode(workload, forKey: .workload)
      try values.encode(promise, forKey: .promise)
      try values.encode(samples, forKey: .samples)
      try values.encode(exchangeNanoseconds, forKey: .exchangeNanoseconds)
      try values.encodeIfPresent(exponent(\.swift), forKey: .swiftExponent)
      try values.encodeIfPresent(exponent(\.go), forKey: .goExponent)
    }
  }

  /// The table and the chart, for a terminal.
  var text: String {
    var lines = [
      "\(machine.processor), \(machine.cores) cores, \(machine.system)",
      "Swift \(machine.swift), \(machine.go), release builds, "
        + "medians of \(rows.first?.samples.last?.swift.nanoseconds.count ?? 0) "
        + "alternating rounds",
    ]
    let exchanges = rows.flatMap(\.exchangeNanoseconds)
    if let least = exchanges.min(), let most = exchanges.max() {
      lines.append(
        "a word from one core to another: \(Int(least)) to \(Int(most)) ns"
      )
    }
    lines.append("")
    let width = rows.map(\.name.count).max() ?? 0
    lines.append(
      "".padded(to: width) + "  ns/op Swift       ns/op Go  ratio  "
        + "peak MiB Swift/Go  Swift : Go"
    )
    for row in rows {
      guard let sample = row.samples.last else { continue }
      let count = Double(sample.operations)
      func each(_ side: Side) -> String {
        format(side.median / count).leftPadded(to: 9)
          + " ±\(Int((side.spread * 50).rounded()))%".padded(to: 5)
      }
      var line = row.name.padded(to: width)
      line += each(sample.swift) + " " + each(sample.go)
      line += "  " + format(sample.ratio).leftPadded(to: 5)
      line +=
        "  "
        + "\(sample.swift.peakKiB >> 10)/\(sample.go.peakKiB >> 10)"
        .leftPadded(to: 17)
      line += "  " + bar(sample.ratio)
      if let exponent = row.exponent(\.swift) {
        line += "  grows as n^" + format(exponent)
      }
      if !sample.isConclusive { line += "  (spread too wide to conclude)" }
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }

  private func bar(_ ratio: Double) -> String {
    let columns = min(max(Int((ratio * 10).rounded()), 1), 30)
    let bar = String(repeating: "█", count: min(columns, 10))
    return bar + String(repeating: "▓", count: max(columns - 10, 0))
      + String(repeating: "·", count: max(10 - columns, 0))
  }

  private func format(_ value: Double) -> String {
    value >= 100
      ? "\(Int(value.rounded()))"
      : value >= 10
        ? "\((value * 10).rounded() / 10)"
        : "\((value * 100).rounded() / 100)"
  }

  /// The ratios as a chart of bars; the line is where both are equal.
  var svg: String {
    let (left, scale, height) = (260, 200.0, 24)
    var shapes: [String] = []
    for (index, row) in rows.enumerated() {
      guard let sample = row.samples.last else { continue }
      let y = 30 + index * height
      let width = Int(min(sample.ratio, 2.5) * scale)
      let fill = sample.ratio <= 1 ? "#2f6f9f" : "#c0662d"
      shapes.append(
        """
        <text x="\(left - 8)" y="\(y + 15)" text-anchor="end">\(row.name)</text>
        <rect x="\(left)" y="\(y + 3)" width="\(width)" height="16" \
        fill="\(fill)"/>
        <text x="\(left + width + 6)" y="\(y + 15)">\(format(sample.ratio))\
        </text>
        """
      )
    }
    let bottom = 34 + rows.count * height
    let line = left + Int(scale)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(left + 560)" \
      height="\(bottom + 24)" font-family="sans-serif" font-size="13">
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(left)" y="18">time of Swift / time of Go, shorter is faster</text>
      \(shapes.joined(separator: "\n"))
      <line x1="\(line)" y1="24" x2="\(line)" y2="\(bottom)" stroke="#555555" \
      stroke-dasharray="4 3"/>
      <text x="\(line)" y="\(bottom + 16)" text-anchor="middle">as fast as Go</text>
      </svg>

      """
  }
}
