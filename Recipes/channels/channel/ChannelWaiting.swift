import Synchronization

nonisolated extension Channel {
  /// One wait, awake at first, which ends with an outcome.
  ///
  /// Its memory is freed by the task that waits: a class that is generic takes
  /// as long to be destroyed as all the rest.
  @safe struct Waiter: Sendable {
    @unsafe private struct Body: ~Copyable {
      let progress = Atomic(awake)
      var outcome: Outcome?
      // Not the checked one, which costs as much again: a waiter is taken
      // out of its list once, and only then resumed.
      var continuation: UnsafeContinuation<Void, Never>?
    }

    private static var awake: Int { 0 }
    private static var suspended: Int { 1 }
    private static var served: Int { 2 }

    nonisolated(unsafe) private let body: UnsafeMutablePointer<Body>

    init() {
      unsafe body = .allocate(capacity: 1)
      unsafe body.initialize(to: Body())
    }

    /// Called once, by the task that waits, after it has been served.
    func free() {
      unsafe body.deinitialize(count: 1)
      unsafe body.deallocate()
    }

    var isServed: Bool {
      unsafe body.pointee.progress.load(ordering: .acquiring) == Self.served
    }

    var outcome: Outcome {
      guard isServed, let outcome = unsafe body.pointee.outcome else {
        preconditionFailure("nobody has served this one")
      }
      return outcome
    }

    /// Called once.
    func resume(_ outcome: Outcome) {
      unsafe body.pointee.outcome = outcome
      let before = unsafe body.pointee.progress.exchange(
        Self.served,
        ordering: .acquiringAndReleasing
      )
      // One that was awake may have freed the memory by now.
      guard before == Self.suspended else { return }
      unsafe body.pointee.continuation?.resume()
    }

    nonisolated(nonsending) func wait() async {
      await unsafe withUnsafeContinuation {
        (continuation: UnsafeContinuation<Void, Never>) in
        unsafe body.pointee.continuation = continuation
        let exchange = unsafe body.pointee.progress.compareExchange(
          expected: Self.awake,
          desired: Self.suspended,
          ordering: .acquiringAndReleasing
        )
        if !exchange.exchanged { unsafe continuation.resume() }
      }
    }
  }

  /// Learns whether it pays to stay awake for a moment before suspending.
  ///
  /// To suspend and be woken costs several times what two cores need to
  /// exchange an element. One that stays awake for no longer than that loses at
  /// most as much again (Karlin, Li, Manasse and Owicki, SOSP 1991). Where the
  /// other side has no core to run on, it would lose it every time. So it tries
  /// in a few of 1,024 waits, and in all while at least 8 of 9 succeed.
  struct Patience: ~Copyable, Sendable {
    // Changed by several at a time without a lock. A change that is lost does
    // no harm.
    private let waits = Atomic(-48)
    private let credit = Atomic(0)

    /// Whether the condition came true within some microseconds.
    ///
    /// False without having looked where that would not pay; and on an actor,
    /// which the other side may need. The condition is told how often it has
    /// been looked at.
    @inline(__always)
    nonisolated(nonsending)
      func lasts(until condition: (Int) -> Bool) async -> Bool
    {
      let actor = #isolation  // Swift 6.3 does not compile it in a condition
      if actor != nil { return false }
      let wait = waits.load(ordering: .relaxed) &+ 1
      waits.store(wait, ordering: .relaxed)
      let credit = credit.load(ordering: .relaxed)
      if credit == 0 {
        if wait & 1_023 >= 16 { return false }
      } else if wait & 255 == 0 {
        // Two that serve each other would never leave their threads to others:
        // each finds what it waits for, and none suspends.
        await Task.yield()
      }
      for turn in 0..<8_000 where condition(turn) {
        if credit < 64 { self.credit.store(credit + 1, ordering: .relaxed) }
        return true
      }
      self.credit.store(Swift.max(credit - 8, 0), ordering: .relaxed)
      return false
    }
  }

  /// Keeps apart what two cores write: where it shares a cache line, each
  /// write takes the line away from the other core.
  struct CacheLines: Sendable {
    private let words:
      (
        Int, Int, Int, Int, Int, Int, Int, Int,
        Int, Int, Int, Int, Int, Int, Int, Int
      ) = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
  }
}
