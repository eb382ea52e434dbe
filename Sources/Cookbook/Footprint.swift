import Foundation
import Synchronization

/// What this process takes from the system at one moment, in bytes.
///
/// Linux says it; on other systems all is not a number.
package struct Footprint: Sendable {
  private let resident: Double
  private let reserved: Double
  /// What the kernel itself holds for all processes: stacks of threads, page
  /// tables, and objects that it cannot give back.
  private let kernel: Double
  private let threads: Double

  private static func now() -> Footprint {
    let status = ProcFile("self/status")
    let memory = ProcFile("meminfo")
    return Footprint(
      resident: status["VmRSS"] * 1_024,
      reserved: status["VmSize"] * 1_024,
      kernel: (memory["KernelStack"] + memory["PageTables"]
        + memory["SUnreclaim"]) * 1_024,
      threads: status["Threads"]
    )
  }

  /// Starts some things, waits until they are there, and looks what they take.
  ///
  /// The figures are, of each, memory in `bytes`, the same `with the kernel's`,
  /// addresses that are `reserved`, and `microseconds`; and all `threads`.
  package static func figures(
    ofEach count: Int,
    start: () -> Void,
    until areThere: () async -> Bool
  ) async -> [String: Double] {
    let (before, began) = (now(), ContinuousClock.now)
    start()
    // A cancelled measurement goes on: who is not there yet still comes, and
    // whoever waits has to be released.
    while await !areThere() {
      try? await Task.sleep(for: .microseconds(100))
    }
    let (took, after) = (ContinuousClock.now - began, now())
    let resident = (after.resident - before.resident) / Double(count)
    let kernel = (after.kernel - before.kernel) / Double(count)
    return [
      "bytes": resident,
      "with the kernel's": resident + kernel,
      "reserved": (after.reserved - before.reserved) / Double(count),
      "microseconds": took / .microseconds(count),
      "threads": after.threads,
    ]
  }

  /// Does something so many times, and looks what is left of it.
  ///
  /// The figures are, of each, `bytes`, and what is `left` of all, at least a
  /// page. It is a second round: what starts once, and what the allocator
  /// keeps, is left by none.
  package static func figures(
    leftBy count: Int,
    doing run: (_ count: Int) async -> Void
  ) async -> [String: Double] {
    await run(count)
    giveBackFree()
    let found = await figures(ofEach: count) {
    } until: {
      await run(count)
      // What is free is not left.
      giveBackFree()
      return true
    }
    let bytes = found["bytes"] ?? .nan
    return ["bytes": bytes, "left": max(bytes * Double(count), 4_096)]
  }

  /// Calls `malloc_trim`, where there is one.
  private static func giveBackFree() {
    typealias Trim = @convention(c) (Int) -> CInt
    guard let trim = unsafe dlsym(nil, "malloc_trim") else { return }
    _ = unsafe unsafeBitCast(trim, to: Trim.self)(0)
  }
}

// MARK: What waits

extension Footprint {
  /// What each of some threads takes that wait.
  package static func figures(
    ofThreads count: Int
  ) async -> [String: Double] {
    let (arrived, gate) = (Counter(), DispatchSemaphore(value: 0))
    defer { for _ in 0..<count { gate.signal() } }
    return await figures(ofEach: count) {
      for _ in 0..<count {
        Thread.detachNewThread {
          arrived.add()
          gate.wait()
        }
      }
    } until: {
      arrived.value == count
    }
  }

  /// What tasks wait at while they are counted.
  package protocol Gate: Actor {
    init()

    /// How many wait now.
    var count: Int { get }

    func open()
  }

  /// What each of some tasks takes that wait in `body`, each once, and how
  /// many were `released` at the end.
  package static func figures<G: Gate>(
    of count: Int,
    at gate: G.Type,
    in body: @escaping @Sendable (G) async -> Void
  ) async -> [String: Double] {
    // What starts once, such as the pool's threads, is no task's cost.
    _ = await release(min(count, 100), body)
    return await release(count, body)
  }

  private static func release<G: Gate>(
    _ count: Int,
    _ body: @escaping @Sendable (G) async -> Void
  ) async -> [String: Double] {
    let (gate, released) = (G(), Counter())
    var found = await withDiscardingTaskGroup { group in
      let found = await figures(ofEach: count) {
        for _ in 0..<count {
          group.addTask {
            await body(gate)
            released.add()
          }
        }
      } until: {
        await gate.count == count
      }
      await gate.open()
      return found
    }
    found["released"] = Double(released.value)
    return found
  }
}

/// A file below `/proc` with a name and a number on each line.
package struct ProcFile: Sendable {
  private let values: [Substring: Double]

  package init(_ path: String) {
    let text = try? String(contentsOfFile: "/proc/\(path)", encoding: .utf8)
    var values: [Substring: Double] = [:]
    for line in (text ?? "").split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == ":" || $0.isWhitespace })
      guard words.count > 1 else { continue }
      values[words[0]] = Double(words[1])
    }
    self.values = values
  }

  /// In the unit of the file; not a number where it is not there.
  package subscript(name: Substring) -> Double { values[name] ?? .nan }
}

/// Counts, from any task.
package final class Counter: Sendable {
  private let count = Atomic(0)

  package init() {}

  package func add() { count.add(1, ordering: .relaxed) }

  package var value: Int { count.load(ordering: .relaxed) }
}
