import Cookbook
import Foundation

/// `recipe cover [NAME …]`: whether all code that pages show is executed when
/// the languages are compared.
///
/// The counters are those of a build of its own, which runs this command
/// again with `--execute FOLDER` and leaves its profiles there.
enum CoverCommand: Subcommand {
  private static let goProfile = "go.cover"

  static func run(_ arguments: inout Arguments) async throws {
    let folder = try arguments.take("execute")
    let recipes = try arguments.takeRecipes()
    try arguments.requireEmpty()
    if let folder {
      return try await execute(recipes, into: URL(filePath: folder))
    }
    let root = try Checkout.root()
    let counted = try await onThread { try coverage(of: recipes, in: root) }
    try report(counted, of: recipes, in: root)
  }

  // MARK: Executing

  /// Compares some inputs of each example, and runs the wrong versions.
  private static func execute(_ recipes: [Recipe], into folder: URL)
    async throws
  {
    let go = try await GoTwin.start(profile: folder.appending(path: goProfile))
    var agree = true
    for recipe in recipes {
      let wrongInGo = try await go.catalog(of: recipe).wrong
      for example in recipe.examples where example.isComparable {
        let comparison = ExampleComparison(
          recipe: recipe,
          example: example,
          go: go
        )
        // Each runs under a schedule of its own.
        let inputs =
          [example.input]
          + (example.isInstant
            ? Array(repeating: example.input, count: 50)
            : example.inputs(200, seed: 1))
        let (_, finding) = try await comparison.compare(inputs, seed: 1)
        if let finding {
          agree = false
          Terminal.complain("\(recipe.name) \(example.name): \(finding)")
        }
        // That wrong versions are rejected is for the tests to say.
        for wrong in wrongInGo where wrong.hasPrefix(example.name + "/") {
          let name = String(wrong.dropFirst(example.name.count + 1))
          _ = try await go.runs(recipe, example, inputs, wrong: name)
        }
        for wrong in example.wrong {
          // The input that shows what it breaks need not be one on which all
          // of it is executed.
          let inputs = Array(repeating: wrong.input, count: 50) + inputs
          for (seed, input) in inputs.enumerated() {
            _ = await ExampleJudge.run(.seed(UInt64(seed))) {
              await wrong.run(input, on: $0)
            }
          }
        }
      }
    }
    go.end()
    if !agree { throw ExitCode.failure }
  }

  // MARK: Counting

