import Cookbook
import Simulation

/// A failing schedule as a table: a column a task, a row a step.
struct StepTable {
  private var tasks: [String] = []
  private var rows: [Row] = []

  private struct Row {
    var step: Int
    var cells: [String: [String]] = [:]
    var isSwitch = false
  }

  /// Lays out a run whose events know their positions.
  ///
  /// The first event that breaks, for good, what the table is to show is
  /// emphasised.
  init(_ run: ExampleJudge.Run, isBroken: (Trace) -> Bool) {
    let events = run.trace.events
    let culprit = events.indices.last { end in
      !isBroken(Trace(Array(events[..<end])))
    }
    for (index, (event, position)) in zip(events, run.positions).enumerated() {
      guard let position else { continue }
      let task = position.task == "root" ? Event.caller : position.task
      if !tasks.contains(task) { tasks.append(task) }
      if rows.last?.step != position.step {
        rows.append(Row(step: position.step))
      }
      var text = Self.describe(event, in: task)
      if index == culprit { text = "**\(text)**" }
      rows[rows.count - 1].cells[task, default: []].append(text)
      rows[rows.count - 1].isSwitch = position.choice != 0
    }
  }

  /// Whether any task runs before its turn.
  var hasSwitch: Bool { rows.contains(where: \.isSwitch) }

  /// The table in Markdown.
  var markdown: [String] {
    // The caller is the one that the others belong to.
    let tasks =
      tasks.filter { $0 == Event.caller } + tasks.filter { $0 != Event.caller }
    let body = rows.enumerated().map { index, row in
      ["\(index + 1)"]
        + tasks.map { task in
          let text = row.cells[task, default: []].joined(separator: ", ")
          return text.isEmpty || !row.isSwitch ? text : "→ " + text
        }
    }
    return Markdown.table(["step"] + tasks, body, numbers: 0..<1)
  }

  private static func describe(_ event: Event, in task: String) -> String {
    let action =
      switch event.name {
      case Event.come: "comes"
      case "start": "starts"
      case "end": "ends"
      case "fail": "fails"
      case "cancelled": "is cancelled"
      case "cancel": "is told to stop"
      case "leave": "leaves"
      case "say": "says \(event.item)"
      case Event.note: event.item
      default: Ending(event)?.description ?? event.name
      }
    return event.lane == task ? action : "\(event.lane) \(action)"
  }
}

extension ExampleJudge {
  /// What a page says of a wrong version: what it breaks, how often, and the
  /// shortest schedule in which it does.
  static func report(
    _ verdict: Verdict,
    on wrong: WrongVersion,
    of example: Example
  ) async -> [String] {
    guard !verdict.isAlways,
      let run = await shortestFailure(wrong, of: example)
    else {
      return ["It breaks \(wrong.breaks) \(verdict.frequency)."]
    }
    let law = example.laws.first { .law($0.name) == wrong.breaks }
    let table = StepTable(run) { trace in
      law.map { $0.problem(wrong.input, trace) != nil } ?? false
    }
    let lead =
      table.hasSwitch
      ? "The shortest, where `→` marks a task that runs before its turn:"
      : "The shortest, in which each task runs in its turn:"
    return ["It breaks \(wrong.breaks) \(verdict.frequency). \(lead)", ""]
      + table.markdown
  }
}
