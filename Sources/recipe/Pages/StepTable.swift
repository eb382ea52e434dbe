import Cookbook
import Simulation

/// A failing schedule as a table: a column a task, a row a step.
struct StepTable {
  /// What marks a task that runs before its turn.
  static let `switch` = "→"
  /// What marks what breaks the promise.
  static let fault = "⚠"
  /// What fills the column of a task between its first step and its last.
  private static let line = "┊"

  private var tasks: [String] = []
  private var rows: [Row] = []
  /// Whether what breaks the promise stands in one of the rows.
  private(set) var hasFault = false

  private struct Row {
    /// `nil` for what is left at the end, which is no step.
    var step: Int?
    var at: Int
    var cells: [String: [String]] = [:]
    var isSwitch = false
  }

  /// Lays out a run whose events know their positions.
  ///
  /// Marked is who is left behind, or the first event that breaks the law for
  /// good, or else the first of which the right version knows nothing.
  ///
  /// - Parameters:
  ///   - run: The run that fails.
  ///   - right: What the right version comes to on the same input.
  ///   - isBroken: Whether a run, or its beginning, breaks the law; `nil` if the
  ///     run breaks another promise.
  init(
    _ run: ExampleJudge.Run,
    right: Outcome,
    isBroken: ((Trace) -> Bool)?
  ) {
    let events = run.trace.events
    let lasting = isBroken.flatMap { isBroken in
      events.indices.last { !isBroken(Trace(Array(events[..<$0]))) }
    }
    let culprit =
      lasting
      ?? events.firstIndex { event in
        if event.name == "say" {
          return right.said[event.lane]?.contains(event.item) != true
        }
        return Ending(event).map { $0 != right.endings[event.lane] } ?? false
      }
    for (index, (event, position)) in zip(events, run.positions).enumerated() {
      let isLeft = event.lane == Event.caller && Ending(event) == .waits
      guard position != nil || isLeft else { continue }
      let task = position.map { Self.name(of: $0) } ?? Event.caller
      var text = Self.describe(event, in: task)
      if index == culprit { text = marked(text) }
      add(text, of: task, at: event.at, position)
    }
    guard case .outlived(let left) = run.failure?.reason else { return }
    let end = rows.last?.at ?? 0
    for task in tasks {
      // Such as `task 1 sleeps until 0.001 seconds`.
      for line in left where line.hasPrefix(task + " ") {
        let text = marked(String(line.dropFirst(task.count + 1)))
        add(text, of: task, at: end, nil)
      }
    }
  }

  private static func name(of position: Simulation.Position) -> String {
    position.task == "root" ? Event.caller : position.task
  }

  private mutating func marked(_ text: String) -> String {
    hasFault = true
    return "\(Self.fault) **\(text)**"
  }

  /// Adds what happens in a step, or at the end.
  private mutating func add(
    _ text: String,
    of task: String,
    at: Int,
    _ position: Simulation.Position?
  ) {
    if !tasks.contains(task) { tasks.append(task) }
    if rows.isEmpty || rows.last?.step != position?.step {
      rows.append(Row(step: position?.step, at: at))
    }
    rows[rows.count - 1].cells[task, default: []].append(text)
    rows[rows.count - 1].isSwitch = position.map { $0.choice != 0 } ?? false
  }

  /// Whether any task runs before its turn.
  var hasSwitch: Bool { rows.contains(where: \.isSwitch) }

  /// The table in Markdown.
  ///
  /// A time stands where it changes.
  var markdown: [String] {
    // The caller is the one that the others belong to.
    let tasks =
      tasks.filter { $0 == Event.caller } + tasks.filter { $0 != Event.caller }
    let takesTime = rows.contains { $0.at > 0 }
    let body = rows.indices.map { index in
      let row = rows[index]
      let isLater = index == 0 || rows[index - 1].at < row.at
      let at = row.at == 0 ? "0" : Timeline.duration(row.at)
      return [row.step == nil ? "" : "\(index + 1)"]
        + (takesTime ? [isLater ? at : ""] : [])
        + tasks.map { task in
          guard let texts = row.cells[task] else {
            return isAlive(task, in: index) ? Self.line : ""
          }
          let text = texts.joined(separator: ", ")
          return row.isSwitch ? "\(Self.switch) \(text)" : text
        }
    }
    let head = ["step"] + (takesTime ? ["at"] : [])
    return Markdown.table(head + tasks, body, numbers: head.indices)
  }

  /// Whether a task has begun before a row and goes on after it.
  private func isAlive(_ task: String, in row: Int) -> Bool {
    let own = rows.indices.filter { rows[$0].cells[task] != nil }
    guard let first = own.first, let last = own.last else { return false }
    return ((task == Event.caller ? 0 : first)...last).contains(row)
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
    let broken =
      verdict.isAlways
      ? "It always breaks \(wrong.breaks)."
      : "It breaks \(wrong.breaks) \(verdict.frequency)."
    guard !verdict.isAlways,
      let run = await shortestFailure(wrong, of: example)
    else {
      return [broken]
    }
    let right = await Self.run(.seed(0)) {
      await example.run(wrong.input, on: $0)
    }
    let law = example.laws.first { .law($0.name) == wrong.breaks }
    let table = StepTable(
      run,
      right: right.trace.outcome,
      isBroken: law.map { law in
        { law.problem(wrong.input, $0) != nil }
      }
    )
    let lead =
      table.hasSwitch
      ? "In the shortest, `\(StepTable.switch)` marks a task that runs before "
        + "its turn, and `\(StepTable.fault)` what breaks it:"
      : "In the shortest, each task runs in its turn; "
        + "`\(StepTable.fault)` marks what breaks it:"
    return ["\(broken) \(lead)", ""]
      + table.markdown
  }
}
