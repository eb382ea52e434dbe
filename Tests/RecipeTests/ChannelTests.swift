import Cookbook
import Simulation
import Synchronization
import Testing

@testable import Recipes

@Suite("channel")
struct ChannelTests {
  @Test("Behind one that waits for long, those that leave leave nothing")
  func places() throws {
    var list = Channel<Int>.WaitList<Int>()
    let waiter = Channel<Int>.Waiter()
    defer { waiter.free() }
    for number in 1...10_000 {
      list.append(.task(waiter), number, number)
      if number > 2 { #expect(list.remove(number - 1) != nil) }
    }
    let places = try #require(Mirror(reflecting: list).descendant("places"))
    #expect(Mirror(reflecting: places).children.count <= 16)
    var left: [Int] = []
    while let (_, number) = list.popFirst() { left.append(number) }
    #expect(left == [1, 10_000])
  }

  @Test("A wait leaves no memory behind, whichever side waits")
  func memory() async {
    await #expect(processExitsWith: .success) {
      for isSender in [true, false] {
        let channel = Channel<Int>()
        let send = { @Sendable in _ = try? await channel.send(1) }
        let receive = { @Sendable in _ = try? await channel.receive() }
        let (wait, serve) = isSender ? (send, receive) : (receive, send)
        let kibibytes = { @Sendable in ProcFile("self/status")["VmRSS"] }
        await withTaskExecutorPreference(InlineExecutor()) {
          await withTaskGroup { group in
            // Suspended at once, and again whenever it has been served.
            group.addTask { for _ in 0..<100_000 { await wait() } }
            for _ in 0..<10_000 { await serve() }
            let early = kibibytes()
            for _ in 10_000..<100_000 { await serve() }
            precondition(!(kibibytes() - early > 2_048), "it grows")
          }
        }
      }
    }
  }

  @Test("One that stays awake gives way to others, and soon suspends")
  func givesWay() async throws {
    _ = try await Simulation.explore(seeds: 0..<50) { _ in
      let (channel, turns) = (Channel<Int>(capacity: 1), Counter())
      return await withTaskGroup { group in
        group.addTask {
          while !Task.isCancelled {
            turns.add()
            await Task.yield()
          }
        }
        for _ in 0..<8_192 { _ = await channel.patience.lasts { _ in true } }
        defer { group.cancelAll() }
        return turns.value
      }
    } check: {
      // At each of 32 times, one of the two is the next.
      #expect($0 > 4)
    }
  }

  @Test("Staying awake is given up where it no longer pays")
  func givesUp() async {
    let channel = Channel<Int>(capacity: 1)
    for _ in 0..<200 { _ = await channel.patience.lasts { _ in true } }
    var looks = 0
    for _ in 0..<1_000 {
      _ = await channel.patience.lasts { _ in
        looks += 1
        return false
      }
    }
    // Eight waits take the credit of the others, and 16 try again.
    #expect(looks > 0 && looks <= 24 * 8_000)
  }

  private actor Owner {
    func perform(_ body: () async throws -> Void) async throws {
      try await body()
    }
  }

  @Test(
    "Nobody stays awake on an actor",
    arguments: [0, 1, 3],
    [true, false]
  )
  func actors(capacity: Int, isOnActor: Bool) async throws {
    let paid = try await Simulation.run(seed: 1) { _ in
      let (owner, channel) = (Owner(), Channel<Int>(capacity: capacity))
      for _ in 0..<200 { _ = await channel.patience.lasts { _ in true } }
      try await withThrowingTaskGroup { group in
        let tasks: [@Sendable () async throws -> Void] = [
          { for number in 0..<40 { try await channel.send(number) } },
          { for try await number in channel where number == 39 { return } },
        ]
        for task in tasks {
          group.addTask {
            isOnActor ? try await owner.perform(task) : try await task()
          }
        }
        try await group.waitForAll()
      }
      // It does not where staying awake has failed, as it always does here.
      return await channel.patience.lasts { _ in true }
    }.value
    #expect(paid == isOnActor)
  }

  @Test("What comes alone does not wait for more, which would not pay")
  func alone() async throws {
    let channel = Channel<Int>(capacity: 100)
    for _ in 0..<200 { _ = await channel.patience.lasts { _ in true } }
    for number in 0..<40 {
      #expect(try channel.trySend(number))
      #expect(try await channel.receive() == number)
    }
    #expect(await channel.patience.lasts { _ in true })
  }

  @Test(
    "Nothing is lost, doubled or overtaken on real threads",
    arguments: [0, 1, 100, .max]
  )
  func stress(capacity: Int) async {
    let channel = Channel<[Int]>(capacity: capacity)
    let parts = await withTaskGroup(of: (place: Int, [[Int]]).self) { group in
      // They are suspended at once, and served in this order.
      for place in 0..<20 {
        group.addTask(executorPreference: InlineExecutor()) {
          (place, [(try? await channel.receive()) ?? []])
        }
      }
      for sender in 0..<3 {
        group.addTask {
          for number in 0..<20_000 {
            try? await channel.send([sender, number])
          }
          return (-1, [])
        }
      }
      for _ in 0..<3 {
        group.addTask {
          var received: [[Int]] = []
          while let next = try? await channel.receive() {
            received.append(next)
          }
          return (-1, received)
        }
      }
      // Those in the line and the senders are the first to end.
      var all: [(place: Int, [[Int]])] = []
      for _ in 0..<23 { await all.append(group.next()!) }
      channel.close()
      for await part in group { all.append(part) }
      let line = all.filter { $0.place >= 0 }.sorted { $0.place < $1.place }
      return all.filter { $0.place < 0 }.map(\.1) + [line.flatMap(\.1)]
    }
    print("channel, capacity \(capacity): received", parts.map(\.count))
    #expect(parts.joined().count == 60_000)
    #expect(Set(parts.joined()).count == 60_000)
    for part in parts {
      for (_, own) in Dictionary(grouping: part, by: { $0[0] }) {
        #expect(own.map { $0[1] } == own.map { $0[1] }.sorted())
      }
    }
  }
}
