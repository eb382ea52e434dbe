import Cookbook
import Foundation

/// What copying will do to each file.
struct CopyPlan {
  enum Mode {
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
    var action: Action
    var problem: UsageError?

    enum Action {
      case write, overwrite, update, merge, conflict, keep, keepEdits, refuse
    }

    var writes: Bool {
      switch action {
      case .write, .overwrite, .update, .merge: true
      // What is in the file already needs no writing again.
      case .conflict: present != Data(text.utf8)
      case .keep, .keepEdits, .refuse: false
      }
    }

    var isConflicted: Bool { action == .conflict }

    var verb: String {
      switch action {
      case .write: "written"
      case .overwrite: "overwritten"
      case .update: "updated"
      case .merge: "merged"
      case .conflict: "conflict"
      case .keep: "unchanged"
      case .keepEdits: "up to date with your edits"
      case .refuse: "refused"
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
  /// - Parameters:
  ///   - files: The recipe's own file first, then its ingredients'.
  ///   - target: Where they go.
  ///   - mode: What may happen to files that are there.
  /// - Throws: ``UsageError`` when the names do not work out.
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
      let url = target.folder.appending(path: name)
      steps.append(Self.step(for: file, at: url, mode: mode))
    }
    if case .update = mode, steps[0].action == .write {
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

  private static func step(
    for file: PatternFile,
    at url: URL,
    mode: Mode
  ) -> Step {
    let copy = file.copy
    var step = Step(file: url, present: nil, text: copy.text, action: .write)
    let path = url.relativePath

    func refuse(_ message: String, hint: String? = nil) -> Step {
      step.action = .refuse
      step.problem = UsageError(message, hint: hint)
      return step
    }

    // Not following a link: one that leads nowhere is in the way too.
    let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
    guard let type = attributes?[.type] as? FileAttributeType else {
      return step
    }
    if type == .typeSymbolicLink {
      // An edit belongs where the link leads, and the link stays.
      step.file = url.resolvingSymlinksInPath()
    }
    let isRegular =
      (try? FileManager.default.attributesOfItem(atPath: step.file.path))?[
        .type
      ]
      as? FileAttributeType == .typeRegular
    guard isRegular else {
      return refuse("'\(path)' is in the way, and is no file")
    }
    do {
      step.present = try Data(contentsOf: step.file)
    } catch {
      return refuse("cannot read '\(path)': \(error.reason)")
    }
    if step.present == Data(copy.text.utf8) {
      step.action = .keep
      return step
    }
    guard unsafe access(step.file.path, W_OK) == 0 else {
      return refuse("'\(path)' may not be written")
    }
    if case .overwrite = mode {
      step.action = .overwrite
      return step
    }

    let raw = step.present.flatMap { String(validating: $0, as: UTF8.self) }
    guard let raw, let header = Copy.Header(in: raw.withUnixLineEnds),
      header.name == file.recipe.name
    else {
      return refuse(
        "'\(path)' is in the way, and is no copy of \(file.recipe.name)",
        hint: "give a file name, or overwrite it with --force"
      )
    }
    let present = raw.withUnixLineEnds
    let isUnedited = Copy.isUnedited(present, header)
    guard case .update(let root) = mode else {
      return refuse(
        isUnedited
          ? "'\(path)' is a copy of another version"
          : "'\(path)' is a copy that has been edited",
        hint: "see --diff; --update brings it up to date"
          + (isUnedited ? "" : " and keeps the edits; --force loses them")
      )
    }

    let usesCarriageReturns = raw != present
    func setText(_ text: String) {
      step.text =
        usesCarriageReturns ? text.replacing("\n", with: "\r\n") : text
    }
    if isUnedited {
      step.action = .update
      setText(copy.text)
      if step.present == Data(step.text.utf8) { step.action = .keep }
      return step
    }
    if present.contains(/(?m)^(<<<<<<<|>>>>>>>)\s/) {
      step.action = .conflict
      setText(present)
      return step
    }
    if header.versionLine == copy.versionLine {
      step.action = .keepEdits
      setText(present)
      return step
    }
    do throws(Merge.Failure) {
      let base = try Merge.base(of: header, path: file.path, in: root)
      let merged = try Merge.run(
        // The version is no edit: it would be a conflict for whoever has
        // edited the lines beside it.
        yours: present.replacing(header.versionLine, with: copy.versionLine),
        base: Copy(
          name: copy.name,
          version: copy.version,
          page: copy.page,
          body: base
        ),
        cookbook: copy
      )
      setText(merged.text)
      step.action = merged.isConflicted ? .conflict : .merge
      return step
    } catch {
      return refuse(
        "cannot update '\(path)': \(error.problem)",
        hint: error.hint
      )
    }
  }
}

/// The three-way merge of an edited copy.
enum Merge {
  struct Failure: Error {
    var problem: String
    var hint: String?
  }

  /// The text below the header that was copied at the time.
  ///
  /// - Throws: ``Failure`` when git is missing or its history does not hold
  ///   the version.
  static func base(
    of header: Copy.Header,
    path: String,
    in root: URL
  ) throws(Failure) -> String {
    let hint =
      "'recipe copy --diff' shows both; --force takes the cookbook's text"
    guard
      let found = Subprocess.git([
        "-C", root.path, "cat-file", "blob", header.version,
      ])
    else { throw Failure(problem: "there is no git on the PATH", hint: hint) }
    guard found.status == 0, Copy.version(of: found.text) == header.version
    else {
      throw Failure(
        problem: "the version that it was copied from, \(header.version) of "
          + "\(path), is not in the history of \(root.path)",
        hint: "a shallow clone has it after 'git fetch --unshallow'; \(hint)"
      )
    }
    return PatternFile.body(of: found.text)
  }

  /// Merges by `git merge-file`.
  static func run(
    yours: String,
    base: Copy,
    cookbook: Copy
  ) throws(Failure) -> (text: String, isConflicted: Bool) {
    // Otherwise the base's version line would differ from both others'.
    let baseText = base.text.replacing(
      base.versionLine,
      with: cookbook.versionLine
    )
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "recipe-merge-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let texts = [
      ("yours", yours), ("copied", baseText), ("cookbook", cookbook.text),
    ]
    do {
      try FileManager.default.createDirectory(
        at: folder,
        withIntermediateDirectories: true
      )
      for (name, text) in texts {
        try Data(text.utf8).write(to: folder.appending(path: name))
      }
    } catch {
      throw Failure(problem: "cannot write to \(folder.path): \(error.reason)")
    }
    let labels = ["your edits", "as copied", "the cookbook"]
    let merged = Subprocess.git(
      ["merge-file", "-p", "--diff3"] + labels.flatMap { ["-L", $0] }
        + texts.map { folder.appending(path: $0.0).path }
    )
    // The status counts conflicts up to 127; above that it is an error.
    guard let merged, (0...127).contains(merged.status) else {
      throw Failure(problem: "git merge-file failed")
    }
    return (merged.text, merged.status > 0)
  }
}
