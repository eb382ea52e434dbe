import Cookbook
import Synchronization

extension PipelineExamples {
  /// The parts of a pipeline by hand, some of which a wrong version replaces.
  private struct Parts {
    let input: Photos
    let stage: Stage
    let (load, resize, save): (Load, Resize, Save)
    let images = Channel<Image>(capacity: 9)
    let thumbnails = Channel<Thumbnail>(capacity: 9)

    init(_ input: Photos, _ stage: Stage) {
      (self.input, self.stage) = (input, stage)
      (load, resize, save) = input.work(stage)
    }

    var photos: Range<Int> { input.load.indices }

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
      for try await thumbnail in thumbnails.prefix(input.wanted ?? .max) {
        try await save(thumbnail)
      }
    }
  }

  private static func wrong(
    _ name: String,
    _ law: KeyPath<Chain<Photos>, Law<Photos>>? = nil,
    _ change: (inout Photos) -> Void = { _ in },
    pipeline: @escaping @Sendable (Parts) async throws -> Void
  ) -> Wrong<Photos> {
    let input = small {
      ($0.load, $0.resize, $0.save) = ([1, 1, 1, 1], [2], [3])
      ($0.loaded, $0.resized) = (9, 9)
      change(&$0)
    }
    let breach = law.map { Breach.law(chain[keyPath: $0].name) } ?? .deadlock
    return Wrong(name, breaks: breach, input: input) { input, stage in
      try await pipeline(Parts(input, stage))
    }
  }

  static let wrong: [Wrong<Photos>] = [
    wrong("two-workers", \.atMost) { it in
      try await Pipeline(it.photos)
        .stage { try await it.load($0) }
        .stage(workers: 2) { try await it.resize($0) }
        .run { for try await done in $0 { try await it.save(done) } }
    },
    wrong(
      "first-worker-closes",
      \.once,
      { ($0.load, $0.resize, $0.workers) = ([1, 1], [2, 9], 2) },
      pipeline: closesByDefer
    ),
    wrong(
      "error-taken-for-the-end",
      \.firstError,
      { $0.failing = [3] },
      pipeline: closesByDefer
    ),
    wrong("unbounded", \.bound, { $0.loaded = 0 }) { it in
      await plain(Plain(load: it.input.load), it.stage)
    },
    wrong("one-task", \.noneIdle) { it in
      for photo in it.photos {
        try await it.save(it.resize(it.load(photo)))
      }
    },
    wrong("stage-after-stage", \.noneIdle) { it in
      try await it.loadAll()
      try await it.resizeAll()
      it.thumbnails.close()
      try await it.saveAll()
    },
    wrong("last-in-first-out", \.inOrder) { it in
      let images = Mutex<[Image]>([])
      try await withThrowingTaskGroup { stages in
        stages.addTask { @Sendable in
          for photo in it.photos {
            let image = try await it.load(photo)
            images.withLock { $0.append(image) }
            try await it.images.send(image)
          }
          it.images.close()
        }
        stages.addTask { @Sendable in
          for try await _ in it.images {
            let image = images.withLock { $0.removeLast() }
            try await it.thumbnails.send(it.resize(image))
          }
          it.thumbnails.close()
        }
        try await it.saveAll()
      }
    },
    wrong("all-in-one-group", \.waitingComeFirst, { $0.failing = [3] }) { it in
      try await withThrowingDiscardingTaskGroup { stages in
        stages.addTask { try await it.loadAll() }
        stages.addTask { try await it.resizeAll() }
        stages.addTask { try await it.saveAll() }
      }
    },
    wrong("swallowed-error", \.nothingStarts, { $0.cancelAfter = 0 }) { it in
      for photo in it.photos {
        guard let image = try? await it.load(photo) else { continue }
        try await it.save(it.resize(image))
      }
      try Task.checkCancellation()
    },
    wrong("closes-its-input", \.endAtOnce, leavesEarly) { it in
      try await withThrowingTaskGroup { stages in
        stages.addTask { try await it.loadAll() }
        stages.addTask { try await it.resizeAll() }
        try await it.saveAll()
        it.images.close()
      }
    },
    wrong("unstructured", \.allEnded, leavesEarly) { it in
      let Task = it.stage.startTask
      Task { try await it.loadAll() }
      Task { try await it.resizeAll() }
      try await it.saveAll()
    },
    wrong("counted-in-two-steps", nil, { ($0.load, $0.resize) = ([1], [0]) }) {
      it in
      let (images, thumbnails, resize) = (it.images, it.thumbnails, it.resize)
      let working = Working(it.stage)
      try await withThrowingTaskGroup { stages in
        stages.addTask(name: "load") { try await it.loadAll() }
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
        try await it.saveAll()
      }
    },
  ]

  private static func leavesEarly(_ photos: inout Photos) {
    (photos.load, photos.wanted) = ([1, 9], 1)
  }

  /// Each worker closes what it sends to, however it ends.
  @Sendable
  private static func closesByDefer(_ it: Parts) async throws {
    try await withThrowingTaskGroup { stages in
      stages.addTask { try await it.loadAll() }
      for _ in 0..<it.input.workers {
        stages.addTask {
          defer { it.thumbnails.close() }
          try await it.resizeAll()
        }
      }
      try await it.saveAll()
    }
  }

  /// How many workers there are: read in one step, set in another.
  private actor Working {
    private var workers = 2
    private let stage: Stage

    init(_ stage: Stage) { self.stage = stage }

    var count: Int { note("finds", workers) }

    func set(_ count: Int) { workers = note("leaves", count) }

    private func note(_ verb: String, _ count: Int) -> Int {
      stage.note(Task.name ?? "", "\(verb) \(count)")
      return count
    }
  }
}
