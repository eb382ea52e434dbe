import Simulation
import Synchronization

/// A fault within a piece of code that never suspends.
struct Planted: Sendable {
  let name: String
  let reason: String
  /// The number of schedules that the repaired program has.
  let schedules: Int
  /// What its report says.
  var says: String?
  /// Returns what is wrong, if something is.
  let body: @Sendable (_ isRepaired: Bool) async -> String?

  static let all = [
    Planted(name: "lost update", reason: "rejected", schedules: 6) {
      isRepaired in
      let count = Atomic(0)
      await together(0..<2) { _ in
        if isRepaired {
          count.add(1, ordering: .relaxed)
        } else {
          let old = count.load(ordering: .relaxed)
          count.store(old + 1, ordering: .relaxed)
        }
      }
      let total = count.load(ordering: .relaxed)
      return total == 2 ? nil : "counted \(total)"
    },
    Planted(name: "looks before it locks", reason: "rejected", schedules: 12) {
      isRepaired in
      let isClosed = Atomic(false)
      let elements = Mutex<[Int]>([])
      let sent = Atomic(false)
      let received = Atomic(0)
      @Sendable func isOpen() -> Bool { !isClosed.load(ordering: .acquiring) }
      await together(0..<2) { task in
        if task == 0 {
          elements.withLock { elements in
            isClosed.store(true, ordering: .releasing)
            received.store(elements.count, ordering: .relaxed)
          }
        } else if isRepaired || isOpen() {
          elements.withLock { elements in
            if isRepaired && !isOpen() { return }
            elements.append(1)
            sent.store(true, ordering: .relaxed)
          }
        }
      }
      let isLost =
        sent.load(ordering: .relaxed) && received.load(ordering: .relaxed) == 0
      return isLost ? "an element came after the end" : nil
    },
    Planted(name: "reads in the wrong order", reason: "rejected", schedules: 35)
    { isRepaired in
      let sent = Atomic(0)
      let received = Atomic(0)
      let least = Atomic(0)
      await together(0..<2) { task in
        if task == 0 {
          sent.add(1, ordering: .releasing)
          received.add(1, ordering: .releasing)
        } else if isRepaired {
          let out = received.load(ordering: .acquiring)
          let count = sent.load(ordering: .acquiring) - out
          least.min(count, ordering: .relaxed)
        } else {
          let count =
            sent.load(ordering: .acquiring)
            - received.load(ordering: .acquiring)
          least.min(count, ordering: .relaxed)
        }
      }
      let count = least.load(ordering: .relaxed)
      return count < 0 ? "a count of \(count)" : nil
    },
    Planted(name: "looks before it waits", reason: "deadlock", schedules: 10) {
      isRepaired in
      let isSet = Atomic(false)
      let waiters = unsafe Mutex<[UnsafeContinuation<Void, Never>]>([])
      await together(0..<2) { task in
        if task == 0 {
          let all = unsafe waiters.withLock { waiters in
            isSet.store(true, ordering: .releasing)
            return unsafe waiters
          }
          unsafe all.forEach { unsafe $0.resume() }
        } else if isRepaired || !isSet.load(ordering: .acquiring) {
          await unsafe withUnsafeContinuation { waiter in
            let isLate = unsafe waiters.withLock { waiters in
              if isRepaired && isSet.load(ordering: .acquiring) { return true }
              unsafe waiters.append(waiter)
              return false
            }
            if isLate { unsafe waiter.resume() }
          }
        }
      }
      return nil
    },
    Planted(
      name: "two locks in two orders",
      reason: "deadlock",
      schedules: 12,
      says: "task 1 waits for a lock that task 2 holds"
    ) {
      isRepaired in
      let one = Mutex(1)
      let other = Mutex(2)
      await together(0..<2) { task in
        if task == 0 || isRepaired {
          one.withLock { one in other.withLock { swap(&one, &$0) } }
        } else {
          other.withLock { other in one.withLock { swap(&other, &$0) } }
        }
      }
      return nil
    },
    Planted(
      name: "keeps a lock",
      reason: "outlived",
      schedules: 21,
      says: "a lock that task 1 holds"
    ) {
      isRepaired in
      let lock = Mutex<Void>(())
      let version = Atomic(0)
      await together(0..<2) { task in
        guard task == 0 else {
          version.add(1, ordering: .relaxed)
          return
        }
        lock._unsafeLock()
        let before = version.load(ordering: .relaxed)
        if version.load(ordering: .relaxed) != before && !isRepaired { return }
        lock._unsafeUnlock()
      }
      return nil
    },
    Planted(
      name: "an older head comes back",
      reason: "rejected",
      schedules: 489
    ) { isRepaired in
      let stack = Stack(isTagged: isRepaired)
      let mine = Synchronization.Mutex<[Int]>([])
      await together(0..<2) { task in
        let first = stack.pop()
        if task == 0 {
          mine.withLock { $0.append(first) }
        } else {
          let second = stack.pop()
          stack.push(first)
          mine.withLock { $0.append(second) }
        }
      }
      var all = mine.withLock { $0 }
      while case let node = stack.pop(), node >= 0, all.count < 4 {
        all.append(node)
      }
      return Set(all) == [0, 1, 2] && all.count == 3 ? nil : "got \(all)"
    },
    Planted(name: "a try that fails", reason: "rejected", schedules: 1630) {
      isRepaired in
      let waiting = Atomic(0)
      let lock = Mutex<Void>(())
      @Sendable func isIdle() -> Bool {
        waiting.load(ordering: .acquiring) == 0
      }
      await together(0..<2) { _ in
        waiting.add(1, ordering: .releasing)
        // One that finds the lock taken leaves its work to who has it.
        repeat {
          let isDone: Void? = lock.withLockIfAvailable { _ in
            while !isIdle() { waiting.subtract(1, ordering: .relaxed) }
          }
          if isDone == nil { break }
        } while isRepaired && !isIdle()
      }
      return isIdle() ? nil : "work is left"
    },
  ]
}

/// Runs tasks that begin together, and returns when all have ended.
func together(
  _ tasks: Range<Int>,
  _ body: @escaping @Sendable (Int) async -> Void
) async {
  await withDiscardingTaskGroup { group in
    for task in tasks { group.addTask { await body(task) } }
  }
}

/// Three nodes on a stack without a lock: 0, 1 and 2.
///
/// Without a number that each change increases, a head that is the same again
/// passes for one that has stayed.
struct Stack: ~Copyable {
  private final class Node: Sendable {
    // No step of its own, so that there are few schedules.
    let next: Synchronization.Atomic<Int>
    init(next: Int) { self.next = .init(next) }
  }

  private let nodes = [Node(next: 1), Node(next: 2), Node(next: -1)]
  /// The first node and one more, in the lower four bits, and the number.
  private let head = Atomic(1)
  private let step: Int

  init(isTagged: Bool) { step = isTagged ? 16 : 0 }

  func pop() -> Int {
    while true {
      let old = head.load(ordering: .acquiring)
      let first = old % 16 - 1
      if first < 0 { return first }
      let next = nodes[first].next.load(ordering: .relaxed)
      if exchange(old, next) { return first }
    }
  }

  func push(_ node: Int) {
    while true {
      let old = head.load(ordering: .relaxed)
      nodes[node].next.store(old % 16 - 1, ordering: .relaxed)
      if exchange(old, node) { return }
    }
  }

  private func exchange(_ old: Int, _ first: Int) -> Bool {
    let new = old / 16 * 16 + step + first + 1
    return head.compareExchange(
      expected: old,
      desired: new,
      ordering: .acquiringAndReleasing
    ).exchanged
  }
}
