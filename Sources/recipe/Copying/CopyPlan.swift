import Cookbook
import Foundation

/// What copying will do to each file.
struct CopyPlan {
  enum Mode: Equatable {
    /// Only files that are not there yet.
    case add
    /// Whatever is there is replaced.
    case overwrite
    /// Copies are brought up to date with what the checkout in this folder
    /// holds; their owner's edits stay.
    case update(URL)
  }

  struct Step {
    var file: URL
    /// What the file holds; `nil` if there is none.
    var present: Data?
    /// What it is to hold.
    var text: String
    var action = Action.write
    var problem: UsageError?

    /// By what is said of it when it is done.
    enum Action: String {
      case write = "written"
      case overwrite = "overwritten"
      case update = "updated"
      case merge = "merged"
      case conflict = "conflict"
      case keep = "unchanged"
      case keepEdits = "up to date with your edits"
      case refuse = "refused"
    }

    var verb: String { action.rawValue }

    var isConflicted: Bool { action == .conflict }

    var writes: Bool {
      switch action {
      case .write, .overwrite, .update, .merge: true
      // What is in the file already needs no writing again.
      case .conflict: present != Data(text.utf8)
      case .keep, .keepEdits, .refuse: false
      }
    }

    /// What is there against what the cookbook would put there.
    func difference(styled: Bool) throws -> [String] {
      let path = file.relativePath
      return try UnifiedDiff.lines(
        from: present.map { String(decoding: $0, as: UTF8.self).lines } ?? [],
        named: present == nil ? "/dev/null" : path,
        to: text.lines,
        named: "\(path), from the cookbook",
        styled: styled
      )
    }
  }

  private(set) var steps: [Step] = []

  var writes: [FileTransaction.Change] {
    steps.filter(\.writes).map {
      FileTransaction.Change(file: $0.file, text: $0.text, expected: $0.present)
    }
  }

  var problems: [UsageError] { steps.compactMap(\.problem) }

  /// Looks at what is there; writes nothing.
  ///
  /// The first file is the recipe's own; its ingredients' follow.
  init(
    _ files: [PatternFile],
    to target: CopyCommand.Target,
    mode: Mode
  ) throws(UsageError) {
    var names: Set<String> = []
    for (index, file) in files.enumerated() {
      let name = (index == 0 ? target.fileName : nil) ?? file.fileName
      guard names.insert(name.lowercased()).inserted else {
        throw UsageError(
          "'\(name)' is the name of an ingredient too",
          hint: "choose another name for \(files[0].recipe.name)"
        )
      }
      var step = Step(
        file: target.folder.appending(path: name),
        text: file.text
      )
      // A second copy beside the first one would not compile.
      let usual = target.folder.appending(path: file.fileName)
      if step.file.fileType == nil, mode != .overwrite,
        let text = try? String(contentsOf: usual, encoding: .utf8),
        PatternFile.Header(in: text.withUnixLineEnds)?.name == file.recipe.name
      {
        throw UsageError(
          "'\(usual.relativePath)' is a copy of \(file.recipe.name) too",
          hint: "rename it, or copy to that name"
        )
      }
      do {
        try step.decide(file, mode)
      } catch {
        step.action = .refuse
        step.problem = error
      }
      steps.append(step)
    }
    if case .update = mode, steps.allSatisfy({ $0.action == .write }) {
      throw UsageError(
        "there is no copy to update: '\(steps[0].file.relativePath)'",
        hint: "without --update it is copied"
      )
    }
  }

  /// Refuses the whole if any file cannot be written.
  func refuse() throws(UsageError) {
    let problems = problems
    guard let last = problems.last else { return }
    for problem in problems.dropLast() {
      Terminal.complain(problem.message)
      if let hint = problem.hint { Terminal.complain(hint) }
    }
    throw UsageError(
      last.message,
      hint: [last.hint, "nothing was copied"].compactMap { $0 }
        .joined(separator: "\nrecipe: ")
    )
  }
}

