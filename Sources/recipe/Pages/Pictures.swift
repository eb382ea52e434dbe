import Cookbook
import Foundation

extension Picture {
  /// What Swift did with an input, below what Go did with it, where that is
  /// recorded.
  init(
    of example: Example,
    _ recipe: Recipe,
    _ input: any ExampleInput,
    _ trace: Trace
  ) {
    let record = try? CompareCommand.records(of: recipe)
      .first { $0.example == example.name && $0.input == json(input) }
    let go = record.map { [("Go", $0.go.comparable)] } ?? []
    self.init(
      title: "\(recipe.name) \(example.name), lane by lane: "
        + (go + [("Swift", [])]).map(\.0).joined(separator: " and "),
      go + [("Swift", trace.comparable)]
    )
  }
}

/// A trace as https://ui.perfetto.dev opens it: a track for each lane.
struct PerfettoTrace {
  private struct File: Encodable {
    var displayTimeUnit = "ms"
    var traceEvents: [Entry] = []
  }

  private struct Entry: Encodable {
    var name: String
    // `b` and `e` begin and end a slice, `i` is an instant, `M` a name.
    var ph: String
    var ts = 0
    var pid = 1
    var tid: Int
    var cat = "recipe"
    var id: Int?
    var args: [String: String]?
  }

  private var file = File()

  init(_ trace: Trace) {
    var lanes: [String: Int] = [:]
    for event in trace.events where event.name != Event.note {
      let tid = lanes[event.lane, default: lanes.count + 1]
      if lanes.updateValue(tid, forKey: event.lane) == nil {
        file.traceEvents.append(
          Entry(
            name: "thread_name",
            ph: "M",
            tid: tid,
            args: ["name": event.lane]
          )
        )
      }
      let phase = event.isOpening ? "b" : event.isClosing ? "e" : "i"
      file.traceEvents.append(
        Entry(
          name: phase == "i" ? event.name : event.lane,
          ph: phase,
          ts: event.at,
          tid: tid,
          id: phase == "i" ? nil : tid,
          args: ["event": event.name, "item": event.item]
        )
      )
    }
  }

  var text: String { json(file) + "\n" }
}
