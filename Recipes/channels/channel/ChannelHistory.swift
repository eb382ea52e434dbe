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

  /// Performs an operation, and says what it came to.
  typealias Port = @Sendable (Model.Call) async -> String
  typealias Make = @Sendable (_ capacity: Int) -> Port

  static func port(_ channel: Channel<Int>) -> Port {
    { call in
      do {
        switch call {
        case .send(let element):
          try await channel.send(element)
          return "sent"
        case .trySend(let element):
          return try channel.trySend(element) ? "sent" : "full"
        case .receive:
          return try await channel.receive().map { "received \($0)" } ?? "end"
        case .tryReceive:
          switch channel.tryReceive() {
          case .element(let element): return "received \(element)"
          case .nothing: return "nothing"
          case .end: return "end"
          }
        case .close: return channel.close() ? "closed" : "refused"
        case .make: return "made"
        }
      } catch {
        return error is ChannelClosedError ? "refused" : "cancelled"
      }
    }
  }

  /// Random programs of several tasks, each of which is cancelled at some
  /// time.
  static func histories(
    _ make: @escaping Make = { port(Channel(capacity: $0)) }
  ) -> HistoryProgram<Model> {
    HistoryProgram(model: { Model() }) { seed, recorder, clock in
      var random = SeededGenerator(seed: seed)
      let capacity = Int.random(in: 0...3, using: &random)
      let port = make(capacity)
      let programs = (1...Int.random(in: 2...4, using: &random)).map { task in
        (0..<4).map { number -> Model.Call in
          switch Int.random(in: 0..<20, using: &random) {
          case 0..<7: .send(task * 10 + number)
          case 7..<14: .receive
          case 14..<16: .trySend(task * 10 + number)
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
          group.addTask { for _ in 0..<48 { _ = await port(.receive) } }
        }
      }
      await recorder.perform(lane: "main", .make(capacity: capacity)) { "made" }
      await clock.runTogether(patience: patience) { task in
        for call in programs[task] {
          await recorder.perform(lane: "task \(task + 1)", call) {
            await port(call)
          }
        }
      }
    }
  }
}
