package import Cookbook
import Synchronization

/// What the recipe shows; see README.md.
package enum PipelineExamples {
  package static let recipe = Recipe(
    name: "pipeline",
    chapter: .patterns,
    question: "Implement the Go blog's pipeline with cancellation.",
    goConstructs: [
      "pipeline", "gen, sq, merge", "errgroup.WithContext",
      "case <-ctx.Done()", "for v := range in",
    ],
    swiftConstructs: [
      "AsyncStream", "AsyncSequence", "withThrowingDiscardingTaskGroup",
      "Channel",
    ],
    problems: [
      "process a stream in stages", "producer and consumer",
      "backpressure between stages", "transform lines of a large file",
      "stop a pipeline early",
    ],
    copies: ["Pipeline.swift"],
    ingredients: ["channel"],
    examples: [
      Example(
        "plain",
        laws: [
          chain.once, chain.inOrder, chain.firstError, .allEndedOnReturn,
        ],
        body: plain
      ),
      Example("stages", laws: chain.laws, wrong: wrong, body: stages),
      Example("slow-source", laws: chain.laws, body: slowSource),
    ],
    workloads: workloads
  )

  struct Image: Sendable { var photo: Int }
  struct Thumbnail: Sendable { var photo: Int }

  // MARK: The use

  static func plain(_ input: Photos, _ stage: Stage) async throws {
    var input = input
    input.wanted = nil
    let photos = input.load.indices
    let (load, resize, save) = input.work(stage)
    // #region plain
    let (images, loaded) = AsyncStream.makeStream(of: Image.self)
    let (thumbnails, resized) = AsyncStream.makeStream(of: Thumbnail.self)
    try await withThrowingTaskGroup { stages in
      stages.addTask {
        defer { loaded.finish() }
        for photo in photos { loaded.yield(try await load(photo)) }
      }
      stages.addTask {
        defer { resized.finish() }
        for await image in images { resized.yield(try await resize(image)) }
      }
      for await thumbnail in thumbnails { try await save(thumbnail) }
      try await stages.waitForAll()
    }
    // #endregion
  }

  private static func stages(_ input: Photos, _ stage: Stage) async throws {
    let photos = Source(photos: input.load.indices, stage: stage)
    let (workers, wanted) = (input.workers, input.wanted ?? .max)
    let (loaded, resized) = (input.loaded, input.resized)
    let (load, resize, save) = input.work(stage)
    // #region stages
    try await Pipeline(photos)
      .stage(buffer: loaded) { try await load($0) }
      .stage(workers: workers, buffer: resized) { try await resize($0) }
      .run { thumbnails in
        for try await thumbnail in thumbnails.prefix(wanted) {
          try await save(thumbnail)
        }
      }
    // #endregion
  }

  private static func slowSource(_ input: Photos, _ stage: Stage) async throws {
    let (load, resize, save) = input.work(stage)
    let (workers, wanted) = (input.workers, input.wanted ?? .max)
    let images = Images(photos: input.load.indices, load: load)
    // #region slow-source
    try await Pipeline(images, buffer: input.loaded)
      .stage(workers: workers, buffer: input.resized) { try await resize($0) }
      .run { thumbnails in
        for try await thumbnail in thumbnails.prefix(wanted) {
          try await save(thumbnail)
        }
      }
    // #endregion
  }

  /// Photos that say when they are read.
  private struct Source: Sequence, IteratorProtocol {
    var photos: Range<Int>
    let stage: Stage

    mutating func next() -> Int? {
      guard let photo = photos.popFirst() else { return nil }
      stage.say("source", photo)
      return photo
    }
  }

  /// Images that are loaded when they are read.
  private struct Images: AsyncSequence, AsyncIteratorProtocol {
    var photos: Range<Int>
    let load: Load

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws -> Image? {
      guard let photo = photos.popFirst() else { return nil }
      return try await load(photo)
    }

    func makeAsyncIterator() -> Self { self }
  }

  // MARK: Input

  typealias Load = @Sendable (Int) async throws -> Image
  typealias Resize = @Sendable (Image) async throws -> Thumbnail
  typealias Save = @Sendable (Thumbnail) async throws -> Void

  struct Photos: ExampleInput {
    var load = [10, 15, 10, 5]
    var resize = [25, 40, 30, 20]
    var save = [10, 10, 10, 10]
    var workers = 2
    var loaded = 1
    var resized = 1
    var failing: [Int] = []
    var notLoaded: [Int] = []
    var notSaved: [Int] = []
    var wanted: Int?
    var cancelAfter: Int?

    static var fields: [Field<Self>] {
      [
        .durations(\.load, random: 0...6, "the milliseconds each load takes"),
        .durations(\.resize, like: \.load, "those of each resize, in turn"),
        .durations(\.save, like: \.load, "those of each save, in turn"),
        .count(
          \.workers,
          in: 1...1024,
          random: 1...3,
          isUntied: true,
          "how many photos the file resizes at once"
        ),
        .count(\.loaded, in: 0...1024, random: 0...3, "images that may wait"),
        .count(\.resized, in: 0...1024, random: 0...3, "thumbnails, likewise"),
        .indices(\.failing, of: \.load, "photos that resize fails on"),
        .indices(\.notLoaded, of: \.load, "photos that load fails on"),
        .indices(\.notSaved, of: \.load, "photos that save fails on"),
        .leaving(\.wanted, of: \.load, "the consumer leaves after so many"),
        .moment(\.cancelAfter, "cancel the caller after so many milliseconds"),
      ]
    }

    /// The work of each stage on a photo. The last one says when the consumer
    /// has what it wants.
    func work(_ stage: Stage) -> (load: Load, resize: Resize, save: Save) {
      @Sendable func work(
        _ lane: String,
        _ photo: Int,
        _ times: [Int],
        fails: [Int]
      ) async throws {
        try await stage.work(
          "\(lane) \(photo)",
          times.isEmpty ? 0 : times[photo % times.count],
          fails: fails.contains(photo)
        )
      }
      let saved = Atomic(0)
      return (
        { photo in
          try await work("load", photo, load, fails: notLoaded)
          return Image(photo: photo)
        },
        { image in
          try await work("resize", image.photo, resize, fails: failing)
          return Thumbnail(photo: image.photo)
        },
        { @Sendable thumbnail in
          try await work("save", thumbnail.photo, save, fails: notSaved)
          let count = saved.add(1, ordering: .relaxed).newValue
          if count == wanted { stage.leave(Event.caller) }
        }
      )
    }
  }

  // MARK: Laws

  static let chain = Chain<Photos>(
    ["load", "resize", "save"],
    items: \.load.count,
    workers: { [1, $0.workers, 1] },
    room: { [$0.loaded, $0.resized] }
  )
}