extension CopyPlan.Step {
  /// Looks at what is there, and decides what is to be done.
  fileprivate mutating func decide(
    _ pattern: PatternFile,
    _ mode: CopyPlan.Mode
  ) throws(UsageError) {
    let path = file.relativePath
    // Not following a link: one that leads nowhere is in the way too.
    guard let type = file.fileType else { return }
    var place = "'\(path)'"
    // An edit belongs where the link leads, and the link stays.
    if type == .typeSymbolicLink {
      file = file.resolvingSymlinksInPath()
      place += ", a link to '\(file.path)',"
    }
    guard file.fileType == .typeRegular else {
      throw UsageError("'\(path)' is in the way, and is no file")
    }
    let data: Data
    do {
      data = try Data(contentsOf: file)
    } catch {
      throw UsageError("cannot read '\(path)': \(error.reason)")
    }
    present = data
    if data == Data(text.utf8) { return action = .keep }
    guard unsafe access(file.path, W_OK) == 0 else {
      throw UsageError("'\(path)' may not be written")
    }
    if case .overwrite = mode { return action = .overwrite }

    guard let raw = String(validating: data, as: UTF8.self),
      case let present = raw.withUnixLineEnds,
      let header = PatternFile.Header(in: present),
      header.name == pattern.recipe.name
    else {
      throw UsageError(
        "\(place) is in the way, and is no copy of \(pattern.recipe.name)",
        hint: "give a file name, or overwrite it with --force"
      )
    }
    let isUnedited = try header.isUnedited(present)
    let isCurrent = header.versionLine == pattern.header.versionLine
    let isConflicted = present.contains(/(?m)^(<<<<<<<|>>>>>>>)\s/)
    guard case .update(let root) = mode else {
      if isCurrent {
        let edited: Action = isConflicted ? .conflict : .keepEdits
        return (action, text) = (isUnedited ? .keep : edited, raw)
      }
      throw UsageError(
        "\(place) is a copy of another version"
          + (isUnedited ? "" : ", and has been edited"),
        hint: "see --diff; --update brings it up to date"
          + (isUnedited ? "" : " and keeps the edits; --force loses them")
      )
    }
    if isUnedited {
      action = .update
    } else if isConflicted {
      (action, text) = (.conflict, present)
    } else if isCurrent {
      (action, text) = (.keepEdits, present)
    } else {
      do {
        let base = try Merge.base(of: header, path: pattern.path, in: root)
        // The version is no edit: it would be a conflict for whoever has
        // edited the lines beside it.
        let merged = try Merge.run(
          yours: present.replacing(
            header.versionLine,
            with: pattern.header.versionLine
          ),
          base: pattern.text(with: base),
          cookbook: text
        )
        (action, text) = (merged.isConflicted ? .conflict : .merge, merged.text)
      } catch {
        throw UsageError(
          "cannot update '\(path)': \(error.message)",
          hint: error.hint
        )
      }
    }
    // Its owner's line ends stay.
    if raw != present { text = text.replacing("\n", with: "\r\n") }
    if action == .update, data == Data(text.utf8) { action = .keep }
  }
}

/// The three-way merge of an edited copy.
private enum Merge {
  /// The text below the header that was copied at the time.
  static func base(
    of header: PatternFile.Header,
    path: String,
    in root: URL
  ) throws(UsageError) -> String {
    let found = Subprocess.git([
      "-C", root.path, "cat-file", "blob", header.version,
    ])
    guard let found, found.status == 0,
      try PatternFile.version(of: found.text) == header.version
    else {
      throw UsageError(
        "the version that it was copied from, \(header.version) of "
          + "\(path), is not in the history of \(root.path)",
        hint: "a shallow clone has it after 'git fetch --unshallow'; "
          + "'recipe copy --diff' shows both; --force takes the cookbook's text"
      )
    }
    return PatternFile.body(of: found.text)
  }

  /// Merges by `git merge-file`.
  static func run(
    yours: String,
    base: String,
    cookbook: String
  ) throws(UsageError) -> (text: String, isConflicted: Bool) {
    let labels = ["your edits", "as copied", "the cookbook"]
    let merged = try withTexts([yours, base, cookbook]) { folder in
      Subprocess.git(
        ["-C", folder.path, "merge-file", "-p", "--diff3"]
          + labels.flatMap { ["-L", $0] } + ["1", "2", "3"]
      )
    }
    // The status counts conflicts up to 127; above that it is an error.
    guard let merged, (0...127).contains(merged.status) else {
      throw UsageError("git merge-file failed")
    }
    return (merged.text, merged.status > 0)
  }
}
