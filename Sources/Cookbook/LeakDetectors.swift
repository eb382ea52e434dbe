import Foundation
import Simulation

/// A leak and the same without it, for what sees leaks.
package struct LeakingTwins: Sendable {
  package typealias Body = @Sendable (Stage) async -> Void
  private let leak: Body
  private let mended: Body

  /// The twins are the first wrong version of an example, or another leak, and
  /// the example itself on the wrong version's input.
  package init(_ example: Example, leak: Body? = nil) {
    let wrong = example.wrong[0]
    self.leak = leak ?? { await wrong.run(on: $0) }
    mended = { await example.run(wrong.input, on: $0) }
  }

  /// How many of so many leaks each detector sees, as `by DETECTOR` too, and
  /// how many it does not, as `not by DETECTOR`.
  ///
  /// `clean` is how many mended twins there are, less what any has against one.
  /// What sees no leak is not a number, for tables.
  fileprivate func figures(_ count: Int) async -> [String: Double] {
    let all = Double(count)
    let accused = await Self.seen(of: mended, count).values.reduce(0, +)
    var figures = ["clean": all - accused]
    for (detector, seen) in await Self.seen(of: leak, count) {
      figures["by \(detector)"] = seen
      figures["not by \(detector)"] = all - seen
      figures[detector] = seen > 0 ? seen : .nan
    }
    return figures
  }

  private static func seen(
    of body: @escaping Body,
    _ count: Int
  ) async -> [String: Double] {
    var figures: [String: Double] = [
      "deadlock": 0, "outlived": 0, "stepLimit": 0,
    ]
    // What the runtime says of these is no figure.
    _ = await warnings {
      for seed in 0..<UInt64(count) {
        if let name = await failure(of: body, seed) {
          figures[name, default: 0] += 1
        }
      }
    }
    var kept = 0
    let warnings = await warnings {
      let objects = (0..<count).map { _ in
        let stage = Stage(clock: ContinuousClock())
        // What spins has threads of its own, those of its priority.
        Task.detached(priority: .background) { await body(stage) }
        return Weak(object: stage.object)
      }
      for _ in 0..<100 {
        kept = objects.count { $0.object != nil }
        if kept == 0 { break }
        try? await Task.sleep(for: .milliseconds(10))
      }
    }
    (figures["warning"], figures["object"]) = (Double(warnings), Double(kept))
    return figures
  }

  private struct Weak {
    weak var object: AnyObject?
  }

  /// What the simulation has against a run.
  private static func failure(
    of body: @escaping Body,
    _ seed: UInt64
  ) async -> String? {
    let options = Simulation.Options(stepLimit: 1_000)
    do throws(SimulationFailure) {
      _ = try await Simulation.run(seed: seed, options: options) {
        await body(Stage(in: $0))
      }
      return nil
    } catch {
      return switch error.reason {
      case .deadlock: "deadlock"
      case .outlived: "outlived"
      case .stepLimit: "stepLimit"
      default: "\(error)"
      }
    }
  }

  /// How often the runtime warns of a continuation while `body` runs.
  private static func warnings(_ body: () async -> Void) async -> Int {
    let file = FileManager.default.temporaryDirectory
      .appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    let (errors, new) = (dup(2), unsafe creat(file.path, 0o600))
    dup2(new, 2)
    await body()
    dup2(errors, 2)
    let text = try? String(contentsOf: file, encoding: .utf8)
    return (text ?? "").ranges(of: "leaked its continuation").count
  }
}

extension Example {
  /// A table of leaks by detectors: how many of ten each sees.
  ///
  /// What `see` names is claimed of each leak, that no other detector sees it,
  /// and that none accuses its mended twin. Those that are no twins of Swift
  /// are measured in Go.
  package static func detectors(
    _ name: String,
    _ detectors: [String],
    see leaks: KeyValuePairs<String, Set<String>>,
    _ twins: [String: LeakingTwins] = [:]
  ) -> Example {
    var measurements: [Measurement] = []
    var claims: [Claim] = []
    for (leak, seen) in leaks {
      let measurement =
        twins[leak].map { twins in
          Measurement.swift(leak, count: 10) { await twins.figures($0) }
        } ?? .go(leak, count: 10)
      measurements.append(measurement)
      let id = measurement.id
      func claim(_ name: String, _ figure: String) {
        claims.append(
          Claim("\(name) \(id)", "\(id).\(figure)", equals: "\(id).count")
        )
      }
      for detector in detectors {
        if seen.contains(detector) {
          claim("\(detector) sees each", "by \(detector)")
        } else {
          claim("\(detector) sees no", "not by \(detector)")
        }
      }
      claim("nothing accuses the mended twin of", "clean")
    }
    return .claims(name, measurements, showing: detectors, claims)
  }
}
