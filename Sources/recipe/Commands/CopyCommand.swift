import Cookbook
import Foundation

/// `recipe copy NAME DIRECTORY`: a pattern and its ingredients as files of
/// a user's project.
enum CopyCommand: Subcommand {
  static let switches = ["create", "diff", "dry-run", "force", "update"]

  static func run(_ arguments: inout Arguments) throws {
    let recipe = try arguments.takeRecipe()
    let creates = try arguments.take(switch: "create")
    let showsDifference = try arguments.take(switch: "diff")
    let isDry = try arguments.take(switch: "dry-run")
    let forces = try arguments.take(switch: "force")
    let updates = try arguments.take(switch: "update")
    guard !recipe.copies.isEmpty else {
      throw UsageError(
        "\(recipe.name) has nothing to copy",
        hint: "'recipe show \(recipe.name)' says which recipes it uses"
      )
    }
    guard !arguments.operands.isEmpty else {
      throw UsageError(
        "'recipe copy \(recipe.name)' needs a directory or a file name",
        hint: "such as: recipe copy \(recipe.name) Sources/App"
      )
    }
    let destination = arguments.operands.removeFirst()
    try arguments.requireEmpty()
    if forces, updates {
      throw UsageError(
        "--force and --update exclude each other",
        hint: "--update keeps edits, --force overwrites them"
      )
    }
    let root = try Checkout.root()
    let files = try PatternFile.all(for: recipe, of: everyRecipe, in: root)
    let target = try Target(
      destination,
      creates: creates || isDry || showsDifference
    )
    let mode: CopyPlan.Mode =
      updates ? .update(root) : forces ? .overwrite : .add
    let plan = try CopyPlan(files, to: target, mode: mode)
    if showsDifference { return try show(plan) }
    try plan.refuse()
    if !isDry { try write(plan, to: target) }
    try report(plan, isDry: isDry)
    if !isDry, !plan.writes.isEmpty, !isCommitted(files, in: root) {
      try Terminal.print(
        "note: this version is not in the checkout's history; unless it "
          + "comes to be,\n      --update will not be able to merge your edits"
      )
    }
    if plan.steps.contains(where: \.isConflicted) { throw ExitCode.failure }
  }

  /// Where the pattern file goes; ingredients go beside it.
  struct Target {
    var folder: URL
    /// The name that was given for the pattern file, if one was.
    var fileName: String?

    init(_ path: String, creates: Bool) throws(UsageError) {
      guard !path.isEmpty else {
        throw UsageError("'' is no name of a directory or a file")
      }
      let url = URL(filePath: path)
      let exists = FileManager.default.fileExists(atPath: url.path)
      folder = url
      if Self.isFolder(url) { return }
      if url.pathExtension == "swift" {
        folder = url.deletingLastPathComponent()
        fileName = url.lastPathComponent
      } else if exists || !creates && !url.pathExtension.isEmpty {
        throw UsageError(
          "'\(path)' is neither a directory nor the name of a Swift file"
        )
      } else if url.fileType != nil {
        throw UsageError("'\(path)' is a link that leads nowhere")
      }
      if Self.isFolder(folder) { return }
      if FileManager.default.fileExists(atPath: folder.path) {
        throw UsageError("'\(folder.relativePath)' is not a directory")
      }
      if creates { return }
      throw UsageError(
        "there is no directory '\(folder.relativePath)'",
        hint: "--create creates it"
      )
    }

    private static func isFolder(_ url: URL) -> Bool {
      var isFolder: ObjCBool = false
      return unsafe FileManager.default
        .fileExists(atPath: url.path, isDirectory: &isFolder)
        && isFolder.boolValue
    }
  }

  private static func show(_ plan: CopyPlan) throws {
    let lines = try plan.steps.flatMap {
      try $0.difference(styled: Terminal.isStyled)
    }
    for step in plan.steps {
      if let problem = step.problem { Terminal.complain(problem.message) }
    }
    guard !lines.isEmpty || !plan.problems.isEmpty else { return }
    if !lines.isEmpty { try Pager.print(lines.joined(separator: "\n")) }
    throw ExitCode.failure
  }

  private static func write(_ plan: CopyPlan, to target: Target) throws {
    guard !plan.writes.isEmpty else { return }
    let created = missingFolders(of: target.folder)
    do {
      try FileManager.default.createDirectory(
        at: target.folder,
        withIntermediateDirectories: true
      )
    } catch {
      Terminal.complain(
        "cannot create '\(target.folder.relativePath)': \(error.reason)"
      )
      throw ExitCode.output
    }
    do throws(FileTransaction.Failure) {
      try FileTransaction(changes: plan.writes).commit()
    } catch {
      for folder in created { unsafe rmdir(folder.path) }
      Terminal.complain("cannot write '\(error.path)': \(error.reason)")
      Terminal.complain("nothing was copied")
      throw ExitCode.output
    }
  }

  /// The folders that creating one creates, the innermost first.
  private static func missingFolders(of folder: URL) -> [URL] {
    var missing: [URL] = []
    var folder = folder.standardizedFileURL
    while !FileManager.default.fileExists(atPath: folder.path) {
      missing.append(folder)
      folder.deleteLastPathComponent()
    }
    return missing
  }

  private static func report(_ plan: CopyPlan, isDry: Bool) throws {
    let verbs = plan.steps.map { step in
      (isDry && step.writes ? "would be " : "") + step.verb
    }
    let width = verbs.map(\.count).max() ?? 0
    for (step, verb) in zip(plan.steps, verbs) {
      try Terminal.print("\(verb.padded(to: width))  \(step.file.relativePath)")
    }
    for step in plan.steps where step.isConflicted {
      Terminal.complain(
        "\(step.file.relativePath) "
          + (isDry ? "would have conflicts" : "has conflicts")
          + " between your edits and the cookbook's; "
          + "they stand between <<<<<<< and >>>>>>>"
      )
    }
    if isDry { try Terminal.print("nothing was written: --dry-run") }
  }

  private static func isCommitted(_ files: [PatternFile], in root: URL) -> Bool
  {
    files.allSatisfy { file in
      Subprocess.git(["-C", root.path, "cat-file", "-e", file.version])?
        .status == 0
    }
  }
}
