@testable import Recipes

struct Rejection: Error, CustomStringConvertible {
  var description: String
}

func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw Rejection(description: what()) }
}

extension Channel {
  /// What can be received without waiting.
  var received: [Element] {
    var elements: [Element] = []
    while case .element(let next) = tryReceive() { elements.append(next) }
    return elements
  }
}
