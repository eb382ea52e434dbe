// swift-tools-version: 6.2

import PackageDescription

/// The rooms, by their folders below `Recipes`.
let rooms = [
  "patterns/word-count",
  "patterns/bounded-pool",
  "patterns/fan-out-fan-in",
  "patterns/semaphore",
  "patterns/pipeline",
  "patterns/backpressure",
  "patterns/token-bucket",
  "patterns/hedged-request",
  "patterns/task-queue",
  "patterns/pub-sub",
  "lifetimes/errgroup",
  "lifetimes/context-cancellation",
  "lifetimes/done-channel",
  "lifetimes/operation-timeout",
  "lifetimes/timers",
  "lifetimes/wait-group",
  "lifetimes/leaks",
  "lifetimes/leak-tests",
  "lifetimes/loop-capture",
  "channels/channel",
  "channels/buffering",
  "channels/select",
  "channels/priority-select",
  "channels/closed-and-nil",
  "channels/nil-case",
  "channels/directional",
  "channels/signal-or-value",
  "shared-state/once",
  "runtime/a-million-tasks",
]

/// Folders whose texts both languages embed; in Go a package of its own.
let texts = ["patterns/word-count/texts"]

/// Rooms that are compiled for the baton too, but for these files, which begin
/// with the room's name.
let linked = [
  "backpressure": ["Bench", "Examples", "Wrong"],
  "bounded-pool": ["Bench", "Examples", "Wrong"],
  "channel": ["Bench", "Examples", "Wrong"],
  "context-cancellation": ["Examples", "TreeExamples", "Wrong"],
  "errgroup": ["Bench", "Examples", "Wrong"],
  "fan-out-fan-in": ["Examples", "Wrong"],
  "hedged-request": ["Examples", "Wrong"],
  "once": ["Examples", "Refused", "Wrong"],
  "pipeline": ["Examples", "Wrong"],
  "priority-select": ["Bench", "Examples", "Wrong"],
  "pub-sub": ["Bench", "Examples", "Laws", "Wrong"],
  "select": ["Bench", "Examples", "Wrong"],
  "semaphore": ["Bench", "Examples", "Wrong"],
  "signal-or-value": ["Cells", "Examples", "Wrong"],
  "task-queue": ["Bench", "Examples", "Laws", "Wrong"],
  "timers": ["Bench", "Examples", "Wrong"],
  "token-bucket": ["Bench", "Examples", "Wrong"],
  "wait-group": ["Examples", "Refused", "Wrong"],
  "word-count": ["Bench", "Examples", "Wrong"],
]

/// Folders that are packages of their own, which tests build.
let packages = ["lifetimes/leak-tests/package"]

/// What the project holds itself to in development: `COOKBOOK_STRICT=1`.
///
/// Not the default, because a warning that a later compiler adds must not
/// break those who depend on a product of this package.
let isDevelopment = Context.environment["COOKBOOK_STRICT"] == "1"

/// Files that find `Mutex` and `Atomic` in their own module find the members
/// of these in a module that they do not import.
func settings(importsMembers: Bool = true) -> [SwiftSetting] {
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .strictMemorySafety(),
  ]
    + (importsMembers
      ? [.enableUpcomingFeature("MemberImportVisibility")] : [])
    + (isDevelopment
      ? [
        .treatAllWarnings(as: .error),
        .treatWarning("ExplicitSendable", as: .error),
      ] : [])
}

let strict = settings()

let package = Package(
  name: "concurrency-cookbook",
  platforms: [
    .macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2),
  ],
  products: [
    .executable(name: "recipe", targets: ["recipe"]),
    .library(name: "Simulation", targets: ["Simulation"]),
    .library(
      name: "SimulationTesting",
      targets: ["SimulationTesting", "Simulation"]
    ),
  ],
  targets: [
    .target(
      name: "Cookbook",
      dependencies: ["Simulation"],
      swiftSettings: strict
    ),
    .target(name: "Simulation", swiftSettings: strict),
    .target(
      name: "SimulationTesting",
      dependencies: ["Simulation"],
      swiftSettings: strict
    ),
    .target(
      name: "Recipes",
      dependencies: ["Cookbook", "Simulation"],
      path: "Recipes",
      exclude: [
        "README.md", "INDEX.md", "PROOF.md", "ADDING.md", "HAZARDS.md",
        "llms.txt", "recipes.json", "book", "pictures", "go.mod", "go.sum",
        "cmd",
        "internal",
      ]
        + rooms.flatMap { ["\($0)/README.md", "\($0)/go"] }
        + texts.map { "\($0)/texts.go" } + packages,
      resources: texts.map { .embedInCode($0) },
      swiftSettings: strict
    ),
    .executableTarget(
      name: "recipe",
      dependencies: ["Cookbook", "Simulation", "Recipes"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SimulationTests",
      dependencies: ["Simulation", "SimulationTesting"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "BatonTests",
      dependencies: ["Simulation", "Cookbook"],
      exclude: linked.flatMap { room, others in
        let name = room.split(separator: "-")
          .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        return ["README.md", "go"].map { "Linked/\(room)/\($0)" }
          + others.map { "Linked/\(room)/\(name)\($0).swift" }
      } + ["Linked/word-count/texts"],
      swiftSettings: settings(importsMembers: false)
    ),
    .testTarget(
      name: "CookbookTests",
      dependencies: ["Cookbook"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "RecipeTests",
      dependencies: ["recipe", "Cookbook", "Simulation", "Recipes"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "CommandTests",
      dependencies: ["recipe", "Cookbook", "Simulation"],
      exclude: ["FirstDrafts", "queries.json"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "EquivalenceTests",
      dependencies: ["recipe", "Cookbook", "Simulation", "Recipes"],
      exclude: ["Recorded"],
      swiftSettings: strict
    ),
  ],
  swiftLanguageModes: [.v6]
)