  /// Builds with counters, and executes.
  private static func coverage(
    of recipes: [Recipe],
    in root: URL
  ) throws -> (swift: Coverage, go: Coverage) {
    let scratch = root.appending(path: ".build-coverage")
    let folder = scratch.appending(path: "profiles")
    let files = FileManager.default
    try? files.removeItem(at: folder)
    try files.createDirectory(at: folder, withIntermediateDirectories: true)

    Terminal.showProgress("building with counters: a minute the first time")
    try run(
      try Subprocess.require("swift"),
      ["build", "--product", "recipe", "--enable-code-coverage"]
        + ["--package-path", root.path, "--scratch-path", scratch.path]
    )

    Terminal.showProgress("executing what pages show")
    let program = scratch.appending(path: "debug/recipe")
    try run(
      program,
      ["cover", "--execute", folder.path]
        + (try owners(of: recipes, in: root)).map(\.name),
      // A process a file: those that it starts have counters too.
      environment: [
        "LLVM_PROFILE_FILE": folder.appending(path: "%p.profraw").path
      ]
    )
    let profiles = try files.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".profraw") }
      .map { folder.appending(path: $0).path }
    let merged = folder.appending(path: "merged.profdata").path
    try run(
      try tool("llvm-profdata"),
      ["merge", "-sparse", "-o", merged] + profiles
    )
    let export = try run(
      try tool("llvm-cov"),
      ["export", "-skip-functions", "-instr-profile=\(merged)", program.path],
      keepsErrors: false
    )
    let profile = try String(
      contentsOf: folder.appending(path: goProfile),
      encoding: .utf8
    )
    return (
      try Coverage(llvm: export.output),
      try Coverage(go: profile, of: try GoToolchain.recipes())
    )
  }

  /// These recipes, and those whose code their pages show.
  private static func owners(
    of recipes: [Recipe],
    in root: URL
  ) throws(UsageError) -> [Recipe] {
    var shown: [String] = []
    for recipe in recipes {
      let page = try Page(Book.path(of: recipe), in: root)
      shown += page.shownCode.map {
        page.folder.appending(path: $0.file).standardizedFileURL.path
      }
    }
    return everyRecipe.filter { owner in
      let folder = root.appending(path: owner.folder).path + "/"
      return recipes.contains { $0.name == owner.name }
        || shown.contains { $0.hasPrefix(folder) }
    }
  }

  /// Runs a program that must succeed.
  ///
  /// - Throws: ``ExitCode/failure`` after having said what it printed.
  @discardableResult
  private static func run(
    _ program: URL,
    _ arguments: [String],
    environment: [String: String] = [:],
    keepsErrors: Bool = true
  ) throws -> Subprocess.Result {
    let result = try Subprocess.run(
      program,
      arguments,
      environment: environment,
      keepsErrors: keepsErrors
    )
    guard result.status == 0 else {
      Terminal.complain(
        "\(program.lastPathComponent) \(arguments[0]) ended with status "
          + "\(result.status)"
      )
      // A compiler says the same for each file of a module.
      Terminal.complain(result.text.lines.suffix(40).joined(separator: "\n"))
      throw ExitCode.failure
    }
    return result
  }

  /// A tool of the compiler's own toolchain: another one's may not be able to
  /// read its profiles.
  private static func tool(_ name: String) throws -> URL {
    struct Target: Decodable {
      struct Paths: Decodable { var runtimeResourcePath: String }
      var paths: Paths
    }
    let printed = try run(
      try Subprocess.require("swiftc"),
      ["-print-target-info"],
      keepsErrors: false
    )
    let target = try JSONDecoder().decode(Target.self, from: printed.output)
    // From `usr/lib/swift`.
    return URL(filePath: target.paths.runtimeResourcePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "bin/\(name)")
  }

  // MARK: Checking

  private static func report(
    _ coverage: (swift: Coverage, go: Coverage),
    of recipes: [Recipe],
    in root: URL
  ) throws {
    var (regions, whole) = (0, 0)
    for recipe in recipes {
      let page = try Page(Book.path(of: recipe), in: root)
      // They are meant to break something: often that they never end.
      let wrong = recipe.examples.flatMap(\.wrong).map(\.name)
      for (file, name, line) in page.shownCode where !isExempt(file) {
        let url = page.folder.appending(path: file).standardizedFileURL
        guard let language = Highlighter.Language(url.pathExtension) else {
          continue
        }
        regions += 1
        let (lines, indices): ([String], [Int])
        do throws(UsageError) {
          (lines, indices) = try Snippet.find(name, in: url)
        } catch {
          Terminal.complain(page.problem(error.message, at: line).description)
          continue
        }
        let counted = language == .swift ? coverage.swift : coverage.go
        let gaps = ShownCode(lines, shown: indices, language: language).gaps(
          in: counted.files[url.path] ?? [],
          isPassed: !wrong.contains(name ?? "")
        )
        for gap in gaps {
          try Terminal.print("\(page.path): \(file):\(gap)")
        }
        whole += gaps.isEmpty ? 1 : 0
      }
    }
    try Terminal.print(
      "\(whole) of \(regions) pieces of code on \(recipes.count) pages are "
        + "executed whole"
    )
    if whole < regions { throw ExitCode.failure }
  }

  /// Whether a file holds code that is not to compile, or that tests or CI run,
  /// which compare what it prints with the page.
  static func isExempt(_ file: String) -> Bool {
    file.hasSuffix("Refused.swift") || file.hasPrefix("go/refused/")
      || file.hasPrefix("go/versions/")
      || file.hasSuffix("_test.go") || file.hasPrefix("package/")
  }
}
