import Cookbook
import Foundation

/// What was measured, and what can be concluded from it.
struct BenchReport: Encodable {
  var machine = Machine.current(go: "")
  var rows: [Row] = []

  struct Machine: Codable {
    var processor: String
    var cores: Int
    var system: String
    var swift: String
    var go: String

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
  }

  struct Row: Encodable {
    var recipe: String
    var workload: String
    var promise: String
    /// By growing size; the last is the full one.
    var samples: [Sample]
    /// How long a word took from one core to another, before each round.
    var exchangeNanoseconds: [Double] = []

    init(_ workload: Workload, of recipe: Recipe, parts: [Int]) {
      self.recipe = recipe.name
      self.workload = workload.name
      promise = workload.promise
      samples = parts.map { part in
        Sample(operations: max(workload.operations / part, 1))
      }
    }

    var name: String { "\(recipe)/\(workload)" }

    /// How Swift's time grows with size: 1 is linear.
    ///
    /// The slope between the smallest and the largest size, on logarithmic
    /// axes.
    var exponent: Double? {
      guard let first = samples.first, let last = samples.last,
        first.operations < last.operations, first.swift.median > 0
      else { return nil }
      return log(last.swift.median / first.swift.median)
        / log(Double(last.operations) / Double(first.operations))
    }
  }

  /// The table, with a chart of bars, for a terminal.
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
    var cells = [
      ["", "ns/op Swift", "", "ns/op Go", "", "ratio", "peak MiB Swift/Go"]
    ]
    var ends = ["Swift : Go"]
    for row in rows {
      guard let sample = row.samples.last else { continue }
      func each(_ side: Side) -> [String] {
        [
          format(side.median / Double(sample.operations)),
          "±\(Int((side.spread * 50).rounded()))%",
        ]
      }
      cells.append(
        [row.name] + each(sample.swift) + each(sample.go) + [
          format(sample.ratio),
          "\(sample.swift.peakKiB >> 10)/\(sample.go.peakKiB >> 10)",
        ]
      )
      let growth = row.exponent.map { "  grows as n^" + format($0) }
      ends.append(
        bar(sample.ratio) + (growth ?? "")
          + (sample.isConclusive ? "" : "  (spread too wide to conclude)")
      )
    }
    lines += zip(inColumns(cells), ends).map { "\($0)  \($1)" }
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
}
