import ChannelRecipe
import Cookbook
import Synchronization

/// Wrong pipelines, each as somebody would write it.
extension PipelineExamples {
  /// The parts of a pipeline by hand, some of which a wrong version replaces.
  private struct Parts {
    let stage: Stage
    let photos: Range<Int>
    let wanted: Int
    let (load, resize, save): (Load, Resize, Save)
    let images = Channel<Image>(capacity: 9)
    let thumbnails = Channel<Thumbnail>(capacity: 9)

    init(_ input: Photos, _ stage: Stage) {
      self.stage = stage
      (photos, wanted) = (input.load.indices, input.wanted ?? .max)
      (load, resize, save) = input.work(stage)
    }

    func loadAll() async throws {
      for photo in photos { try await images.send(load(photo)) }
      images.close()
    }

    func resizeAll() async throws {
      for try await image in images {
        try await thumbnails.send(resize(image))
      }
    }

    func saveAll() async throws {
      for try await thumbnail in thumbnails.prefix(wanted) {
        try await save(thumbnail)
      }
    }
  }

  private static func wrong(
    _ name: String,
    _ breach: Breach,
    _ change: (inout Photos) -> Void = { _ in },
    pipeline: @escaping @Sendable (Parts) async throws -> Void
  ) -> Wrong<Photos> {
    var input = Photos(load: [1, 1, 1, 1], resize: [2], save: [3])
    (input.workers, input.loaded, input.resized) = (1, 9, 9)
    change(&input)
    return Wrong(name, breaks: breach, input: input) { input, stage in
      try await pipeline(Parts(input, stage))
    }
  }

  static let wrong: [Wrong<Photos>] = [
    wrong("two-workers", .law(chain.atMost.name)) { parts in
      try await Pipeline(parts.photos)
        .stage(buffer: 9) { try await parts.load($0) }
        .stage(workers: 2, buffer: 9) { try await parts.resize($0) }
        .run { for try await done in $0 { try await parts.save(done) } }
    },
    wrong(
      "first-closes",
      .law(chain.once.name),
      { ($0.load, $0.resize, $0.workers) = ([1, 1], [2, 9], 2) }
    ) { parts in
      let (thumbnails, resized) = AsyncStream.makeStream(of: Thumbnail.self)
      try await withThrowingTaskGroup { stages in
        stages.addTask { try await parts.loadAll() }
        for _ in 1...2 {
          stages.addTask {
            for try await image in parts.images {
              resized.yield(try await parts.resize(image))
            }
            resized.finish()
          }
        }
        for await thumbnail in thumbnails { try await parts.save(thumbnail) }
        try await stages.waitForAll()
      }
    },
    wrong("last-in-first-out", .law(chain.inOrder.name)) { parts in
      let images = Mutex<[Image]>([])
      try await withThrowingTaskGroup { stages in
        stages.addTask { @Sendable in
          for photo in parts.photos {
            let image = try await parts.load(photo)
            images.withLock { $0.append(image) }
            try await parts.images.send(image)
          }
          parts.images.close()
        }
        stages.addTask { @Sendable in
          for try await _ in parts.images {
            let image = images.withLock { $0.removeLast() }
            try await parts.thumbnails.send(parts.resize(image))
          }
          parts.thumbnails.close()
        }
        try await parts.saveAll()
      }
    },
    Wrong(
      "unbounded",
      breaks: chain.bound,
      input: Photos(load: [1, 1, 1, 1], resize: [2], save: [9], workers: 1),
      body: plain
    ),
    wrong("one-task", .law(chain.noneIdle.name)) { parts in
      for photo in parts.photos {
        try await parts.save(parts.resize(parts.load(photo)))
      }
    },
    wrong("stage-after-stage", .law(chain.noneIdle.name)) { parts in
      try await parts.loadAll()
      try await parts.resizeAll()
      parts.thumbnails.close()
      try await parts.saveAll()
    },
    wrong(
      "error-taken-for-the-end",
      .law(chain.firstError.name),
      { $0.failing = [3] }
    ) { parts in
      try await withThrowingTaskGroup { stages in
        stages.addTask { try await parts.loadAll() }
        stages.addTask {
          defer { parts.thumbnails.close() }
          try await parts.resizeAll()
        }
        try await parts.saveAll()
      }
    },
    wrong(
      "all-in-one-group",
      .law(chain.waitingComeFirst.name),
      { $0.failing = [3] }
    ) {
      parts in
      try await withThrowingDiscardingTaskGroup { stages in
        stages.addTask { try await parts.loadAll() }
        stages.addTask {
          try await parts.resizeAll()
          parts.thumbnails.close()
        }
        stages.addTask { try await parts.saveAll() }
      }
    },
    wrong(
      "swallowed-error",
      .law(chain.nothingStarts.name),
      { $0.cancelAfter = 1 }
    ) {
      parts in
      try await withThrowingTaskGroup { stages in
        stages.addTask {
          for photo in parts.photos {
            guard let image = try? await parts.load(photo) else { continue }
            try await parts.images.send(image)
          }
          parts.images.close()
        }
        stages.addTask { try await parts.resizeAll() }
        try await parts.saveAll()
      }
    },
    wrong(
      "closes-its-input",
      .law(chain.endAtOnce.name),
      { ($0.load, $0.wanted) = ([1, 9], 1) }
    ) { parts in
      try await withThrowingTaskGroup { stages in
        stages.addTask { try await parts.loadAll() }
        stages.addTask { try await parts.resizeAll() }
        try await parts.saveAll()
        parts.images.close()
      }
    },
    wrong(
      "unstructured",
      .law(Law<Photos>.allEndedOnReturn.name),
      { $0.wanted = 1 }
    ) { parts in
      let Task = parts.stage.startTask
      Task { try await parts.loadAll() }
      Task { try await parts.resizeAll() }
      try await parts.saveAll()
    },
    wrong(
      "counted-in-two-steps",
      .deadlock,
      { ($0.load, $0.resize, $0.workers) = ([1, 1], [0], 2) }
    ) { parts in
      let (images, thumbnails) = (parts.images, parts.thumbnails)
      let resize = parts.resize
      let working = Working(2, parts.stage)
      try await withThrowingTaskGroup { stages in
        stages.addTask(name: "load") { try await parts.loadAll() }
        // #region counted-in-two-steps
        for worker in 1...2 {
          stages.addTask(name: "worker \(worker)") {
            for try await image in images {
              try await thumbnails.send(resize(image))
            }
            let left = await working.count - 1
            await working.set(left)
            if left == 0 { thumbnails.close() }
          }
        }
        // #endregion
        try await parts.saveAll()
      }
    },
  ]

  /// How many workers there are.
  private actor Working {
    private var workers: Int
    private let stage: Stage

    init(_ workers: Int, _ stage: Stage) {
      self.workers = workers
      self.stage = stage
    }

    var count: Int {
      stage.note(Task.name ?? "", "finds \(workers)")
      return workers
    }

    func set(_ count: Int) {
      stage.note(Task.name ?? "", "leaves \(count)")
      workers = count
    }
  }
}
