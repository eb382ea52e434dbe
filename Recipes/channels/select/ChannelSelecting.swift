import Synchronization

// What `select` needs of a channel.

nonisolated extension Select {
  /// One wait at several channels, which exactly one of them ends.
  final class Wait: Sendable {
    private static let patience = Channel<Void>.Patience()
    private let winner = Mutex<Int?>(nil)
    private let waiter = Channel<any Sendable>.Waiter()

    /// Creates a wait that nothing has decided yet.
    init() {}

    deinit { waiter.free() }

    /// Ends the wait in favour of a case; false if it had ended before.
    ///
    /// A negative index stands for no case.
    func end(_ index: Int) -> Bool {
      guard claim(index) else { return false }
      waiter.resume(.cancelled)
      return true
    }

    /// What a channel served its case with, or `nil` if none did.
    var outcome: (any Sendable)? {
      if case .received(let outcome) = waiter.outcome { outcome } else { nil }
    }

    /// Waits until a case is served.
    ///
    /// - Returns: The index of the case, or `nil` if the task was cancelled
    ///   first, which serves none.
    nonisolated(nonsending) func value() async -> Int? {
      if !waiter.isServed,
        await !Self.patience.lasts(until: { _ in waiter.isServed })
      {
        await withTaskCancellationHandler {
          await waiter.wait()
        } onCancel: {
          _ = end(-1)
        }
      }
      return winner.withLock { $0 }.flatMap { $0 < 0 ? nil : $0 }
    }

    fileprivate func resume(_ outcome: any Sendable) {
      waiter.resume(.received(outcome))
    }

    /// Decides the wait; false if it was decided before.
    fileprivate func claim(_ index: Int) -> Bool {
      winner.withLock { winner in
        if winner != nil { return false }
        winner = index
        return true
      }
    }

    /// Decides this wait and another one, or none of them.
    ///
    /// Both under lock: if one were decided before the other, a third that
    /// meets it in between would believe it served, and it might not be.
    ///
    /// - Returns: Which of them were undecided; if both were, they are
    ///   decided now.
    fileprivate func claim(
      _ index: Int,
      with other: Wait,
      _ otherIndex: Int
    ) -> (isOpen: Bool, isOtherOpen: Bool) {
      // In one order everywhere, or two that face each other could wait for
      // each other's lock.
      guard ObjectIdentifier(self) < ObjectIdentifier(other) else {
        let (isOtherOpen, isOpen) = other.claim(otherIndex, with: self, index)
        return (isOpen, isOtherOpen)
      }
      return winner.withLock { own in
        other.winner.withLock { others in
          let isOpen = (own == nil, others == nil)
          if isOpen == (true, true) { (own, others) = (index, otherIndex) }
          return isOpen
        }
      }
    }
  }
}

nonisolated extension Channel {
  /// Receives for a case of a `select`, or takes a place for it.
  ///
  /// - Returns: What gives the place up; `nil` if the wait is decided.
  func enrolReceiver(_ wait: Select.Wait, _ index: Int) -> (() -> Void)? {
    enrol(Guest(wait, index)) { state, outbox, guest in
      state.receive(&outbox, for: guest)
        ?? state.waitToReceive(.guest(guest))
    }
  }

  /// The same for a case that sends.
  func enrolSender(
    _ wait: Select.Wait,
    _ index: Int,
    of element: Element
  ) -> (() -> Void)? {
    enrol(Guest(wait, index)) { state, outbox, guest in
      state.send(element, outbox, for: guest)
        ?? state.wait(.guest(guest), toSend: element)
    }
  }

  private func enrol(
    _ guest: Guest,
    _ event: (inout State, inout Outbox, Guest) -> Attempt
  ) -> (() -> Void)? {
    let attempt = withBoth { event(&$0, &$1, guest) }
    if case .waiting(_, let ticket) = attempt {
      return { _ = self.withBoth { state, _ in state.leave(ticket) } }
    }
    guest.resume(attempt.finish())
    return nil
  }
}

nonisolated extension Channel.Guest {
  fileprivate init(_ wait: Select.Wait, _ index: Int) {
    self.init(
      owner: wait,
      index: index,
      decideGuest: { guest, other in
        let (wait, index) = (guest.wait, guest.index)
        guard let other else { return wait.claim(index) ? .take : .gone }
        if other.wait === wait { return .skip }
        let was = wait.claim(index, with: other.wait, other.index)
        return if !was.isOtherOpen { .lost } else { was.isOpen ? .take : .gone }
      },
      resumeGuest: { $0.wait.resume($1) }
    )
  }

  // There are no other owners.
  private var wait: Select.Wait {
    unsafe unsafeDowncast(owner, to: Select.Wait.self)
  }
}
