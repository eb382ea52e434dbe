import Synchronization

/// Counts the objects that it makes and that still exist: results that pile
/// up, jobs that run at once.
final class Alive: Sendable {
  final class Object: Sendable {
    private let owner: Alive

    fileprivate init(_ owner: Alive) {
      self.owner = owner
      owner.count.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
    }

    deinit { owner.count.withLock { $0.now -= 1 } }
  }

  private let count = Mutex((now: 0, most: 0))

  var now: Int { count.withLock { $0.now } }
  var most: Int { count.withLock { $0.most } }

  func make() -> Object { Object(self) }
}
