import Synchronization

nonisolated extension Channel {
  /// What a channel knows, but for the elements in its outbox.
  ///
  /// Each event is a method, which returns what to do without the locks.
  struct State: Sendable {
    let capacity: Int
    private var isClosed = false
    /// How many elements came into the buffer.
    private(set) var sent = 0
    // How many left it, when this was last looked up.
    private var received = 0
    var inbox: [Element] = []
    // Senders wait only while it is full, receivers only while it is empty.
    private(set) var senders = WaitList<Element>()
    private var receivers = WaitList<Void>()
    private var tickets = 0

    init(capacity: Int) { self.capacity = capacity }

    /// Whether nobody waits and there is room: for many, if that has to be
    /// looked up.
    mutating func hasRoom(
      forMany batch: Int,
      _ received: borrowing Atomic<Int>
    ) -> Bool {
      guard receivers.isEmpty, senders.isEmpty, !isClosed else { return false }
      if sent - self.received < capacity { return true }
      self.received = received.load(ordering: .relaxed)
      return sent - self.received <= capacity - batch
    }

    mutating func append(_ element: Element) {
      inbox.append(element)
      sent += 1
    }

    /// Sends, or returns `nil` if the sender has to wait.
    mutating func send(
      _ element: Element,
      _ outbox: Outbox,
      for guest: Guest? = nil
    ) -> Attempt? {
      if isClosed { return claim(guest) ? .done(.closed) : nil }
      if let (receiver, _) = receivers.popFirst(for: guest) {
        return .met(receiver, with: .received(element), own: .sent)
      }
      received = outbox.received
      guard sent - received < capacity, claim(guest) else { return nil }
      append(element)
      return .done(.sent)
    }

    /// Receives, or returns `nil` if the receiver has to wait.
    mutating func receive(
      _ outbox: inout Outbox,
      for guest: Guest? = nil
    ) -> Attempt? {
      if outbox.isEmpty { outbox.refill(&inbox) }
      if !outbox.isEmpty, !claim(guest) { return nil }
      if let element = outbox.take() {
        // The first sender that waits moves up, or later ones overtake it.
        guard let (sender, next) = senders.popFirst() else {
          return .done(.received(element))
        }
        append(next)
        return .met(sender, with: .sent, own: .received(element))
      }
      if let (sender, element) = senders.popFirst(for: guest) {
        return .met(sender, with: .sent, own: .received(element))
      }
      return isClosed && claim(guest) ? .done(.closed) : nil
    }

    mutating func wait(_ peer: Peer, toSend element: Element) -> Attempt {
      tickets += 1
      senders.append(peer, element, tickets)
      return .waiting(peer, tickets)
    }

    mutating func waitToReceive(_ peer: Peer) -> Attempt {
      tickets += 1
      receivers.append(peer, (), tickets)
      return .waiting(peer, tickets)
    }

    /// Returns who had the place, or `nil` if that one has been served.
    mutating func leave(_ ticket: Ticket) -> Peer? {
      senders.remove(ticket) ?? receivers.remove(ticket)
    }

    /// Returns all that wait, or `nil` if the channel was closed before.
    mutating func close() -> [Peer]? {
      if isClosed { return nil }
      isClosed = true
      return receivers.popAll() + senders.popAll()
    }

    /// False if the guest was served elsewhere: then it waits until it leaves.
    private func claim(_ guest: Guest?) -> Bool {
      guest?.decide() != .gone
    }
  }

  /// The older part of the buffer, which receivers take from.
  struct Outbox: Sendable {
    // The oldest one is the last, where it can be removed in O(1).
    private var elements: [Element] = []
    /// How many elements left the buffer.
    private(set) var received = 0
    /// Whether one of them may have to move up: that takes both locks.
    var areSendersWaiting = false

    var isEmpty: Bool { elements.isEmpty }

    mutating func refill(_ inbox: inout [Element]) {
      swap(&elements, &inbox)
      elements.reverse()
    }

    mutating func take() -> Element? {
      guard let element = elements.popLast() else { return nil }
      received += 1
      return element
    }
  }

  /// How a send or a receive ends; `closed` is the end for a receiver.
  enum Outcome: Sendable {
    case sent, received(Element), closed, cancelled

    /// Throws what ``Channel/send(_:)`` throws.
    func sent() throws {
      if case .closed = self { throw ChannelClosedError() }
      if case .cancelled = self { throw CancellationError() }
    }

    /// Returns or throws what ``Channel/receive()`` does.
    func received() throws(CancellationError) -> Element? {
      if case .received(let element) = self { return element }
      if case .cancelled = self { throw CancellationError() }
      return nil
    }
  }

  /// What became of a send or a receive under the lock: it is done, both sides
  /// are, or it waits.
  enum Attempt: Sendable {
    case done(Outcome)
    case met(Peer, with: Outcome, own: Outcome)
    case waiting(Peer, Ticket)

    /// Wakes the other side, if there is one.
    func finish() -> Outcome {
      switch self {
      case .done(let outcome): return outcome
      case .met(let peer, let outcome, let own):
        peer.resume(outcome)
        return own
      case .waiting: return .cancelled
      }
    }
  }

  /// One that waits at a channel.
  enum Peer: Sendable {
    case task(Waiter)
    // Boxed, so that a place is small.
    indirect case guest(Guest)

    func resume(_ outcome: Outcome) {
      switch self {
      case .task(let waiter): waiter.resume(outcome)
      case .guest(let guest): guest.resume(outcome)
      }
    }

    /// Whether the two can meet now, which decides both.
    fileprivate func decide(with other: Guest?) -> Guest.Verdict {
      switch self {
      case .guest(let guest): guest.decide(with: other)
      case .task: other?.decide() == .gone ? .lost : .take
      }
    }
  }

  /// One that waits at other channels too, and is served by one: a `select`.
  struct Guest: Sendable {
    /// It is served now, was served elsewhere, is the same as the other, or
    /// the other was served elsewhere.
    enum Verdict: Sendable { case take, gone, skip, lost }

    let owner: any AnyObject & Sendable
    let index: Int
    // Functions that capture nothing, or each guest would cost memory for two
    // more.
    let decideGuest: @Sendable (_ guest: Guest, _ other: Guest?) -> Verdict
    let resumeGuest: @Sendable (_ guest: Guest, Outcome) -> Void

    /// Decides it, and the other with it if there is one: both or none.
    func decide(with other: Guest? = nil) -> Verdict {
      decideGuest(self, other)
    }

    func resume(_ outcome: Outcome) { resumeGuest(self, outcome) }
  }

  /// The number of a place, larger than those before it.
  typealias Ticket = Int

  /// First in, first out, and any one can leave, which makes a gap.
  ///
  /// When half of the places are gaps, the others close up: with all its gaps
  /// it would grow without bound behind one that waits for long.
  struct WaitList<Luggage: Sendable>: Sendable {
    private var places: [(ticket: Ticket, occupant: (Peer, Luggage)?)] = []
    // All before it are gaps.
    private var first = 0
    private var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ peer: Peer, _ luggage: Luggage, _ ticket: Ticket) {
      if places.count >= 16, places.count >= 2 * count {
        places.removeAll { $0.occupant == nil }
        first = 0
      }
      places.append((ticket, (peer, luggage)))
      count += 1
    }

    mutating func remove(_ ticket: Ticket) -> Peer? {
      var (low, high) = (first, places.count)
      while low < high {
        let middle = (low + high) / 2
        if places[middle].ticket < ticket {
          low = middle + 1
        } else {
          high = middle
        }
      }
      guard low < places.count, places[low].ticket == ticket else { return nil }
      defer { vacate(low) }
      return places[low].occupant?.0
    }

    /// Takes out the first one that can be served, or can meet the guest.
    mutating func popFirst(for guest: Guest? = nil) -> (Peer, Luggage)? {
      for place in first..<places.count {
        guard let occupant = places[place].occupant else { continue }
        switch occupant.0.decide(with: guest) {
        case .take:
          vacate(place)
          return occupant
        case .gone: vacate(place)
        case .skip: break
        case .lost: return nil
        }
      }
      return nil
    }

    mutating func popAll() -> [Peer] {
      var all: [Peer] = []
      while let (peer, _) = popFirst() { all.append(peer) }
      return all
    }

    private mutating func vacate(_ place: Int) {
      guard places[place].occupant != nil else { return }
      count -= 1
      if place == places.count - 1 {
        // So that where one waits at a time, the same memory serves all.
        places.removeLast()
      } else {
        places[place].occupant = nil
      }
      while first < places.count, places[first].occupant == nil { first += 1 }
    }
  }
}
