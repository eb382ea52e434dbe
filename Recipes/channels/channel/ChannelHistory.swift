import Cookbook
import Synchronization

extension ChannelExamples {
  /// A channel as a single task uses it; what an operation returns is a text.
  struct Model: SequentialModel {
    enum Call: Hashable {
      case make(capacity: Int)
      case send(Int), receive, trySend(Int), tryReceive, close
    }

    private struct Sender: Hashable {
      var id: Int
      var element: Int
    }

    private var capacity: Int
    private var buffer: [Int] = []
    private var isClosed = false
    private var senders: [Sender] = []
    private var receivers: [Int] = []
    private var answers: [Int: String] = [:]

    init(capacity: Int = 0) { self.capacity = capacity }

    mutating func call(_ call: Call, id: Int) {
      switch call {
      case .make(let capacity):
        self = Model(capacity: capacity)
        answers[id] = "made"
      case .send(let element):
        answers[id] = send(element)
        if answers[id] == nil {
          senders.append(Sender(id: id, element: element))
        }
      case .trySend(let element): answers[id] = send(element) ?? "full"
      case .receive:
        answers[id] = receive()
        if answers[id] == nil { receivers.append(id) }
      case .tryReceive: answers[id] = receive() ?? "nothing"
      case .close: answers[id] = close()
      }
    }

    /// What has no answer waits, and may be cancelled.
    mutating func tryReturn(_ value: String, id: Int) -> Bool {
      if let answer = answers.removeValue(forKey: id) { return answer == value }
      senders.removeAll { $0.id == id }
      receivers.removeAll { $0 == id }
      return value == "cancelled"
    }

    private mutating func send(_ element: Int) -> String? {
      if isClosed { return "refused" }
      if !receivers.isEmpty {
        answers[receivers.removeFirst()] = "received \(element)"
      } else if buffer.count < capacity {
        buffer.append(element)
      } else {
        return nil
      }
      return "sent"
    }

    private mutating func receive() -> String? {
      if !senders.isEmpty {
        // It moves up; without a buffer its element is received at once.
        let sender = senders.removeFirst()
        answers[sender.id] = "sent"
        buffer.append(sender.element)
      }
      if buffer.isEmpty { return isClosed ? "end" : nil }
      return "received \(buffer.removeFirst())"
    }

    private mutating func close() -> String {
      if isClosed { return "refused" }
      isClosed = true
      for id in receivers { answers[id] = "end" }
      for sender in senders { answers[sender.id] = "refused" }
      (senders, receivers) = ([], [])
      return "closed"
    }
  }

  /// A channel's operations, so that wrong ones can stand in their place.
  struct Port: Sendable {
    typealias Make = @Sendable (_ capacity: Int) -> Port

    static let channel: Make = { Port(Channel(capacity: $0)) }

    var send: @Sendable (Int) async throws -> Void
    var receive: @Sendable () async throws -> Int?
    var trySend: @Sendable (Int) throws -> Bool
    var tryReceive: @Sendable () -> Channel<Int>.Availability
    var close: @Sendable () -> Bool

    init(_ channel: Channel<Int>) {
      send = { try await channel.send($0) }
      receive = { try await channel.receive() }
      trySend = { try channel.trySend($0) }
      tryReceive = { channel.tryReceive() }
      close = { channel.close() }
    }

    /// Performs an operation, and says what it came to.
    func perform(_ call: Model.Call) async -> String {
      do {
        switch call {
        case .make: return "made"
        case .send(let element):
          try await send(element)
          return "sent"
        case .receive:
          return try await receive().map { "received \($0)" } ?? "end"
        case .trySend(let element):
          return try trySend(element) ? "sent" : "full"
        case .tryReceive:
          return switch tryReceive() {
          case .element(let element): "received \(element)"
          case .nothing: "nothing"
          case .end: "end"
          }
        case .close: return close() ? "closed" : "refused"
        }
      } catch {
        return error is CancellationError ? "cancelled" : "refused"
      }
    }
  }

  /// Tasks that use one channel, in a program that is different for each
  /// seed; each is cancelled after a while.
  static func histories(
    _ make: @escaping Port.Make,
    kinds: ClosedRange<Int> = 0...19
  ) -> HistoryProgram<Model> {
    HistoryProgram(model: { Model() }) { seed, recorder, clock in
      var random = SeededGenerator(seed: seed)
      let capacity = Int.random(in: 0...3, using: &random)
      let port = make(capacity)
      let programs = (0..<Int.random(in: 2...4, using: &random)).map { task in
        (0..<4).map { number -> Model.Call in
          let element = task * 10 + number
          return switch Int.random(in: kinds, using: &random) {
          case 0..<7: .send(element)
          case 7..<14: .receive
          case 14..<16: .trySend(element)
          case 16..<19: .tryReceive
          default: .close
          }
        }
      }
      let patience = programs.map { _ in Int.random(in: 2...20, using: &random)
      }
      // After so many waits a channel tries whether it pays to stay awake.
      if clock is ContinuousClock, seed % 2 == 0 {
        await withTaskGroup(of: Void.self) { group in
          group.cancelAll()
          group.addTask { for _ in 0..<48 { _ = try? await port.receive() } }
        }
      }
      await recorder.perform(lane: "main", .make(capacity: capacity)) { "made" }
      await clock.runTogether(patience: patience) { task in
        for call in programs[task] {
          await recorder.perform(lane: "task \(task)", call) {
            await port.perform(call)
          }
        }
      }
    }
  }
}
