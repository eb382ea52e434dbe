// What a channel and a select do between threads, for the thread sanitizer:
// see .ci/sanitize.

final class Box: Sendable {
  let number: Int
  init(_ number: Int) { self.number = number }
}

/// One thread waits, awake or suspended, and another one ends its wait.
@concurrent
func wait(_ count: Int) async {
  for number in 0..<count {
    let waiter = Channel<Box>.Waiter()
    defer { waiter.free() }
    await withTaskGroup { group in
      group.addTask { waiter.resume(.received(Box(number))) }
      if number % 2 == 0 {
        for _ in 0..<100_000 where waiter.isServed { break }
      }
      if !waiter.isServed { await waiter.wait() }
      guard case .received(let box) = waiter.outcome, box.number == number
      else { fatalError("another outcome") }
    }
  }
}

/// Several send and receive, at one of two channels or at one of them.
@concurrent
func exchange(_ count: Int, capacity: Int) async {
  let channels = (0..<2).map { _ in Channel<Box>(capacity: capacity) }
  let sum = await withTaskGroup(of: Int.self) { group in
    for _ in 0..<3 {
      group.addTask {
        for number in 0..<count {
          if number % 8 == 7 {
            try? await select {
              for channel in channels { Select.send(Box(1), to: channel) {} }
            }
          } else {
            try? await channels[0].send(Box(1))
          }
        }
        return 0
      }
      group.addTask {
        var sum = 0
        for _ in 0..<count {
          let next = try? await select {
            for channel in channels { Select.receive(from: channel) { $0 } }
          }
          sum += next?.number ?? 0
        }
        return sum
      }
    }
    return await group.reduce(0, +)
  }
  precondition(sum == 3 * count, "\(sum) came")
}

await wait(20_000)
for capacity in [0, 1, 100] { await exchange(3_000, capacity: capacity) }
