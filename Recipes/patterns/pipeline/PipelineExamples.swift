package import Cookbook

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
      "chain stages with channels", "process a stream in stages",
      "producer and consumer", "backpressure between stages",
      "transform lines of a large file", "stop a pipeline early",
    ],
    copies: ["Pipeline.swift"],
    ingredients: ["channel"],
    examples: [
      Example(
        "plain",
        laws: plainChain.steadyLaws,
        exhausted: [(Plain(load: [1, 1], resize: [1], save: [1]), 16)],
        body: plain
      ),
      Example(
        "stages",
        laws: chain.laws,
        wrong: wrong,
        exhausted: [(small(), 128), (unbuffered, 2160), (broken, 512)],
        body: stages
      ),
      Example(
        "slow-source",
        laws: chain.laws,
        exhausted: [(small(), 32), (unbuffered, 162), (broken, 64)],
        body: slowSource
      ),
    ],
    workloads: workloads
  )

  struct Image: Sendable { var photo: Int }
  struct Thumbnail: Sendable { var photo: Int }

  // MARK: The use

  static func plain(_ input: Plain, _ stage: Stage) async {
    let work = input.photos.work(stage)
    let photos = input.load.indices
    // What cannot fail answers a cancellation with what it has.
    let load: @Sendable (Int) async -> Image = { photo in
      (try? await work.load(photo)) ?? Image(photo: photo)
    }
    let resize: @Sendable (Image) async -> Thumbnail = { image in
      (try? await work.resize(image)) ?? Thumbnail(photo: image.photo)
    }
    let save: (Thumbnail) async -> Void = { try? await work.save($0) }
    // #region plain
    let (images, loaded) = AsyncStream.makeStream(of: Image.self)
    let (thumbnails, resized) = AsyncStream.makeStream(of: Thumbnail.self)
    await withTaskGroup { stages in
      stages.addTask {
        for photo in photos { loaded.yield(await load(photo)) }
        loaded.finish()
      }
      stages.addTask {
        for await image in images { resized.yield(await resize(image)) }
        resized.finish()
      }
      for await thumbnail in thumbnails { await save(thumbnail) }
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
    let images = FanOutFanInExamples.deal(input.load.count, to: 1, load)[0]
    try await Pipeline(images, buffer: input.loaded)
      .stage(workers: input.workers, buffer: input.resized, transform: resize)
      .run { thumbnails in
        for try await thumbnail in thumbnails.prefix(input.wanted ?? .max) {
          try await save(thumbnail)
        }
      }
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

  // MARK: Input

  typealias Load = @Sendable (Int) async throws -> Image
  typealias Resize = @Sendable (Image) async throws -> Thumbnail
  typealias Save = @Sendable (Thumbnail) async throws -> Void

  struct Plain: ExampleInput {
    var load = [10, 15, 10, 5]
    var resize = [25, 40, 25, 10]
    var save = [20]

    static var fields: [Field<Self>] {
      [
        .durations(\.load, random: 0...6, "the milliseconds each load takes"),
        .durations(\.resize, like: \.load, "those of each resize, in turn"),
        .durations(\.save, like: \.load, "those of each save, in turn"),
      ]
    }

    var photos: Photos {
      Photos(load: load, resize: resize, save: save, failing: [])
    }
  }

  struct Photos: ExampleInput {
    var load = [10, 15, 10, 5]
    var resize = [25, 40, 25, 10]
    var save = [20]
    var workers = 2
    var loaded = 1
    var resized = 1
    var failing = [3]
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

    func work(_ stage: Stage) -> (load: Load, resize: Resize, save: Save) {
      let save = stage.consumer(
        "save",
        for: save,
        fails: notSaved,
        wanted: wanted
      )
      return (
        { photo in
          try await stage.work("load", on: photo, for: load, fails: notLoaded)
          return Image(photo: photo)
        },
        { image in
          let photo = image.photo
          try await stage.work("resize", on: photo, for: resize, fails: failing)
          return Thumbnail(photo: photo)
        },
        { thumbnail in try await save(thumbnail.photo) }
      )
    }
  }

  /// Two photos in all but what is changed.
  static func small(_ change: (inout Photos) -> Void = { _ in }) -> Photos {
    var photos = Photos(load: [1, 1], resize: [1], save: [1], failing: [])
    photos.workers = 1
    change(&photos)
    return photos
  }

  private static let unbuffered = small {
    ($0.load, $0.resize, $0.save) = ([1, 1, 1], [2], [0])
    ($0.workers, $0.loaded, $0.resized) = (2, 0, 0)
  }
  static let broken = small { ($0.load, $0.failing) = ([1, 1, 1], [1]) }

  // MARK: Laws

  private static let plainChain = Chain<Plain>(
    ["load", "resize", "save"],
    items: \.load.count,
    room: { [$0.load.count, $0.load.count] }
  )

  static let chain = Chain<Photos>(
    ["load", "resize", "save"],
    items: \.load.count,
    workers: { [1, $0.workers, 1] },
    room: { [$0.loaded, $0.resized] }
  )

  // MARK: What is timed

  private static let workloads = [
    ("three-stages", "in order, 100 may wait after each stage", 1, 100),
    ("four-workers", "the middle stage has 4 workers, 100 may wait", 4, 100),
    ("rendezvous", "in order, none may wait", 1, 0),
  ].map { name, promise, workers, buffer in
    Workload(
      name,
      promise: "1,000,000 elements, \(promise)",
      operations: 1_000_000
    ) { count in
      try await Pipeline(0..<count, buffer: buffer)
        .stage(workers: workers, buffer: buffer) { ($0 & 7) * ($0 & 7) }
        .run { squares in try await squares.reduce(0, &+) }
    }
  }
}
