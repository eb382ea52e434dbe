// swift-tools-version: 6.2
// #region manifest
import PackageDescription

let package = Package(
  name: "search",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "concurrency-cookbook", path: "../../../..")
  ],
  targets: [
    .target(name: "Search"),
    .testTarget(
      name: "SearchTests",
      dependencies: [
        "Search",
        .product(
          name: "SimulationTesting",
          package: "concurrency-cookbook"
        ),
      ]
    ),
  ]
)
// #endregion
