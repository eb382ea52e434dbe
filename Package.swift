// swift-tools-version: 6.2

import PackageDescription

/// Rooms that are one module together, by their folders below `Recipes`.
let rooms = [
  "patterns/bounded-pool",
  "channels/channel",
  "channels/select",
  "channels/priority-select",
  "channels/closed-and-nil",
  "lifetimes/loop-capture",
  "shared-state/once",
  "runtime/a-million-tasks",
]

/// TEMP: rooms that import a module that is no more.
let absent = [
  "patterns/fan-out-fan-in", "patterns/pipeline", "patterns/backpressure",
]

/// TEMP: tests of those rooms and of the earlier form.
let absentTests = [
  "PipelineNaivePorts.swift", "PipelineTests.swift",
  "FanOutFanInNaivePorts.swift", "FanOutFanInTests.swift",
  "BackpressureNaivePorts.swift", "BackpressureTests.swift",
  "ChannelDemoTests.swift",
]

/// A recipe's room in the earlier form: `Recipes/<chapter>/<name>`, a module.
struct Recipe {
  var name: String
  var chapter: String
  /// Recipes whose pattern file this recipe's pattern file imports.
  var ingredients: [String] = []
  /// Folders whose files both languages embed.
  var embedded: [String] = []

  var module: String {
    name.split(separator: "-").map(\.capitalized).joined() + "Recipe"
  }

  var isIngredient: Bool {
    recipes.contains { $0.ingredients.contains(name) }
  }

  var target: Target {
    let goName = name.split(separator: "-").joined(separator: "_")
    return .target(
      name: module,
      dependencies: ["Cookbook"]
        + recipes.filter { ingredients.contains($0.name) }
        .map { .target(name: $0.module) },
      path: "Recipes/\(chapter)/\(name)",
      // By name, not by pattern: SwiftPM then warns when one is missing.
      exclude: [
        "README.md", "\(goName).go", "\(goName)_test.go", "demo.go",
        "bench.go",
      ],
      resources: embedded.map { .embedInCode($0) },
      swiftSettings: isIngredient ? strict + specialized : strict
    )
  }
}

/// Every recipe in the earlier form, in the order of the menu.
let recipes = [
  Recipe(name: "word-count", chapter: "patterns", embedded: ["texts"]),
  Recipe(name: "semaphore", chapter: "patterns"),
  Recipe(name: "errgroup", chapter: "lifetimes"),
  Recipe(name: "context-cancellation", chapter: "lifetimes"),
]

/// What is left of the earlier form in rooms whose pattern file has moved.
let halfway = [
  "channels/channel/Demo.swift", "channels/channel/Laws.swift",
  "channels/channel/Bench.swift", "channels/channel/demo.go",
  "channels/channel/bench.go", "channels/channel/channel.go",
  "channels/channel/channel_test.go",
]

/// What the project holds itself to in development: `COOKBOOK_STRICT=1`.
///
/// Not the default, because a warning that a later compiler adds must not
/// break those who depend on a product of this package.
let isDevelopment = Context.environment["COOKBOOK_STRICT"] == "1"

let strict: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .strictMemorySafety(),
  ]
  + (isDevelopment
    ? [
      .treatAllWarnings(as: .error),
      .treatWarning("ExplicitSendable", as: .error),
    ] : [])

/// Specialises an ingredient in the modules that use it.
///
/// A user copies it into such a module, where that comes by itself; what is
/// measured here must be what users get.
let specialized: [SwiftSetting] = [
  .unsafeFlags(
    ["-cross-module-optimization"],
    .when(configuration: .release)
  )
]

let recipeModules: [Target.Dependency] =
  ["Recipes"] + recipes.map { .target(name: $0.module) }

let package = Package(
  name: "concurrency-cookbook",
  platforms: [
    .macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2),
  ],
  products: [
    .executable(name: "recipe", targets: ["recipe"]),
    .library(name: "Simulation", targets: ["Simulation"]),
  ],
  targets: recipes.map(\.target) + [
    .target(name: "Cookbook", swiftSettings: strict),
    .target(name: "Simulation", swiftSettings: strict),
    .target(
      name: "Recipes",
      dependencies: ["Cookbook"],
      path: "Recipes",
      exclude: [
        "ADDING.md", "HAZARDS.md", "go.mod", "go.sum", "cmd", "internal",
      ]
        + rooms.flatMap { ["\($0)/README.md", "\($0)/go"] }
        + recipes.map { "\($0.chapter)/\($0.name)" } + halfway + absent,
      swiftSettings: strict
    ),
    .executableTarget(
      name: "recipe",
      dependencies: ["Cookbook", "Simulation"] + recipeModules,
      swiftSettings: strict
    ),
    .testTarget(
      name: "SimulationTests",
      dependencies: ["Simulation"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "CookbookTests",
      dependencies: ["Cookbook"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "RecipeTests",
      dependencies: ["recipe", "Cookbook", "Simulation"] + recipeModules,
      exclude: absentTests,
      swiftSettings: strict
    ),
    .testTarget(
      name: "CommandTests",
      dependencies: ["recipe", "Cookbook", "Simulation"],
      exclude: ["FirstDrafts"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "EquivalenceTests",
      dependencies: ["recipe", "Cookbook", "Simulation"] + recipeModules,
      exclude: ["Recorded"],
      swiftSettings: strict
    ),
  ],
  swiftLanguageModes: [.v6]
)

extension Substring {
  var capitalized: String { prefix(1).uppercased() + dropFirst() }
}
